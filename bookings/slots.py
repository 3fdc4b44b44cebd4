"""Free times for what somebody wishes: one or several services in sequence, by given or by any staff members, over some
days (domain.md §5). Three statements, however many days, people and services."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from bookings.asking import Asked, Wish, asked_for, asked_of, known_services, reach_of
from bookings.availability import MINUTE
from bookings.bounds import Bounds
from bookings.busy import Period
from bookings.diary import diary_of
from bookings.free_time import FreeTime, Place, Slot, SlotItem
from bookings.hours import ONE_DAY, days_between, local_moment
from bookings.outlook import Outlook
from salon.errors import InvalidInput
from salon.tenancy.models import Salon

__all__ = ["Search", "Slot", "SlotItem", "Wish", "alternatives", "find_slots", "first_slots", "slot_at"]

# So many days are looked through for alternatives.
ALTERNATIVE_DAYS = 31
# So many are proposed.
MOST_ALTERNATIVES = 3
# What begins so much later is another time, even in the same gap.
_APART = timedelta(hours=2)


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
    outlook: Outlook | None = None,
) -> list[Slot]:
    """Return the free times that start on these days (both included), in order, at most `limit`.

    They lie on the salon's slots, counted from midnight, and within `bounds`. `besides` is an appointment that does not
    count: one to be moved. `outlook` is what has been read already: where it says enough, nothing else is.
    Raises: InvalidInput naming `items.N.service` and `items.N.staff` that are not there.
    """
    asked = _asked(wishes, bounds, outlook)
    found: list[Slot] = []
    if (reach := reach_of(asked, salon, now, bounds)) is None:
        return found
    earliest, horizon = reach
    first, last = max(first, salon.date_at(earliest)), min(last, horizon)
    if first > last:
        return found
    zone = ZoneInfo(salon.timezone)
    begin, end = local_moment(first, 0, zone), local_moment(last + ONE_DAY, 0, zone)
    plan = _free_time(wishes, asked, salon, begin, end, besides=besides, outlook=outlook)
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
    count: int = MOST_ALTERNATIVES,
    besides: UUID | None = None,
    standing: Place = (),
    outlook: Outlook | None = None,
    client_has: Sequence[Period] = (),
) -> list[Slot]:
    """Return so many free times instead of a taken one, in order: the nearest of its day in different gaps, or hours
    apart, and one of each day after it, near the same time of day; only where that is too few, times beside these.

    `standing` is where what is to be moved stands: that is no other time. `outlook` is what has been read already. In
    the periods that the `client_has` already nothing is proposed.
    Raises: InvalidInput as `find_slots` does.
    """
    asked = _asked(wishes, bounds, outlook)
    if (reach := reach_of(asked, salon, now, bounds)) is None:
        return []
    earliest, horizon = reach
    first = max(salon.date_at(near), salon.date_at(earliest))
    last = min(first + (ALTERNATIVE_DAYS - 1) * ONE_DAY, horizon)
    if first > last:
        return []
    zone = ZoneInfo(salon.timezone)
    begin, end = local_moment(first, 0, zone), local_moment(last + ONE_DAY, 0, zone)
    plan = _free_time(wishes, asked, salon, begin, end, besides=besides, outlook=outlook)
    found: list[Slot] = []
    beside: list[Slot] = []

    def fits(slot: Slot) -> bool:
        lasts = Period(slot.starts_at, slot.ends_at)
        return slot.place != standing and not any(lasts.overlaps(one) for one in client_has)

    for day in days_between(first, last):
        elsewhere = [slot for slot in plan.slots(day, earliest) if fits(slot)]
        aim = near + (day - salon.date_at(near))
        best = _apart(elsewhere, aim, asked.rules.slot_minutes * MINUTE)[: max(count - 1, 1) if day == first else 1]
        found += best
        beside += sorted((slot for slot in elsewhere if slot not in best), key=lambda slot: abs(slot.starts_at - aim))
        if len(found) >= count:
            break
    return sorted([*found, *beside][:count], key=lambda slot: slot.starts_at)


def _apart(slots: Sequence[Slot], aim: datetime, step: timedelta) -> list[Slot]:
    """Return those of a day's free times nearest to an instant of which no two lie in one gap, unless hours apart;
    the nearest first."""
    gap = 0
    gaps: list[tuple[int, Slot]] = []
    for slot in slots:
        gap += bool(gaps) and slot.starts_at - gaps[-1][1].starts_at > step
        gaps.append((gap, slot))
    chosen: list[tuple[int, Slot]] = []
    for gap, slot in sorted(gaps, key=lambda one: abs(one[1].starts_at - aim)):
        if all(other != gap or abs(slot.starts_at - one.starts_at) >= _APART for other, one in chosen):
            chosen.append((gap, slot))
    return [slot for _gap, slot in chosen]


def slot_at(
    *,
    salon: Salon,
    wishes: Sequence[Wish],
    starts_at: datetime,
    now: datetime,
    bounds: Bounds,
    besides: UUID | None = None,
    outlook: Outlook | None = None,
) -> Slot | None:
    """Return who would do what is wished at exactly that time, on a slot or not; None where it is not free.

    At the desk, what is free outside hours or in spite of an absence will do where nothing else is, and the past, too.
    Raises: InvalidInput as `find_slots` does.
    """
    asked = _asked(wishes, bounds, outlook)
    day = salon.date_at(starts_at)
    if bounds is Bounds.ONLINE:
        reach = reach_of(asked, salon, now, bounds)
        if reach is None or starts_at < reach[0] or day > reach[1]:
            return None
    if not asked.possible:
        return None
    # Minutes begin when it does, whatever the clock's second; the day's, because they decide whose turn it is.
    zone = ZoneInfo(salon.timezone)
    past = -((local_moment(day, 0, zone) - starts_at) // MINUTE)
    plan = _free_time(
        wishes,
        asked,
        salon,
        starts_at - past * MINUTE,
        local_moment(day + ONE_DAY, 0, zone),
        besides=besides,
        outlook=outlook,
    )
    slot = plan.slot(past, day)
    if slot is None and bounds is Bounds.DESK:
        slot = plan.at_any_hour().slot(past, day)
    return slot


def _asked(wishes: Sequence[Wish], bounds: Bounds, outlook: Outlook | None) -> Asked:
    return asked_of(outlook.known(wishes), wishes, bounds) if outlook else asked_for(wishes, bounds)


def _free_time(
    wishes: Sequence[Wish],
    asked: Asked,
    salon: Salon,
    begin: datetime,
    end: datetime,
    *,
    besides: UUID | None,
    outlook: Outlook | None = None,
) -> FreeTime:
    """Return what is known of the time in which something that starts between two instants can happen."""
    end += asked.lasting
    if outlook and besides is None and outlook.diary.covers(begin, end):
        return FreeTime(wishes, asked, outlook.diary.between(begin, end))
    return FreeTime(wishes, asked, diary_of(asked.staff, begin, end, salon, besides=besides))


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
    rows = known_services(wished)
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
    diary = diary_of(staff, begin, end, salon)
    return [
        _first_of(FreeTime(search.wishes, one, diary), search, max(first, search.first), now, zone) if one else None
        for search, one in zip(searches, asked, strict=True)
    ]


def _asked_or_none(rows: list[Any], wishes: Sequence[Wish]) -> Asked | None:
    try:
        asked = asked_of(rows, wishes, Bounds.DESK)
    except InvalidInput:
        return None
    return asked if asked.possible else None


def _first_of(plan: FreeTime, search: Search, first: date, now: datetime, zone: ZoneInfo) -> Slot | None:
    for day in days_between(first, search.last):
        begin, end = (local_moment(day, minute, zone) for minute in (search.from_minute, search.until_minute))
        for slot in plan.slots(day, max(now, begin)):
            if slot.ends_at <= end:
                return slot
    return None
