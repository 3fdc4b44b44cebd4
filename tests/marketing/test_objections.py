"""An objection to news holds for its client and for the address, whatever becomes of cards (domain.md §9.3)."""

from datetime import timedelta
from uuid import UUID

import pytest

from clients.cards import get_client
from clients.confirming import Standing, confirm, unsubscribe
from clients.consent import ledger_of, record_consent
from clients.details import ClientDetails
from clients.editing import update_client
from clients.models import Client, ConsentSource, Decision, Objection
from clients.objections import lift_objection, object_at, who_objected
from marketing.eligibility import standings
from marketing.models import Basis
from marketing.rules import allow_existing_customers
from salon.desk.erasure import erase_card
from salon.desk.merging import merge_cards, undo_merge
from salon.identity.roles import Actor, system_actor
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.marketing.consenting import NEWS, decide, link_in, mails_of
from tests.operations.test_cards import make_client

DAY = timedelta(days=1)
BOSS = system_actor("Anna Krüger")
GRANTED, WITHDRAWN = Decision.GRANTED, Decision.WITHDRAWN
HERE, THERE = "sarah@gmail.com", "smith@web.example"


class Desk:
    """A salon whose clients agree, object and move; days since NOW."""

    def __init__(self, salon: Salon, actor: Actor) -> None:
        self.salon, self.actor = salon, actor

    def card(self, email: str = HERE, **given: object) -> Client:
        card = make_client(self.salon, self.actor, ClientDetails("Sarah", email=email))
        Client.objects.filter(pk=card.pk).update(**given)
        return card

    def agree(self, card: Client, day: int = 0) -> None:
        record_consent(
            actor=self.actor,
            client_id=card.pk,
            purpose=NEWS,
            decision=GRANTED,
            source=ConsentSource.IMPORT,
            wording="Ja.",
            now=NOW + day * DAY,
        )

    def object(self, card: Client, day: int) -> None:
        decide(self.actor, card, WITHDRAWN, now=NOW + day * DAY)

    def move(self, card: Client, email: str, day: int) -> None:
        update_client(
            actor=self.actor, salon=self.salon, client_id=card.pk, changes={"email": email}, now=NOW + day * DAY
        )

    def merge(self, survivor: Client, duplicate: Client, day: int, wins: tuple[str, ...] = ()) -> UUID:
        return merge_cards(
            actor=BOSS,
            salon=self.salon,
            survivor_id=survivor.pk,
            duplicate_id=duplicate.pk,
            wins=wins,
            now=NOW + day * DAY,
        ).pk

    def undo(self, merge_id: UUID, day: int) -> None:
        undo_merge(actor=BOSS, salon=self.salon, merge_id=merge_id, now=NOW + day * DAY)


@pytest.fixture
def desk(in_sonnenschein: Salon, front_desk: Actor) -> Desk:
    return Desk(in_sonnenschein, front_desk)


def reasons(*cards: Client, basis: Basis = Basis.CONSENT) -> list[str]:
    found = standings([card.pk for card in cards], basis=basis, now=NOW + 99 * DAY)
    return [str(found[card.pk]) for card in cards]


def test_addresses_that_object_are_known_in_small_letters(in_sonnenschein: Salon) -> None:
    object_at({"Anna@Web.example", "BERTA@web.example", ""}, now=NOW)
    object_at({"anna@web.example"}, now=NOW + DAY)
    lift_objection("Berta@Web.Example", now=NOW + DAY)
    assert who_objected(["ANNA@web.example", "berta@web.example", "carla@web.example", ""]) == {"anna@web.example"}
    assert who_objected([]) == who_objected([""]) == set()
    object_at({"berta@web.example"}, now=NOW + 2 * DAY)
    both = {"anna@web.example", "berta@web.example"}
    assert who_objected(both) == both


def test_away_and_back_is_no_way_around_an_objection(desk: Desk) -> None:
    sarah, twin = desk.card(), desk.card()
    desk.agree(sarah)
    desk.object(twin, 1)
    assert reasons(sarah, twin) == ["OBJECTED", "OBJECTED"]
    desk.move(sarah, THERE, 2)
    assert reasons(sarah) == ["NO_CONSENT"]
    desk.move(sarah, HERE, 3)
    assert reasons(sarah) == ["OBJECTED"]


def test_an_objection_stays_at_its_address_when_the_card_leaves_it(desk: Desk) -> None:
    sarah = desk.card()
    desk.object(sarah, 1)
    desk.move(sarah, THERE, 2)
    late, neighbour = desk.card(carried_visits=3), desk.card(THERE, carried_visits=3)
    allow_existing_customers(actor=BOSS, confirmed=True, now=NOW)
    # She herself wants none anywhere; at her new address somebody else may.
    existing = reasons(sarah, late, neighbour, basis=Basis.EXISTING_CUSTOMER)
    assert existing == ["OBJECTED", "OBJECTED", "EXISTING_CUSTOMER"]


def test_agreeing_elsewhere_takes_no_objection_back(desk: Desk) -> None:
    sarah, twin = desk.card(), desk.card()
    desk.agree(twin)
    desk.object(sarah, 1)
    desk.move(sarah, THERE, 2)
    desk.agree(sarah, 3)
    desk.move(sarah, HERE, 4)
    assert reasons(sarah, twin) == ["OBJECTED", "OBJECTED"]


def test_agreeing_there_again_takes_it_back_for_everybody_there(desk: Desk) -> None:
    sarah, twin = desk.card(carried_visits=1), desk.card(carried_visits=1)
    desk.agree(twin)
    desk.object(sarah, 1)
    decide(desk.actor, sarah, GRANTED, now=NOW + 2 * DAY, wording="Ja.")
    assert reasons(sarah, twin) == ["NOT_CONFIRMED", "OBJECTED"]
    confirm(salon=desk.salon, link=link_in(mails_of(sarah.pk)[-1]), now=NOW + 2 * DAY)
    assert reasons(sarah, twin) == ["CONSENT", "CONSENT"]
    # Who once objected is no existing customer, nor is anybody at the address.
    allow_existing_customers(actor=BOSS, confirmed=True, now=NOW)
    later = desk.card(carried_visits=1)
    assert reasons(later, basis=Basis.EXISTING_CUSTOMER) == ["NO_CONSENT"]


def test_a_merge_dates_no_consent_anew(desk: Desk) -> None:
    left, right = desk.card(), desk.card(THERE)
    desk.agree(left)
    desk.agree(right, 2)
    desk.merge(left, right, 3)
    card = get_client(left.pk)
    assert (card.email_consent, card.email_consent_at) == (True, NOW)


def test_who_unsubscribes_while_cards_are_one_has_done_so_when_they_are_two(desk: Desk) -> None:
    left, right = desk.card(), desk.card(THERE)
    desk.agree(right)
    merge = desk.merge(left, right, 1, wins=("email",))
    unsubscribe(client_id=right.pk, address=THERE, now=NOW + 2 * DAY)
    desk.undo(merge, 3)
    assert reasons(right) == ["OBJECTED"]


def test_unsubscribing_objects_where_the_mail_arrived(desk: Desk) -> None:
    sarah = desk.card(carried_visits=1)
    desk.move(sarah, THERE, 1)
    unsubscribe(client_id=sarah.pk, address=HERE.upper(), now=NOW + 2 * DAY)
    assert set(Objection.objects.values_list("address", flat=True)) == {HERE, THERE}
    # Also where she had said so of another address before.
    desk.move(sarah, "third@web.example", 3)
    unsubscribe(client_id=sarah.pk, address="third@web.example", now=NOW + 4 * DAY)
    assert who_objected(["third@web.example"]) == {"third@web.example"}


def test_saying_no_again_at_another_address_objects_there_too(desk: Desk) -> None:
    sarah, neighbour = desk.card(), desk.card(THERE)
    desk.object(sarah, 1)
    desk.move(sarah, THERE, 2)
    assert reasons(neighbour) == ["NO_CONSENT"]
    desk.object(sarah, 3)
    assert reasons(neighbour) == ["OBJECTED"]
    assert [one.decision for one in ledger_of(sarah.pk)] == ["WITHDRAWN"]


def test_taking_back_a_merge_objects_for_nobody(desk: Desk) -> None:
    left, right = desk.card(), desk.card()
    desk.agree(right)
    desk.undo(desk.merge(left, right, 1), 2)
    assert [one.decision for one in ledger_of(left.pk)] == ["UNDONE", "GRANTED"]
    assert reasons(left, right) == ["NO_CONSENT", "CONSENT"]
    assert not Objection.objects.exists()


def test_a_link_to_an_address_left_and_come_back_to_still_confirms(desk: Desk) -> None:
    sarah = desk.card()
    decide(desk.actor, sarah, GRANTED, now=NOW, wording="Ja.")
    first = link_in(mails_of(sarah.pk)[0])
    desk.move(sarah, THERE, 0)
    confirm(salon=desk.salon, link=link_in(mails_of(sarah.pk)[-1]), now=NOW)
    desk.move(sarah, HERE, 0)
    assert confirm(salon=desk.salon, link=first, now=NOW + DAY).standing is Standing.CONFIRMED
    assert get_client(sarah.pk).email_consent


def test_whoever_is_erased_leaves_no_objection_but_anothers(desk: Desk) -> None:
    sarah, twin, other = desk.card(), desk.card(), desk.card(THERE)
    for card in (sarah, other):
        desk.object(card, 1)
    for card, left in ((other, {HERE}), (sarah, {HERE}), (twin, set())):
        erase_card(actor=BOSS, salon=desk.salon, client_id=card.pk, confirmation=None, version=None, now=NOW)
        assert set(Objection.objects.values_list("address", flat=True)) == left
