"""Several at once, each on a connection of its own."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection


def at_once(act: Callable[[int], object], hands: int, *, refusals: tuple[type[Exception], ...] = ()) -> list[object]:
    """Run in as many threads at the same moment; return what came out, these refusals as their classes."""
    barrier = Barrier(hands)

    def one(index: int) -> object:
        # Opened before the start, or who connects first would be done before the others begin.
        connection.ensure_connection()
        barrier.wait()
        try:
            return act(index)
        except refusals as refusal:
            return type(refusal)
        finally:
            connection.close()

    with ThreadPoolExecutor(hands) as pool:
        return list(pool.map(one, range(hands)))


def own_backend() -> int:
    """Return which process of the database this connection talks to."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def until_waiting(pid: int) -> None:
    """Wait until another backend waits for a lock."""
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s", [pid])
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    pytest.fail("The second one waits for nobody.")
