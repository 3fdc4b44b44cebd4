"""The free time of everybody concerned over some days, and who would do what at which minute of it (domain.md §5)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from bookings.asking import Asked, Wish
from bookings.availability import MINUTE, Combining, MinuteSet, Part, minutes_in
from bookings.diary import Diary
from bookings.hours import ONE_DAY, local_moment

# Who begins each of some items, in order, and when.
type Place = tuple[tuple[UUID, datetime], ...]


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

    @property
    def place(self) -> Place:
        """Who would begin each of them, and when."""
        return tuple((item.staff_id, item.starts_at) for item in self.items)


@lru_cache(maxsize=1000)
def _grid(day: date, slot: int, length: int, zone: ZoneInfo) -> MinuteSet:
    """Return the minutes of a day at which the clock shows a multiple of so many minutes after midnight."""
    if length == ONE_DAY // MINUTE:
        return sum(1 << minute for minute in range(0, length, slot))
    midnight = local_moment(day, 0, zone)
    shown = ((midnight + minute * MINUTE).astimezone(zone) for minute in range(length))
    return sum(1 << minute for minute, clock in enumerate(shown) if (clock.hour * 60 + clock.minute) % slot == 0)


class FreeTime:
    """Everything known of the days asked about."""

    def __init__(self, wishes: Sequence[Wish], asked: Asked, diary: Diary, *, at_any_hour: bool = False) -> None:
        """Combine what is free; `at_any_hour`: as if everybody were there all the time."""
        self._wishes, self._asked, self._diary = wishes, asked, diary
        self._zone, self._line, self._booked = diary.zone, diary.line, diary.minutes
        everything = (1 << self._line.length) - 1
        free = {staff: everything & ~self._booked[staff] for staff in asked.staff}
        if not at_any_hour:
            for staff in free:
                there = self._line.covered(diary.there.working[staff])
                free[staff] &= there & ~self._line.touched(diary.there.absent[staff])
        # What begins first comes first, wherever it stands among the wishes.
        self._order = sorted(range(len(asked.starts)), key=asked.starts.__getitem__)
        self._combining = Combining(
            [Part(asked.minutes[one], {staff: free[staff] for staff in asked.able[one]}) for one in self._order],
            [asked.starts[one] for one in self._order],
        )
        self._starts = self._combining.starts(everything)

    def at_any_hour(self) -> "FreeTime":
        """Return the same as if everybody were there all the time."""
        return FreeTime(self._wishes, self._asked, self._diary, at_any_hour=True)

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
        chosen = dict(zip(self._order, self._combining.at(minute, preferred), strict=True))
        starts_at = self._line.moment(minute)
        items = []
        for place, (wish, minutes) in enumerate(zip(self._wishes, self._asked.minutes, strict=True)):
            begin = starts_at + self._asked.starts[place] * MINUTE
            items.append(SlotItem(wish.service_id, chosen[place], begin, begin + minutes.duration * MINUTE))
        return Slot(starts_at, max(item.ends_at for item in items), tuple(items))

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
