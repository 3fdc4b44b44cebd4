"""Work on imports: what a person waits for, and forgetting what is old."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from clients.importing.batches import forget_old
from clients.importing.stages import Worker, work_on
from salon.tenancy import directory
from salon.tenancy.context import salon_scope
from salon.work.queue import LONG_TIME_TO_FINISH, LONG_TIME_TO_LIVE, beat, claimed


@shared_task(soft_time_limit=LONG_TIME_TO_FINISH, time_limit=LONG_TIME_TO_LIVE)
def work_on_import(work_id: str) -> None:
    """Read, check, apply or undo an import, whatever waits to be done with it."""
    with claimed(UUID(work_id), now=timezone.now()) as work:
        if work is not None and work.salon is not None:
            salon, held = work.salon, work
            work_on(Worker(salon, work.subject_id, timezone.now, lambda: beat(held, now=timezone.now())))


@shared_task
def forget_imports() -> int:
    """Delete the lines of imports older than thirty days, of all salons; return of how many imports."""
    forgotten = 0
    for salon_id in directory.all_salon_ids():
        with salon_scope(salon_id):
            forgotten += forget_old(now=timezone.now())
    return forgotten
