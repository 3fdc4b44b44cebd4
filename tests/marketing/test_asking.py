"""When the mail that asks for a consent may go to an address, and that it follows by itself (domain.md §9.3)."""

from datetime import datetime, timedelta

import pytest
from time_machine import TimeMachineFixture

from clients.asking import AskedLately, asked_until, follows_at, planned_at, was_asked_here
from clients.cards import get_client
from clients.confirming import Standing, confirm, unsubscribe
from clients.consent import ask_again, ask_planned, ledger_of, record_wish
from clients.details import ClientDetails
from clients.editing import update_client
from clients.models import Client, ConsentEntry, Decision
from clients.tasks import ask_to_confirm
from clients.wordings import default_wording, save_wording
from salon.desk.erasure import erase_card
from salon.desk.merging import merge_cards
from salon.identity.roles import Actor, system_actor
from salon.mail.models import ClientMail, MailState
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.models import DueWork
from tests.conftest import NOW
from tests.marketing.consenting import NEWS, decide, link_in, mails_of
from tests.operations.test_cards import make_client

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BOSS = system_actor("Anna Krüger")
TASK = "clients.tasks.ask_to_confirm"


@pytest.fixture
def mother(in_sonnenschein: Salon, front_desk: Actor) -> Client:
    """Return Sabine, whose address has just been asked."""
    card = make_client(in_sonnenschein, front_desk, ClientDetails("Sabine", "Lehmann", email="lehmann@mail.example"))
    _asked(front_desk, card)
    ClientMail.objects.update(state=MailState.SENT, sent_at=NOW)
    return card


@pytest.fixture
def daughter(in_sonnenschein: Salon, front_desk: Actor, mother: Client) -> Client:
    """Return her daughter, who has the same address and whose mail is to follow."""
    card = make_client(in_sonnenschein, front_desk, ClientDetails("Lea", "Lehmann", email="Lehmann@mail.example"))
    _asked(front_desk, card, NOW + HOUR)
    return card


def _asked(actor: Actor, card: Client, now: datetime = NOW) -> ConsentEntry:
    return decide(actor, card, Decision.GRANTED, now=now, wording="Ja.")


def _entry(card: Client) -> ConsentEntry:
    return ledger_of(card.pk)[0]


def test_the_mail_of_a_second_card_follows_by_itself(daughter: Client, mother: Client, in_sonnenschein: Salon) -> None:
    entry = _entry(daughter)
    assert (mails_of(daughter.pk), planned_at(entry)) == ([], NOW + DAY)
    # The link in her mother's mail confirms nothing of hers.
    assert not was_asked_here(get_client(daughter.pk))
    ask_planned(entry.pk, now=NOW + DAY)
    [mail] = mails_of(daughter.pk)
    assert (mail.recipient, mail.expires_at) == ("Lehmann@mail.example", NOW + 31 * DAY)
    # She was asked once, in the ledger, too; a worker that comes twice sends nothing twice.
    ask_planned(entry.pk, now=NOW + 3 * DAY)
    assert (len(ledger_of(daughter.pk)), len(mails_of(daughter.pk))) == (1, 1)
    confirm(salon=in_sonnenschein, link=link_in(mail), now=NOW + DAY)
    assert (get_client(daughter.pk).email_consent, get_client(mother.pk).email_consent) == (True, False)


def test_a_worker_sends_it_and_has_done_its_work(
    sonnenschein: Salon, front_desk: Actor, time_machine: TimeMachineFixture
) -> None:
    with salon_scope(sonnenschein.pk):
        mother, daughter = (
            make_client(sonnenschein, front_desk, ClientDetails(name, email="lehmann@mail.example"))
            for name in ("Sabine", "Lea")
        )
        for card in (mother, daughter):
            _asked(front_desk, card)
    work = DueWork.objects.get(task=TASK)
    for at, sent in ((NOW + HOUR, 0), (NOW + DAY, 1)):
        time_machine.move_to(at, tick=False)
        ask_to_confirm(str(work.pk))
        with salon_scope(sonnenschein.pk):
            assert len(mails_of(daughter.pk)) == sent
    assert not DueWork.objects.filter(task=TASK).exists()


def test_three_cards_follow_a_day_apart(daughter: Client, in_sonnenschein: Salon, front_desk: Actor) -> None:
    father = make_client(in_sonnenschein, front_desk, ClientDetails("Jan", email="lehmann@mail.example"))
    assert follows_at(father, NOW + HOUR) == NOW + 2 * DAY
    record_wish(actor=front_desk, client_id=father.pk, wanted=True, now=NOW + HOUR)
    # Said twice, it is one mail.
    record_wish(actor=front_desk, client_id=father.pk, wanted=True, now=NOW + 2 * HOUR)
    assert planned_at(_entry(father)) == NOW + 2 * DAY
    assert DueWork.objects.filter(task=TASK).count() == 2
    # Early, because the day before was not over yet: it waits for its turn.
    ask_planned(_entry(daughter).pk, now=NOW + DAY)
    ask_planned(_entry(father).pk, now=NOW + DAY + HOUR)
    assert (len(mails_of(daughter.pk)), mails_of(father.pk)) == (1, [])
    assert planned_at(_entry(father)) == NOW + 2 * DAY


@pytest.mark.parametrize("what", ["withdrawn", "another address", "unsubscribed", "erased"])
def test_nothing_follows_that_was_decided_meanwhile(
    daughter: Client, in_sonnenschein: Salon, front_desk: Actor, what: str
) -> None:
    entry, then = _entry(daughter), NOW + 2 * HOUR
    if what == "withdrawn":
        decide(front_desk, daughter, Decision.WITHDRAWN, now=then)
    elif what == "another address":
        update_client(
            actor=front_desk, salon=in_sonnenschein, client_id=daughter.pk, changes={"email": "lea@x.de"}, now=then
        )
    elif what == "unsubscribed":
        unsubscribe(client_id=daughter.pk, address="lehmann@mail.example", now=then)
    else:
        erase_card(actor=BOSS, salon=in_sonnenschein, client_id=daughter.pk, confirmation=None, version=None, now=then)
    if what != "erased":
        assert planned_at(entry) is None
    ask_planned(entry.pk, now=NOW + DAY)
    assert mails_of(daughter.pk) == []


def test_nothing_follows_to_a_card_that_went_into_another(
    daughter: Client, mother: Client, in_sonnenschein: Salon
) -> None:
    entry = _entry(daughter)
    merge_cards(actor=BOSS, salon=in_sonnenschein, survivor_id=mother.pk, duplicate_id=daughter.pk, now=NOW + 2 * HOUR)
    ask_planned(entry.pk, now=NOW + DAY)
    assert (len(mails_of(mother.pk)), mails_of(daughter.pk)) == (1, [])


def test_what_follows_asks_for_the_words_of_then(mother: Client, in_sonnenschein: Salon, front_desk: Actor) -> None:
    card = make_client(in_sonnenschein, front_desk, ClientDetails("Lea", email="lehmann@mail.example"))
    decide(front_desk, card, Decision.GRANTED, now=NOW + HOUR, wording=default_wording(NEWS, in_sonnenschein).text)
    entry = _entry(card)
    save_wording(actor=BOSS, salon=in_sonnenschein, purpose=NEWS, text="Ja, schreibt mir.", number=0, now=NOW + HOUR)
    ask_planned(entry.pk, now=NOW + DAY)
    [mail] = mails_of(card.pk)
    assert mail.facts["wording"] == "Ja, schreibt mir."
    assert (_entry(card).wording_number, _entry(card).actor_name) == (1, front_desk.name)
    assert confirm(salon=in_sonnenschein, link=link_in(mail), now=NOW + DAY).standing == Standing.CONFIRMED


def test_who_says_at_the_desk_that_nothing_arrived_gets_one_mail_more(mother: Client, front_desk: Actor) -> None:
    first = NOW + 10 * MINUTE
    card = get_client(mother.pk)
    assert asked_until(card, NOW + MINUTE, by_hand=True) == first
    with pytest.raises(AskedLately):
        ask_again(actor=front_desk, client_id=mother.pk, now=first - MINUTE)
    ask_again(actor=front_desk, client_id=mother.pk, now=first)
    ClientMail.objects.update(state=MailState.SENT, sent_at=first)
    assert len(mails_of(mother.pk)) == 2
    # One within the day: the address may be a stranger's.
    assert asked_until(card, first + HOUR, by_hand=True) == first + DAY
    with pytest.raises(AskedLately):
        ask_again(actor=front_desk, client_id=mother.pk, now=first + HOUR)
    # What nobody at the desk decides goes no sooner.
    record_wish(actor=front_desk, client_id=mother.pk, wanted=True, now=first + HOUR)
    assert len(mails_of(mother.pk)) == 2


def test_the_mail_that_was_to_follow_can_be_sent_by_hand(daughter: Client, front_desk: Actor) -> None:
    ask_again(actor=front_desk, client_id=daughter.pk, now=NOW + HOUR)
    assert len(mails_of(daughter.pk)) == 1
    assert not DueWork.objects.filter(task=TASK).exists()


def test_withdrawn_and_recorded_again_the_new_link_follows(mother: Client, front_desk: Actor) -> None:
    decide(front_desk, mother, Decision.WITHDRAWN, now=NOW + HOUR)
    _asked(front_desk, mother, NOW + 2 * HOUR)
    assert (planned_at(_entry(mother)), len(mails_of(mother.pk))) == (NOW + DAY, 1)
