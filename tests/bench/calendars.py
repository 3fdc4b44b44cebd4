"""Salons with full calendars: eight people, services with and without processing, years of appointments behind them."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from salon.catalogue.models import Schedule, ScheduleInterval, Service, StaffMember, StaffService
from salon.tenancy.context import salon_scope
from salon.tenancy.directory import add_salon, find_salon
from salon.tenancy.models import Salon

STAFF = 8
DAYS_AHEAD = 35
# Of half an hour each, forty minutes apart: the later part of each day is free.
ITEMS_A_DAY = 9
SERVICES = (("Schneiden", 60, 0, 0), ("Ansatzfarbe", 30, 35, 25), ("Föhnen", 30, 0, 0), ("Bart", 20, 0, 0))

# Whole days of one person after another, backwards from the last day; some gaps remain in each.
_APPOINTMENTS = """
INSERT INTO bookings_appointment (id, salon_id, state, source, starts_at, ends_at, note, booked_by_kind, booked_by_name,
    booked_as, client_status, client_status_reason, cancel_reason, version, created_at, updated_at)
SELECT gen_random_uuid(), %(salon)s, CASE WHEN starts_at < now() THEN 'COMPLETED' ELSE 'BOOKED' END, 'STAFF', starts_at,
    starts_at + interval '30 minutes', '', 'SYSTEM', 'Bench', '{}', '', '', '', 1, starts_at, starts_at
FROM (
    SELECT ((%(last)s::date - (n / %(a_day)s)::int) + time '09:00'
        + (n %% %(a_day)s) * interval '40 minutes') AT TIME ZONE %(zone)s AS starts_at
    FROM generate_series(0, %(many)s - 1) n
) made
RETURNING id, starts_at
"""
_FILL = f"""
WITH made AS ({_APPOINTMENTS})
INSERT INTO bookings_appointmentitem (id, salon_id, appointment_id, position, service_id, staff_id, starts_at, ends_at,
    busy, active, apply_minutes, processing_minutes, finish_minutes, buffer_minutes, counts_as_visit, list_price, price)
SELECT gen_random_uuid(), %(salon)s, id, 0,
    (%(services)s::uuid[])[1 + extract(minute FROM starts_at)::int %% cardinality(%(services)s::uuid[])],
    %(staff)s, starts_at, starts_at + interval '30 minutes',
    tstzmultirange(tstzrange(starts_at, starts_at + interval '30 minutes')), true, 30, 0, 0, 0, true, 2900, 2900
FROM made
"""


def full_calendar(slug: str, items: int) -> Salon:
    """Return the salon of that name with so many booked items in all, making it where there is none."""
    salon = find_salon(slug)
    if salon is None:
        salon = add_salon(name=slug, slug=slug)
        with salon_scope(salon.pk):
            staff, services = _open(salon)
            last = salon.date_at(timezone.now()) + timedelta(days=DAYS_AHEAD)
            for one in staff:
                _fill(salon, one.pk, services, last, items // STAFF)
    return salon


def services_of(salon: Salon) -> list[UUID]:
    """Return the ids of three services."""
    with salon_scope(salon.pk):
        return list(Service.objects.order_by("position").values_list("pk", flat=True)[:3])


def staff_of(salon: Salon) -> list[UUID]:
    """Return the ids of the people."""
    with salon_scope(salon.pk):
        return list(StaffMember.objects.order_by("position").values_list("pk", flat=True))


def _open(salon: Salon) -> tuple[list[StaffMember], list[UUID]]:
    now = timezone.now()
    services = [
        Service.objects.create(
            name=name,
            name_key=name.casefold(),
            position=position,
            apply_minutes=apply,
            processing_minutes=processing,
            finish_minutes=finish,
            price=Decimal("29.00"),
            created_at=now,
        )
        for position, (name, apply, processing, finish) in enumerate(SERVICES)
    ]
    staff = []
    for position in range(STAFF):
        one = StaffMember.objects.create(
            name=f"Person {position}", name_key=f"person {position}", position=position, created_at=now
        )
        StaffService.objects.bulk_create(StaffService(staff=one, service=service) for service in services)
        schedule = Schedule.objects.create(staff=one, valid_from=date(1970, 1, 1))
        ScheduleInterval.objects.bulk_create(
            ScheduleInterval(schedule=schedule, weekday=weekday, starts_minute=starts, ends_minute=ends)
            for weekday in range(1, 8)
            for starts, ends in ((9 * 60, 13 * 60), (13 * 60 + 30, 19 * 60))
        )
        staff.append(one)
    return staff, [service.pk for service in services]


def _fill(salon: Salon, staff_id: UUID, service_ids: list[UUID], last: date, many: int) -> None:
    values: dict[str, Any] = {
        "salon": salon.pk,
        "staff": staff_id,
        "services": service_ids,
        "last": last,
        "zone": salon.timezone,
        "a_day": ITEMS_A_DAY,
        "many": many,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FILL, values)
