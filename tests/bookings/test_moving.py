"""Moving, lengthening and reassigning what is booked, and taking it back (domain.md §5)."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.bounds import Bounds
from bookings.models import Appointment, AppointmentItem
from bookings.scheduling import (
    Booked,
    ItemWish,
    NotChangeable,
    NothingToUndo,
    SlotTaken,
    cancel,
    change_note,
    move,
    move_item,
    reassign_item,
    resize_item,
    set_state,
    undo,
)
from bookings.slots import Slot
from bookings.states import State
from salon.catalogue.models import StaffMember
from salon.errors import InvalidInput, NotAllowed, NotFound, VersionConflict
from salon.identity.roles import Actor, ActorKind
from salon.tenancy.models import new_id
from tests.bookings.acting import Desk, codes, stands, told
from tests.bookings.salonday import DAY, at, make_absence, make_service
from tests.conftest import NOW

WEDNESDAY = DAY + timedelta(1)
NOBODY = Actor(ActorKind.USER, None, "Gast", frozenset())


def _two(desk: Desk) -> Booked:
    """Colour by Anna from 10, then a cut by Bora."""
    day = desk.day
    return desk.book(at(10), ItemWish(day.colour.pk, day.anna.pk), ItemWish(day.cut.pk, day.bora.pk))


AS_BOOKED = [("Ansatzfarbe", "Anna", "10:00", "11:30"), ("Schneiden", "Bora", "11:30", "12:30")]


def test_an_appointment_moves_as_a_whole_and_back(desk: Desk) -> None:
    booked = _two(desk)
    given = {**desk.given, "appointment_id": booked.appointment.pk}
    moved = move(**given, starts_at=at(14), staff={booked.items[0].pk: desk.day.bora.pk})
    assert stands(moved.appointment) == [
        ("Ansatzfarbe", "Bora", "14:00", "15:30"),
        ("Schneiden", "Bora", "15:30", "16:30"),
    ]
    assert (moved.appointment.starts_at, moved.appointment.ends_at) == (at(14), at(16, 30))
    assert (moved.appointment.version, moved.warnings, moved.changed) == (2, [], True)
    assert told(moved.appointment)[1] == (
        "appointment.moved",
        [("starts_at", "2026-11-24T10:00+01:00", "2026-11-24T14:00+01:00"), ("staff", "Anna", "Bora")],
    )
    back = undo(**given, version=2)
    assert stands(back.appointment) == AS_BOOKED
    assert (back.appointment.version, Appointment.objects.get().starts_at) == (3, at(10))
    assert told(moved.appointment)[2] == (
        "appointment.undone",
        [
            ("starts_at", "2026-11-24T14:00+01:00", "2026-11-24T10:00+01:00"),
            ("staff", "Bora", "Anna, Bora"),
        ],
    )


def test_it_can_move_by_less_than_it_lasts(desk: Desk) -> None:
    day = desk.day
    booked = desk.book(at(10), ItemWish(day.colour.pk, day.anna.pk), ItemWish(day.cut.pk, day.anna.pk))
    for starts_at in (at(10, 15), at(9, 45), at(10)):
        moved = move(**desk.given, appointment_id=booked.appointment.pk, starts_at=starts_at)
        assert moved.appointment.starts_at == starts_at
    assert stands(booked.appointment)[1] == ("Schneiden", "Anna", "11:30", "12:30")


def test_two_people_can_be_exchanged_in_one_move(desk: Desk) -> None:
    day = desk.day
    same_time = [ItemWish(day.cut.pk, day.anna.pk, at(10)), ItemWish(day.cut.pk, day.bora.pk, at(10))]
    booked = desk.book(at(10), *same_time)
    exchanged = {booked.items[0].pk: day.bora.pk, booked.items[1].pk: day.anna.pk}
    move(**desk.given, appointment_id=booked.appointment.pk, starts_at=at(10), staff=exchanged)
    assert [line[1] for line in stands(booked.appointment)] == ["Bora", "Anna"]


def test_a_taken_time_leaves_everything_as_it_was(desk: Desk) -> None:
    booked = _two(desk)
    other = desk.book(at(15), ItemWish(desk.day.cut.pk, desk.day.bora.pk), client_id=None)
    with pytest.raises(SlotTaken) as refusal:
        move(**desk.given, appointment_id=booked.appointment.pk, starts_at=at(14))
    (blocking,) = refusal.value.blocking
    assert (blocking.appointment_id, blocking.client_name) == (other.appointment.pk, "")
    assert len(refusal.value.alternatives) == 3
    stored = Appointment.objects.get(pk=booked.appointment.pk)
    assert (stored.version, stored.starts_at, stored.undo) == (1, at(10), None)
    assert stands(stored) == AS_BOOKED
    assert AppointmentItem.objects.filter(active=False).count() == 0
    assert [action for action, _changes in told(stored)] == ["appointment.booked"]


def test_each_alternative_of_a_move_can_be_had(desk: Desk) -> None:
    booked = _two(desk)
    desk.book(at(15), ItemWish(desk.day.cut.pk, desk.day.bora.pk), client_id=None)
    given = {**desk.given, "appointment_id": booked.appointment.pk}
    with pytest.raises(SlotTaken) as refusal:
        move(**given, starts_at=at(14))
    for slot in refusal.value.alternatives:
        staff = {item.pk: one.staff_id for item, one in zip(booked.items, slot.items, strict=True)}
        assert move(**given, starts_at=slot.starts_at, staff=staff).appointment.starts_at == slot.starts_at


def test_one_item_moves_and_the_others_stay(desk: Desk) -> None:
    booked = _two(desk)
    moved = move_item(**desk.given, item_id=booked.items[1].pk, starts_at=at(9), staff_id=desk.day.anna.pk)
    assert stands(moved.appointment) == [AS_BOOKED[0], ("Schneiden", "Anna", "09:00", "10:00")]
    assert (moved.appointment.starts_at, moved.appointment.ends_at) == (at(9), at(11, 30))
    undo(**desk.given, appointment_id=moved.appointment.pk, version=2)
    assert stands(moved.appointment) == AS_BOOKED


def _apart(desk: Desk) -> Booked:
    """Book brows at ten and a cut at eleven: between them she waits."""
    day = desk.day
    return desk.book(at(10), ItemWish(day.brows.pk, day.anna.pk), ItemWish(day.cut.pk, day.bora.pk, starts_at=at(11)))


def _times(slot: Slot) -> list[datetime]:
    return [item.starts_at for item in slot.items]


def test_what_lies_apart_is_proposed_apart(desk: Desk) -> None:
    day = desk.day
    booked = _apart(desk)
    desk.book(at(15), ItemWish(day.cut.pk, day.bora.pk), client_id=None)
    given = {**desk.given, "appointment_id": booked.appointment.pk}
    with pytest.raises(SlotTaken) as refusal:
        move(**given, starts_at=at(14))
    found = refusal.value.alternatives
    assert [_times(slot) for slot in found] == [
        [at(13), at(14)],
        [at(14), at(15)],
        [at(14, day=WEDNESDAY), at(15, day=WEDNESDAY)],
    ]
    assert [slot.ends_at for slot in found] == [at(15), at(16), at(16, day=WEDNESDAY)]
    for slot in found:
        staff = {item.pk: one.staff_id for item, one in zip(booked.items, slot.items, strict=True)}
        moved = move(**given, starts_at=slot.starts_at, staff=staff, version=None)
        assert [item.starts_at for item in moved.items] == _times(slot)


def test_one_item_that_cannot_go_lets_all_of_them_go_as_they_are(desk: Desk) -> None:
    day = desk.day
    booked = _apart(desk)
    desk.book(at(12), ItemWish(day.cut.pk, day.anna.pk), client_id=None)
    with pytest.raises(SlotTaken) as refusal:
        move_item(**desk.given, item_id=booked.items[1].pk, starts_at=at(12), staff_id=day.anna.pk)
    assert [_times(slot) for slot in refusal.value.alternatives] == [
        [at(10), at(11)],
        [at(13), at(14)],
        [at(10, day=WEDNESDAY), at(11, day=WEDNESDAY)],
    ]


def test_what_was_put_in_front_is_proposed_in_front(desk: Desk) -> None:
    """The places of items say nothing about when they are."""
    day = desk.day
    booked = desk.book(at(10), ItemWish(day.brows.pk, day.anna.pk), ItemWish(day.cut.pk, day.bora.pk))
    move_item(**desk.given, item_id=booked.items[0].pk, starts_at=at(12), staff_id=day.anna.pk)
    desk.book(at(15), ItemWish(day.cut.pk, day.bora.pk), client_id=None)
    with pytest.raises(SlotTaken) as refusal:
        move(**desk.given, appointment_id=booked.appointment.pk, starts_at=at(15))
    slot = refusal.value.alternatives[0]
    assert [(item.service_id, item.starts_at - slot.starts_at) for item in slot.items] == [
        (day.brows.pk, timedelta(minutes=105)),
        (day.cut.pk, timedelta(0)),
    ]


def test_an_item_can_be_given_to_somebody_else(desk: Desk) -> None:
    booked = _two(desk)
    given = reassign_item(**desk.given, item_id=booked.items[1].pk, staff_id=desk.day.anna.pk)
    assert stands(given.appointment)[1] == ("Schneiden", "Anna", "11:30", "12:30")
    assert told(given.appointment)[1] == ("appointment.item_reassigned", [("staff", "Bora", "Anna")])
    desk.book(at(11, 30), ItemWish(desk.day.cut.pk, desk.day.bora.pk), client_id=None)
    with pytest.raises(SlotTaken):
        undo(**desk.given, appointment_id=booked.appointment.pk, version=2)
    assert stands(given.appointment)[1] == ("Schneiden", "Anna", "11:30", "12:30")


def test_what_follows_without_a_gap_still_does(desk: Desk) -> None:
    day = desk.day
    booked = desk.book(
        at(10),
        ItemWish(day.colour.pk, day.anna.pk),
        ItemWish(day.cut.pk, day.bora.pk),
        ItemWish(day.brows.pk, day.bora.pk, starts_at=at(14)),
    )
    longer = resize_item(**desk.given, item_id=booked.items[0].pk, minutes=105)
    assert stands(longer.appointment) == [
        ("Ansatzfarbe", "Anna", "10:00", "11:45"),
        ("Schneiden", "Bora", "11:45", "12:45"),
        ("Brauen zupfen", "Bora", "14:00", "14:15"),
    ]
    assert told(longer.appointment)[1] == (
        "appointment.item_resized",
        [("minutes", "90", "105"), ("starts_at", "2026-11-24T11:30+01:00", "2026-11-24T11:45+01:00")],
    )
    stored = AppointmentItem.objects.get(pk=booked.items[0].pk)
    assert (stored.apply_minutes, stored.processing_minutes, stored.finish_minutes) == (30, 35, 40)
    undo(**desk.given, appointment_id=booked.appointment.pk, version=2)
    assert stands(longer.appointment)[:2] == AS_BOOKED
    shorter = resize_item(**desk.given, item_id=booked.items[1].pk, minutes=30)
    assert stands(shorter.appointment)[1] == ("Schneiden", "Bora", "11:30", "12:00")


def test_no_item_grows_into_another_appointment(desk: Desk) -> None:
    booked = _two(desk)
    desk.book(at(12, 30), ItemWish(desk.day.cut.pk, desk.day.bora.pk), client_id=None)
    with pytest.raises(SlotTaken):
        resize_item(**desk.given, item_id=booked.items[0].pk, minutes=95)
    assert stands(booked.appointment) == AS_BOOKED


def test_what_found_no_place_for_its_length_takes_it_along(desk: Desk) -> None:
    booked = _two(desk)
    desk.book(at(12, 30), ItemWish(desk.day.cut.pk, desk.day.bora.pk), client_id=None)
    with pytest.raises(SlotTaken) as refusal:
        resize_item(**desk.given, item_id=booked.items[0].pk, minutes=95)
    free = refusal.value.alternatives[0]
    staff = {item.pk: one.staff_id for item, one in zip(booked.items, free.items, strict=True)}
    moved = move(
        **desk.given,
        appointment_id=booked.appointment.pk,
        starts_at=free.starts_at,
        staff=staff,
        minutes={booked.items[0].pk: 95},
    )
    assert [item.minutes.duration for item in moved.items] == [95, 60]
    assert [item.starts_at for item in moved.items] == [item.starts_at for item in free.items]
    undo(**desk.given, appointment_id=booked.appointment.pk, version=2)
    assert stands(booked.appointment) == AS_BOOKED


@pytest.mark.parametrize(("minutes", "code"), [(0, "minutes"), (62, "minutes"), (725, "minutes"), (40, "too_short")])
def test_durations_have_steps_and_bounds(desk: Desk, minutes: int, code: str) -> None:
    booked = _two(desk)
    with pytest.raises(InvalidInput) as refusal:
        resize_item(**desk.given, item_id=booked.items[0].pk, minutes=minutes)
    assert [(error.field, error.code) for error in refusal.value.errors] == [("minutes", code)]


def test_a_buffer_counts_again_for_whoever_comes_after_somebody_else(desk: Desk) -> None:
    day = desk.day
    tan = make_service("Bräunen", 30, buffer=20)
    booked = desk.book(at(10), ItemWish(tan.pk, day.anna.pk), ItemWish(day.brows.pk, day.anna.pk))
    desk.book(at(10, 45), ItemWish(day.brows.pk, day.anna.pk), client_id=None)
    with pytest.raises(SlotTaken):
        reassign_item(**desk.given, item_id=booked.items[1].pk, staff_id=day.bora.pk)


def test_what_does_not_change_anything_is_no_change(desk: Desk) -> None:
    booked = _two(desk)
    same = move(**desk.given, appointment_id=booked.appointment.pk, starts_at=at(10))
    assert (same.changed, same.appointment.version) == (False, 1)
    item = booked.items[0]
    assert not reassign_item(**desk.given, item_id=item.pk, staff_id=item.staff_id).changed
    assert not resize_item(**desk.given, item_id=item.pk, minutes=90).changed
    assert len(told(booked.appointment)) == 1


def test_of_what_has_been_changed_since_nothing_is_changed(desk: Desk) -> None:
    booked = _two(desk)
    given = {**desk.given, "appointment_id": booked.appointment.pk}
    move(**given, starts_at=at(11), version=1)
    with pytest.raises(VersionConflict):
        move(**given, starts_at=at(12), version=1)
    with pytest.raises(VersionConflict):
        undo(**given, version=1)
    change_note(**given, note="Neu")
    with pytest.raises(VersionConflict):
        undo(**given, version=2)
    with pytest.raises(NothingToUndo):
        undo(**given, version=3)
    assert Appointment.objects.get().starts_at == at(11)


def test_nothing_is_undone_twice(desk: Desk) -> None:
    given = {**desk.given, "appointment_id": _two(desk).appointment.pk}
    move(**given, starts_at=at(11))
    undo(**given, version=2)
    with pytest.raises(NothingToUndo):
        undo(**given, version=3)


def test_what_has_ended_stays_where_it_is(desk: Desk) -> None:
    booked = _two(desk)
    for state in (State.COMPLETED, State.NO_SHOW):
        set_state(**{**desk.given, "now": at(12)}, appointment_id=booked.appointment.pk, state=state)
        with pytest.raises(NotChangeable):
            move(**desk.given, appointment_id=booked.appointment.pk, starts_at=at(14))
        with pytest.raises(NotChangeable):
            resize_item(**desk.given, item_id=booked.items[0].pk, minutes=100)


def test_whoever_may_not_moves_nothing(desk: Desk) -> None:
    booked = _two(desk)
    given = {**desk.given, "actor": NOBODY}
    with pytest.raises(NotAllowed):
        move(**given, appointment_id=booked.appointment.pk, starts_at=at(14))
    with pytest.raises(NotAllowed):
        move_item(**given, item_id=booked.items[0].pk, starts_at=at(14), staff_id=desk.day.anna.pk)
    with pytest.raises(NotAllowed):
        undo(**given, appointment_id=booked.appointment.pk, version=1)
    with pytest.raises(NotAllowed):
        cancel(**given, appointment_id=booked.appointment.pk)
    assert len(told(booked.appointment)) == 1


def test_what_is_not_there_cannot_be_moved(desk: Desk) -> None:
    booked = _two(desk)
    with pytest.raises(NotFound):
        move(**desk.given, appointment_id=new_id(), starts_at=at(14))
    with pytest.raises(NotFound):
        resize_item(**desk.given, item_id=new_id(), minutes=30)
    with pytest.raises(InvalidInput):
        reassign_item(**desk.given, item_id=booked.items[0].pk, staff_id=new_id())
    with pytest.raises(InvalidInput):
        move(**desk.given, appointment_id=booked.appointment.pk, starts_at=at(14) + timedelta(seconds=1))
    away = at(10, 0, DAY + timedelta(7))
    with pytest.raises(InvalidInput):
        move_item(**desk.given, item_id=booked.items[0].pk, starts_at=away, staff_id=desk.day.anna.pk)


def test_whoever_has_left_keeps_what_she_has_but_gets_nothing_new(desk: Desk) -> None:
    booked = _two(desk)
    StaffMember.objects.filter(pk=desk.day.anna.pk).update(archived_at=NOW)
    moved = move(**desk.given, appointment_id=booked.appointment.pk, starts_at=at(13))
    assert stands(moved.appointment)[0] == ("Ansatzfarbe", "Anna", "13:00", "14:30")
    other = desk.book(at(9), ItemWish(desk.day.cut.pk, desk.day.bora.pk), client_id=None)
    with pytest.raises(InvalidInput):
        reassign_item(**desk.given, item_id=other.items[0].pk, staff_id=desk.day.anna.pk)


def test_staff_are_warned_and_others_refused(desk: Desk) -> None:
    booked = _two(desk)
    make_absence(desk.day.bora, at(0, 0, WEDNESDAY), at(23, 0, WEDNESDAY))
    given = {**desk.given, "appointment_id": booked.appointment.pk}
    with pytest.raises(SlotTaken) as refusal:
        move(**given, starts_at=at(8, 0, WEDNESDAY), bounds=Bounds.ONLINE)
    assert refusal.value.blocking == []
    moved = move(**given, starts_at=at(8, 0, WEDNESDAY))
    assert codes(moved) == [("items.0", "outside_hours"), ("items.1", "absent")]
    desk.book(at(10))
    assert ("client", "client_overlaps") in codes(
        move(**given, starts_at=at(10), staff={booked.items[0].pk: desk.day.bora.pk})
    )


@pytest.mark.parametrize(
    ("night", "ends"),
    [
        # The clock shows 2 to 3 twice; an hour and a half after 1:45 it is 2:15 for the second time.
        (date(2026, 10, 25), "02:15"),
        # The clock skips 2 to 3.
        (date(2027, 3, 28), "04:15"),
    ],
)
def test_minutes_are_minutes_when_the_clock_is_changed(desk: Desk, night: date, ends: str) -> None:
    booked = desk.book(at(1, 45, night), ItemWish(desk.day.colour.pk, desk.day.anna.pk))
    assert stands(booked.appointment) == [("Ansatzfarbe", "Anna", "01:45", ends)]
    stored = AppointmentItem.objects.get()
    assert stored.ends_at - stored.starts_at == timedelta(minutes=90)
    moved = move(**desk.given, appointment_id=booked.appointment.pk, starts_at=at(10, 0, night))
    assert stands(moved.appointment) == [("Ansatzfarbe", "Anna", "10:00", "11:30")]
    back = move(**desk.given, appointment_id=booked.appointment.pk, starts_at=at(1, 45, night))
    assert stands(back.appointment) == [("Ansatzfarbe", "Anna", "01:45", ends)]


def test_a_move_is_few_statements(desk: Desk) -> None:
    booked = _two(desk)
    with CaptureQueriesContext(connection) as made:
        move(**desk.given, appointment_id=booked.appointment.pk, starts_at=at(14))
    assert len(made) <= 17, [query["sql"][:90] for query in made]
