"""The night of each salon: begun once, run step by step, told as it was (domain.md §10, architecture.md §5)."""

import errno
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext_lazy as _

from salon.audit.recording import record
from salon.errors import DomainError
from salon.identity.roles import Actor, Permission
from salon.tenancy import directory
from salon.tenancy.context import current_salon_id, salon_scope
from salon.tenancy.models import Salon
from salon.work import queue
from salon.work.hours import last_night, next_night_at
from salon.work.models import DueWork, EarlierRun, NightStep, StepState, Trouble
from salon.work.steps import Counts, Night, all_steps

# Tries of a step, over half an hour, before the night goes on without it.
ATTEMPTS = 6
KEPT = timedelta(days=90)
# So many runs of a day are told of beside the last one.
EARLIER = 10
_BATCH = 500
_AGAIN = timedelta(minutes=1)
# A page asks every two seconds: telling more often than this is only work.
_TELLING = timedelta(milliseconds=500)
_ENDED = (StepState.DONE, StepState.FAILED)

Clock = Callable[[], datetime]
log = structlog.get_logger()


class NightRuns(DomainError):
    """A night of this salon is being worked at, so none can begin."""

    code = "night_runs"
    message = _("The night is running already.")


def begin_due(*, now: datetime) -> int:
    """Begin the night of every salon whose 03:00 has come, and return how many were due.

    The rows of a night, its first work and the time of the next one are one transaction for each salon, behind the lock
    of its row: any number of callers at once begin each night once. Of nights that were missed only the latest is
    caught up.
    """
    seen_to = 0
    while due := directory.due_nights(now, limit=_BATCH):
        taken = sum(_begin_due(salon_id, now) for salon_id in due)
        seen_to += taken
        if not taken:
            # Somebody else has them all.
            break
    return seen_to


def run_now(*, actor: Actor, salon: Salon, now: datetime) -> None:
    """Run the night of a salon's today at its owner's wish, again if it has run (domain.md §10).

    Raises: NotAllowed; NightRuns.
    """
    actor.require(Permission.NIGHT_RUN)
    with salon_scope(salon.pk):
        directory.lock_salon(salon.pk)
        if _is_at_work():
            raise NightRuns
        today = salon.date_at(now)
        earlier = {row.step: [*row.earlier, _told(row)][-EARLIER:] for row in NightStep.objects.filter(date=today)}
        NightStep.objects.filter(date=today).delete()
        _begin(today, now, asked_by=actor.name, earlier=earlier)
        record(actor=actor, action="night.run", subject_kind="salon", subject_id=salon.pk, changes=[], now=now)


def run_step(work: DueWork, *, clock: Clock) -> None:
    """Run the step that claimed work is about; with its end, and not without it, the next one falls due.

    A step that raises is tried again with growing delays, ATTEMPTS times; then, like one that cannot run, it has
    failed, and the night goes on. What it raised goes on to the caller.
    """
    salon = work.salon
    if salon is None:
        raise ValueError("The work of a night names its salon.")
    with salon_scope(salon.pk):
        queue.beat(work, now=clock())
        row = NightStep.objects.filter(pk=work.subject_id).first()
        if row is None or row.has_ended:
            return
        step = all_steps().get(row.step)
        # A worker that fails says so; one that was ended never could.
        if step is None or work.attempts > ATTEMPTS:
            _end(work, row, clock(), StepState.FAILED, trouble=Trouble.UNKNOWN if step is None else Trouble.KILLED)
            return
        started = clock()
        row.state, row.attempts, row.started_at = StepState.RUNNING, work.attempts, started
        row.done, row.total, row.counts = 0, 0, {}
        row.save(update_fields=["state", "attempts", "started_at", "done", "total", "counts"])
    try:
        counts = step(_night(work, row, salon, started, clock))
    except queue.ClaimLost:
        raise
    except BaseException as error:
        _note_failure(work, row, salon, error, clock())
        raise
    with salon_scope(salon.pk):
        _end(work, row, clock(), StepState.DONE, counts=counts, warning=step.alarm(counts))


def trouble_of(error: BaseException) -> Trouble:
    """Return what to tell people about an exception."""
    match error:
        case OperationalError() | InterfaceError():
            return Trouble.DATABASE
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return Trouble.DISK_FULL
        case OSError():
            return Trouble.FILE
        case SoftTimeLimitExceeded():
            return Trouble.SLOW
    return Trouble.FAULT


def _begin_due(salon_id: UUID, now: datetime) -> bool:
    with salon_scope(salon_id):
        salon = directory.lock_due_night(salon_id, now=now)
        if salon is None:
            return False
        try:
            zone = ZoneInfo(salon.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            # The others' nights must not wait behind it.
            log.warning("unknown_time_zone", salon=salon.slug, zone=salon.timezone)
            zone = ZoneInfo("UTC")
        if _is_at_work():
            # A night that began late, or that the owner asked for, ends first.
            directory.put_next_night(salon_id, at=now + _AGAIN)
            return True
        night = last_night(zone, now)
        if not NightStep.objects.filter(date=night).exists():
            _begin(night, now)
        directory.put_next_night(salon_id, at=next_night_at(zone, now))
    return True


def _is_at_work() -> bool:
    return NightStep.objects.exclude(state__in=_ENDED).exists()


def _begin(
    night: date, now: datetime, *, asked_by: str = "", earlier: Mapping[str, list[EarlierRun]] | None = None
) -> None:
    NightStep.objects.filter(date__lt=night - KEPT).delete()
    rows = [
        NightStep(date=night, step=path, position=place, asked_by=asked_by, earlier=(earlier or {}).get(path, []))
        for place, path in enumerate(all_steps())
    ]
    _schedule(NightStep.objects.bulk_create(rows)[0], now)


def _told(row: NightStep) -> EarlierRun:
    began = row.started_at.isoformat() if row.started_at else None
    return EarlierRun(started_at=began, asked_by=row.asked_by, state=row.state, counts=row.counts)


def _schedule(row: NightStep, now: datetime) -> None:
    queue.schedule(task="salon.work.tasks.run_night_step", subject_id=row.pk, due_at=now, salon_id=current_salon_id())


def _night(work: DueWork, row: NightStep, salon: Salon, started: datetime, clock: Clock) -> Night:
    def hold() -> None:
        queue.beat(work, now=clock())

    told_at: datetime | None = None

    def progress(done: int, total: int, **counts: int) -> None:
        nonlocal told_at
        now = clock()
        if told_at is not None and now - told_at < _TELLING:
            return
        told_at = now
        with salon_scope(salon.pk):
            hold()
            NightStep.objects.filter(pk=row.pk).update(done=done, total=total, counts=counts)

    return Night(salon=salon, date=row.date, now=started, progress=progress, hold=hold)


def _end(
    work: DueWork,
    row: NightStep,
    now: datetime,
    state: StepState,
    *,
    counts: Counts | None = None,
    warning: bool = False,
    trouble: Trouble | None = None,
    error: str = "",
) -> None:
    queue.finish(work)
    row.state, row.finished_at, row.attempts, row.warning = state, now, work.attempts, warning
    row.trouble, row.error = trouble or "", error
    fields = ["state", "finished_at", "attempts", "warning", "trouble", "error"]
    if counts is not None:
        row.counts = dict(counts)
        fields.append("counts")
    row.save(update_fields=fields)
    write = log.warning if warning or state == StepState.FAILED else log.info
    write("night_step", step=row.step, date=str(row.date), state=str(state), counts=row.counts, trouble=row.trouble)
    following = NightStep.objects.filter(date=row.date, state=StepState.WAITING).order_by("position").first()
    if following is not None:
        _schedule(following, now)


def _note_failure(work: DueWork, row: NightStep, salon: Salon, error: BaseException, now: datetime) -> None:
    cause = error.__cause__ if isinstance(error, queue.WorkFailed) and error.__cause__ else error
    trouble, name = trouble_of(cause), type(cause).__name__[:120]
    with salon_scope(salon.pk):
        if work.attempts >= ATTEMPTS:
            _end(work, row, now, StepState.FAILED, trouble=trouble, error=name)
        else:
            queue.beat(work, now=now)
            NightStep.objects.filter(pk=row.pk).update(state=StepState.WAITING, trouble=trouble, error=name)
