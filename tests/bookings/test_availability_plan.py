"""What is booked is found by an index, however long the history is; as `app`, under row-level security."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from bookings.bounds import Bounds
from bookings.busy import LONGEST_ITEM
from bookings.slots import Wish, find_slots
from salon.tenancy.context import salon_scope
from tests import database
from tests.bench.calendars import ITEMS_A_DAY, STAFF, full_calendar, services_of, staff_of

pytestmark = pytest.mark.django_db(transaction=True)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from _nodes(part)


@pytest.mark.parametrize("people", [1, STAFF])
@pytest.mark.parametrize("days", [1, 31])
def test_history_is_not_read(people: int, days: int) -> None:
    salon = full_calendar("voll", 4_000)
    with database.owner() as owner:
        owner.execute("ANALYZE bookings_appointmentitem")
    now = timezone.now()
    first = salon.date_at(now) + timedelta(days=1)
    staff = staff_of(salon)[0] if people == 1 else None
    wishes = [Wish(service, staff) for service in services_of(salon)]
    seen: list[tuple[str, Any]] = []

    def watch(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        seen.append((sql, values))
        return execute(sql, values, many, context)

    with salon_scope(salon.pk):
        with connection.execute_wrapper(watch):
            last = first + timedelta(days=days - 1)
            assert find_slots(salon=salon, wishes=wishes, first=first, last=last, now=now, bounds=Bounds.ONLINE)
        ((sql, values),) = [one for one in seen if "bookings_appointmentitem" in one[0]]
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", values)
            (found,) = cursor.fetchone()
    plan = json.loads(found) if isinstance(found, str) else found
    (scan,) = [one for one in _nodes(plan[0]["Plan"]) if one.get("Relation Name") == "bookings_appointmentitem"]
    # Which of them depends on how many people and services there are; each ends with the start.
    assert scan["Index Name"].startswith("bookings_item_")
    assert "starts_at > " in scan["Index Cond"]
    assert scan.get("Rows Removed by Filter", 0) == 0
    reach = days + LONGEST_ITEM.days + 1
    assert 0 < scan["Actual Rows"] * scan["Actual Loops"] <= people * ITEMS_A_DAY * reach
