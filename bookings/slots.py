"""Free times for what somebody wishes: one or several services in sequence, by given or by any staff members, over some
days (domain.md §5). Three statements, however many days, people and services."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils.translation import gettext_lazy as _

from bookings.availability import MINUTE, Combining, MinuteSet, Part, Timeline, minutes_in
from bookings.bounds import Bounds
from bookings.busy import Minutes
from bookings.hours import ONE_DAY, Presence, days_between, local_moment, presence
from bookings.models import BookingRules
from salon.errors import FieldError, InvalidInput
from salon.tenancy.models import Salon

# No item takes anybody longer than this, its buffer included: so far before a day lies whatever reaches into it.
LONGEST_ITEM = timedelta(hours=48)
# No appointment lasts longer.
LONGEST_APPOINTMENT = timedelta(hours=24)
# At the desk, nobody plans further ahead.
FARTHEST = timedelta(days=3660)
# So many days are looked through for alternatives.
ALTERNATIVE_DAYS = 31

# What of the services wished is to be had, and who can do it; the team in its order; the rules of the salon.
_WISHED = """
SELECT service.id, service.online,
    service.apply_minutes, service.processing_minutes, service.finish_minutes, service.buffer_minutes,
    ARRAY(SELECT staff_id FROM catalogue_staffservice skill WHERE skill.service_id = service.id),
    ARRAY(SELECT id FROM catalogue_staffmember WHERE archived_at IS NULL ORDER BY position, name_key, id),
    rules.slot_minutes, rules.lead_minutes, rules.horizon_days
FROM catalogue_service service LEFT JOIN bookings_bookingrules rules ON true
WHERE service.id = ANY(%(services)s) AND service.archived_at IS NULL
"""

# The minutes after an instant in which each is taken; whole numbers are read faster than instants, and there are
# thousands. An index finds what begins within a stretch of time, not what ends there: hence the longest item.
_BOOKED = """
SELECT staff_id,
    ARRAY(SELECT floor(date_part('epoch', lower(period) - %(begin)s) / 60)::int FROM unnest(taken) period),
    ARRAY(SELECT ceil(date_part('epoch', upper(period) - %(begin)s) / 60)::int FROM unnest(taken) period)
FROM (
    SELECT staff_id, range_agg(busy) AS taken
    FROM bookings_appointmentitem
    WHERE staff_id = ANY(%(staff)s) AND active AND starts_at > %(earliest)s AND starts_at < %(end)s
    AND appointment_id IS DISTINCT FROM %(besides)s
    GROUP BY staff_id
) booked
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """One service somebody wants, from somebody or (None) from anybody who can do it."""

    service_id: UUID
    staff_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class SlotItem:
    """What one staff member would do for the client, and when; instants in UTC, without buffers."""

    service_id: UUID
    staff_id: UUID
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Slot:
    """A time at which everything wished for can be done, and who would do it."""

    starts_at: datetime
    ends_at: datetime
    items: tuple[SlotItem, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What wishes come to: the parts of each one's service and who may do it, and whether all can be had online.

    `staff` are all who may do any of it, in the order of the team.
    """

    minutes: list[Minutes]
    able: list[list[UUID]]
    staff: list[UUID]
    online: bool
    rules: BookingRules

    @property
    def possible(self) -> bool:
        """Whether there is somebody for everything, and all of it is short enough for one appointment."""
        lasting = timedelta(minutes=sum(one.duration for one in self.minutes))
        return bool(self.able) and all(self.able) and lasting <= LONGEST_APPOINTMENT

    @property
    def lasting(self) -> timedelta:
        """How long it takes at most, the buffers included."""
        return timedelta(minutes=sum(one.duration + one.buffer for one in self.minutes))


def find_slots(
    *,
    salon: Salon,
    wishes: Sequence[Wish],
    first: date,
    last: date,
    now: datetime,
    bounds: Bounds,
    limit: int | None = None,
    besides: UUID | None = None,
) -> list[Slot]:
    """Return the free times that start on these days (both included), in order, at most `limit`.

    They lie on the salon's slots, counted from midnight, and within `bounds`. `besides` is an appointment that does not
    count: one to be moved. Raises: InvalidInput naming `items.N.service` and `items.N.staff` that are not there.
    """
    asked = _asked(wishes, bounds)
    found: list[Slot] = []
    if (reach := _reach(asked, salon, now, bounds)) is None:
        return found
    earliest, horizon = reach
    first, last = max(first, salon.date_at(earliest)), min(last, horizon)
    if first > last:
        return found
    zone = ZoneInfo(salon.timezone)
    begin, end = local_moment(first, 0, zone), local_moment(last + ONE_DAY, 0, zone)
    plan = _plan(wishes, asked, salon, begin, end, besides)
    for day in days_between(first, last):
        for slot in plan.slots(day, earliest):
            if limit is not None and len(found) >= limit:
                return found
            found.append(slot)
    return found


def alternatives(
    *,
    salon: Salon,
    wishes: Sequence[Wish],
    near: datetime,
    now: datetime,
    bounds: Bounds,
    count: int = 3,
    besides: UUID | None = None,
) -> list[Slot]:
    """Return so many free times instead of a taken one, in order: the nearest of its day, then those of the days after.

    Raises: InvalidInput as `find_slots` does.
    """
    asked = _asked(wishes, bounds)
    if (reach := _reach(asked, salon, now, bounds)) is None:
        return []
    earliest, horizon = reach
    first = max(salon.date_at(near), salon.date_at(earliest))
    last = min(first + (ALTERNATIVE_DAYS - 1) * ONE_DAY, horizon)
    if first > last:
        return []
    zone = ZoneInfo(salon.timezone)
    begin, end = local_moment(first, 0, zone), local_moment(last + ONE_DAY, 0, zone)
    plan = _plan(wishes, asked, salon, begin, end, besides)
    found: list[Slot] = []
    for day in days_between(first, last):
        nearest = sorted(plan.slots(day, earliest), key=lambda slot: abs(slot.starts_at - near))
        found += nearest[: count - len(found)]
        if len(found) == count:
            break
    return sorted(found, key=lambda slot: slot.starts_at)


def slot_at(
    *,
    salon: Salon,
    wishes: Sequence[Wish],
    starts_at: datetime,
    now: datetime,
    bounds: Bounds,
    besides: UUID | None = None,
) -> Slot | None:
    """Return who would do what is wished at exactly that time, on a slot or not; None where it is not free.

    At the desk, what is free outside hours or in spite of an absence will do where nothing else is, and the past, too.
    Raises: InvalidInput as `find_slots` does.
    """
    asked = _asked(wishes, bounds)
    day = salon.date_at(starts_at)
    if bounds is Bounds.ONLINE:
        reach = _reach(asked, salon, now, bounds)
        if reach is None or starts_at < reach[0] or day > reach[1]:
            return None
    if not asked.possible:
        return None
    # Minutes begin when it does, whatever the clock's second; the day's, because they decide whose turn it is.
    zone = ZoneInfo(salon.timezone)
    past = -((local_moment(day, 0, zone) - starts_at) // MINUTE)
    plan = _plan(wishes, asked, salon, starts_at - past * MINUTE, local_moment(day + ONE_DAY, 0, zone), besides)
    slot = plan.slot(past, day)
    if slot is None and bounds is Bounds.DESK:
        slot = plan.at_any_hour().slot(past, day)
    return slot


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody wishes on one of some days (both included), between two minutes of the day."""

    wishes: tuple[Wish, ...]
    first: date
    last: date
    from_minute: int = 0
    until_minute: int = 24 * 60


def first_slots(*, salon: Salon, searches: Sequence[Search], now: datetime) -> list[Slot | None]:
    """Return for each search the first free time at the desk at which everything lies within its minutes; None where
    there is none, or where something wished is not there any more. Three statements, however many searches."""
    wished = [wish for search in searches for wish in search.wishes]
    if not wished:
        return [None for _search in searches]
    rows = _offered(wished)
    asked = [_asked_or_none(rows, search.wishes) for search in searches]
    known = [one for one in asked if one]
    first = max(salon.date_at(now), min(search.first for search in searches))
    last = max(search.last for search in searches)
    if not known or first > last:
        return [None for _search in searches]
    zone = ZoneInfo(salon.timezone)
    begin = local_moment(first, 0, zone)
    end = local_moment(last + ONE_DAY, 0, zone) + max(one.lasting for one in known)
    staff = list({somebody for one in known for somebody in one.staff})
    there = presence(staff, first, salon.date_at(end), salon)
    line = Timeline(begin, (end - begin) // MINUTE)
    booked = _booked(staff, line, None)
    return [
        _first_of(_Plan(search.wishes, one, zone, line, there, booked), search, max(first, search.first), now, zone)
        if one
        else None
        for search, one in zip(searches, asked, strict=True)
    ]


def _asked_or_none(rows: list[Any], wishes: Sequence[Wish]) -> Asked | None:
    try:
        asked = _asked_of(rows, wishes, Bounds.DESK)
    except InvalidInput:
        return None
    return asked if asked.possible else None


def _first_of(plan: "_Plan", search: Search, first: date, now: datetime, zone: ZoneInfo) -> Slot | None:
    for day in days_between(first, search.last):
        begin, end = (local_moment(day, minute, zone) for minute in (search.from_minute, search.until_minute))
        for slot in plan.slots(day, max(now, begin)):
            if slot.ends_at <= end:
                return slot
    return None


def _asked(wishes: Sequence[Wish], bounds: Bounds) -> Asked:
    return _asked_of(_offered(wishes), wishes, bounds)


def _offered(wishes: Sequence[Wish]) -> list[Any]:
    """Return the services wished for that are offered, as _WISHED has them."""
    with connection.cursor() as cursor:
        cursor.execute(_WISHED, {"services": list({wish.service_id for wish in wishes})})
        return cursor.fetchall()


def _asked_of(rows: list[Any], wishes: Sequence[Wish], bounds: Bounds) -> Asked:
    offered = {row[0]: row for row in rows}
    team = rows[0][7] if rows else []
    errors = []
    for place, wish in enumerate(wishes):
        if wish.service_id not in offered:
            errors.append(FieldError(f"items.{place}.service", "not_found", _("There is no such service.")))
        if rows and wish.staff_id and wish.staff_id not in team:
            errors.append(FieldError(f"items.{place}.staff", "not_found", _("There is no such staff member.")))
    if errors:
        raise InvalidInput(errors)
    found = [offered[wish.service_id] for wish in wishes]
    able = [_able(wish, row[6], team, bounds) for wish, row in zip(wishes, found, strict=True)]
    rules = BookingRules()
    if rows and rows[0][8] is not None:
        rules.slot_minutes, rules.lead_minutes, rules.horizon_days = rows[0][8:]
    return Asked(
        minutes=[Minutes(*row[2:6]) for row in found],
        able=able,
        staff=[staff for staff in team if any(staff in some for some in able)],
        online=all(row[1] for row in found),
        rules=rules,
    )


def _able(wish: Wish, performers: list[UUID], team: list[UUID], bounds: Bounds) -> list[UUID]:
    """Return who may do what is wished; at the desk, somebody may be asked for what she usually does not do."""
    if wish.staff_id and (bounds is Bounds.DESK or wish.staff_id in performers):
        return [wish.staff_id]
    return [] if wish.staff_id else [staff for staff in team if staff in performers]


def _reach(asked: Asked, salon: Salon, now: datetime, bounds: Bounds) -> tuple[datetime, date] | None:
    """Return the earliest start and the last day that can be booked, None where nothing can."""
    today = salon.date_at(now)
    if not asked.possible:
        return None
    if bounds is Bounds.DESK:
        return now, today + FARTHEST
    if not asked.online:
        return None
    return now + timedelta(minutes=asked.rules.lead_minutes), today + asked.rules.horizon_days * ONE_DAY


def _plan(
    wishes: Sequence[Wish], asked: Asked, salon: Salon, begin: datetime, end: datetime, besides: UUID | None
) -> "_Plan":
    """Return what is known of the time in which something that starts between two instants can happen."""
    end += asked.lasting
    there = presence(asked.staff, salon.date_at(begin), salon.date_at(end), salon)
    line = Timeline(begin, (end - begin) // MINUTE)
    return _Plan(wishes, asked, ZoneInfo(salon.timezone), line, there, _booked(asked.staff, line, besides))


def _booked(staff: list[UUID], line: Timeline, besides: UUID | None) -> dict[UUID, MinuteSet]:
    values: dict[str, Any] = {
        "staff": staff,
        "begin": line.origin,
        "earliest": line.origin - LONGEST_ITEM,
        "end": line.moment(line.length),
        "besides": besides,
    }
    with connection.cursor() as cursor:
        cursor.execute(_BOOKED, values)
        found = {somebody: line.bits(zip(starts, ends, strict=True)) for somebody, starts, ends in cursor}
    return {one: found.get(one, 0) for one in staff}


@lru_cache(maxsize=1000)
def _grid(day: date, slot: int, length: int, zone: ZoneInfo) -> MinuteSet:
    """Return the minutes of a day at which the clock shows a multiple of so many minutes after midnight."""
    if length == ONE_DAY // MINUTE:
        return sum(1 << minute for minute in range(0, length, slot))
    midnight = local_moment(day, 0, zone)
    shown = ((midnight + minute * MINUTE).astimezone(zone) for minute in range(length))
    return sum(1 << minute for minute, clock in enumerate(shown) if (clock.hour * 60 + clock.minute) % slot == 0)


class _Plan:
    """Everything known of the days asked about."""

    def __init__(
        self,
        wishes: Sequence[Wish],
        asked: Asked,
        zone: ZoneInfo,
        line: Timeline,
        there: Presence,
        booked: Mapping[UUID, MinuteSet],
    ) -> None:
        self._wishes, self._asked, self._zone, self._line = wishes, asked, zone, line
        self._booked = booked
        self._there = there
        free = {
            staff: line.covered(there.working[staff]) & ~line.touched(there.absent[staff]) & ~self._booked[staff]
            for staff in asked.staff
        }
        self._combine(free)

    def _combine(self, free: Mapping[UUID, MinuteSet]) -> None:
        asked = self._asked
        parts = [
            Part(minutes, {staff: free[staff] for staff in able})
            for minutes, able in zip(asked.minutes, asked.able, strict=True)
        ]
        self._combining = Combining(parts)
        self._starts = self._combining.starts((1 << self._line.length) - 1)

    def at_any_hour(self) -> "_Plan":
        """Return the same as if everybody were there all the time."""
        everything = (1 << self._line.length) - 1
        self._combine({staff: everything & ~booked for staff, booked in self._booked.items()})
        return self

    def slots(self, day: date, earliest: datetime) -> Iterator[Slot]:
        """Yield the free times of one day that lie on the salon's slots, from an instant on."""
        begin, end = self._edges(day)
        some = self._starts >> begin & (1 << (end - begin)) - 1
        asked_from = self._line.first_from(earliest) - begin
        if asked_from > 0:
            some = some >> asked_from << asked_from
        some &= _grid(day, self._asked.rules.slot_minutes, end - begin, self._zone)
        preferred = self._preferred(day)
        for minute in minutes_in(some):
            yield self._slot(begin + minute, preferred)

    def slot(self, minute: int, day: date) -> Slot | None:
        """Return who would do everything at a minute of a day, None where that is not possible."""
        return self._slot(minute, self._preferred(day)) if self._starts >> minute & 1 else None

    def _slot(self, minute: int, preferred: Sequence[UUID]) -> Slot:
        items = []
        chosen = self._combining.at(minute, preferred)
        moment = starts_at = self._line.moment(minute)
        for wish, staff, minutes in zip(self._wishes, chosen, self._asked.minutes, strict=True):
            ends_at = moment + minutes.duration * MINUTE
            items.append(SlotItem(wish.service_id, staff, moment, ends_at))
            moment = ends_at
        return Slot(starts_at, moment, tuple(items))

    def _preferred(self, day: date) -> list[UUID]:
        """Return everybody: whoever has the fewest booked minutes of that day first, equal ones as in the team."""
        begin, end = self._edges(day)
        mask = (1 << (end - begin)) - 1
        loads = {staff: (self._booked[staff] >> begin & mask).bit_count() for staff in self._asked.staff}
        return sorted(loads, key=lambda one: loads[one])

    def _edges(self, day: date) -> tuple[int, int]:
        """Return the minutes of the timeline at which a day begins and ends."""
        return (
            self._line.first_from(local_moment(day, 0, self._zone)),
            self._line.first_from(local_moment(day + ONE_DAY, 0, self._zone)),
        )
