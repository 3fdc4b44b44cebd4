"""Egal: which of the people who can do it does it (domain.md §5). To be asked behind the locks of all of them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import batched
from uuid import UUID
from zoneinfo import ZoneInfo

from bookings.availability import MINUTE
from bookings.busy import Period, busy_periods, collides
from bookings.diary import Diary, diary_of
from bookings.hours import ONE_DAY, local_moment
from bookings.placing import Planned
from bookings.sequence import Part, taken
from salon.tenancy.models import Salon

type Periods = Mapping[UUID, Sequence[Period]]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of the people who may be chosen: what each has booked, how many minutes of that are the day's, when
    she is absent, and when she does not work; and whether the salon is closed that day."""

    booked: Periods = field(default_factory=dict)
    minutes: Mapping[UUID, int] = field(default_factory=dict)
    absent: Periods = field(default_factory=dict)
    off: Periods = field(default_factory=dict)
    closed: bool = False

    def at_any_hour(self) -> "Circumstances":
        """Return the same for whoever would also work outside her hours."""
        return replace(self, off={})

    def with_nothing_booked(self) -> "Circumstances":
        """Return the same as if nobody had anything in her calendar."""
        return replace(self, booked={})

    def forbid(self, staff_id: UUID, periods: Sequence[Period]) -> bool:
        """Return whether somebody cannot be chosen for these periods."""
        return any(collides(periods, some.get(staff_id, ())) for some in (self.booked, self.absent, self.off))


def choose(planned: Sequence[Planned], known: Circumstances) -> list[Part] | None:
    """Return who does which item when; None if somebody who is free cannot be found for each.

    Of those free whoever has the fewest minutes, equal ones in the order they are named. A staff member who was wished
    for is taken: whether she is free is for the database to say.
    """
    return _chosen(planned, known, [])


def _chosen(planned: Sequence[Planned], known: Circumstances, before: list[Part]) -> list[Part] | None:
    if len(before) == len(planned):
        return before if _goes(planned, before, known) else None
    item = planned[len(before)]
    for staff_id in sorted(item.candidates, key=lambda one: known.minutes.get(one, 0)):
        # How much of the buffer she needs is not known before it is known who goes on.
        work = busy_periods(item.starts_at, replace(item.minutes, buffer=0))
        if item.wished or not known.forbid(staff_id, work):
            found = _chosen(planned, known, [*before, Part(staff_id, item.starts_at, item.minutes)])
            if found is not None:
                return found
    return None


def _goes(planned: Sequence[Planned], parts: Sequence[Part], known: Circumstances) -> bool:
    """Return whether those chosen, but for those wished for, are free for their items, also of each other."""
    before: dict[UUID, list[Period]] = defaultdict(list)
    for item, (staff_id, periods) in zip(planned, taken(parts), strict=True):
        if not item.wished and (known.forbid(staff_id, periods) or collides(periods, before[staff_id])):
            return False
        before[staff_id] += periods
    return True


def circumstances_of(
    staff_ids: Collection[UUID],
    *,
    salon: Salon,
    starts_at: datetime,
    besides: UUID | None = None,
    diary: Diary | None = None,
) -> Circumstances:
    """Return what stands in the calendars of these staff members around an instant, in two statements; none where their
    `diary` has been read, and anybody else's with it.

    The minutes are those of the salon's day. What one appointment has booked does not count.
    """
    day, zone = salon.date_at(starts_at), ZoneInfo(salon.timezone)
    begin, midnight, end = (local_moment(day + days * ONE_DAY, 0, zone) for days in range(3))
    if diary and diary.covers(begin, end):
        known = diary.between(begin, end)
    else:
        known = diary_of(staff_ids, begin, end, salon, besides=besides)
    today = (midnight - begin) // MINUTE
    minutes = {
        one: sum(max(min(stop, today) - max(start, 0), 0) for start, stop in known.taken[one]) for one in staff_ids
    }
    off = {one: _gaps(known.there.working[one], begin, end) for one in staff_ids}
    return Circumstances(known.booked, minutes, known.there.absent, off, closed=day in known.there.closed)


def _gaps(periods: Sequence[Period], begin: datetime, end: datetime) -> list[Period]:
    """Return the time between two instants that none of these periods has; they are in order."""
    edges = [begin, *(edge for period in periods for edge in (period.starts_at, period.ends_at)), end]
    return [Period(start, stop) for start, stop in batched(edges, 2) if start < stop]
