"""What an undo takes back of many cards at once is of each card what the import did to it (domain.md §10)."""

from datetime import timedelta
from typing import Any

import pytest

from clients.details import ClientDetails
from clients.editing import create_client, update_client
from clients.importing import reversing
from clients.models import CarriedService, CategoryAssignment, Client, ConsentEntry, CreatedVia, ImportRow, Note
from clients.notes import edit_note
from clients.treatcard import set_treatcard
from marketing.messages import write_message
from salon.audit.models import AuditEntry
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import make_appointment, make_service, make_staff
from tests.conftest import NOW
from tests.importing.files import MANAGER, applied, counts, on_file, table, undone

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)
HEADER = ("Vorname", "E-Mail", "Ort", "Treatcard-Nr.", "Punkte", "Kategorien", "Notizen", "Leistungen", "Newsletter")
BEFORE = (
    ("Mia", "mia@mail.example", "Ulm", "", "", "VIP", "mag Tee", "Facial x3", ""),
    ("Ida", "ida@mail.example", "", "TC-7", "", "Farbe", "", "", ""),
    ("Eva", "eva@mail.example", "Bonn", "", "", "", "", "", ""),
)
AFTER = (
    ("Mia", "mia@mail.example", "Köln", "TC-1", "100", "VIP,Farbe", "mag Kaffee", "Facial x5", "ja"),
    ("Ida", "ida@mail.example", "Köln", "TC-8", "50", "Kur", "mag Wasser", "Brauen x1", "ja"),
    ("Eva", "eva@mail.example", "Bonn", "TC-3", "", "Farbe", "", "", ""),
)
WORDS = "Liste der Newsletter-Anmeldungen unserer alten Software"


def _shown(name: str) -> tuple[Any, ...]:
    """Return what a card says, and everything that hangs on it."""
    card = Client.objects.get(first_name=name)
    assigned = CategoryAssignment.objects.filter(client=card).values_list("category__name", flat=True)
    notes = Note.objects.filter(client=card, deleted_at=None).values_list("text", flat=True)
    services = CarriedService.objects.filter(client=card).values_list("name", "times")
    return (
        *(card.details, card.treatcard_number, card.points, card.email_consent),
        *(sorted(assigned), sorted(notes), sorted(services)),
    )


def _told(card: Client, action: str) -> list[list[tuple[str, str | None, str | None]]]:
    entries = AuditEntry.objects.filter(subject_id=card.pk, action=action).order_by("id")
    return [[(one["field"], one["old"], one["new"]) for one in entry.changes] for entry in entries]


def test_each_card_of_a_file_gets_its_own_back(sonnenschein: Salon) -> None:
    applied(sonnenschein, table(HEADER, *BEFORE))
    names = [row[0] for row in BEFORE]
    with salon_scope(sonnenschein.pk):
        before = {name: _shown(name) for name in names}
        versions = dict(Client.objects.values_list("first_name", "version"))
    batch = applied(sonnenschein, table(HEADER, *AFTER), known_clients="UPDATE", consent_wording=WORDS)
    assert counts(batch) == (0, 3, 0, 0)
    with salon_scope(sonnenschein.pk):
        assert _shown("Mia")[1:] == (
            *("TC-1", 100, True, ["Farbe", "VIP"]),
            *(["mag Kaffee", "mag Tee"], [("Facial", 5)]),
        )
        changed = dict(Client.objects.values_list("first_name", "version"))
    assert undone(sonnenschein, batch, LATER).kept == 0
    with salon_scope(sonnenschein.pk):
        assert {name: _shown(name) for name in names} == before
        mia, ida, eva = (Client.objects.get(first_name=name) for name in names)
        assert _told(mia, "client.import_undone") == [
            [
                ("city", "Köln", "Ulm"),
                ("treatcard_number", "TC-1", None),
                ("consent", "GRANTED", "UNDONE"),
                ("categories", "Farbe", None),
                ("notes", None, None),
                ("services", "Facial", None),
            ]
        ]
        assert _told(ida, "client.import_undone")[0][:3] == [
            ("city", "Köln", None),
            ("treatcard_number", "TC-8", "TC-7"),
            ("consent", "GRANTED", "UNDONE"),
        ]
        assert _told(eva, "client.import_undone") == [
            [("treatcard_number", "TC-3", None), ("categories", "Farbe", None)]
        ]
        # Once more for its points, and once for all the rest.
        assert [card.version - changed[card.first_name] for card in (mia, ida, eva)] == [2, 2, 1]
        assert [changed[name] - versions[name] for name in names] == [2, 2, 1]
        assert not AuditEntry.objects.filter(action="client.consent_lapsed").exists()


def test_what_is_left_of_one_card_is_of_no_other(sonnenschein: Salon) -> None:
    applied(sonnenschein, table(HEADER, *BEFORE))
    batch = applied(sonnenschein, table(HEADER, *AFTER), known_clients="UPDATE")
    with salon_scope(sonnenschein.pk):
        note = Note.objects.get(text="mag Kaffee")
        edit_note(actor=MANAGER, note_id=note.pk, text="mag Kaffee, schwarz", seen=None, now=NOW)
        ida = Client.objects.get(first_name="Ida")
        update_client(actor=MANAGER, salon=sonnenschein, client_id=ida.pk, changes={"city": "Bernau"}, now=NOW)
    assert undone(sonnenschein, batch, LATER).kept == 2
    with salon_scope(sonnenschein.pk):
        kept = ImportRow.objects.filter(batch=batch).order_by("number").values_list("kept_because", flat=True)
        assert list(kept) == ["field_changed", "field_changed", ""]
        assert sorted(Note.objects.filter(deleted_at=None).values_list("text", flat=True)) == [
            "mag Kaffee, schwarz",
            "mag Tee",
        ]
        assert dict(Client.objects.values_list("first_name", "city")) == {"Mia": "Ulm", "Ida": "Bernau", "Eva": "Bonn"}


def test_a_name_that_is_the_only_one_by_now_stays_and_nothing_is_told_of_it(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        card = create_client(
            actor=MANAGER,
            salon=sonnenschein,
            details=ClientDetails(last_name="Lang", email="mia@mail.example"),
            created_via=CreatedVia.STAFF,
            now=NOW,
        ).client
    header = ("Vorname", "Nachname", "E-Mail", "Ort", "Treatcard-Nr.")
    batch = applied(sonnenschein, table(header, ("Mia", "Lang", "mia@mail.example", "Ulm", "TC-1")))
    with salon_scope(sonnenschein.pk):
        update_client(actor=MANAGER, salon=sonnenschein, client_id=card.pk, changes={"last_name": ""}, now=NOW)
    assert undone(sonnenschein, batch, LATER).kept == 1
    with salon_scope(sonnenschein.pk):
        now = Client.objects.get()
        assert (now.full_name, now.city, now.treatcard_number) == ("Mia", "Ulm", "")
        assert _told(now, "client.import_undone") == [[("treatcard_number", "TC-1", None)]]


def test_a_treatcard_that_is_taken_while_it_is_given_back_stays_theirs(
    sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied(sonnenschein, table(HEADER, *BEFORE))
    batch = applied(sonnenschein, table(HEADER, *AFTER), known_clients="UPDATE")
    with salon_scope(sonnenschein.pk):
        eva = Client.objects.get(first_name="Eva")
        set_treatcard(actor=MANAGER, client_id=eva.pk, number="TC-7", now=NOW)
    looks = []
    held = reversing._held

    def late(numbers: set[str]) -> set[str]:
        looks.append(numbers)
        return held(numbers) if len(looks) > 1 else set()

    monkeypatch.setattr(reversing, "_held", late)
    assert undone(sonnenschein, batch, LATER).kept == 2
    assert looks == [{"TC-7"}, {"TC-7"}]
    with salon_scope(sonnenschein.pk):
        stands = dict(Client.objects.values_list("first_name", "treatcard_number"))
        assert stands == {"Mia": "", "Ida": "TC-8", "Eva": "TC-7"}


def test_a_new_card_that_another_one_names_stays_and_the_rest_goes(sonnenschein: Salon) -> None:
    batch = applied(sonnenschein, table(("Vorname",), *[(f"Anna{number}",) for number in range(7)]))
    with salon_scope(sonnenschein.pk):
        named = {number: str(Client.objects.get(first_name=f"Anna{number}").pk) for number in (2, 5)}
        for number, referrer in named.items():
            create_client(
                actor=MANAGER,
                salon=sonnenschein,
                details=ClientDetails(first_name=f"Mia{number}", referred_by=referrer),
                created_via=CreatedVia.STAFF,
                now=NOW,
            )
    assert undone(sonnenschein, batch, LATER).kept == 2
    with salon_scope(sonnenschein.pk):
        assert sorted(Client.objects.values_list("first_name", flat=True)) == ["Anna2", "Anna5", "Mia2", "Mia5"]
        kept = ImportRow.objects.exclude(kept_because="").values_list("kept_because", flat=True)
        assert list(kept) == ["in_use", "in_use"]
        assert AuditEntry.objects.filter(action="client.import_removed").count() == 5


def test_a_new_card_that_is_in_use_stays_with_its_ledgers(sonnenschein: Salon) -> None:
    names = ("Mia", "Ida", "Eva", "Lea")
    rows = [(name, f"{name}@mail.example", "", f"TC-{name}", "100", "", "", "", "ja") for name in names]
    batch = applied(sonnenschein, table(HEADER, *rows), consent_wording=WORDS)
    with salon_scope(sonnenschein.pk):
        cards = {card.first_name: card for card in Client.objects.all()}
        make_appointment((make_service(), make_staff()), client=cards["Mia"])
        write_message(actor=MANAGER, client_id=cards["Ida"].pk, subject="Hallo", text="Bis bald.", now=NOW)
        create_client(
            actor=MANAGER,
            salon=sonnenschein,
            details=ClientDetails(first_name="Zoe", referred_by=str(cards["Eva"].pk)),
            created_via=CreatedVia.STAFF,
            now=NOW,
        )
    assert undone(sonnenschein, batch, LATER).kept == 3
    with salon_scope(sonnenschein.pk):
        kept = ImportRow.objects.order_by("number").values_list("kept_because", flat=True)
        assert list(kept) == ["in_use", "in_use", "in_use", ""]
        stays = Client.objects.listed().order_by("number")
        assert [(one.first_name, one.points, one.email_consent) for one in stays] == [
            ("Mia", 100, True),
            ("Ida", 100, True),
            ("Eva", 100, True),
            ("Zoe", 0, False),
        ]


def test_new_cards_with_a_ledger_are_emptied_each_to_its_own_number(sonnenschein: Salon) -> None:
    batch = applied(sonnenschein, table(HEADER, *AFTER), consent_wording=WORDS)
    assert undone(sonnenschein, batch, LATER).kept == 0
    with salon_scope(sonnenschein.pk):
        # Eva had neither consent nor points.
        left = list(Client.objects.order_by("number"))
        assert [(one.state, one.details) for one in left] == [
            ("ERASED", ClientDetails(last_name=f"#{one.number}")) for one in left
        ]
        assert [one.number for one in left] == [1, 2]
        assert [(one.treatcard_number, one.points, one.email_consent_for) for one in left] == [("", 0, None)] * 2
        assert not any(model.objects.filter(client__in=left).exists() for model in (Note, CarriedService))
        decisions = ConsentEntry.objects.order_by("client__number", "at").values_list("decision", flat=True)
        assert list(decisions) == ["GRANTED", "UNDONE"] * 2


def test_the_numbers_of_cards_that_are_gone_are_not_given_again(sonnenschein: Salon) -> None:
    undone(sonnenschein, applied(sonnenschein, table(("Vorname",), ("Mia",), ("Ida",))))
    eva = on_file(sonnenschein, first_name="Eva")
    assert eva.number == 3
