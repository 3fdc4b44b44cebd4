"""Who could do which services when: arithmetic on sets of minutes, without database or clock (domain.md §5).

A set of minutes is one integer: its bit n stands for the minute that begins n minutes after an origin. To see from
where 45 minutes in a row are free takes six shifts, for a day as for two months.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from bookings.busy import Minutes, Period

type MinuteSet = int

MINUTE = timedelta(minutes=1)


def joined(periods: Iterable[Period]) -> Iterator[Period]:
    """Yield the same time in order, what overlaps or touches as one period."""
    current: Period | None = None
    for period in sorted(periods):
        if current is None or period.starts_at > current.ends_at:
            if current:
                yield current
            current = period
        elif period.ends_at > current.ends_at:
            current = Period(current.starts_at, period.ends_at)
    if current:
        yield current


@dataclass(frozen=True, slots=True)
class Timeline:
    """So many minutes from an instant on, as bits."""

    origin: datetime
    length: int

    def touched(self, periods: Iterable[Period]) -> MinuteSet:
        """Return every minute of which some part lies in one of the periods."""
        return self.bits((self.begun(one.starts_at), self.first_from(one.ends_at)) for one in joined(periods))

    def covered(self, periods: Iterable[Period]) -> MinuteSet:
        """Return every minute that lies in one of the periods from its beginning to its end."""
        return self.bits((self.first_from(one.starts_at), self.begun(one.ends_at)) for one in joined(periods))

    def begun(self, moment: datetime) -> int:
        """Return the minute in which an instant lies."""
        return (moment - self.origin) // MINUTE

    def first_from(self, moment: datetime) -> int:
        """Return the first minute that begins at an instant or later."""
        return -((self.origin - moment) // MINUTE)

    def moment(self, minute: int) -> datetime:
        """Return the instant at which a minute begins."""
        return self.origin + timedelta(minutes=minute)

    def bits(self, stretches: Iterable[tuple[int, int]]) -> MinuteSet:
        """Return the minutes of stretches in order, from the first to the one before the last of each."""
        # 2**b - 2**a are the bits from a to b.
        size = self.length // 8 + 1
        starts, ends = bytearray(size), bytearray(size)
        reached = 0
        for first, last in stretches:
            start, end = max(first, reached), min(last, self.length)
            if start < end:
                starts[start >> 3] |= 1 << (start & 7)
                ends[end >> 3] |= 1 << (end & 7)
                reached = end
        return int.from_bytes(ends, "little") - int.from_bytes(starts, "little")


def lasting(free: MinuteSet, minutes: int) -> MinuteSet:
    """Return the minutes from which on so many minutes in a row are free."""
    seen = 1
    while seen < minutes:
        step = min(seen, minutes - seen)
        free &= free >> step
        seen += step
    return free


def startable(free: MinuteSet, minutes: Minutes) -> MinuteSet:
    """Return the minutes at which an item can start: its work and its buffer are free, its processing need not be."""
    if not minutes.processing:
        return lasting(free, minutes.apply + minutes.buffer)
    finishing = lasting(free, minutes.finish + minutes.buffer)
    return lasting(free, minutes.apply) & finishing >> (minutes.apply + minutes.processing)


def minutes_in(some: MinuteSet) -> Iterator[int]:
    """Yield the minutes of a set in order."""
    while some:
        lowest = some & -some
        yield lowest.bit_length() - 1
        some ^= lowest


@dataclass(frozen=True, slots=True)
class Part:
    """One service of a sequence, and who can do it, with the minutes in which she is free."""

    minutes: Minutes
    free: Mapping[UUID, MinuteSet]


class Need(NamedTuple):
    """Somebody is free for one part of a sequence, and for so many minutes of buffer behind it."""

    place: int
    staff: UUID
    buffer: int


# The parts whose buffers are owed, and by whom.
type Owing = frozenset[tuple[int, UUID]]
# What is owed afterwards, what has to be free for it, and what is not free: else nothing more would be owed.
type Way = tuple[Owing, tuple[Need, ...], Need | None]


class Combining:
    """Who can do the parts of a sequence together: each begins so many minutes after the first one, in that order.

    A buffer gives way where the same person goes on with the same client (`sequence.occupied`). So whoever has no time
    for the whole buffer of one part can still do it, provided that she also does a later one that starts before that
    buffer would be over. Until then she owes it, which hardly ever happens.
    """

    def __init__(self, parts: Sequence[Part], starts: Sequence[int]) -> None:
        self._parts = parts
        self._starts = starts
        self._ends = [start + part.minutes.duration for start, part in zip(starts, parts, strict=True)]
        self._can_owe = any(part.minutes.buffer for part in parts[:-1])
        self._known_ways: dict[tuple[int, Owing, UUID], list[Way]] = {}
        self._known_minutes: dict[Need, MinuteSet] = {}
        self._known_bytes: dict[Need, bytes] = {}

    def starts(self, among: MinuteSet) -> MinuteSet:
        """Return those of the minutes at which the whole sequence can start, whoever does what."""
        found: dict[Owing, MinuteSet] = {frozenset(): among}
        for place, part in enumerate(self._parts):
            further: dict[Owing, MinuteSet] = defaultdict(int)
            for owing, some in found.items():
                for staff in part.free:
                    for then, needs, lacks in self._ways(place, owing, staff):
                        left = some
                        for need in needs:
                            left &= self._minutes(need)
                        further[then] |= left & ~self._minutes(lacks) if lacks else left
            # Who can go on owing nothing need not be followed owing something.
            settled = further[frozenset()]
            found = {owing: left for owing, some in further.items() if (left := some & ~settled if owing else some)}
        return found.get(frozenset(), 0)

    def at(self, start: int, preferred: Sequence[UUID]) -> list[UUID]:
        """Return who does each part of a sequence that starts at one of its minutes: every time the first of those
        preferred with whom the rest is possible."""
        if not self._can_owe:
            return [self._first_free(start, place, preferred) for place in range(len(self._parts))]
        return self._go_on([], start, frozenset(), preferred, set()) or []

    def _first_free(self, start: int, place: int, preferred: Sequence[UUID]) -> UUID:
        part = self._parts[place]
        free = (staff for staff in preferred if staff in part.free)
        return next(staff for staff in free if self._is_in(start, Need(place, staff, part.minutes.buffer)))

    def _go_on(
        self, chosen: list[UUID], start: int, owing: Owing, preferred: Sequence[UUID], vain: set[tuple[int, Owing]]
    ) -> list[UUID] | None:
        place = len(chosen)
        if place == len(self._parts):
            return chosen
        if (place, owing) in vain:
            return None
        for staff in preferred:
            for then, needs, lacks in self._ways(place, owing, staff):
                if all(self._is_in(start, need) for need in needs) and not (lacks and self._is_in(start, lacks)):
                    found = self._go_on([*chosen, staff], start, then, preferred, vain)
                    if found:
                        return found
        vain.add((place, owing))
        return None

    def _ways(self, place: int, owing: Owing, staff: UUID) -> list[Way]:
        """Return how somebody can do a part after what is owed: with its whole buffer, or owing that."""
        known = self._known_ways.get((place, owing, staff))
        if known is None:
            known = self._known_ways[place, owing, staff] = list(self._find_ways(place, owing, staff))
        return known

    def _find_ways(self, place: int, owing: Owing, staff: UUID) -> Iterator[Way]:
        if staff not in self._parts[place].free:
            return
        start, buffer = self._starts[place], self._parts[place].minutes.buffer
        now = frozenset((part, who) for part, who in owing if who == staff and start >= self._ends[part])
        paid = [Need(part, staff, start - self._ends[part]) for part, _who in now]
        left = owing - now
        whole = Need(place, staff, buffer)
        if self._can_be_paid(left, place):
            yield left, (*paid, whole), None
        more = left | {(place, staff)}
        if buffer and self._can_be_paid(more, place):
            yield more, (*paid, Need(place, staff, 0)), whole

    def _can_be_paid(self, owing: Owing, place: int) -> bool:
        """Return whether everybody who owes a buffer could go on after this part, before that buffer would be over."""
        return all(
            any(
                staff in later.free and 0 <= start - self._ends[part] < self._parts[part].minutes.buffer
                for later, start in zip(self._parts[place + 1 :], self._starts[place + 1 :], strict=False)
            )
            for part, staff in owing
        )

    def _minutes(self, need: Need) -> MinuteSet:
        """Return the minutes at which a sequence may start as far as this is concerned."""
        known = self._known_minutes.get(need)
        if known is None:
            part = self._parts[need.place]
            found = startable(part.free[need.staff], replace(part.minutes, buffer=need.buffer))
            known = self._known_minutes[need] = found >> self._starts[need.place]
        return known

    def _is_in(self, start: int, need: Need) -> bool:
        known = self._known_bytes.get(need)
        if known is None:
            # One bit of bytes is read without copying the whole set.
            minutes = self._minutes(need)
            known = self._known_bytes[need] = minutes.to_bytes(minutes.bit_length() // 8 + 1, "little")
        return start >> 3 < len(known) and bool(known[start >> 3] >> (start & 7) & 1)
