"""Eighteen months of an invented salon: who came when, and who is still to come. Pure (domain.md §11)."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from math import exp
from random import Random

from bookings.states import State
from salon.demo.diary import MIDNIGHT, Diary, Slotted, Wish
from salon.demo.habits import Habit
from salon.demo.lives import Fixed, Life

# How far ahead anything is booked, and behind the 60 working days in which there is room.
AHEAD = timedelta(days=80)
# How full the next open days are at most, and are made where the regulars leave room: today is a good day.
_FULL = (0.86, 0.66, 0.62, 0.56, 0.52, 0.46, 0.4)
_FULL_LATER = 0.35
# What must be possible on every day to come, besides each service alone: a reward right behind the Facial.
_TOGETHER = ("Facial", "Nassrasur")
# Where a wish goes if its own day has no room.
_NEARBY = ((0, 1, -1, 2, -2, 3, -3, 4, 5, 6), (0, -1, 1, -2, 2, 3, -3, 5, 4, 6))
_SHARE_CANCELLED, _SHARE_MISSED = 0.05, 0.022


@dataclass(frozen=True, slots=True)
class Entry:
    """One appointment of the diary: whose (None: a walk-in's), when, what, and with which products. `state` is None
    where the clock says."""

    who: int | None
    day: date
    slotted: tuple[Slotted, ...]
    state: State | None = None
    bought: tuple[str, ...] = ()


class History:
    """What happens in a salon, worked out day by day."""

    def __init__(
        self,
        diary: Diary,
        lives: Sequence[Life],
        random: Random,
        *,
        first_day: date,
        today: date,
        minute: int,
        walk_ins: Sequence[str],
    ) -> None:
        self.entries: list[Entry] = []
        self._diary = diary
        self._lives = lives
        self._random = random
        self._first_day = first_day
        self._today = today
        self._minute = minute
        self._walk_ins = walk_ins
        self._days: defaultdict[int, set[date]] = defaultdict(set)
        known = diary.services
        self.room = [*((name,) for name in known), *([_TOGETHER] if set(_TOGETHER) <= known.keys() else [])]

    def fall_ill(self, staff: str, day: date) -> None:
        """Let somebody have appointments on a day to come, and nothing else from then on: she is ill."""
        for who in self._regulars(day):
            habit = self._random.choice(self._lives[who].habits)
            wish = Wish(habit.services, staff, self._random.randrange(9, 17) * 60, strictly=True)
            slotted = self._diary.find(day, wish, self._random)
            if slotted and {one.staff for one in slotted} == {staff}:
                self._enter(who, day, slotted, State.BOOKED)
            if self._diary.utilisation_of(staff, day) > 0.5:
                break
        self._diary.keep_free(day, staff, (0, MIDNIGHT))

    def live(self) -> list[Entry]:
        """Return every appointment there was and will be."""
        for who, life in enumerate(self._lives):
            for fixed in life.fixed:
                self._happen(who, fixed)
        occasions = sorted(self._occasions(), key=lambda one: one[:2])
        lately = bisect_left(occasions, self._today, key=lambda one: one[0])
        self._come_all(occasions[:lately])
        for ahead in range((self._today - self._first_day).days):
            self._walk_in(self._first_day + timedelta(days=ahead))
        # All before is the same at any time of the day.
        self._walk_in_today()
        self._come_all(occasions[lately:])
        self._fill_up()
        return self.entries

    def _happen(self, who: int, fixed: Fixed) -> None:
        day = self._today - timedelta(days=fixed.days_ago)
        wish = Wish(fixed.services, fixed.staff, fixed.around, strictly=True)
        for shift in (0,) if fixed.exactly else _NEARBY[0]:
            is_known = self._lives[who].person.listed_on < day + timedelta(days=shift)
            slotted = self._diary.find(day + timedelta(days=shift), wish, self._random) if is_known else []
            if slotted:
                self._enter(who, day + timedelta(days=shift), slotted, fixed.state, fixed.bought)
                return
        # On that day or never, although nobody works.
        at = fixed.around
        slotted = []
        for service in fixed.services:
            slotted.append(Slotted(service, fixed.staff, at))
            at += self._diary.services[service].minutes.duration
        self._enter(who, day, slotted, fixed.state, fixed.bought)

    def _occasions(self) -> Iterator[tuple[date, int, Habit]]:
        """Yield the days on which the regulars would like to come; of days far ahead, few are booked by now."""
        for who, life in enumerate(self._lives):
            for habit in life.habits:
                day = life.comes_from + timedelta(days=self._random.randrange(1 + habit.every // 3))
                while day <= min(life.comes_until or date.max, self._today + AHEAD):
                    ahead = (day - self._today).days
                    if ahead <= 0 or self._random.random() < exp(-ahead / 20):
                        yield day, who, habit
                    day += timedelta(days=max(4, round(self._random.gauss(habit.every, habit.every / 8))))

    def _come_all(self, occasions: Sequence[tuple[date, int, Habit]]) -> None:
        for day, who, habit in occasions:
            self._come(who, day, habit)

    def _come(self, who: int, wanted: date, habit: Habit) -> None:
        wish = Wish(habit.services, habit.staff, habit.around, strictly=habit.strictly)
        for shift in self._random.choice(_NEARBY):
            day = wanted + timedelta(days=shift)
            # Who wants to come today or later does not come yesterday: that day is told.
            earliest = self._today if wanted >= self._today else self._first_day
            if earliest <= day and self._lives[who].person.listed_on < day and self._try(who, day, wish):
                return

    def _try(self, who: int, day: date, wish: Wish) -> bool:
        """Enter a wish on a day if there is room for it, and, of a day to come, for everything else behind it."""
        if not self._diary.is_open(day) or self._is_near(who, day, 2):
            return False
        if self._diary.utilisation(day) > self._limit(day):
            return False
        slotted = self._diary.find(day, wish, self._random)
        if not slotted:
            return False
        state = self._fate(day)
        self._enter(who, day, slotted, state)
        if day > self._today and not self._diary.has_room(day, self.room):
            self._diary.give_back(day, slotted)
            self.entries.pop()
            self._days[who].discard(day)
            return False
        return True

    def _fate(self, day: date) -> State | None:
        chance = self._random.random()
        if day >= self._today:
            # Most of what will be cancelled still stands.
            return State.CANCELLED if chance < _SHARE_CANCELLED / 2 else None
        if chance < _SHARE_CANCELLED:
            return State.CANCELLED
        return State.NO_SHOW if chance < _SHARE_CANCELLED + _SHARE_MISSED else State.COMPLETED

    def _limit(self, day: date) -> float:
        ahead = (day - self._today).days
        if ahead < 0:
            return 1.0
        return _FULL[ahead] if ahead < len(_FULL) else _FULL_LATER

    def _enter(
        self,
        who: int | None,
        day: date,
        slotted: Sequence[Slotted],
        state: State | None,
        bought: tuple[str, ...] = (),
    ) -> None:
        self.entries.append(Entry(who, day, tuple(slotted), state, bought))
        if who is not None:
            self._days[who].add(day)
        # What is cancelled leaves its time to others.
        if state != State.CANCELLED:
            self._diary.take(day, slotted)

    def _is_near(self, who: int, day: date, days: int) -> bool:
        return any(day + timedelta(days=shift) in self._days[who] for shift in range(-days, days + 1))

    def _walk_in(self, day: date) -> None:
        for _time in range(self._random.choice((0, 1, 2, 3))):
            wish = Wish((self._random.choice(self._walk_ins),), around=self._random.randrange(10, 18) * 60)
            slotted = self._diary.find(day, wish, self._random)
            if slotted:
                self._enter(None, day, slotted, State.COMPLETED)

    def _walk_in_today(self) -> None:
        """Let two come today: one about now, if the salon is open."""
        for service, around in zip(self._walk_ins, (self._minute, 16 * 60), strict=False):
            wish = Wish((service,), around=around)
            before, until = max(0, around - 15), around + 1
            slotted = self._diary.find(self._today, wish, self._random, after=before, until=until)
            slotted = slotted or self._diary.find(self._today, wish, self._random)
            if slotted:
                self._enter(None, self._today, slotted, None)

    def _fill_up(self) -> None:
        """Let regulars come a little earlier or later than usual, so that the next days look like a good salon's."""
        for ahead in count():
            day = self._today + timedelta(days=ahead)
            if ahead >= len(_FULL):
                return
            for who in self._regulars(day):
                habit = self._random.choice(self._lives[who].habits)
                self._try(who, day, Wish(habit.services, habit.staff, self._random.randrange(9, 18) * 60))
                if self._diary.utilisation(day) > _FULL[ahead] - 0.04:
                    break

    def _regulars(self, day: date) -> list[int]:
        """Return who comes regularly and not around that day, in any order."""
        found = [
            who
            for who, life in enumerate(self._lives)
            if life.habits and life.comes_until is None and life.comes_from <= self._today
            if not self._is_near(who, day, 8)
        ]
        self._random.shuffle(found)
        return found
