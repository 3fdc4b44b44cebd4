"""Who is there and what stands in everybody's calendar over some days: read once, for all that is asked of it
(domain.md §5)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from bookings.availability import MINUTE, MinuteSet, Timeline
from bookings.busy import LONGEST_ITEM, Period
from bookings.hours import Presence, presence
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon

# The minutes after an instant in which each is taken; whole numbers are read faster than instants, and there are
# thousands. An index finds what begins within a stretch of time, not what ends there: hence the longest item.
_BOOKED = """
SELECT staff_id,
    ARRAY(SELECT floor(date_part('epoch', lower(period) - %(begin)s) / 60)::int FROM unnest(taken) period),
    ARRAY(SELECT ceil(date_part('epoch', upper(period) - %(begin)s) / 60)::int FROM unnest(taken) period)
FROM (
    SELECT staff_id, range_agg(busy) AS taken
    FROM bookings_appointmentitem
    WHERE salon_id = %(salon)s AND staff_id = ANY(%(staff)s) AND active
    AND starts_at > %(earliest)s AND starts_at < %(end)s AND appointment_id IS DISTINCT FROM %(besides)s
    GROUP BY staff_id
) booked
"""

# Minutes of a timeline, from the first to the one before the last of each stretch.
type Stretches = list[tuple[int, int]]


@dataclass(frozen=True)
class Diary:
    """The hours and absences of some people over a stretch of time, and when each of them is taken, in order."""

    zone: ZoneInfo
    line: Timeline
    there: Presence
    taken: Mapping[UUID, Stretches]

    @cached_property
    def minutes(self) -> dict[UUID, MinuteSet]:
        """The minutes in which each is taken."""
        return {one: self.line.bits(some) for one, some in self.taken.items()}

    @cached_property
    def booked(self) -> dict[UUID, list[Period]]:
        """The periods in which each is taken."""
        return {
            one: [Period(self.line.moment(start), self.line.moment(end)) for start, end in some]
            for one, some in self.taken.items()
        }

    @property
    def end(self) -> datetime:
        """The instant up to which it knows everything."""
        return self.line.moment(self.line.length)

    def covers(self, begin: datetime, end: datetime) -> bool:
        """Return whether it knows everything between two instants."""
        return self.line.origin <= begin and end <= self.end

    def between(self, begin: datetime, end: datetime) -> "Diary":
        """Return what it knows of the time between two instants."""
        offset, length = self.line.first_from(begin), (end - begin) // MINUTE
        return Diary(
            self.zone,
            Timeline(self.line.moment(offset), length),
            Presence(
                working=_within(self.there.working, begin, end),
                absent=_within(self.there.absent, begin, end),
                closed=self.there.closed,
            ),
            {
                one: [(start - offset, stop - offset) for start, stop in some if stop > offset > start - length]
                for one, some in self.taken.items()
            },
        )


def diary_of(
    staff_ids: Collection[UUID], begin: datetime, end: datetime, salon: Salon, *, besides: UUID | None = None
) -> Diary:
    """Return what stands in the diaries of some people between two instants, in two statements.

    `besides` is an appointment that is in nobody's way.
    """
    there = presence(staff_ids, salon.date_at(begin), salon.date_at(end), salon)
    line = Timeline(begin, (end - begin) // MINUTE)
    values: dict[str, Any] = {
        "salon": current_salon_id(),
        "staff": list(staff_ids),
        "begin": begin,
        "earliest": begin - LONGEST_ITEM,
        "end": end,
        "besides": besides,
    }
    with connection.cursor() as cursor:
        cursor.execute(_BOOKED, values)
        found = {staff_id: list(zip(starts, ends, strict=True)) for staff_id, starts, ends in cursor}
    return Diary(ZoneInfo(salon.timezone), line, there, {one: found.get(one, []) for one in staff_ids})


def _within(periods: Mapping[UUID, list[Period]], begin: datetime, end: datetime) -> dict[UUID, list[Period]]:
    return {
        one: [period for period in some if period.ends_at > begin and period.starts_at < end]
        for one, some in periods.items()
    }
