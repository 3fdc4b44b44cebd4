"""The dispatcher that makes up for a lost wake-up, and the nights."""

from itertools import takewhile
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from salon.work import night, queue
from salon.work.queue import LONG_TIME_TO_FINISH, LONG_TIME_TO_LIVE, claimed


@shared_task
def dispatch() -> int:
    """Wake workers for all work that is due, as long as the broker takes it; return for how many rows it did."""
    return sum(1 for _ in takewhile(queue.enqueue, queue.due(timezone.now())))


@shared_task
def wake(work_ids: list[str]) -> int:
    """Wake workers for rows that one process wrote within a pause; return for how many it did."""
    return queue.wake_each([UUID(work_id) for work_id in work_ids], now=timezone.now())


@shared_task
def begin_nights() -> int:
    """Begin the nights that are due; return how many were."""
    return night.begin_due(now=timezone.now())


@shared_task(soft_time_limit=LONG_TIME_TO_FINISH, time_limit=LONG_TIME_TO_LIVE)
def run_night_step(work_id: str) -> None:
    """Run one step of one salon's night."""
    with claimed(UUID(work_id), now=timezone.now()) as work:
        if work is not None:
            night.run_step(work, clock=timezone.now)
