"""A consent to news holds at the address it was given for, and at no other (domain.md §9.3)."""

from datetime import timedelta

import pytest

from clients.cards import get_client
from clients.confirming import Standing, confirm
from clients.consent import ask_again, ledger_of, record_consent, record_wish
from clients.details import ClientDetails
from clients.editing import Saved, update_client
from clients.models import Client, ConsentSource, Decision
from salon.audit.models import AuditEntry
from salon.desk.merging import merge_cards, undo_merge
from salon.identity.roles import Actor, system_actor
from salon.mail.letters import put_into_words
from salon.mail.models import MailState
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.marketing.consenting import NEWS, decide, link_in, mails_of
from tests.operations.test_cards import make_client

DAY = timedelta(days=1)
OLD, NEW = "sarah@gmail.com", "smith@web.example"
GRANTED, WITHDRAWN = Decision.GRANTED, Decision.WITHDRAWN
BOSS = system_actor("Anna Krüger")


@pytest.fixture
def sarah(in_sonnenschein: Salon, front_desk: Actor) -> Client:
    """Return Sarah, who has confirmed at her address."""
    card = make_client(in_sonnenschein, front_desk, ClientDetails("Sarah", "Smith", email=OLD))
    decide(front_desk, card, GRANTED, now=NOW, wording="Ja, gern.")
    [mail] = mails_of(card.pk)
    confirm(salon=in_sonnenschein, link=link_in(mail), now=NOW)
    return get_client(card.pk)


def _imported(actor: Actor, card: Client, decision: Decision = GRANTED, days: int = 0) -> Client:
    record_consent(
        actor=actor,
        client_id=card.pk,
        purpose=NEWS,
        decision=decision,
        source=ConsentSource.IMPORT,
        wording="Laut der alten Kartei.",
        now=NOW + days * DAY,
    )
    return get_client(card.pk)


def _readdress(actor: Actor, salon: Salon, card: Client, email: str, days: int = 1) -> Saved:
    return update_client(actor=actor, salon=salon, client_id=card.pk, changes={"email": email}, now=NOW + days * DAY)


def _said(card: Client) -> list[tuple[str, str]]:
    return [(one.decision, one.source) for one in ledger_of(card.pk)]


def test_a_new_address_is_asked_once_somebody_says_so(sarah: Client, front_desk: Actor, in_sonnenschein: Salon) -> None:
    assert sarah.email_consent
    saved = _readdress(front_desk, in_sonnenschein, sarah, NEW)
    assert [(one.field, one.code) for one in saved.warnings] == [("email", "consent_elsewhere")]
    assert (saved.client.email_consent, get_client(sarah.pk).email_consent) == (False, False)
    # A mistyped address is a stranger's: by itself nothing is written there, and nothing noted that nobody said.
    assert _said(sarah) == [("GRANTED", "CONFIRMATION"), ("REQUESTED", "SALON")]
    assert [mail.recipient for mail in mails_of(sarah.pk)] == [OLD]
    asked = ask_again(actor=front_desk, client_id=sarah.pk, now=NOW + DAY)
    assert (asked.decision, asked.source, asked.wording) == ("REQUESTED", "ADDRESS", "Ja, gern.")
    [mail] = [one for one in mails_of(sarah.pk) if one.recipient == NEW]
    # Nor does the mail say that she has said something.
    put_into_words(mail)
    assert "bei Salon Sonnenschein ist jetzt diese E-Mail-Adresse für Sie eingetragen." in " ".join(mail.text.split())
    assert "diese E-Mail-Adresse für Sie eingetragen" in mail.html
    assert "gesagt" not in mail.text + mail.html
    done = confirm(salon=in_sonnenschein, link=link_in(mail), now=NOW + 2 * DAY)
    assert (done.standing, get_client(sarah.pk).email_consent) == (Standing.CONFIRMED, True)
    assert get_client(sarah.pk).email_consent_for == NEW


def test_the_same_address_in_capitals_is_the_same(sarah: Client, front_desk: Actor, in_sonnenschein: Salon) -> None:
    assert _readdress(front_desk, in_sonnenschein, sarah, OLD.upper()).warnings == []
    assert get_client(sarah.pk).email_consent
    assert len(mails_of(sarah.pk)) == 1


def test_back_at_the_old_address_it_holds_again(sarah: Client, front_desk: Actor, in_sonnenschein: Salon) -> None:
    _readdress(front_desk, in_sonnenschein, sarah, "")
    assert not get_client(sarah.pk).email_consent
    assert _readdress(front_desk, in_sonnenschein, sarah, OLD, days=2).warnings == []
    assert get_client(sarah.pk).email_consent
    # The ledger keeps what she decided; the history tells what became of it.
    assert _said(sarah) == [("GRANTED", "CONFIRMATION"), ("REQUESTED", "SALON")]
    told = AuditEntry.objects.filter(subject_id=sarah.pk).order_by("id").values_list("action", flat=True)
    assert list(told)[-4:] == [
        "client.updated",
        "client.consent_lapsed",
        "client.updated",
        "client.consent_holds_again",
    ]
    assert len(mails_of(sarah.pk)) == 1
    # Also where she was asked at another one meanwhile: what holds is not asked for.
    _readdress(front_desk, in_sonnenschein, sarah, NEW, days=3)
    ask_again(actor=front_desk, client_id=sarah.pk, now=NOW + 3 * DAY)
    _readdress(front_desk, in_sonnenschein, sarah, OLD, days=4)
    record_wish(actor=front_desk, client_id=sarah.pk, wanted=True, now=NOW + 9 * DAY)
    assert ask_again(actor=front_desk, client_id=sarah.pk, now=NOW + 9 * DAY).decision == "REQUESTED"
    assert (get_client(sarah.pk).email_consent, len(mails_of(sarah.pk))) == (True, 2)


def test_who_was_asked_at_a_mistyped_address_is_asked_at_the_right_one(
    front_desk: Actor, in_sonnenschein: Salon
) -> None:
    card = make_client(in_sonnenschein, front_desk, ClientDetails("Ida", email="ida@gmial.com"))
    decide(front_desk, card, GRANTED, now=NOW, wording="Ja, gern.")
    saved = _readdress(front_desk, in_sonnenschein, card, "ida@gmail.com")
    assert [one.code for one in saved.warnings] == ["consent_elsewhere"]
    # The one to the stranger has not gone out yet, and does not.
    assert [(mail.recipient, mail.state) for mail in mails_of(card.pk)] == [("ida@gmial.com", MailState.DROPPED)]
    ask_again(actor=front_desk, client_id=card.pk, now=NOW + DAY)
    sent = [(mail.recipient, mail.state) for mail in mails_of(card.pk)]
    assert sent == [("ida@gmial.com", MailState.DROPPED), ("ida@gmail.com", MailState.WAITING)]
    newest = ledger_of(card.pk)[0]
    assert (newest.wording, newest.source) == ("Ja, gern.", "ADDRESS")


def test_who_said_so_before_there_was_an_address_is_asked_as_what_she_said(
    front_desk: Actor, in_sonnenschein: Salon
) -> None:
    card = make_client(in_sonnenschein, front_desk, ClientDetails("Ida"))
    decide(front_desk, card, GRANTED, now=NOW, wording="Ja, gern.")
    saved = _readdress(front_desk, in_sonnenschein, card, NEW)
    assert [one.code for one in saved.warnings] == ["consent_elsewhere"]
    assert mails_of(card.pk) == []
    assert ask_again(actor=front_desk, client_id=card.pk, now=NOW + DAY).source == "SALON"
    assert [mail.recipient for mail in mails_of(card.pk)] == [NEW]


def test_who_wants_no_news_is_not_asked_at_another_address(
    sarah: Client, front_desk: Actor, in_sonnenschein: Salon
) -> None:
    decide(front_desk, sarah, WITHDRAWN, now=NOW + DAY)
    assert _readdress(front_desk, in_sonnenschein, sarah, NEW, days=2).warnings == []
    assert _said(sarah)[0] == ("WITHDRAWN", "SALON")
    assert len(mails_of(sarah.pk)) == 1


def test_what_an_import_brought_is_confirmed_in_the_words_of_the_salon(
    front_desk: Actor, in_sonnenschein: Salon
) -> None:
    card = _imported(front_desk, make_client(in_sonnenschein, front_desk, ClientDetails("Ida")))
    assert (card.email_consent, card.email_consent_for) == (True, "")
    _readdress(front_desk, in_sonnenschein, card, NEW)
    ask_again(actor=front_desk, client_id=card.pk, now=NOW + DAY)
    newest = ledger_of(card.pk)[0]
    assert (get_client(card.pk).email_consent, newest.decision, newest.wording_number) == (False, "REQUESTED", 0)
    assert [mail.recipient for mail in mails_of(card.pk)] == [NEW]


def test_the_link_can_be_sent_where_nobody_asked(sarah: Client, front_desk: Actor) -> None:
    """As after an import, which changes addresses without writing to anybody."""
    Client.objects.filter(pk=sarah.pk).update(email=NEW)
    assert not get_client(sarah.pk).email_consent
    ask_again(actor=front_desk, client_id=sarah.pk, now=NOW + DAY)
    assert _said(sarah)[0] == ("REQUESTED", "ADDRESS")
    assert [mail.recipient for mail in mails_of(sarah.pk)][-1] == NEW


@pytest.mark.parametrize(
    ("mine", "theirs", "wins", "kept", "holds"),
    [
        # What the survivor keeps is what she agreed at; the newer one of the other card is for another address.
        (1, 2, (), OLD, True),
        (2, 1, (), OLD, True),
        # She gets the other address, for which only the other card's consent holds.
        (1, 2, ("email",), NEW, True),
        (2, 1, ("email",), NEW, False),
        (None, 1, (), OLD, False),
        (None, 1, ("email",), NEW, True),
        (1, None, ("email",), NEW, False),
    ],
)
def test_a_merge_keeps_what_was_agreed_at_the_address_that_is_left(
    in_sonnenschein: Salon,
    front_desk: Actor,
    mine: int | None,
    theirs: int | None,
    wins: tuple[str, ...],
    kept: str,
    holds: bool,
) -> None:
    left = make_client(in_sonnenschein, front_desk, ClientDetails("Sarah", email=OLD))
    right = make_client(in_sonnenschein, front_desk, ClientDetails("Sara", email=NEW))
    for card, day in ((left, mine), (right, theirs)):
        if day:
            _imported(front_desk, card, days=day)
    before = [get_client(card.pk).email_consent for card in (left, right)]
    merge = merge_cards(
        actor=BOSS,
        salon=in_sonnenschein,
        survivor_id=left.pk,
        duplicate_id=right.pk,
        wins=wins,
        versions={},
        now=NOW + 5 * DAY,
    )
    card = get_client(left.pk)
    assert (card.email, card.email_consent) == (kept, holds)
    undo_merge(actor=BOSS, salon=in_sonnenschein, merge_id=merge.pk, now=NOW + 6 * DAY)
    assert [get_client(card.pk).email_consent for card in (left, right)] == before
