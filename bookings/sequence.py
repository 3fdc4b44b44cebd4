"""The items of one appointment, one after the other, and whom each of them takes when (domain.md §5): pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bookings.busy import Minutes, Period, busy_periods


@dataclass(frozen=True, slots=True)
class Part:
    """Who works at one item, from when, and in which stretches."""

    staff_id: UUID
    starts_at: datetime
    minutes: Minutes

    @property
    def ends_at(self) -> datetime:
        """When the client can go: without the buffer."""
        return self.starts_at + timedelta(minutes=self.minutes.duration)


def starts_of(
    begin: datetime, durations: Sequence[int], given: Sequence[datetime | None] | None = None
) -> list[datetime]:
    """Return when each of these items (minutes) begins: where the one before it ends, or when it is said to."""
    starts: list[datetime] = []
    following = begin
    for duration, start in zip(durations, given or [None] * len(durations), strict=True):
        starts.append(start or following)
        following = starts[-1] + timedelta(minutes=duration)
    return starts


def occupied(parts: Sequence[Part]) -> list[list[Period]]:
    """Return the periods in which each part takes its staff member.

    A buffer gives way where the same person goes on with the same client.
    """
    return [_periods(part, parts) for part in parts]


def taken(parts: Sequence[Part]) -> list[tuple[UUID, list[Period]]]:
    """Return for each part whom it takes, and when."""
    return [(part.staff_id, periods) for part, periods in zip(parts, occupied(parts), strict=True)]


def _periods(part: Part, parts: Sequence[Part]) -> list[Period]:
    *before, last = busy_periods(part.starts_at, part.minutes)
    following = [
        other.starts_at for other in parts if other.staff_id == part.staff_id and other.starts_at >= part.ends_at
    ]
    return [*before, Period(last.starts_at, min([last.ends_at, *following]))]
