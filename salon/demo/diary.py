"""The diary of an invented salon: who works when, what is taken, and where something still fits. Pure.

A day of one person is a number whose bits are its stretches of five minutes, so that looking for room costs nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_
from random import Random

from bookings.busy import STEP, Minutes
from salon.demo.days import is_closed
from salon.demo.offering import Sold
from salon.demo.team import SCHOOL, SPECIAL, Colleague, Stretch

# Appointments start at full quarters of an hour.
GRID = 15
MIDNIGHT = 24 * 60


@dataclass(frozen=True, slots=True)
class Slotted:
    """One service, who does it, and at which minute of the day it starts; `treat`: it is given for points."""

    service: str
    staff: str
    at: int
    treat: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants done on a day, best by whom, best when; `strictly`: by nobody else."""

    services: tuple[str, ...]
    staff: str = ""
    around: int = 12 * 60
    strictly: bool = False


@dataclass(slots=True)
class _Page:
    """One day of one person: when she can be booked, and the gaps in which what she applied is processing."""

    free: int
    working: int
    gaps: int = 0


def bits(start: int, end: int) -> int:
    """Return the stretches between two minutes of the day."""
    return ((1 << (end - start) // STEP) - 1) << start // STEP


def _runs(free: int, length: int) -> int:
    """Return the bits with which so many in a row begin."""
    known = 1
    while known < length:
        more = min(known, length - known)
        free &= free >> more
        known += more
    return free


# What it spares a day that something fits into a gap.
_IN_GAP = 4
_QUARTERS = sum(1 << at // STEP for at in range(0, MIDNIGHT, GRID))


def busy_bits(minutes: Minutes) -> int:
    """Return the stretches a service takes of whoever does it, from its start on."""
    finishing = minutes.apply + minutes.processing
    return bits(0, minutes.apply) | bits(finishing, finishing + minutes.finish)


class Diary:
    """The days of a team."""

    def __init__(
        self,
        team: Sequence[Colleague],
        services: Mapping[str, Sold],
        *,
        region: str,
        special: date | None,
        away: Mapping[tuple[str, date], Sequence[Stretch]],
    ) -> None:
        self.team = team
        self.services = services
        self._region = region
        self._special = special
        self._away = away
        self._pages: dict[tuple[str, date], _Page] = {}
        self._busy = {name: busy_bits(sold.minutes) for name, sold in services.items()}
        self._gap = {
            name: bits(sold.minutes.apply, sold.minutes.apply + sold.minutes.processing)
            for name, sold in services.items()
        }
        self._performers = {name: [one.name for one in team if name in one.services] for name in services}

    def is_open(self, day: date) -> bool:
        """Return whether anybody works on a day."""
        return day == self._special or not is_closed(self._region, day)

    def utilisation(self, day: date) -> float:
        """Return which share of the team's working time is taken on a day."""
        return self._taken([one.name for one in self.team], day)

    def utilisation_of(self, staff: str, day: date) -> float:
        """Return which share of somebody's working time is taken on a day."""
        return self._taken([staff], day)

    def _taken(self, team: Sequence[str], day: date) -> float:
        pages = [self._page(name, day) for name in team]
        working = sum(page.working.bit_count() for page in pages)
        return 1 - sum((page.free & page.working).bit_count() for page in pages) / working if working else 1.0

    def find(self, day: date, wish: Wish, random: Random, *, after: int = 0, until: int = MIDNIGHT) -> list[Slotted]:
        """Return the best of all ways to fulfil a wish on a day, starting within two minutes of it; [] for none."""
        best: list[Slotted] = []
        least = float("inf")
        ways = self._ways(day, wish)
        possible = self._starts(wish, ways)
        if not possible:
            return best
        in_gaps = self._in_gaps(day, wish, ways)
        floors = []
        for at in range(after + -after % GRID, until, GRID):
            if possible >> at // STEP & 1:
                cost = abs(at - wish.around) / 60 + 0.8 * random.random()
                floors.append((cost - _IN_GAP * sum(one >> at // STEP & 1 for one in in_gaps), cost, at))
        # The cheapest first: of most it need not be known who would do it.
        for floor, cost, at in sorted(floors):
            if floor >= least:
                break
            found = self._slotted(wish, ways, at)
            whole = cost + self._fragments(day, found)
            if whole < least:
                best, least = found, whole
        return best

    def find_at(self, day: date, service: str, at: int, staff: str) -> Slotted | None:
        """Return who could do a service at that very minute, best somebody who is there already."""
        for one in (staff, *self._performers[service]):
            if one in self._performers[service] and self._fits(one, day, service) >> at // STEP & 1:
                return Slotted(service, one, at)
        return None

    def has_room(self, day: date, services: Iterable[tuple[str, ...]]) -> bool:
        """Return whether each of these sequences of services could still be had on a day."""
        return all(self._starts(wish, self._ways(day, wish)) for wish in map(Wish, services))

    def take(self, day: date, slotted: Iterable[Slotted]) -> None:
        """Write something into the diary, also where nobody works."""
        for one in slotted:
            page = self._page(one.staff, day)
            page.free &= ~(self._busy[one.service] << one.at // STEP)
            page.gaps |= self._gap[one.service] << one.at // STEP

    def give_back(self, day: date, slotted: Iterable[Slotted]) -> None:
        """Take it out again; what lies outside working hours stays taken."""
        for one in slotted:
            page = self._page(one.staff, day)
            page.free |= page.working & self._busy[one.service] << one.at // STEP
            page.gaps &= ~(self._gap[one.service] << one.at // STEP)

    def keep_free(self, day: date, staff: str, stretch: Stretch) -> None:
        """Let nothing be written into a stretch of somebody's day."""
        self._page(staff, day).free &= ~bits(*stretch)

    def ends_at(self, slotted: Sequence[Slotted]) -> int:
        """Return the minute at which the last of them ends."""
        return max(one.at + self.services[one.service].minutes.duration for one in slotted)

    def _ways(self, day: date, wish: Wish) -> list[dict[str, int]]:
        """Return for each service of a wish who could do it, and where she could start it."""
        ways = []
        for service in wish.services:
            performers = self._performers[service]
            able = (wish.staff,) if wish.strictly and wish.staff in performers else performers
            ways.append({staff: self._fits(staff, day, service) for staff in able})
        return ways

    def _starts(self, wish: Wish, ways: list[dict[str, int]]) -> int:
        """Return the quarters of an hour at which a wish could start."""
        possible, behind = _QUARTERS, 0
        for service, able in zip(wish.services, ways, strict=True):
            possible &= reduce(or_, able.values()) >> behind // STEP
            behind += self.services[service].minutes.duration
        return possible

    def _slotted(self, wish: Wish, ways: list[dict[str, int]], at: int) -> list[Slotted]:
        """Return who does what of a wish that can start there: the wanted one, who is at it already, anybody."""
        found: list[Slotted] = []
        for service, able in zip(wish.services, ways, strict=True):
            wanted = (wish.staff, found[-1].staff if found else "", *able)
            staff = next(one for one in wanted if able.get(one, 0) >> at // STEP & 1)
            found.append(Slotted(service, staff, at))
            at += self.services[service].minutes.duration
        return found

    def _in_gaps(self, day: date, wish: Wish, ways: list[dict[str, int]]) -> list[int]:
        """Return for each service of a wish the starts of the wish with which it might fit into a gap."""
        found, behind = [], 0
        for service, able in zip(wish.services, ways, strict=True):
            gaps = reduce(or_, (self._starting(self._page(staff, day).gaps, service) for staff in able))
            if gaps:
                found.append(gaps >> behind // STEP)
            behind += self.services[service].minutes.duration
        return found

    def _fits(self, staff: str, day: date, service: str) -> int:
        """Return where somebody could start a service."""
        return self._starting(self._page(staff, day).free, service)

    def _starting(self, room: int, service: str) -> int:
        """Return where a service could start that takes no more than this room."""
        if not room:
            return 0
        minutes = self.services[service].minutes
        starts = _runs(room, minutes.apply // STEP)
        if minutes.finish:
            starts &= _runs(room, minutes.finish // STEP) >> (minutes.apply + minutes.processing) // STEP
        return starts

    def _fragments(self, day: date, found: list[Slotted]) -> float:
        """Return what it costs the day: little beside something else, nothing at all inside a gap."""
        cost = 0.0
        for one in found:
            page = self._page(one.staff, day)
            taken = self._busy[one.service] << one.at // STEP
            beside = (taken >> 1 | taken << 1) & ~taken
            if not taken & ~page.gaps:
                cost -= _IN_GAP
            elif not beside & ~page.free:
                cost += 1
        return cost

    def _page(self, staff: str, day: date) -> _Page:
        page = self._pages.get((staff, day))
        if page is None:
            working = self._working(staff, day)
            page = self._pages[staff, day] = _Page(working, working)
        return page

    def _working(self, staff: str, day: date) -> int:
        one = next(one for one in self.team if one.name == staff)
        if not self.is_open(day):
            return 0
        weekday = day.isoweekday()
        stretches = SPECIAL if day == self._special else one.week.get(weekday, ())
        working = 0
        for stretch in stretches:
            working |= bits(*stretch)
        for stretch in (*self._away.get((staff, day), ()), *((SCHOOL,) if weekday in one.school else ())):
            working &= ~bits(*stretch)
        return working
