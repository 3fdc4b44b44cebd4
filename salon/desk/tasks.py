"""Background work that spans the apps."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from salon.desk import exporting, files
from salon.desk.exporting import Attempt
from salon.tenancy import directory
from salon.tenancy.context import salon_scope
from salon.work.models import DueWork
from salon.work.queue import LONG_TIME_TO_FINISH, LONG_TIME_TO_LIVE, beat, claimed, finish


@shared_task(soft_time_limit=LONG_TIME_TO_FINISH, time_limit=LONG_TIME_TO_LIVE)
def write_export(work_id: str) -> None:
    """Write a file that somebody has asked for."""
    with claimed(UUID(work_id), now=timezone.now()) as work:
        if work is None or work.salon_id is None:
            return
        attempt = Attempt(
            open_batch=partial(_batch, work, work.salon_id),
            clock=timezone.now,
            number=work.attempts,
            finish=partial(finish, work),
        )
        salon = directory.get_salon(work.salon_id)
        exporting.write_requested(salon=salon, export_id=work.subject_id, attempt=attempt)


@contextmanager
def _batch(work: DueWork, salon_id: UUID) -> Iterator[None]:
    with salon_scope(salon_id):
        beat(work, now=timezone.now())
        yield


@shared_task
def forget_exports() -> None:
    """Delete files whose time is over, and what killed workers left."""
    now = timezone.now()
    for salon_id in directory.all_salon_ids():
        with salon_scope(salon_id):
            exporting.forget_expired(now=now)
    files.delete_scratch(now=now)
