"""*Egal*: whoever is free and has least to do that day (domain.md §5)."""

from datetime import timedelta

import pytest

from bookings.bounds import Bounds
from bookings.scheduling import ItemWish, SlotTaken
from salon.catalogue.models import StaffService
from tests.bookings.acting import Desk, codes
from tests.bookings.salonday import DAY, at, make_absence, make_service, make_staff


def test_egal_is_whoever_has_least_to_do_that_day(desk: Desk) -> None:
    day = desk.day
    desk.book(at(15), ItemWish(day.brows.pk, day.anna.pk), client_id=None)
    assert desk.book(at(10), ItemWish(day.cut.pk)).items[0].staff == day.bora
    # Now Bora has an hour and Anna a quarter of one.
    assert desk.book(at(12), ItemWish(day.cut.pk), client_id=None).items[0].staff == day.anna
    # Of equals the first of the team; what was booked on another day does not count.
    desk.book(at(9, 0, DAY + timedelta(1)), ItemWish(day.cut.pk, day.anna.pk))
    assert desk.book(at(9, 0, DAY + timedelta(2)), ItemWish(day.cut.pk)).items[0].staff == day.anna


def test_egal_is_nobody_who_is_booked_away_or_at_home(desk: Desk) -> None:
    day = desk.day
    desk.book(at(10), ItemWish(day.cut.pk, day.anna.pk), client_id=None)
    assert desk.book(at(10), ItemWish(day.cut.pk)).items[0].staff == day.bora
    make_absence(day.anna, at(11), at(12))
    assert desk.book(at(11), ItemWish(day.cut.pk), client_id=None).items[0].staff == day.bora
    early = make_staff("Cem", [day.cut], hours=[(480, 540)], position=3)
    booked = desk.book(at(8), ItemWish(day.cut.pk), client_id=None)
    assert (booked.items[0].staff, codes(booked)) == (early, [])
    with pytest.raises(SlotTaken) as refusal:
        desk.book(at(11), ItemWish(day.cut.pk), bounds=Bounds.ONLINE)
    assert refusal.value.blocking == []


def test_at_the_desk_egal_may_work_late_but_is_not_called_back_from_holidays(desk: Desk) -> None:
    day = desk.day
    make_absence(day.anna, at(0), at(23))
    late = desk.book(at(18), ItemWish(day.cut.pk))
    assert (late.items[0].staff, codes(late)) == (day.bora, [("items.0", "outside_hours")])
    with pytest.raises(SlotTaken):
        desk.book(at(18), ItemWish(day.cut.pk), client_id=None)


def test_egal_goes_to_two_where_one_cannot_do_both(desk: Desk) -> None:
    day = desk.day
    desk.book(at(11), ItemWish(day.cut.pk, day.anna.pk), client_id=None)
    desk.book(at(9), ItemWish(day.cut.pk, day.bora.pk), client_id=None)
    desk.book(at(12), ItemWish(day.colour.pk, day.bora.pk), client_id=None)
    booked = desk.book(at(10), ItemWish(day.cut.pk), ItemWish(day.cut.pk))
    assert [item.staff.name for item in booked.items] == ["Anna", "Bora"]


def test_egal_fits_into_a_buffer_only_of_the_same_client(desk: Desk) -> None:
    day = desk.day
    tan = make_service("Bräunen", 30, buffer=15)
    anna_alone = [StaffService(staff=day.anna, service=tan)]
    StaffService.objects.bulk_create(anna_alone)
    booked = desk.book(at(10), ItemWish(tan.pk), ItemWish(day.brows.pk, day.anna.pk))
    assert [item.staff.name for item in booked.items] == ["Anna", "Anna"]
    desk.book(at(12), ItemWish(day.cut.pk, day.anna.pk), client_id=None)
    with pytest.raises(SlotTaken):
        desk.book(at(11, 20), ItemWish(tan.pk), client_id=None)
    desk.book(at(11, 15), ItemWish(tan.pk), client_id=None)
