"""The invented history, on whatever day and at whatever time the demo is built: no database is asked."""

from collections import Counter
from datetime import date, datetime, time
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

import pytest

from bookings.busy import Minutes
from bookings.states import State
from salon.demo.diary import Diary, Slotted, Wish, bits, busy_bits
from salon.demo.shops import SHOPS, Plot, plot

BERLIN = ZoneInfo("Europe/Berlin")
SATURDAY = date(2026, 11, 21)


@cache
def _plot(now: datetime) -> Plot:
    return plot(SHOPS[0], desk=("Empfang",), now=now, zone=BERLIN)


def _of_today(now: datetime) -> Counter[State]:
    plotted = _plot(now)
    return Counter(visit.state for visit in plotted.visits if visit.day == plotted.today)


def _at(hour: int, minute: int = 0, day: date = SATURDAY) -> datetime:
    return datetime.combine(day, time(hour, minute), BERLIN)


def test_early_in_the_morning_everybody_is_still_to_come() -> None:
    states = _of_today(_at(6))
    assert states.keys() <= {State.BOOKED, State.CANCELLED}
    assert states[State.BOOKED] >= 20


def test_in_the_middle_of_the_day_some_have_been_here() -> None:
    states = _of_today(_at(11, 52))
    assert states[State.COMPLETED] >= 3
    assert states[State.ARRIVED] >= 2
    assert states[State.NO_SHOW] == 1
    assert states[State.BOOKED] >= 8


def test_in_the_evening_all_is_done() -> None:
    states = _of_today(_at(22))
    assert states[State.COMPLETED] >= 19
    assert states[State.NO_SHOW] == 1
    assert not states[State.BOOKED]
    assert not states[State.ARRIVED]


@pytest.mark.parametrize(
    "day",
    [date(2026, 11, 22), date(2026, 11, 23), date(2026, 12, 25), date(2027, 3, 27)],
    ids=["Sunday", "Monday", "Christmas", "before the clock is put forward"],
)
def test_every_day_is_a_good_one_to_look_at_it(day: date) -> None:
    plotted = _plot(_at(12, day=day))
    today = [visit for visit in plotted.visits if visit.day == day and visit.state != State.CANCELLED]
    assert 15 <= len(today) <= 45
    assert {one.staff for visit in today for one in visit.slotted} >= {"Anna", "Dilara"} - _off(day)
    assert all(visit.state != State.BOOKED or visit.starts_at > _at(12, day=day) for visit in plotted.visits)


def _off(day: date) -> set[str]:
    return {one.name for one in SHOPS[0].team if day.isoweekday() not in one.week} if day.isoweekday() < 7 else set()


def test_the_hour_changes_nothing_of_the_days_before() -> None:
    early, late = (_plot(_at(hour)) for hour in (6, 22))
    before = [[visit for visit in one.visits if visit.day < SATURDAY] for one in (early, late)]
    assert before[0] == before[1]
    assert len(before[0]) > 7000


def test_the_same_moment_is_the_same_world() -> None:
    assert _plot.__wrapped__(_at(6)) == _plot(_at(6))


def test_a_diary_finds_room_in_a_gap_first() -> None:
    """Colour applied from 9:00 to 9:30 leaves 35 minutes: blow-drying goes there, not beside it."""
    diary = Diary(SHOPS[0].team, SHOPS[0].offering.by_name, region="BE", special=None, away={})
    diary.take(SATURDAY, [Slotted("Ansatzfarbe", "Anna", 9 * 60)])
    wish = Wish(("Föhnen",), "Anna", around=11 * 60, strictly=True)
    assert diary.find(SATURDAY, wish, Random(1)) == [Slotted("Föhnen", "Anna", 9 * 60 + 30)]


def test_a_diary_has_no_room_where_somebody_is_taken() -> None:
    diary = Diary(SHOPS[0].team, SHOPS[0].offering.by_name, region="BE", special=None, away={})
    assert diary.has_room(SATURDAY, [("Balayage",)])
    for name in ("Anna", "Carla"):
        diary.keep_free(SATURDAY, name, (9 * 60, 18 * 60))
    assert not diary.has_room(SATURDAY, [("Balayage",)])
    assert diary.has_room(SATURDAY, [("Facial",)])
    diary.take(SATURDAY, [Slotted("Facial", "Dilara", 9 * 60)])
    diary.give_back(SATURDAY, [Slotted("Facial", "Dilara", 9 * 60)])
    assert diary.utilisation_of("Dilara", SATURDAY) == 0


def test_bits_are_stretches_of_five_minutes() -> None:
    assert bits(10, 25) == 0b11100
    assert busy_bits(Minutes(10, 5, 10)) == 0b11011
