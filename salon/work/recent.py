"""The latest nights of the open salon, as their page shows them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby

from salon.work.models import NightStep, StepState

SHOWN = 14


class Outcome(StrEnum):
    """How a night went, the gravest of its steps telling."""

    RUNNING = "running"
    FAILED = "failed"
    WARNING = "warning"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class PastNight:
    """One night of the salon: its date and its steps in the order in which they run."""

    date: date
    steps: tuple[NightStep, ...]

    @property
    def outcome(self) -> Outcome:
        """How it went, or that it still runs."""
        if not all(step.has_ended for step in self.steps):
            return Outcome.RUNNING
        if any(step.state == StepState.FAILED for step in self.steps):
            return Outcome.FAILED
        return Outcome.WARNING if any(step.warning for step in self.steps) else Outcome.DONE

    @property
    def started_at(self) -> datetime | None:
        """When its first step began."""
        return min((step.started_at for step in self.steps if step.started_at), default=None)

    @property
    def asked_by(self) -> str:
        """Who wanted it to run; nobody where its time had come."""
        return self.steps[0].asked_by

    @property
    def duration(self) -> timedelta | None:
        """How long it took, if it has ended."""
        ends = [step.finished_at for step in self.steps if step.finished_at]
        return max(ends) - self.started_at if self.started_at and len(ends) == len(self.steps) else None


def recent_nights(*, limit: int = SHOWN) -> list[PastNight]:
    """Return the latest nights of the open salon, newest first."""
    dates = NightStep.objects.order_by("-date").values_list("date", flat=True).distinct()[:limit]
    rows = NightStep.objects.filter(date__in=dates).order_by("-date", "position", "id")
    return [PastNight(day, tuple(steps)) for day, steps in groupby(rows, key=lambda row: row.date)]
