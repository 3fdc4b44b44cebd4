"""Due work: written with the change that causes it, claimed by one worker at a time, retried with growing delays."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import takewhile
from threading import Lock, Timer
from uuid import UUID

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from kombu import pools
from kombu.exceptions import OperationalError

from salon.rows import insert
from salon.work.models import DueWork

# How long a claim counts without a sign of life; after it the work is free for another worker.
LEASE = timedelta(seconds=60)
# Seconds after which Celery interrupts a task that does due work in one go, and ends its process: whoever holds a claim
# is dead before its lease is over, so no two workers are at one thing.
TIME_TO_FINISH = 45
TIME_TO_LIVE = 55
# The same for a task that renews its claim by `beat`: less than the broker's visibility timeout of 900.
LONG_TIME_TO_FINISH = 780
LONG_TIME_TO_LIVE = 840
LONGEST_DELAY = timedelta(hours=6)
# Seconds a wake-up counts: `dispatch` sends the next one a minute later, so a backlog is not in the broker twice.
WAKE_UP_COUNTS = 60
# The task that wakes workers for many.
_WAKE = "salon.work.tasks.wake"
# A request waits for the broker no longer than this; the worker's own connection is more patient (CELERY_* settings).
_IMPATIENT = {"socket_connect_timeout": 0.3, "socket_timeout": 0.3, "max_retries": 0}

log = structlog.get_logger()


class WorkFailed(Exception):
    """The work could not be done now and is tried again later; raise it `from` what went wrong."""


class ClaimLost(WorkFailed):
    """The claim's lease was over, and somebody else has the work or has done it."""


def schedule(*, task: str, subject_id: UUID, due_at: datetime, salon_id: UUID | None = None) -> None:
    """Write work into the open transaction and wake a worker after its commit.

    `task` is a Celery task's name, with the time limits TIME_TO_FINISH and TIME_TO_LIVE, or those for LONG work, which
    beats; it is called with the work's id. A broker that cannot be reached is logged and nothing else: `dispatch` finds
    the row within a minute.
    """
    write([DueWork(task=task, subject_id=subject_id, due_at=due_at, salon_id=salon_id)], wake=True)


def write(works: Sequence[DueWork], *, wake: bool) -> None:
    """Write several at once, and wake a worker for the first of them after the commit if it is due now.

    What is for later needs nobody yet: `dispatch` finds it within a minute after it is due.
    """
    if works:
        insert(works)
    if wake:
        transaction.on_commit(lambda: wake_for(works[0]))


def wake_for(work: DueWork) -> None:
    """Wake a worker for one row; for those of one process that follow within a PAUSE, together at its end.

    A process that ends meanwhile leaves them to `dispatch`.
    """
    if settings.WAKE_UP_PAUSE and _rest.take(work, settings.WAKE_UP_PAUSE):
        return
    enqueue(work)


class _Rest:
    """The rows of this process whose workers are woken at the end of a pause."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._rows: list[UUID] = []
        self._paused = False

    def take(self, work: DueWork, seconds: float) -> bool:
        """Keep a row until the end of the pause; without one, begin it and return False: this row need not wait."""
        with self._lock:
            if self._paused:
                self._rows.append(work.pk)
                return True
            self._pause(seconds)
            return False

    def _pause(self, seconds: float) -> None:
        self._paused = True
        timer = Timer(seconds, self._end, [seconds])
        timer.daemon = True
        timer.start()

    def _end(self, seconds: float) -> None:
        with self._lock:
            rows, self._rows, self._paused = self._rows, [], False
            if rows:
                self._pause(seconds)
        if rows:
            _send(_WAKE, [[str(row) for row in rows]])


_rest = _Rest()


def call_off(*, task: str, subject_id: UUID) -> None:
    """Delete work that is scheduled or planned for a subject; a worker that is at it loses its claim."""
    DueWork.objects.filter(task=task, subject_id=subject_id).delete()


def hasten(*, task: str, subject_id: UUID, now: datetime) -> bool:
    """Let work for a subject that waits be due at once; return whether there is any, in a worker's hands perhaps.

    To be called behind a lock that such work also ends behind (`finish`): what is found here has not ended.
    """
    works = DueWork.objects.filter(task=task, subject_id=subject_id)
    waiting = list(works.filter(claimed_at=None).select_for_update(skip_locked=True, no_key=True))
    if waiting:
        works.filter(pk__in=[work.pk for work in waiting]).update(due_at=now)
        transaction.on_commit(lambda: wake_for(waiting[0]))
    return bool(waiting) or works.exists()


def last_due(*, task: str, subject_ids: Sequence[UUID]) -> datetime | None:
    """Return when the last work for these subjects is due, None where none is scheduled."""
    works = DueWork.objects.filter(task=task, subject_id__in=subject_ids)
    return works.order_by("due_at").values_list("due_at", flat=True).last() if subject_ids else None


def is_being_done(*, task: str, subject_id: UUID) -> bool:
    """Return whether a worker has work for a subject in its hands."""
    return DueWork.objects.filter(task=task, subject_id=subject_id).exclude(claimed_at=None).exists()


def enqueue(work: DueWork) -> bool:
    """Wake a worker for one row, which takes no longer than some tenths of a second; return whether it worked."""
    return _send(work.task, [str(work.pk)])


def _send(task: str, given: list[object]) -> bool:
    broker = current_app.connection_for_write(transport_options=_IMPATIENT)
    try:
        with pools.producers[broker].acquire(block=True) as producer:
            current_app.send_task(task, args=given, expires=WAKE_UP_COUNTS, producer=producer)
    except OperationalError as error:
        log.warning("broker_unreachable", task=task, error=str(error))
        return False
    return True


def wake_each(work_ids: Sequence[UUID], *, now: datetime) -> int:
    """Wake a worker for each of these rows that is due and in nobody's hands; return for how many."""
    return sum(1 for _ in takewhile(enqueue, _free(now).filter(pk__in=work_ids).order_by("due_at", "id")))


def due(now: datetime, *, limit: int = 1000) -> list[DueWork]:
    """Return what is due and in nobody's hands, longest due first."""
    return list(_free(now).order_by("due_at", "id")[:limit])


def beat(work: DueWork, *, now: datetime) -> None:
    """Renew the claim of long work: a sign of life, more often than every LEASE, and a fence around what is written.

    Outside a transaction it commits at once. As the first statement of the transaction that writes a batch it holds the
    claim until that commits: whoever lost it writes nothing more, and nobody can take it meanwhile.

        with claimed(UUID(work_id), now=timezone.now()) as work:
            if work is not None:
                for batch in batches:
                    with salon_scope(work.salon_id):
                        beat(work, now=timezone.now())
                        write(batch)

    Work that beat and whose worker died is free when the lease is over, however often it was tried; work that failed
    backs off.

    Raises: ClaimLost; let it pass, `claimed` logs it.
    """
    if not _held(work).update(claimed_at=now, due_at=now):
        raise ClaimLost


def finish(work: DueWork) -> None:
    """Delete claimed work as part of the open transaction, for what must happen with its end or not at all.

    Raises: ClaimLost.
    """
    if not _held(work).delete()[0]:
        raise ClaimLost


@contextmanager
def claimed(work_id: UUID, *, now: datetime) -> Iterator[DueWork | None]:
    """Give the block the work if it is due and free (else None), and delete it when the block has done it.

    The claim is committed before the block begins, and with it the time of the next try: 1, 2, 4 … minutes later, at
    most six hours. So work backs off whatever ends the block: a WorkFailed, which is logged and goes no further; any
    other exception, which does; the end of the process, after which the work is free when the lease is over.
    """
    work = _claim(work_id, now)
    if work is None:
        yield None
        return
    try:
        yield work
    except WorkFailed as failure:
        reason = _release(work, failure.__cause__ or failure)
        log.warning("work_failed", task=work.task, work=str(work.pk), attempts=work.attempts, error=reason)
    except BaseException as error:
        _release(work, error)
        raise
    else:
        _held(work).delete()


def _claim(work_id: UUID, now: datetime) -> DueWork | None:
    with transaction.atomic(durable=True):
        work = _free(now).filter(pk=work_id).select_for_update(skip_locked=True, no_key=True).first()
        if work is not None:
            work.attempts += 1
            work.claimed_at = now
            work.due_at = now + _delay(work)
            work.save(update_fields=["attempts", "claimed_at", "due_at"])
    return work


def _release(work: DueWork, error: BaseException) -> str:
    reason = type(error).__name__
    # From the claim or the last sign of life on.
    _held(work).update(claimed_at=None, due_at=F("claimed_at") + _delay(work), error=reason[:120])
    return reason


def _delay(work: DueWork) -> timedelta:
    # Beyond ten doublings the cap holds anyway.
    return min(timedelta(minutes=2 ** min(work.attempts - 1, 10)), LONGEST_DELAY)


def _free(now: datetime) -> QuerySet[DueWork]:
    return DueWork.objects.filter(Q(claimed_at=None) | Q(claimed_at__lte=now - LEASE), due_at__lte=now)


def _held(work: DueWork) -> QuerySet[DueWork]:
    # Every claim counts one attempt more, so the number of attempts tells it from all others.
    return DueWork.objects.filter(pk=work.pk, attempts=work.attempts, claimed_at__isnull=False)
