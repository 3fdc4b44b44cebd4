"""What is refused says what stands there and what is free instead, whatever has become of services and people since."""

from datetime import timedelta

import pytest

from bookings.bounds import Bounds
from bookings.conflicts import SlotTaken
from bookings.models import AppointmentItem
from bookings.scheduling import Booked, ItemWish, book, cancel, move, move_item, resize_item, set_state, undo
from bookings.states import Source, State
from salon.catalogue.models import Service, StaffMember
from tests.bookings.acting import Desk
from tests.bookings.salonday import at
from tests.conftest import NOW


def _elsewhere(desk: Desk, minutes: int = 60) -> Booked:
    """A walk-in of Anna's from 14:00."""
    return desk.book(at(14), ItemWish(desk.day.cut.pk, desk.day.anna.pk, minutes=minutes), client_id=None)


def _hours(refusal: SlotTaken) -> list[tuple[int, int]]:
    return [
        ((slot.starts_at - at(0)) // timedelta(minutes=1), (slot.ends_at - slot.starts_at) // timedelta(minutes=1))
        for slot in refusal.alternatives
    ]


def _gone_service(desk: Desk) -> None:
    Service.objects.filter(pk=desk.day.cut.pk).update(archived_at=NOW)


def _gone_person(desk: Desk) -> None:
    StaffMember.objects.filter(pk=desk.day.anna.pk).update(archived_at=NOW)


def test_a_service_that_is_no_longer_offered_still_moves_and_is_refused_with_what_is_free(desk: Desk) -> None:
    booked, other = desk.book(at(10)), _elsewhere(desk)
    _gone_service(desk)
    with pytest.raises(SlotTaken) as taken:
        move(**desk.given, appointment_id=booked.appointment.pk, starts_at=at(14, 30))
    assert [one.appointment_id for one in taken.value.blocking] == [other.appointment.pk]
    assert _hours(taken.value) == [(14 * 60 + 30, 60), (15 * 60, 60), (38 * 60 + 30, 60)]


def test_who_has_left_keeps_what_she_has_and_is_refused_with_what_blocks(desk: Desk) -> None:
    booked, other = desk.book(at(10)), _elsewhere(desk)
    _gone_person(desk)
    with pytest.raises(SlotTaken) as taken:
        move(**desk.given, appointment_id=booked.appointment.pk, starts_at=at(14, 30))
    assert [one.appointment_id for one in taken.value.blocking] == [other.appointment.pk]
    assert [slot.items[0].staff_id for slot in taken.value.alternatives] == [desk.day.bora.pk]


def test_back_from_a_cancellation_and_from_a_move_it_is_refused_the_same_way(desk: Desk) -> None:
    booked = desk.book(at(10))
    cancelled = cancel(**desk.given, appointment_id=booked.appointment.pk).appointment
    other = desk.book(at(10, 30), client_id=None).appointment
    _gone_person(desk)
    with pytest.raises(SlotTaken) as taken:
        set_state(**desk.given, appointment_id=cancelled.pk, state=State.BOOKED)
    assert [one.appointment_id for one in taken.value.blocking] == [other.pk]
    with pytest.raises(SlotTaken) as taken:
        undo(**desk.given, appointment_id=cancelled.pk, version=cancelled.version)
    assert [one.appointment_id for one in taken.value.blocking] == [other.pk]


def test_what_is_free_instead_is_long_enough_for_what_was_made_longer(desk: Desk) -> None:
    _elsewhere(desk)
    booked = desk.book(at(9))
    longer = resize_item(**desk.given, item_id=booked.items[0].pk, minutes=120)
    with pytest.raises(SlotTaken) as taken:
        move(**desk.given, appointment_id=longer.appointment.pk, starts_at=at(13))
    assert _hours(taken.value) == [(12 * 60, 120), (13 * 60, 120), (37 * 60, 120)]
    best = taken.value.alternatives[0]
    move(**desk.given, appointment_id=longer.appointment.pk, starts_at=best.starts_at)


def test_so_it_is_for_what_is_booked_longer_than_usual(desk: Desk) -> None:
    _elsewhere(desk)
    with pytest.raises(SlotTaken) as taken:
        book(
            **desk.given,
            starts_at=at(13),
            items=[ItemWish(desk.day.cut.pk, desk.day.anna.pk, minutes=120)],
            client_id=None,
            source=Source.STAFF,
            bounds=Bounds.DESK,
        )
    assert _hours(taken.value) == [(12 * 60, 120), (13 * 60, 120), (37 * 60, 120)]


@pytest.mark.parametrize("bounds", Bounds)
def test_where_it_stands_is_no_other_time(desk: Desk, bounds: Bounds) -> None:
    booked = desk.book(at(10)).appointment
    desk.book(at(11), client_id=None)
    with pytest.raises(SlotTaken) as taken:
        move(**desk.given, appointment_id=booked.pk, starts_at=at(10, 30), bounds=bounds)
    between = 12 * 60 if bounds is Bounds.ONLINE else 10 * 60 + 30
    assert _hours(taken.value) == [(9 * 60 + 45, 60), (between, 60), (34 * 60 + 30, 60)]


def test_at_that_time_somebody_else_is_another_place(desk: Desk) -> None:
    booked = desk.book(at(10)).appointment
    desk.book(at(11), ItemWish(desk.day.cut.pk, desk.day.bora.pk), client_id=None)
    to_bora = {AppointmentItem.objects.get(appointment=booked).pk: desk.day.bora.pk}
    with pytest.raises(SlotTaken) as taken:
        move(**desk.given, appointment_id=booked.pk, starts_at=at(10, 30), staff=to_bora)
    assert _hours(taken.value) == [(10 * 60, 60), (10 * 60 + 30, 60), (34 * 60 + 30, 60)]
    anna, bora = desk.day.anna.pk, desk.day.bora.pk
    assert [slot.items[0].staff_id for slot in taken.value.alternatives] == [bora, anna, bora]


def test_one_service_that_cannot_go_there_has_times_for_the_whole_appointment(desk: Desk) -> None:
    """What is offered is taken by moving the appointment: it names everybody who is part of it."""
    day = desk.day
    _elsewhere(desk)
    booked = desk.book(at(10), ItemWish(day.brows.pk, day.bora.pk), ItemWish(day.cut.pk, day.anna.pk))
    with pytest.raises(SlotTaken) as taken:
        move_item(**desk.given, item_id=booked.items[1].pk, starts_at=at(14), staff_id=day.anna.pk)
    found = [[(item.service_id, item.staff_id) for item in slot.items] for slot in taken.value.alternatives]
    assert len(found) == 3
    assert found.count([(day.brows.pk, day.bora.pk), (day.cut.pk, day.anna.pk)]) == 2
