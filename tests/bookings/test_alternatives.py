"""What a taken time is answered with: who has it, and what is free instead (domain.md §5)."""

from datetime import timedelta

import pytest
from django.utils import translation

from bookings.bounds import Bounds
from bookings.models import Appointment
from bookings.scheduling import ItemWish, SlotTaken
from bookings.states import Source
from tests.bookings.acting import Desk, told
from tests.bookings.salonday import DAY, at, make_absence, make_appointment


def test_a_taken_slot_says_what_blocks_and_what_is_free_instead(desk: Desk) -> None:
    first = desk.book(at(10)).appointment
    with pytest.raises(SlotTaken) as refusal:
        desk.book(at(10, 30), client_id=None)
    (blocking,) = refusal.value.blocking
    assert (blocking.appointment_id, blocking.staff_id) == (first.pk, desk.day.anna.pk)
    assert (blocking.staff_name, blocking.service_name, blocking.client_name) == ("Anna", "Schneiden", "Lena Vogel")
    assert (blocking.starts_at, blocking.ends_at) == (at(10), at(11))
    free = [(slot.starts_at, slot.items[0].staff_id) for slot in refusal.value.alternatives]
    anna, bora = desk.day.anna.pk, desk.day.bora.pk
    assert free == [(at(10, 30), bora), (at(11), anna), (at(10, 30, day=DAY + timedelta(days=1)), anna)]
    assert Appointment.objects.count() == 1
    assert [action for action, _changes in told(first)] == ["appointment.booked"]


def test_where_she_is_full_that_day_a_colleague_is_offered_at_that_time_and_her_next_days(desk: Desk) -> None:
    day = desk.day
    make_absence(day.anna, at(9), at(12))
    make_appointment((day.cut, day.anna), starts_at=at(16))
    make_absence(day.anna, at(12), at(16))
    make_absence(day.anna, at(17), at(18))
    next_days = [(at(16, day=DAY + timedelta(days=days)), day.anna.pk) for days in (1, 2)]
    with pytest.raises(SlotTaken) as refusal:
        desk.book(at(16), client_id=None)
    found = [(slot.starts_at, slot.items[0].staff_id) for slot in refusal.value.alternatives]
    assert found == [(at(16), day.bora.pk), *next_days]


def test_who_has_one_more_time_that_day_has_it_and_a_colleague_the_one_asked_for(desk: Desk) -> None:
    day = desk.day
    make_appointment((day.cut, day.anna), starts_at=at(16))
    make_absence(day.anna, at(9), at(15))
    make_absence(day.anna, at(17), at(18))
    with pytest.raises(SlotTaken) as refusal:
        desk.book(at(16), client_id=None)
    found = [(slot.starts_at, slot.items[0].staff_id) for slot in refusal.value.alternatives]
    tomorrow = at(16, day=DAY + timedelta(days=1))
    assert found == [(at(15), day.anna.pk), (at(16), day.bora.pk), (tomorrow, day.anna.pk)]


def test_each_alternative_can_be_booked(desk: Desk) -> None:
    desk.book(at(10))
    with pytest.raises(SlotTaken) as refusal:
        desk.book(at(10, 30), client_id=None)
    for slot in refusal.value.alternatives:
        desk.book(slot.starts_at, ItemWish(desk.day.cut.pk, slot.items[0].staff_id), client_id=None)
        Appointment.objects.filter(starts_at=slot.starts_at).delete()


def test_from_outside_nothing_is_said_of_what_blocks(desk: Desk) -> None:
    desk.book(at(10))
    with pytest.raises(SlotTaken) as refusal:
        desk.book(at(10), bounds=Bounds.ONLINE, source=Source.ONLINE)
    assert refusal.value.blocking == []
    assert len(refusal.value.alternatives) == 3


@translation.override("en")
def test_a_service_nobody_has_time_for_is_named(desk: Desk) -> None:
    day = desk.day
    for staff in (day.anna, day.bora):
        make_appointment((day.brows, staff), starts_at=at(11))
    with pytest.raises(SlotTaken) as refusal:
        desk.book(at(11), ItemWish(day.brows.pk), client_id=None)
    assert str(refusal.value.message) == "Brauen zupfen: nobody who does this is free then."
    with pytest.raises(SlotTaken) as refusal:
        desk.book(at(10), ItemWish(day.cut.pk), ItemWish(day.brows.pk), client_id=None)
    assert str(refusal.value.message) == "Brauen zupfen: nobody who does this is free then."
