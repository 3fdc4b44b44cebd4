"""Free times through the real server: in short and long histories, against a call that only says whose key it is."""

from datetime import timedelta
from functools import partial
from itertools import pairwise
from uuid import UUID

from django.utils import timezone

from tests.bench.calendars import STAFF, full_calendar, services_of, staff_of
from tests.bench.measuring import Figure, Times, Visitor, timed

REPEATS = 200
MONTH = 31


def availability_figures(base: str, histories: list[int]) -> list[Figure]:
    """Ask salons with so many booked items each; more of them must not make it slower."""
    from tests.bench.visitors import integration

    figures: list[Figure] = []
    medians = []
    for items in histories:
        salon = full_calendar(f"calendar-{items}", items)
        caller = Visitor(base, integration(salon.slug))
        services, staff = services_of(salon), staff_of(salon)
        first = salon.date_at(timezone.now()) + timedelta(days=1)
        floor = timed(partial(_get, caller, "/api/v1/salon"), repeats=REPEATS)
        month = _asked(caller, services, None, str(first), str(first + timedelta(days=MONTH - 1)))
        day = _asked(caller, services[:1], staff[0], str(first), str(first))
        name = f"availability, {items:,} booked"
        figures += [
            Figure(f"{name}: a call that reads nothing", floor.median, "ms"),
            Figure(f"{name}: 3 services, any of {STAFF}, {MONTH} days", month.median, "ms", None, 40, "≤ 40 ms"),
            Figure(f"{name}: the same, p95", month.p95, "ms"),
            Figure(f"{name}: 1 service, 1 person, 1 day", day.median, "ms", None, 10, "≤ 10 ms"),
        ]
        medians.append((items, month.median))
    figures += [
        Figure(f"availability, {more:,} booked against {less:,}", slow, "ms", fast, 1.3, "≤ 1.3 ×")
        for (less, fast), (more, slow) in pairwise(medians)
    ]
    return figures


def _asked(caller: Visitor, services: list[UUID], staff: UUID | None, first: str, last: str) -> Times:
    wished = "".join(f"service={one}&" for one in services) + (f"staff={staff}&" if staff else "")
    return timed(partial(_get, caller, f"/api/v1/availability?{wished}from={first}&to={last}"), repeats=REPEATS)


def _get(caller: Visitor, path: str, _turn: int) -> int:
    return len(caller.get(path))
