"""Due work: written with the change that causes it, claimed by one worker at a time, retried with growing delays."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from celery import current_app
from django.db import transaction
from django.db.models import F, Q
from kombu.exceptions import OperationalError

from salon.work.models import DueWork

LEASE = timedelta(seconds=60)
LONGEST_DELAY = timedelta(hours=6)

log = structlog.get_logger()


class WorkFailed(Exception):
    """The work could not be done now; the message tells why, and it is tried again later."""


def schedule(*, task: str, subject_id: UUID, due_at: datetime, salon_id: UUID | None = None) -> None:
    """Write work into the open transaction and wake a worker after its commit.

    `task` is a Celery task's name; it is called with the work's id. A broker that cannot be reached is logged and
    nothing else: `dispatch` finds the row within a minute.
    """
    work = DueWork.objects.create(task=task, subject_id=subject_id, due_at=due_at, salon_id=salon_id)
    transaction.on_commit(lambda: enqueue(work))


def enqueue(work: DueWork) -> bool:
    """Hand one row to Celery; return whether the broker took it."""
    try:
        current_app.send_task(work.task, args=[str(work.pk)])
    except OperationalError as error:
        log.warning("broker_unreachable", task=work.task, error=str(error))
        return False
    return True


def due(now: datetime, *, limit: int = 1000) -> list[DueWork]:
    """Return what is due and claimed by nobody, or by somebody silent for a minute, longest due first."""
    free = Q(claimed_at=None) | Q(claimed_at__lt=now - LEASE)
    return list(DueWork.objects.filter(free, due_at__lte=now).order_by("due_at", "id")[:limit])


@contextmanager
def claimed(work_id: UUID, *, now: datetime) -> Iterator[DueWork | None]:
    """Give the block the work if nobody else has it (else None) and delete it when the block has done it.

    A WorkFailed inside is stored on the row, which is tried again after 1, 2, 4 … minutes, at most six hours apart.
    """
    free = Q(claimed_at=None) | Q(claimed_at__lt=now - LEASE)
    if not DueWork.objects.filter(free, pk=work_id, due_at__lte=now).update(claimed_at=now, attempts=F("attempts") + 1):
        yield None
        return
    work = DueWork.objects.get(pk=work_id)
    try:
        yield work
    except WorkFailed as error:
        delay = min(timedelta(minutes=2 ** min(work.attempts - 1, 10)), LONGEST_DELAY)
        DueWork.objects.filter(pk=work_id).update(claimed_at=None, due_at=now + delay, error=str(error)[:300])
        log.warning("work_failed", task=work.task, attempts=work.attempts, error=str(error))
    else:
        work.delete()
