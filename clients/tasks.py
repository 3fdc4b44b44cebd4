"""Work on imports, what a person waits for, and forgetting what is old; mails that ask for a consent by themselves."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from clients.consent import ask_planned
from clients.duplicates import propose
from clients.importing.batches import delete_unnamed, forget_old, stored_files
from clients.importing.stages import Worker, work_on
from salon.tenancy import directory
from salon.tenancy.context import salon_scope
from salon.work.queue import (
    LONG_TIME_TO_FINISH,
    LONG_TIME_TO_LIVE,
    TIME_TO_FINISH,
    TIME_TO_LIVE,
    beat,
    claimed,
)


@shared_task(soft_time_limit=LONG_TIME_TO_FINISH, time_limit=LONG_TIME_TO_LIVE)
def work_on_import(work_id: str) -> None:
    """Read, check, apply or undo an import, whatever waits to be done with it."""
    with claimed(UUID(work_id), now=timezone.now()) as work:
        if work is not None and work.salon is not None:
            salon, held = work.salon, work
            work_on(Worker(salon, work.subject_id, timezone.now, lambda: beat(held, now=timezone.now()), work.attempts))


@shared_task(soft_time_limit=LONG_TIME_TO_FINISH, time_limit=LONG_TIME_TO_LIVE)
def look_for_duplicates(work_id: str) -> None:
    """Propose cards for merging once an import has written some, as every night does."""
    with claimed(UUID(work_id), now=timezone.now()) as work:
        if work is not None and work.salon_id is not None:
            with salon_scope(work.salon_id):
                beat(work, now=timezone.now())
                propose(now=timezone.now())


@shared_task
def forget_imports() -> int:
    """Delete the lines of imports older than thirty days, of all salons, and files that no import names.

    Return of how many imports there were lines.
    """
    forgotten, now = 0, timezone.now()
    named: set[str] = set()
    for salon_id in directory.all_salon_ids():
        with salon_scope(salon_id):
            forgotten += forget_old(now=now)
            named |= stored_files()
    delete_unnamed(named, now=now)
    return forgotten


@shared_task(soft_time_limit=TIME_TO_FINISH, time_limit=TIME_TO_LIVE)
def ask_to_confirm(work_id: str) -> None:
    """Send a mail that waited until its address could be asked."""
    with claimed(UUID(work_id), now=timezone.now()) as work:
        if work is not None and work.salon_id is not None:
            with salon_scope(work.salon_id):
                ask_planned(work.subject_id, now=timezone.now())
