"""When people are there: their hours without closed days, and their absences (domain.md §5)."""

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from bookings.availability import MINUTE, joined
from bookings.busy import Period
from salon.catalogue.public_holidays import public_holidays
from salon.catalogue.weeks import Stretch
from salon.rows import fetch
from salon.tenancy.models import Salon

# The day from which a week holds, and its stretches by weekday.
type _Schedule = tuple[date, Mapping[int, list[tuple[int, int]]]]
# The day from which a week holds, and the instant at which that was decided.
type _Decided = tuple[date, datetime | None]

ONE_DAY = timedelta(days=1)

# All that decides who is there in some days, in one row. A schedule holds until the next one of the same person.
_PRESENCE = """
SELECT
    (SELECT jsonb_agg(jsonb_build_array(schedule.staff_id, schedule.valid_from, schedule.changed_at, (
        SELECT coalesce(jsonb_agg(jsonb_build_array(stretch.weekday, stretch.starts_minute, stretch.ends_minute)), '[]')
        FROM catalogue_scheduleinterval stretch
        WHERE stretch.salon_id = schedule.salon_id AND stretch.schedule_id = schedule.id
    )) ORDER BY schedule.valid_from)
    FROM catalogue_schedule schedule
    WHERE schedule.salon_id = %(salon)s AND schedule.staff_id = ANY(%(staff)s) AND schedule.valid_from <= %(last)s),
    (SELECT jsonb_agg(jsonb_build_array(starts_on, ends_on, name, coalesce(changed_at, created_at)))
    FROM catalogue_closure WHERE salon_id = %(salon)s AND ends_on >= %(first)s AND starts_on <= %(last)s),
    ARRAY(SELECT day FROM catalogue_openday WHERE salon_id = %(salon)s AND day >= %(first)s AND day <= %(last)s),
    (SELECT jsonb_build_array(region, closed) FROM catalogue_holidayrules WHERE salon_id = %(salon)s),
    absent.staff, absent.starts, absent.ends
FROM (
    SELECT array_agg(staff_id) AS staff, array_agg(starts_at) AS starts, array_agg(ends_at) AS ends
    FROM catalogue_absence
    WHERE salon_id = %(salon)s AND staff_id = ANY(%(staff)s) AND ends_at > %(begin)s AND starts_at < %(end)s
) absent
"""


@dataclass(frozen=True, slots=True)
class Presence:
    """For each of some people her hours of work, in order and joined, and her absences; and the days on which the salon
    is closed, with the name of the closure or holiday; of closures, since when that is known."""

    working: Mapping[UUID, list[Period]]
    absent: Mapping[UUID, list[Period]]
    closed: Mapping[date, str]
    closed_since: Mapping[date, datetime] = field(default_factory=dict)
    decided: Mapping[UUID, list[_Decided]] = field(default_factory=dict)

    def hours_decided(self, staff_id: UUID, day: date) -> datetime | None:
        """Return when it was decided how somebody works on a day: None where that is not known."""
        return next((at for since, at in reversed(self.decided.get(staff_id, ())) if since <= day), None)


def presence(staff_ids: Collection[UUID], first: date, last: date, salon: Salon) -> Presence:
    """Return who is there from a day of the salon to another, both included; in one statement."""
    zone = ZoneInfo(salon.timezone)
    values: dict[str, Any] = {
        "salon": salon.pk,
        "staff": list(staff_ids),
        "first": first,
        "last": last,
        "begin": local_moment(first, 0, zone),
        "end": local_moment(last + ONE_DAY, 0, zone),
    }
    ((weeks, closures, open_days, holidays, *absent),) = fetch(_PRESENCE, values)
    region, keeps_holidays = json.loads(holidays) if holidays else ("", True)
    closed: dict[date, str] = {}
    closed_since: dict[date, datetime] = {}
    for day, reason, since in _closures(json.loads(closures or "[]"), first, last):
        closed[day], closed_since[day] = reason, max(since, closed_since.get(day, since))
    if keeps_holidays:
        for day in days_between(first, last):
            name = public_holidays(salon.country, region, day.year).get(day)
            if name and day not in open_days:
                closed.setdefault(day, name)
    schedules: dict[UUID, list[_Schedule]] = {one: [] for one in staff_ids}
    decided: dict[UUID, list[_Decided]] = {one: [] for one in staff_ids}
    for staff_id, valid_from, changed_at, week in json.loads(weeks or "[]"):
        by_weekday: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for weekday, starts, ends in week:
            by_weekday[weekday].append((starts, ends))
        schedules[UUID(staff_id)].append((date.fromisoformat(valid_from), by_weekday))
        at = datetime.fromisoformat(changed_at) if changed_at else None
        decided[UUID(staff_id)].append((date.fromisoformat(valid_from), at))
    open_between = [day for day in days_between(first, last) if day not in closed]
    return Presence(
        working={one: _working(found, open_between, zone) for one, found in schedules.items()},
        absent=_by_staff(staff_ids, *absent),
        closed=closed,
        closed_since=closed_since,
        decided=decided,
    )


def days_between(first: date, last: date) -> Iterator[date]:
    """Yield every day from one to another, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


@lru_cache(maxsize=10_000)
def local_moment(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return the instant, in UTC, at which the clock of that zone first shows so many minutes after midnight.

    A time that the clock skips is the instant at which it skips; one that it shows twice is the first of the two.
    """
    shown = datetime.combine(day, time()) + timedelta(minutes=minute)
    moment = shown.replace(tzinfo=zone).astimezone(UTC)
    if _shown(moment, zone) == shown:
        return moment
    # The clock has skipped it less than a day ago; what it shows only grows meanwhile.
    before = moment - ONE_DAY
    minutes = range(ONE_DAY // MINUTE)
    return before + bisect_left(minutes, shown, key=lambda past: _shown(before + past * MINUTE, zone)) * MINUTE


def _shown(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _closures(found: list[list[str]], first: date, last: date) -> Iterator[tuple[date, str, datetime]]:
    for starts_on, ends_on, name, created_at in found:
        begin, end = date.fromisoformat(starts_on), date.fromisoformat(ends_on)
        for day in days_between(max(begin, first), min(end, last)):
            yield day, name, datetime.fromisoformat(created_at)


def hours_in(week: Iterable[Stretch], days: Iterable[date], zone: ZoneInfo) -> list[Period]:
    """Return the hours of whoever works this week on these days."""
    by_weekday: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for one in week:
        by_weekday[one.weekday].append((one.starts_minute, one.ends_minute))
    return _working([(date.min, by_weekday)], days, zone)


def _working(schedules: list[_Schedule], days: Iterable[date], zone: ZoneInfo) -> list[Period]:
    """Return the hours of one person on these days; her schedules are in the order in which they begin."""
    periods = [
        Period(local_moment(day, starts, zone), local_moment(day, ends, zone))
        for day in days
        for week in [next((week for valid_from, week in reversed(schedules) if valid_from <= day), {})]
        for starts, ends in week.get(day.isoweekday(), ())
    ]
    # On the day on which the clock is put forward, a stretch may have no minute at all.
    return [one for one in joined(periods) if one.starts_at < one.ends_at]


def _by_staff(
    staff_ids: Iterable[UUID], staff: list[UUID] | None, starts: list[datetime] | None, ends: list[datetime] | None
) -> dict[UUID, list[Period]]:
    found: dict[UUID, list[Period]] = {one: [] for one in staff_ids}
    for staff_id, starts_at, ends_at in zip(staff or [], starts or [], ends or [], strict=True):
        found[staff_id].append(Period(starts_at, ends_at))
    return {one: list(joined(periods)) for one, periods in found.items()}


class Misfit(StrEnum):
    """Why somebody is not there for an item: refused to whoever books from outside, a warning at the desk."""

    OUTSIDE_HOURS = "outside_hours"
    ABSENT = "absent"


# Who is taken by an item, and in which periods: work and buffer, not the time in which something takes effect.
type Taken = tuple[UUID, Sequence[Period]]


def presence_for(salon: Salon, taken: Sequence[Taken]) -> Presence:
    """Return who of those taken by some items is there on their days; in one statement."""
    first = min(salon.date_at(period.starts_at) for _, periods in taken for period in periods)
    last = max(salon.date_at(period.ends_at) for _, periods in taken for period in periods)
    return presence({staff_id for staff_id, _ in taken}, first, last, salon)


def why_not(*, salon: Salon, taken: Sequence[Taken]) -> list[frozenset[Misfit]]:
    """Return for each item why its staff member is not there for it, nothing where she is; in one statement."""
    there = presence_for(salon, taken) if taken else Presence({}, {}, {})
    return [misfits(there, staff_id, periods) for staff_id, periods in taken]


def misfits(there: Presence, staff_id: UUID, periods: Sequence[Period]) -> frozenset[Misfit]:
    """Return why somebody is not there in these periods."""
    found = set()
    for period in periods:
        if not any(
            period.starts_at >= one.starts_at and period.ends_at <= one.ends_at for one in there.working[staff_id]
        ):
            found.add(Misfit.OUTSIDE_HOURS)
        if any(period.overlaps(one) for one in there.absent[staff_id]):
            found.add(Misfit.ABSENT)
    return frozenset(found)
