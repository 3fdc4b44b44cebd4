"""Which times are offered, and to whom (domain.md §5)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.bounds import Bounds
from bookings.slots import Slot, Wish, alternatives, find_slots, slot_at
from salon.catalogue.models import Service, StaffMember
from salon.tenancy.models import Salon
from tests.bookings.salonday import DAY, SalonDay, a_salon_day, at, make_absence, make_appointment
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


def test_statements(salon: Salon, day: SalonDay) -> None:
    with CaptureQueriesContext(connection) as queries:
        free(salon, (day.cut, None), (day.colour, None), (day.brows, None), last=DAY + timedelta(days=30))
    assert len(queries) == 3
