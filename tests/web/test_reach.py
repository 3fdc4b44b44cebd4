"""How far short blocks can be hit: as far as a finger needs, and nothing else is covered (ui.md §3)."""

from datetime import timedelta
from itertools import pairwise

import pytest

from bookings.busy import STEP
from bookings.calendar import Block, Column, day_of
from bookings.lanes import Lane
from bookings.web.reach import ENOUGH, LEAST, Reach, reaches
from salon.catalogue.models import AbsenceKind
from salon.tenancy.models import Salon
from tests.bookings.fullday import a_full_day
from tests.bookings.salonday import DAY, SalonDay, a_salon_day, at, make_absence, make_appointment, make_service

# From nine to six.
HOURS = {"first_row": 9 * 60 // STEP, "last_row": 18 * 60 // STEP}


@pytest.fixture
def day(in_sonnenschein: Salon) -> SalonDay:
    return a_salon_day()


def _column(salon: Salon) -> Column:
    return day_of(salon=salon, day=DAY).columns[0]


@pytest.mark.parametrize(
    ("booked", "found"),
    [
        # Minutes after nine and how long. Alone: 44 px.
        ([(60, 10)], [(3, 4)]),
        ([(60, 15)], [(2, 3)]),
        ([(60, 25)], [(0, 1)]),
        ([(60, 30)], [(0, 0)]),
        # At the edges of the day it reaches to the other side.
        ([(0, 10)], [(0, 7)]),
        ([(530, 10)], [(7, 0)]),
        # One after the other: each to its side; in the middle there is no room.
        ([(60, 10), (70, 10)], [(7, 0), (0, 7)]),
        ([(60, 10), (70, 10), (80, 10)], [(7, 0), (0, 0), (0, 7)]),
        # What lies between two short ones is shared; a long one leaves it to the other.
        ([(60, 10), (75, 10)], [(6, 1), (1, 6)]),
        ([(60, 10), (75, 60)], [(5, 2), (0, 0)]),
        # A free quarter of an hour can still be hit.
        ([(0, 60), (75, 10), (100, 60)], [(0, 0), (1, 1), (0, 0)]),
        ([(0, 60), (75, 15), (105, 60)], [(0, 0), (0, 0), (0, 0)]),
        ([(0, 60), (80, 10), (90, 60)], [(0, 0), (2, 0), (0, 0)]),
    ],
)
def test_as_far_as_its_neighbours_leave_room(
    in_sonnenschein: Salon, day: SalonDay, booked: list[tuple[int, int]], found: list[tuple[int, int]]
) -> None:
    for after, minutes in booked:
        service = make_service(f"{after}", minutes)
        make_appointment((service, day.anna), starts_at=at(9) + timedelta(minutes=after))
    assert reaches(_column(in_sonnenschein), **HOURS) == [Reach(*one) for one in found]


def test_what_is_blocked_can_still_be_hit(in_sonnenschein: Salon, day: SalonDay) -> None:
    make_appointment((make_service("Kurz", 10), day.anna), starts_at=at(10))
    make_absence(day.anna, at(10, 10), at(11), AbsenceKind.BLOCKED)
    assert reaches(_column(in_sonnenschein), **HOURS) == [Reach(7, 0)]


def test_what_lies_outside_of_what_is_shown_gives_no_room(in_sonnenschein: Salon, day: SalonDay) -> None:
    make_absence(day.anna, at(7), at(8), AbsenceKind.BLOCKED)
    make_appointment((make_service("Kurz", 10), day.anna), starts_at=at(9))
    assert reaches(_column(in_sonnenschein), **HOURS) == [Reach(0, 7)]


def test_what_stands_beside_it_leaves_it_its_room(in_sonnenschein: Salon, day: SalonDay) -> None:
    make_appointment((make_service("Kurz", 10), day.anna), starts_at=at(10, 20))
    # As if the salon had let both be booked: no rule is asked.
    column = _column(in_sonnenschein)
    (short,) = column.blocks
    beside = short._replace(stretch=short.stretch._replace(row=120, rows=12), lane=Lane(0, 2))
    own = short._replace(lane=Lane(1, 2))
    column.blocks[:] = [beside, own]
    assert reaches(column, **HOURS) == [Reach(), Reach(3, 4)]
    column.blocks[:] = [beside._replace(strip=0), own]
    assert reaches(column, **HOURS) == [Reach(), Reach()]


def test_on_a_full_day_none_reaches_into_another(in_sonnenschein: Salon) -> None:
    a_full_day(staff=1)
    column = _column(in_sonnenschein)
    far = reaches(column, first_row=0, last_row=24 * 60 // STEP)

    def edges(one: Block, reach: Reach) -> tuple[int, int]:
        return one.stretch.row * 2 - reach.above, one.stretch.end * 2 + reach.below

    areas = [edges(one, reach) for one, reach in zip(column.blocks, far, strict=True)]
    assert all(one[1] <= other[0] for one, other in pairwise(areas))
    assert max(end - begin for begin, end in areas) <= ENOUGH
    assert any(end - begin < LEAST for begin, end in areas)
