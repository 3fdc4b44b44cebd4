"""Sets of minutes against looking at every minute, one by one (domain.md §5)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, product
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bookings.availability import Combining, Timeline, joined, lasting, minutes_in, startable
from bookings.availability import Part as Wanted
from bookings.busy import Minutes, Period
from bookings.hours import local_moment
from bookings.sequence import Part, occupied

ORIGIN = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
LENGTH = 100
TEAM = [UUID(int=number) for number in range(1, 4)]
BERLIN = ZoneInfo("Europe/Berlin")

spans = st.tuples(st.integers(-20, LENGTH + 20), st.integers(1, 60))
some_minutes = st.sets(st.integers(0, LENGTH - 1))
parts_of_services = st.builds(
    lambda apply, rest, buffer: Minutes(apply * 5, rest[0], rest[1], buffer * 5),
    st.integers(1, 6),
    st.sampled_from([(0, 0), (0, 0), (10, 5), (25, 10)]),
    st.integers(0, 5),
)


def at(minute: float) -> datetime:
    return ORIGIN + timedelta(minutes=minute)


def bits(minutes: set[int]) -> int:
    return sum(1 << minute for minute in minutes)


@dataclass(frozen=True)
class Wish:
    minutes: Minutes
    able: tuple[UUID, ...]


wishes = st.builds(
    Wish, parts_of_services, st.lists(st.sampled_from(TEAM), min_size=1, max_size=3, unique=True).map(tuple)
)


def starts_of(wishes: Sequence[Wish], gaps: Sequence[int] = ()) -> list[int]:
    """Return when each begins: so many minutes after the one before it ends."""
    ends = accumulate(
        wish.minutes.duration + gap for wish, gap in zip(wishes, [*gaps, *[0] * len(wishes)], strict=False)
    )
    return [0, *list(ends)[:-1]]


def goes(
    start: int, wishes: Sequence[Wish], chosen: Sequence[UUID], free: dict[UUID, set[int]], after: Sequence[int]
) -> bool:
    """Look at every minute in which somebody would be taken."""
    parts = [
        Part(staff, at(start + later), wish.minutes) for wish, staff, later in zip(wishes, chosen, after, strict=True)
    ]
    taken: set[tuple[UUID, int]] = set()
    for part, periods in zip(parts, occupied(parts), strict=True):
        for period in periods:
            first, last = (round((edge - ORIGIN).total_seconds() / 60) for edge in (period.starts_at, period.ends_at))
            for minute in range(first, last):
                if minute not in free[part.staff_id] or (part.staff_id, minute) in taken:
                    return False
                taken.add((part.staff_id, minute))
    return True


def possible(
    start: int, wishes: Sequence[Wish], free: dict[UUID, set[int]], after: Sequence[int]
) -> Iterator[list[UUID]]:
    """Yield everybody who could do it together, in the order of the team."""
    for chosen in product(*(sorted(wish.able) for wish in wishes)):
        if goes(start, wishes, chosen, free, after):
            yield list(chosen)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(wishes, min_size=1, max_size=3),
    st.tuples(*[st.lists(spans, max_size=4)] * 3),
    st.lists(st.sampled_from([0, 0, 5, 20]), min_size=3, max_size=3),
)
def test_a_sequence_goes_where_every_minute_does(
    wishes: list[Wish], busy: tuple[list[tuple[int, int]], ...], gaps: list[int]
) -> None:
    free = {
        staff: set(range(LENGTH)) - {minute for begin, long in taken for minute in range(begin, begin + long)}
        for staff, taken in zip(TEAM, busy, strict=True)
    }
    after = starts_of(wishes, gaps)
    combining = Combining([Wanted(wish.minutes, {one: bits(free[one]) for one in wish.able}) for wish in wishes], after)
    found = {start: next(possible(start, wishes, free, after), None) for start in range(LENGTH)}
    starts = list(minutes_in(combining.starts((1 << LENGTH) - 1)))
    assert starts == [start for start, chosen in found.items() if chosen]
    assert [combining.at(start, TEAM) for start in starts] == [found[start] for start in starts]


@given(st.lists(spans), st.lists(st.integers(-90, 90)))
def test_periods_become_minutes(stretches: list[tuple[int, int]], seconds: list[int]) -> None:
    periods = [
        Period(at(begin + second / 60), at(begin + long + second / 60))
        for (begin, long), second in zip(stretches, seconds, strict=False)
    ]
    line = Timeline(ORIGIN, LENGTH)
    whole = [Period(at(minute), at(minute + 1)) for minute in range(LENGTH)]
    assert line.touched(periods) == bits({n for n, one in enumerate(whole) if any(one.overlaps(it) for it in periods)})
    assert line.covered(periods) == bits(
        {
            n
            for n, one in enumerate(whole)
            if any(it.starts_at <= one.starts_at and one.ends_at <= it.ends_at for it in joined(periods))
        }
    )


@given(some_minutes, st.integers(1, 40))
def test_lasting(free: set[int], minutes: int) -> None:
    assert lasting(bits(free), minutes) == bits({n for n in range(LENGTH) if set(range(n, n + minutes)) <= free})


def test_processing_need_not_be_free() -> None:
    free = {*range(30), *range(65, 100)}
    assert list(minutes_in(startable(bits(free), Minutes(30, 35, 25)))) == [0]
    assert list(minutes_in(startable(bits(free), Minutes(30, 35, 25, 10)))) == [0]
    assert list(minutes_in(startable(bits(free), Minutes(30, 35, 25, 11)))) == []


def test_a_buffer_gives_way_to_the_same_person_alone() -> None:
    anna, bora = TEAM[:2]
    cut, brows = Minutes(30, buffer=15), Minutes(10)
    free = bits(set(range(40)))

    def starts(after: int, who: UUID) -> list[int]:
        combining = Combining([Wanted(cut, {anna: free}), Wanted(brows, {who: free})], [0, after])
        return list(minutes_in(combining.starts(free)))

    assert starts(30, anna) == [0]
    assert starts(30, bora) == []


def test_a_gap_leaves_so_much_of_the_buffer() -> None:
    anna = TEAM[0]
    cut, brows = Minutes(30, buffer=15), Minutes(10)

    def starts(annas: set[int]) -> list[int]:
        able = [Wanted(minutes, {anna: bits(annas)}) for minutes in (cut, brows)]
        return list(minutes_in(Combining(able, [0, 40]).starts(1)))

    assert starts(set(range(50))) == [0]
    assert starts({*range(39), *range(40, 50)}) == []


def test_what_begins_within_another_thing_leaves_its_buffer_whole() -> None:
    """While the colour takes effect she does the brows; its buffer comes behind the colour all the same."""
    anna = TEAM[0]
    colour, brows = Minutes(30, 35, 25, 10), Minutes(15)

    def starts(annas: set[int]) -> list[int]:
        able = [Wanted(minutes, {anna: bits(annas)}) for minutes in (colour, brows)]
        return list(minutes_in(Combining(able, [0, 30]).starts(1)))

    assert starts({*range(45), *range(65, 100)}) == [0]
    assert starts({*range(45), *range(65, 99)}) == []
    assert starts({*range(44), *range(65, 100)}) == []


def test_until_she_goes_on_the_buffer_is_hers() -> None:
    """Anna has cut, Bora does the brows, Anna dries: between the two she needs those minutes, and no others."""
    anna, bora = TEAM[:2]
    cut, brows, drying = Minutes(30, buffer=30), Minutes(10), Minutes(15)

    def starts(annas: set[int]) -> list[int]:
        able = [Wanted(cut, {anna: bits(annas)}), Wanted(brows, {bora: 2**60 - 1}), Wanted(drying, {anna: bits(annas)})]
        combining = Combining(able, [0, 30, 40])
        found = list(minutes_in(combining.starts(1)))
        assert [combining.at(start, TEAM) for start in found] == [[anna, bora, anna]] * len(found)
        return found

    assert starts(set(range(55))) == [0]
    assert starts({*range(35), *range(36, 60)}) == []


AUTUMN, SPRING = date(2026, 10, 25), date(2027, 3, 28)


@pytest.mark.parametrize(
    ("day", "shown", "utc"),
    [
        (AUTUMN, "00:00", "2026-10-24T22:00"),
        (AUTUMN, "01:00", "2026-10-24T23:00"),
        (AUTUMN, "02:30", "2026-10-25T00:30"),
        (AUTUMN, "03:00", "2026-10-25T02:00"),
        (AUTUMN, "04:00", "2026-10-25T03:00"),
        (AUTUMN, "24:00", "2026-10-25T23:00"),
        (SPRING, "01:59", "2027-03-28T00:59"),
        (SPRING, "02:00", "2027-03-28T01:00"),
        (SPRING, "02:30", "2027-03-28T01:00"),
        (SPRING, "03:00", "2027-03-28T01:00"),
        (SPRING, "04:00", "2027-03-28T02:00"),
        (SPRING, "24:00", "2027-03-28T22:00"),
        (date(2026, 11, 24), "09:15", "2026-11-24T08:15"),
    ],
)
def test_minutes_of_the_clock_on_days_on_which_it_is_changed(day: date, shown: str, utc: str) -> None:
    hours, minutes = map(int, shown.split(":"))
    assert local_moment(day, hours * 60 + minutes, BERLIN) == datetime.fromisoformat(f"{utc}+00:00")


@given(st.integers(0, 1440), st.integers(0, 1440), st.sampled_from([AUTUMN, SPRING]))
def test_the_clock_never_goes_back(one: int, other: int, day: date) -> None:
    assert (local_moment(day, one, BERLIN) <= local_moment(day, other, BERLIN)) or one > other
