"""When a staff member works at an item, and when its processing leaves her free (domain.md §5): pure arithmetic."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

STEP = 5
# No item takes anybody longer than this, its buffer included: so far before a moment lies whatever reaches into it.
LONGEST_ITEM = timedelta(hours=48)
# No appointment lasts longer, from its first item to its last.
LONGEST_APPOINTMENT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Minutes:
    """The parts of a service: work, processing during which the staff member is free, work, and a buffer behind it."""

    apply: int
    processing: int = 0
    finish: int = 0
    buffer: int = 0

    @property
    def duration(self) -> int:
        """How long the client is there: without the buffer."""
        return self.apply + self.processing + self.finish

    def lasting(self, duration: int) -> "Minutes":
        """Return these minutes made longer or shorter: the last stretch of work changes, then the one before it.

        Raises: ValueError where nothing of the work would be left.
        """
        more = duration - self.duration
        if not self.processing:
            changed = replace(self, apply=self.apply + more)
        else:
            finish = max(STEP, self.finish + more)
            changed = replace(self, finish=finish, apply=self.apply + (more - (finish - self.finish)))
        if changed.apply < STEP:
            raise ValueError(duration)
        return changed


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A half-open stretch of time, both ends with a time zone."""

    starts_at: datetime
    ends_at: datetime

    def overlaps(self, other: "Period") -> bool:
        """Return whether both share any instant."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


def busy_periods(starts_at: datetime, minutes: Minutes) -> list[Period]:
    """Return when the staff member is taken by an item that starts then, in order; the buffer is part of it."""
    applied = starts_at + timedelta(minutes=minutes.apply)
    if not minutes.processing:
        return [Period(starts_at, applied + timedelta(minutes=minutes.buffer))]
    finishing = applied + timedelta(minutes=minutes.processing)
    return [
        Period(starts_at, applied),
        Period(finishing, finishing + timedelta(minutes=minutes.finish + minutes.buffer)),
    ]


def collides(one: Iterable[Period], other: Iterable[Period]) -> bool:
    """Return whether any period of one set shares an instant with any of the other."""
    others = list(other)
    return any(mine.overlaps(theirs) for mine in one for theirs in others)
