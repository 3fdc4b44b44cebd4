"""Which times are offered, and to whom (domain.md §5)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.bounds import Bounds
from bookings.busy import Period
from bookings.hours import Misfit, presence, why_not
from bookings.models import BookingRules
from bookings.slots import Slot, Wish, alternatives, find_slots, slot_at
from bookings.states import State
from salon.catalogue.models import (
    Closure,
    HolidayRules,
    OpenDay,
    Schedule,
    ScheduleInterval,
    Service,
    StaffMember,
    StaffService,
)
from salon.errors import InvalidInput
from salon.tenancy.models import Salon
from tests.bookings.salonday import (
    BERLIN,
    DAY,
    SalonDay,
    a_salon_day,
    at,
    make_absence,
    make_appointment,
    make_service,
    make_staff,
)
from tests.conftest import NOW


@pytest.fixture
def salon(in_sonnenschein: Salon) -> Salon:
    return in_sonnenschein


@pytest.fixture
def day(salon: Salon) -> SalonDay:
    return a_salon_day()


def free(
    salon: Salon,
    *wishes: tuple[Service, StaffMember | None],
    first: date = DAY,
    last: date | None = None,
    now: datetime = NOW,
    bounds: Bounds = Bounds.ONLINE,
) -> list[Slot]:
    asked = [Wish(service.pk, staff.pk if staff else None) for service, staff in wishes]
    return find_slots(salon=salon, wishes=asked, first=first, last=last or first, now=now, bounds=bounds)


def clocks(slots: Sequence[Slot]) -> list[str]:
    return [f"{slot.starts_at.astimezone(at(0).tzinfo):%H:%M}" for slot in slots]


def test_one_service_by_one_person(salon: Salon, day: SalonDay) -> None:
    make_appointment((day.cut, day.anna), starts_at=at(10))
    make_absence(day.anna, at(12), at(17))
    assert clocks(free(salon, (day.cut, day.anna))) == ["09:00", "11:00", "17:00"]


def test_a_processing_gap_takes_another_client(salon: Salon, day: SalonDay) -> None:
    make_appointment((day.colour, day.anna), starts_at=at(9))
    assert clocks(free(salon, (day.brows, day.anna)))[:3] == ["09:30", "09:45", "10:30"]


def test_a_buffer_needs_its_time_but_gives_way_to_the_same_client(salon: Salon, day: SalonDay) -> None:
    wax = make_service("Waxing", 30, buffer=15)
    StaffService.objects.create(staff=day.anna, service=wax)
    make_appointment((day.cut, day.anna), starts_at=at(10))
    make_absence(day.anna, at(12), at(18))
    assert clocks(free(salon, (wax, day.anna))) == ["09:00", "09:15", "11:00", "11:15"]
    assert clocks(free(salon, (wax, day.anna), (day.brows, day.anna))) == ["09:00", "09:15", "11:00", "11:15"]
    assert clocks(free(salon, (wax, day.anna), (day.brows, day.bora)))[:3] == ["09:00", "09:15", "11:00"]


def test_items_of_a_sequence_follow_each_other(salon: Salon, day: SalonDay) -> None:
    make_appointment((day.cut, day.bora), starts_at=at(9))
    slot = free(salon, (day.cut, day.anna), (day.brows, day.bora))[0]
    assert [(item.staff_id, item.starts_at, item.ends_at) for item in slot.items] == [
        (day.anna.pk, at(9), at(10)),
        (day.bora.pk, at(10), at(10, 15)),
    ]
    assert (slot.starts_at, slot.ends_at) == (at(9), at(10, 15))


def test_anybody_is_whoever_makes_it_possible_then_whoever_has_the_fewest_minutes(salon: Salon, day: SalonDay) -> None:
    def who(slots: Sequence[Slot]) -> list[str]:
        names = {day.anna.pk: "Anna", day.bora.pk: "Bora"}
        return [" ".join(names[item.staff_id] for item in slot.items) for slot in slots]

    assert who(free(salon, (day.cut, None)))[0] == "Anna"
    make_appointment((day.brows, day.anna), starts_at=at(17))
    assert who(free(salon, (day.cut, None)))[0] == "Bora"
    make_appointment((day.cut, day.bora), starts_at=at(10))
    make_appointment((day.cut, day.anna), starts_at=at(12))
    make_appointment((day.brows, day.bora), starts_at=at(15))
    assert who(free(salon, (day.cut, None)))[0] == "Anna"
    StaffService.objects.filter(staff=day.anna, service=day.brows).delete()
    make_absence(day.bora, at(9), at(10))
    assert who(free(salon, (day.cut, None), (day.colour, None)))[:1] == ["Anna Anna"]
    assert who(free(salon, (day.cut, None), (day.brows, None)))[0] == "Anna Bora"
    assert clocks(free(salon, (day.cut, None), (day.brows, None)))[0] == "10:00"


def test_what_is_cancelled_or_missed_is_free(salon: Salon, day: SalonDay) -> None:
    make_appointment((day.cut, day.anna), starts_at=at(9), state=State.CANCELLED)
    make_appointment((day.cut, day.anna), starts_at=at(9), state=State.NO_SHOW)
    assert clocks(free(salon, (day.cut, day.anna)))[0] == "09:00"


def test_what_began_long_before_still_counts(salon: Salon, day: SalonDay) -> None:
    longest = make_service("Marathon", 240, 240, 240, buffer=720)
    StaffService.objects.create(staff=day.anna, service=longest)
    make_appointment((longest, day.anna), starts_at=at(10, 30) - timedelta(hours=24))
    assert clocks(free(salon, (day.cut, day.anna)))[0] == "10:30"


def test_breaks_closures_and_holidays(salon: Salon, day: SalonDay) -> None:
    carla = make_staff("Carla", [day.cut], hours=[(9 * 60, 12 * 60), (13 * 60, 14 * 60)], position=3)
    wish = (day.cut, carla)
    assert clocks(free(salon, wish))[-3:] == ["10:45", "11:00", "13:00"]
    closure = Closure.objects.create(starts_on=DAY, ends_on=DAY, name="Betriebsausflug", created_at=NOW)
    assert free(salon, wish) == []
    closure.delete()
    christmas = date(2026, 12, 25)
    assert free(salon, wish, first=christmas) == []
    OpenDay.objects.create(day=christmas)
    assert clocks(free(salon, wish, first=christmas))[0] == "09:00"
    womens_day = date(2027, 3, 8)
    assert free(salon, wish, first=womens_day) != []
    rules = HolidayRules.objects.create(region="BE")
    assert free(salon, wish, first=womens_day) == []
    assert presence([], christmas, womens_day, salon).closed == {
        date(2026, 12, 26): "Zweiter Weihnachtstag",
        date(2027, 1, 1): "Neujahr",
        womens_day: "Frauentag",
    }
    rules.closed = False
    rules.save()
    assert free(salon, wish, first=womens_day) != []


def test_a_schedule_holds_until_the_next_one(salon: Salon, day: SalonDay) -> None:
    later = Schedule.objects.create(staff=day.anna, valid_from=DAY)
    assert clocks(free(salon, (day.cut, day.anna), first=DAY - timedelta(days=1)))[0] == "09:00"
    assert free(salon, (day.cut, day.anna)) == []
    ScheduleInterval.objects.create(schedule=later, weekday=2, starts_minute=660, ends_minute=720)
    assert clocks(free(salon, (day.cut, day.anna), last=DAY + timedelta(days=7))) == ["11:00", "11:00"]


@pytest.mark.parametrize(
    ("on", "hours"),
    [
        (date(2026, 10, 25), ["01:00+02:00", "02:00+02:00", "02:00+01:00", "03:00+01:00"]),
        (date(2027, 3, 28), ["01:00+01:00", "03:00+02:00"]),
    ],
)
def test_a_night_shift_when_the_clock_is_changed(salon: Salon, day: SalonDay, on: date, hours: list[str]) -> None:
    nora = make_staff("Nora", [day.cut], weekdays=[7], hours=[(60, 240)], position=3)
    BookingRules.objects.create(slot_minutes=60, horizon_days=365)
    found = free(salon, (day.cut, nora), first=on, now=datetime(2026, 9, 1, tzinfo=UTC))
    assert [f"{slot.starts_at.astimezone(BERLIN):%H:%M%:z}" for slot in found] == hours


def test_bounds(salon: Salon, day: SalonDay) -> None:
    at_half_past_ten = at(10, 30)
    assert clocks(free(salon, (day.cut, day.anna), now=at_half_past_ten))[0] == "12:30"
    assert clocks(free(salon, (day.cut, day.anna), now=at_half_past_ten, bounds=Bounds.DESK))[0] == "10:30"
    far = salon.date_at(NOW) + timedelta(days=180)
    assert free(salon, (day.cut, day.anna), first=far) != []
    assert free(salon, (day.cut, day.anna), first=far + timedelta(days=1)) == []
    assert free(salon, (day.cut, day.anna), first=far + timedelta(days=1), bounds=Bounds.DESK) != []
    BookingRules.objects.create(slot_minutes=30, lead_minutes=0, horizon_days=2)
    assert clocks(free(salon, (day.cut, day.anna), first=DAY - timedelta(days=1), last=DAY))[:2] == ["09:00", "09:30"]
    assert free(salon, (day.cut, day.anna), first=DAY) == []
    Service.objects.filter(pk=day.cut.pk).update(online=False)
    assert free(salon, (day.cut, day.anna), first=DAY - timedelta(days=1)) == []
    assert free(salon, (day.cut, day.anna), bounds=Bounds.DESK) != []


def test_at_the_desk_anybody_can_be_asked(salon: Salon, day: SalonDay) -> None:
    massage = make_service("Massage", 30)
    assert free(salon, (massage, day.anna)) == []
    assert free(salon, (massage, None), bounds=Bounds.DESK) == []
    assert clocks(free(salon, (massage, day.anna), bounds=Bounds.DESK))[0] == "09:00"


def test_what_is_not_there_is_named(salon: Salon, day: SalonDay) -> None:
    StaffMember.objects.filter(pk=day.bora.pk).update(archived_at=NOW)
    Service.objects.filter(pk=day.brows.pk).update(archived_at=NOW)
    with pytest.raises(InvalidInput) as refused:
        free(salon, (day.cut, day.bora), (day.brows, None))
    assert [(one.field, one.code) for one in refused.value.errors] == [
        ("items.0.staff", "not_found"),
        ("items.1.service", "not_found"),
    ]


def test_alternatives_are_the_nearest_of_each_gap_then_of_the_next_days(salon: Salon, day: SalonDay) -> None:
    make_appointment((day.cut, day.anna), starts_at=at(12))

    def near(moment: datetime, **more: object) -> list[datetime]:
        wish = [Wish(day.cut.pk, day.anna.pk)]
        found = alternatives(salon=salon, wishes=wish, near=moment, now=NOW, bounds=Bounds.ONLINE, **more)  # type: ignore[arg-type]
        return [slot.starts_at for slot in found]

    tomorrow = DAY + timedelta(days=1)
    assert near(at(12)) == [at(11), at(13), at(12, 0, tomorrow)]
    make_absence(day.anna, at(9), at(16, 45))
    assert near(at(12)) == [at(16, 45), at(12, 0, tomorrow), at(12, 0, tomorrow + timedelta(days=1))]
    assert near(at(12), count=1) == [at(16, 45)]


def test_a_time_off_the_slots_is_free_all_the_same(salon: Salon, day: SalonDay) -> None:
    def who(moment: datetime, bounds: Bounds = Bounds.ONLINE) -> list[object] | None:
        wish = [Wish(day.cut.pk)]
        slot = slot_at(salon=salon, wishes=wish, starts_at=moment, now=NOW, bounds=bounds)
        return [slot.starts_at, slot.items[0].staff_id] if slot else None

    make_appointment((day.cut, day.anna), starts_at=at(10))
    moment = at(9, 7) + timedelta(seconds=30)
    assert who(moment) == [moment, day.bora.pk]
    assert who(at(17, 1)) is None
    assert who(at(17, 1), Bounds.DESK) == [at(17, 1), day.bora.pk]
    assert who(at(3), Bounds.DESK) == [at(3), day.bora.pk]
    make_appointment((day.cut, day.bora), starts_at=at(10))
    assert who(at(10, 30), Bounds.DESK) is None


def test_an_appointment_to_be_moved_is_not_in_its_own_way(salon: Salon, day: SalonDay) -> None:
    there = make_appointment((day.cut, day.anna), starts_at=at(9))
    wish = [Wish(day.cut.pk, day.anna.pk)]
    found = find_slots(
        salon=salon, wishes=wish, first=DAY, last=DAY, now=NOW, bounds=Bounds.DESK, besides=there.pk, limit=2
    )
    assert clocks(found) == ["09:00", "09:15"]


def test_why_somebody_is_not_there(salon: Salon, day: SalonDay) -> None:
    make_absence(day.anna, at(12), at(13))
    taken = [
        (day.anna.pk, [Period(at(9), at(10))]),
        (day.anna.pk, [Period(at(11, 30), at(12)), Period(at(13), at(13, 30))]),
        (day.anna.pk, [Period(at(12, 30), at(13, 30))]),
        (day.bora.pk, [Period(at(17, 30), at(18, 5))]),
        (day.anna.pk, [Period(at(8), at(13))]),
    ]
    outside, absent = Misfit.OUTSIDE_HOURS, Misfit.ABSENT
    with CaptureQueriesContext(connection) as queries:
        found = [set(one) for one in why_not(salon=salon, taken=taken)]
    assert (found, len(queries)) == ([set(), set(), {absent}, {outside}, {outside, absent}], 1)
    assert not any(why_not(salon=salon, taken=taken[:2]))
    assert any(why_not(salon=salon, taken=taken))


def test_statements(salon: Salon, day: SalonDay) -> None:
    with CaptureQueriesContext(connection) as queries:
        free(salon, (day.cut, None), (day.colour, None), (day.brows, None), last=DAY + timedelta(days=30))
    assert len(queries) == 3
