"""A merge taken apart again (domain.md §2)."""

from datetime import date, timedelta

import pytest

from bookings.states import State
from clients.cards import get_client
from clients.details import ClientDetails
from clients.duplicates import dismiss, propose
from clients.merging import MergeErased, MergeNotNewest, MergeUndone
from clients.models import CardState, CarriedService, CategoryAssignment, Client, ConsentPurpose, Note
from clients.notes import write_health, write_note
from clients.standing import refresh
from clients.treatcard import set_treatcard
from salon.audit.models import AuditEntry
from tests.conftest import NOW
from tests.merging.desk import GRANTED, LATER, MANAGER, Desk, as_it_is, snapshot


def full_cards(desk: Desk) -> tuple[Client, Client]:
    anna = desk.card("Anna", "Berg", mobile="0171 2345678", email="a@mail.example")
    double = desk.card(
        "Anne",
        "Borg",
        gender="FEMALE",
        birthday="3.2.1990",
        mobile="0171 9999999",
        landline="030 901820",
        email="b@mail.example",
        street="Weg 1",
        postal_code="10435",
        city="Berlin",
        blocked="yes",
        blocked_reason="laut",
        matrix_exempt="yes",
        referred_by=str(anna.pk),
    )
    desk.card("Gast", referred_by=str(double.pk))
    for index, client in enumerate((anna, double)):
        set_treatcard(actor=MANAGER, client_id=client.pk, number=f"TC-{index}", now=NOW)
        write_note(actor=MANAGER, client_id=client.pk, text=f"Notiz {index}", pinned=False, now=NOW)
        desk.categorise(client, "VIP", f"Gruppe {index}")
        desk.had(client, Facial=2 + index, **{f"Kur{index}": 1})
        for purpose in ConsentPurpose:
            desk.decide(client, purpose, GRANTED, NOW - timedelta(days=3 - index))
        write_health(actor=MANAGER, client_id=client.pk, text=f"Allergie {index}", now=NOW)
        first = date(2024, 1 + index, 1)
        desk.visit(client, first, *[first + timedelta(days=300)] * index, waits=True)
        desk.visit(client, NOW.date() + timedelta(days=9), state=State.BOOKED)
        desk.set(client, carried_first_visit_on=first, carried_last_visit_on=first, carried_visits=1)
        desk.points(client, 9 + index)
    stranger = desk.card("Fremd", mobile="0171 9999999")
    dismiss(actor=MANAGER, client_ids=(stranger.pk, double.pk), now=NOW)
    propose(now=NOW)
    return anna, double


@pytest.mark.parametrize("wins", [set(), {"first_name", "last_name", "mobile", "email", "treatcard_number"}])
@pytest.mark.parametrize("turned", [False, True])
def test_undoing_gives_back_every_row(desk: Desk, wins: set[str], turned: bool) -> None:
    survivor, duplicate = full_cards(desk)[:: -1 if turned else 1]
    # The verdicts as the rule says them, which the columns set by hand do not.
    refresh([survivor.pk, duplicate.pk], today=NOW.date())
    before = snapshot()
    merge = desk.merge(survivor, duplicate, wins=wins)
    assert snapshot() != before
    undone = desk.undo(merge)
    assert snapshot() == before
    assert (undone.undone_at, undone.moved) == (LATER, {})
    assert as_it_is(survivor).version > survivor.version
    # And once more: a merge undone leaves two cards like any others.
    desk.undo(desk.merge(duplicate, survivor, now=LATER))
    assert snapshot() == before


def test_what_was_changed_since_stays_changed(desk: Desk) -> None:
    anna = desk.card("Anna")
    double = desk.card("Anne", "Berg", mobile="0171 9999999", email="b@mail.example", street="Weg 1", city="Köln")
    set_treatcard(actor=MANAGER, client_id=double.pk, number="TC-2", now=NOW)
    desk.had(double, Facial=2)
    desk.categorise(double, "VIP")
    merge = desk.merge(anna, double)
    desk.change(anna, {"email": "neu@mail.example", "last_name": "Neu", "landline": "030 901820"})
    note = write_note(actor=MANAGER, client_id=anna.pk, text="danach", pinned=False, now=LATER)
    set_treatcard(actor=MANAGER, client_id=anna.pk, number="TC-9", now=LATER)
    desk.undo(merge)
    assert as_it_is(anna).details == ClientDetails("Anna", "Neu", email="neu@mail.example", landline="+4930901820")
    assert as_it_is(anna).treatcard_number == "TC-9"
    assert Note.objects.get(pk=note.pk).client_id == anna.pk
    back = get_client(double.pk)
    assert back.details == ClientDetails(
        "Anne", "Berg", mobile="+491719999999", email="b@mail.example", street="Weg 1", city="Köln"
    )
    assert back.treatcard_number == "TC-2"
    assert CarriedService.objects.get().client_id == CategoryAssignment.objects.get().client_id == double.pk


def test_what_belongs_together_is_given_back_together_or_not_at_all(desk: Desk) -> None:
    """An address that was corrected since keeps the postcode and the town of the correction."""
    anna = desk.card("Anna", street="Weg 1", birthday="3.2.")
    merge = desk.merge(
        anna,
        desk.card("Anne", street="Weg 1", postal_code="10115", city="Berlin", birthday="3.2.1990"),
        wins={"address", "birthday"},
    )
    desk.change(anna, {"street": "Allee 2", "birthday": "5.6.1990"})
    desk.undo(merge)
    back = as_it_is(anna).details
    assert (back.street, back.postal_code, back.city, back.birthday) == ("Allee 2", "10115", "Berlin", "1990-06-05")


def test_an_undo_leaves_nobody_without_a_name(desk: Desk) -> None:
    anna = desk.card("Anna")
    merge = desk.merge(anna, desk.card("", "Berg"))
    desk.change(anna, {"first_name": ""})
    desk.undo(merge)
    assert as_it_is(anna).full_name == "Berg"


def test_a_number_given_to_somebody_else_meanwhile_stays_there(desk: Desk) -> None:
    anna, double, other = desk.card("Anna"), desk.card("Anna"), desk.card("Else")
    for client, number in ((anna, "TC-1"), (double, "TC-2")):
        set_treatcard(actor=MANAGER, client_id=client.pk, number=number, now=NOW)
    merge = desk.merge(anna, double)
    set_treatcard(actor=MANAGER, client_id=other.pk, number="TC-2", now=NOW)
    desk.undo(merge)
    assert [as_it_is(one).treatcard_number for one in (anna, double, other)] == ["TC-1", "", "TC-2"]


def test_the_survivors_own_number_given_to_somebody_else_meanwhile_stays_there(desk: Desk) -> None:
    anna, double, other = desk.card("Anna"), desk.card("Anna"), desk.card("Else")
    for client, number in ((anna, "TC-1"), (double, "TC-2")):
        set_treatcard(actor=MANAGER, client_id=client.pk, number=number, now=NOW)
    merge = desk.merge(anna, double, wins={"treatcard_number"})
    set_treatcard(actor=MANAGER, client_id=other.pk, number="TC-1", now=NOW)
    desk.undo(merge)
    assert [as_it_is(one).treatcard_number for one in (anna, double, other)] == ["", "TC-2", "TC-1"]
    undone = AuditEntry.objects.get(action="client.merge_undone").changes
    assert {"field": "treatcard_number", "old": "TC-2", "new": None} in undone


def test_of_a_chain_the_newest_is_undone_first(desk: Desk) -> None:
    anna, first, second, last = (desk.card(name, "Berg") for name in ("Anna", "Anne", "Anja", "Antje"))
    before = snapshot()
    merges = [desk.merge(anna, first), desk.merge(anna, second, now=LATER), desk.merge(last, anna, now=LATER)]
    for older in merges[:2]:
        with pytest.raises(MergeNotNewest):
            desk.undo(older)
    for merge in reversed(merges):
        desk.undo(merge)
    assert snapshot() == before
    with pytest.raises(MergeUndone):
        desk.undo(merges[0])


@pytest.mark.parametrize("erased", [0, 1])
def test_nothing_is_undone_after_an_erasure(desk: Desk, erased: int) -> None:
    cards = desk.card("Anna"), desk.card("Anne")
    merge = desk.merge(*cards)
    desk.set(cards[erased], state=CardState.ERASED, merged_into=None)
    with pytest.raises(MergeErased):
        desk.undo(merge)
