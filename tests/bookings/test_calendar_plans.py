"""The calendar reads the days it shows, whatever the database knows of its tables (quality.md §1)."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from bookings.calendar import day_of
from bookings.fingerprint import fingerprint
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests import database
from tests.bookings.fullday import a_full_day
from tests.bookings.salonday import DAY, at

STAFF, ITEMS, DAYS = 4, 60, 6


@pytest.fixture(params=["not counted", "counted"])
def full(request: pytest.FixtureRequest, sonnenschein: Salon) -> Salon:
    """A full day and a history, as the database sees it before and after it has counted its rows."""
    with salon_scope(sonnenschein.pk):
        a_full_day(staff=STAFF, items=ITEMS, days=DAYS)
    if request.param == "counted":
        with database.owner() as owner:
            owner.execute("ANALYZE")
    return sonnenschein


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("read", ["page", "poll"])
def test_no_row_is_looked_up_by_walking_through_the_others(full: Salon, read: str) -> None:
    def page() -> object:
        return day_of(salon=full, day=DAY)

    def poll() -> object:
        return fingerprint(at(0), at(0, day=DAY + timedelta(days=1)))

    with salon_scope(full.pk):
        read_pages = _pages_read(page if read == "page" else poll)
    # Rows lie together; looked up one by one each would cost several pages, and where an index is walked, hundreds.
    assert read_pages < STAFF * ITEMS


def _pages_read(run: Callable[[], object]) -> int:
    """Return how many pages of the database its statements touch."""
    seen: list[tuple[str, Any]] = []

    def watch(execute: Callable[..., Any], sql: str, values: Any, many: bool, context: dict[str, Any]) -> Any:
        seen.append((sql, values))
        return execute(sql, values, many, context)

    with connection.execute_wrapper(watch):
        run()
    pages = 0
    for sql, values in seen:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", values)
            found = cursor.fetchone()[0]
        plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
        pages += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return pages
