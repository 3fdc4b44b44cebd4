"""Bookings through the API, several programs at once, against the bare insert of an item under the same constraint."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from django.db import connection
from django.utils import timezone
from psycopg.types.multirange import TimestamptzMultirange
from psycopg.types.range import Range

from salon import environment
from salon.catalogue.models import HolidayRules
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from tests.bench.calendars import DAYS_AHEAD, full_calendar, services_of, staff_of
from tests.bench.measuring import REPEATS, Figure, Visitor, together
from tests.bench.visitors import integration

SLUG = "bench-bookings"
ITEMS = 30_000
HALF_HOURS = [9 * 60 + 30 * turn for turn in range(8)]
# Each half of the free days behind the filled ones for one way of booking.
FREE_DAYS = REPEATS // len(HALF_HOURS) + 1
MARK = "Messwert"


def booking_figures(base: str) -> list[Figure]:
    """Book in the calendars of eight people at once; nothing of it stays."""
    salon = full_calendar(SLUG, ITEMS)
    people, service = staff_of(salon), services_of(salon)[-1]
    with salon_scope(salon.pk):
        # Whichever days of the year come next.
        HolidayRules.objects.update_or_create(defaults={"closed": False})
    callers = [Visitor(base, integration(salon.slug)) for _ in people]
    try:
        known = _booked(callers, people, service, salon, day=0, person=lambda staff, _turn: f"stamm{staff}")
        new = _booked(callers, people, service, salon, day=FREE_DAYS, person=lambda staff, turn: f"neu{staff}x{turn}")
        with _bare(salon, people, service) as writers:
            bare = together(writers)
    finally:
        with salon_scope(salon.pk):
            _forget()
    at_once = f"{len(people)} programs at once"
    return [
        Figure(f"API, client on file booked, {at_once}", known.per_second, "/s"),
        Figure(
            f"bare constrained inserts for each booking, {at_once}",
            bare.per_second / known.per_second,
            "×",
            None,
            11,
            "≥ 1/11 of bare",
        ),
        Figure(f"API, client on file booked, {at_once}, p95", known.p95, "ms"),
        Figure(f"API, new client booked, {at_once}", new.per_second, "/s"),
        Figure(f"API, new client booked, {at_once}, p95", new.p95, "ms"),
    ]


def _booked(
    callers: list[Visitor],
    people: list[UUID],
    service: UUID,
    salon: Salon,
    *,
    day: int,
    person: Callable[[int, int], str],
) -> Any:
    def book(number: int, turn: int) -> int:
        name = person(number, turn)
        body = {
            "starts_at": _start(salon, day, turn).isoformat(),
            "items": [{"service": str(service), "staff": str(people[number])}],
            "client": {"first_name": name, "last_name": MARK, "email": f"{name}@bench.example"},
        }
        callers[number].headers["Idempotency-Key"] = str(new_id())
        return len(callers[number].post("/api/v1/bookings", body))

    return together([partial(book, number) for number in range(len(callers))])


def _start(salon: Salon, day: int, turn: int) -> datetime:
    on = salon.date_at(timezone.now()) + timedelta(days=DAYS_AHEAD + 1 + day + turn // len(HALF_HOURS))
    minute = HALF_HOURS[turn % len(HALF_HOURS)]
    return datetime.combine(on, time(minute // 60, minute % 60), ZoneInfo(salon.timezone))


_INSERT = """INSERT INTO bookings_appointmentitem (id, salon_id, appointment_id, position, service_id, staff_id,
  starts_at, ends_at, busy, active, apply_minutes, processing_minutes, finish_minutes, buffer_minutes, counts_as_visit,
  list_price, price) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, true, 30, 0, 0, 0, true, 2900, 2900)"""


@contextmanager
def _bare(salon: Salon, people: list[UUID], service: UUID) -> Iterator[list[Callable[[int], int]]]:
    """Yield one writer a person, each with a connection of its own on which the salon is open."""
    with salon_scope(salon.pk), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM bookings_appointment WHERE salon_id = %s LIMIT 1", [salon.pk])
        (appointment,) = cursor.fetchone()
    with ExitStack() as opened:
        writers: list[Callable[[int], int]] = []
        for number, staff in enumerate(people):
            url = environment.text("DATABASE_URL")
            direct = opened.enter_context(psycopg.connect(url, autocommit=True, prepare_threshold=1))
            direct.execute("SELECT set_config('app.salon_id', %s, false)", [str(salon.pk)])
            rows = []
            for turn in range(REPEATS):
                start = _start(salon, 2 * FREE_DAYS, turn)
                end = start + timedelta(minutes=30)
                busy = TimestamptzMultirange([Range(start, end, "[)")])
                position = 1000 + number * REPEATS + turn
                rows.append([new_id(), salon.pk, appointment, position, service, staff, start, end, busy])
            writers.append(partial(_insert, direct, rows))
        yield writers


def _insert(direct: psycopg.Connection[tuple[Any, ...]], rows: list[list[object]], turn: int) -> int:
    return direct.execute(_INSERT.encode(), rows[turn]).rowcount


def _forget() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM bookings_appointmentitem WHERE position >= 1000")
        cursor.execute(
            "DELETE FROM bookings_appointment WHERE client_id IN (SELECT id FROM clients_client WHERE last_name = %s)",
            [MARK],
        )
        cursor.execute("DELETE FROM clients_client WHERE last_name = %s", [MARK])
