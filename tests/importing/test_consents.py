"""What an import does to consents and objections to news (domain.md §9.3, §10)."""

from datetime import timedelta

import pytest

from clients.consent import record_consent
from clients.importing.batches import begin
from clients.importing.formats import OUR_COLUMNS, Target
from clients.models import (
    Client,
    ConsentEntry,
    ConsentPurpose,
    ConsentSource,
    Decision,
    ImportRow,
)
from salon.audit.models import AuditEntry
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.importing.files import (
    MANAGER,
    checked,
    on_file,
    table,
    undone,
    work,
)

pytestmark = pytest.mark.django_db
WORDS = "Liste der Newsletter-Anmeldungen unserer alten Software"


def _decides(card: Client, decision: Decision, *, source: ConsentSource, wording: str = "") -> None:
    record_consent(
        actor=MANAGER,
        client_id=card.pk,
        purpose=ConsentPurpose.EMAIL_MARKETING,
        decision=decision,
        source=source,
        wording=wording,
        now=NOW,
    )


def test_a_file_makes_nobody_agree_whose_address_has_objected(sonnenschein: Salon) -> None:
    known = {"first_name": "Petra", "last_name": "Alt", "mobile": "0171 5550111"}
    card = on_file(sonnenschein, email="PETRA@mail.example", **known)
    with salon_scope(sonnenschein.pk):
        _decides(card, Decision.WITHDRAWN, source=ConsentSource.SALON)
    rows = [
        ("Vorname", "Nachname", "E-Mail", "Mobil", "Newsletter"),
        ("Moni", "Neu", "petra@mail.example", "0171 5550400", "ja"),
        ("Ida", "Rot", "ida@mail.example", "", "ja"),
    ]
    batch = checked(sonnenschein, table(*rows), consent_wording=WORDS, look_alikes="CREATE")
    with salon_scope(sonnenschein.pk):
        moni, ida = ImportRow.objects.filter(batch=batch).order_by("number")
        assert [one["code"] for one in moni.plan["hints"]].count("consent_objected") == 1
        assert "consent_objected" not in [one["code"] for one in ida.plan["hints"]]
        assert "consent" not in [one[0] for one in moni.plan["changes"]]
        begin(actor=MANAGER, batch_id=batch.pk, now=NOW)
    work(sonnenschein, batch)
    with salon_scope(sonnenschein.pk):
        agreed = Client.objects.filter(email_consent=True).values_list("first_name", flat=True)
        assert list(agreed) == ["Ida"]
        assert list(ConsentEntry.objects.filter(decision="GRANTED").values_list("client__first_name", flat=True)) == [
            "Ida"
        ]


def test_a_new_address_ends_a_consent_and_the_history_says_so(sonnenschein: Salon) -> None:
    card = on_file(sonnenschein, first_name="Ida", last_name="Rot", email="ida@mail.example")
    with salon_scope(sonnenschein.pk):
        _decides(card, Decision.GRANTED, source=ConsentSource.IMPORT, wording=WORDS)
    said = {Target.NUMBER: str(card.number), Target.FIRST_NAME: "Ida", Target.LAST_NAME: "Rot"}
    heads = tuple(german for german, _english, _target in OUR_COLUMNS)
    for email, news, hints in (
        ("IDA@mail.example", "", []),
        # The line itself says that she wants none: there is nothing to ask for.
        ("rot@mail.example", "nein", []),
        ("rot@mail.example", "", ["consent_ends"]),
    ):
        told = said | {Target.EMAIL: email, Target.CONSENT: news}
        line = tuple(told.get(target, "") for _german, _english, target in OUR_COLUMNS)
        batch = checked(sonnenschein, table(heads, line), known_clients="UPDATE")
        with salon_scope(sonnenschein.pk):
            plan = ImportRow.objects.get(batch=batch).plan
        assert [one["code"] for one in plan["hints"]] == hints
    with salon_scope(sonnenschein.pk):
        begin(actor=MANAGER, batch_id=batch.pk, now=NOW)
    undone(sonnenschein, work(sonnenschein, batch), NOW + timedelta(hours=1))
    with salon_scope(sonnenschein.pk):
        history = AuditEntry.objects.filter(subject_id=card.pk).order_by("id")
        assert list(history.values_list("action", flat=True))[-4:] == [
            "client.imported",
            "client.consent_lapsed",
            "client.import_undone",
            "client.consent_holds_again",
        ]
        assert Client.objects.get(pk=card.pk).email_consent


HEAD = ("Vorname", "Nachname", "Mobil", "E-Mail", "Newsletter")
HANS = ("Hans", "Vogt", "0171 5550800")


def _planned(salon: Salon, *rows: tuple[str, ...], **given: object) -> tuple[dict[str, Client], list[list[str]]]:
    """Import lines, and return the cards by first name and what the preview says of each line's consent."""
    batch = checked(salon, table(HEAD, *rows), consent_wording=WORDS, leave_out_cells=True, **given)
    with salon_scope(salon.pk):
        plans = ImportRow.objects.filter(batch=batch).order_by("number").values_list("plan", flat=True)
        hints = [[one["code"] for one in plan["hints"] if one["code"].startswith("consent")] for plan in plans]
        begin(actor=MANAGER, batch_id=batch.pk, now=NOW)
    work(salon, batch)
    with salon_scope(salon.pk):
        return {card.first_name: card for card in Client.objects.all()}, hints


def test_a_consent_beside_no_address_is_none_and_the_preview_says_so(sonnenschein: Salon) -> None:
    cards, hints = _planned(
        sonnenschein, (*HANS, "x2@example,de", "ja"), ("Heike", "Mayer", "0171 5550801", "", "ja"),
        ("Ida", "Rot", "", "ida@mail.example", "ja"),
    )  # fmt: skip
    assert hints == [["consent_without_address"], ["consent_without_address"], []]
    assert {name: card.email_consent for name, card in cards.items()} == {"Hans": False, "Heike": False, "Ida": True}
    with salon_scope(sonnenschein.pk):
        assert ConsentEntry.objects.count() == 1


def test_mended_with_its_address_the_consent_is_taken(sonnenschein: Salon) -> None:
    _planned(sonnenschein, (*HANS, "x2@example,de", "ja"))
    cards, hints = _planned(sonnenschein, (*HANS, "x2@mail.example", "ja"))
    assert hints == [[]]
    assert (cards["Hans"].email_consent, cards["Hans"].email_consent_for) == (True, "x2@mail.example")


def test_who_agreed_before_she_had_an_address_agrees_anew_for_the_one_that_comes(sonnenschein: Salon) -> None:
    card = on_file(sonnenschein, first_name="Hans", last_name="Vogt", mobile="0171 5550800")
    with salon_scope(sonnenschein.pk):
        _decides(card, Decision.GRANTED, source=ConsentSource.IMPORT, wording=WORDS)
    cards, hints = _planned(sonnenschein, (*HANS, "x2@mail.example", "ja"))
    assert (hints, cards["Hans"].email_consent) == ([[]], True)


def test_a_consent_beside_no_address_is_none_for_that_of_the_card(sonnenschein: Salon) -> None:
    on_file(sonnenschein, first_name="Hans", last_name="Vogt", mobile="0171 5550800", email="alt@mail.example")
    cards, hints = _planned(sonnenschein, (*HANS, "", "ja"))
    assert hints == [["consent_without_address"]]
    assert (cards["Hans"].email, cards["Hans"].email_consent) == ("alt@mail.example", False)
