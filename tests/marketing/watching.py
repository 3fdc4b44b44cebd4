"""What the database does for something: how many rows it looks at, and at full size how long it takes."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from django.db import connection

from clients.models import Client

SOAK = bool(os.environ.get("SOAK"))
# A machine that is busy takes longer, so much as to read all cards.
FLOORS = 20


@contextmanager
def watched(told: str, *, rows: int, seconds: float) -> Iterator[None]:
    """See what the database does for what is done within: how many rows it looks at, and at full size how long."""
    seen: list[tuple[str, Any]] = []

    def watch(execute: Callable[..., Any], sql: str, values: Any, many: bool, context: dict[str, Any]) -> Any:
        seen.append((sql, values))
        return execute(sql, values, many, context)

    floor = _seconds(lambda: Client.objects.listed().filter(email_consent=True).count())
    begun = perf_counter()
    with connection.execute_wrapper(watch):
        yield
    taken = perf_counter() - begun
    plans = [_plan(*one) for one in seen if not one[0].startswith(("SAVEPOINT", "RELEASE"))]
    looked_at = sum(map(_rows_of, plans))
    assert looked_at <= rows, f"{told}: {looked_at:.0f} rows of at most {rows}\n{json.dumps(plans, indent=1)}"
    most = max(seconds, FLOORS * floor)
    assert not SOAK or taken <= most, f"{told}: {taken:.3f} s, reading all cards {floor:.3f} s"


def _seconds(run: Callable[[], object]) -> float:
    begun = perf_counter()
    run()
    return perf_counter() - begun


def rows_looked_at(sql: Any, values: Any) -> float:
    """Return how many rows the database looks at for a statement, those included that it then leaves out."""
    return _rows_of(_plan(sql, values))


def _plan(sql: str, values: Any) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", values)
        found = cursor.fetchone()[0]
    plan: dict[str, Any] = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return plan


def _rows_of(plan: dict[str, Any]) -> float:
    """Return how many rows a plan looks at, those included that it then leaves out."""
    removed = sum(plan.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Join Filter", "Index Recheck"))
    return float(plan["Actual Loops"] * (plan["Actual Rows"] + removed) + sum(map(_rows_of, plan.get("Plans", ()))))
