"""A night of the tests: its moments, its rows, and how its steps are run."""

from datetime import UTC, date, datetime
from typing import Any

from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.models import DueWork, NightStep
from salon.work.night import run_step
from salon.work.queue import claimed
from tests.work import night_steps

# 03:00 in Berlin on Saturday, 21 November 2026.
THREE = datetime(2026, 11, 21, 2, tzinfo=UTC)
SATURDAY, SUNDAY = date(2026, 11, 21), date(2026, 11, 22)


def rows_of_night(salon: Salon, *fields: str, day: date = SATURDAY) -> list[tuple[Any, ...]]:
    with salon_scope(salon.pk):
        return list(NightStep.objects.filter(date=day).order_by("position").values_list(*fields))


def states_of(salon: Salon, day: date = SATURDAY) -> list[str]:
    return [state for (state,) in rows_of_night(salon, "state", day=day)]


def waiting_work() -> DueWork:
    """Return the only work there is."""
    return DueWork.objects.get()


def try_work(work: DueWork, now: datetime) -> None:
    """Do as the task does."""
    with claimed(work.pk, now=now) as mine:
        if mine is not None:
            run_step(mine, clock=lambda: now)


def run_all(now: datetime) -> list[str]:
    """Do all work there is, and return which steps that called."""
    before = len(night_steps.calls)
    while works := list(DueWork.objects.filter(due_at__lte=now)):
        for work in works:
            try_work(work, now)
    return [name for name, _night in night_steps.calls[before:]]
