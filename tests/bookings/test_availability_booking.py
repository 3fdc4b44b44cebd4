"""What is offered can be booked, and what can be booked is offered (domain.md §5): against the real operation."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bookings.bounds import Bounds
from bookings.hours import ONE_DAY, local_moment
from bookings.scheduling import Booked, ItemWish, SlotTaken, book
from bookings.slots import Wish, find_slots, slot_at
from bookings.states import Source
from salon.catalogue.models import Service, StaffMember
from salon.identity.roles import Actor
from salon.tenancy.models import Salon
from tests.bookings.salonday import make_absence, make_service, make_staff

EXAMPLES = 150 if os.environ.get("SOAK") else 6
BERLIN = ZoneInfo("Europe/Berlin")
# Before the clock is put back; all three days lie within the horizon.
NOW = datetime(2026, 10, 20, 10, 0, tzinfo=UTC)
DAYS = (date(2026, 11, 24), date(2026, 10, 25), date(2027, 3, 28))
QUARTER = timedelta(minutes=15)


@dataclass
class Team:
    services: list[Service]
    staff: list[StaffMember]


@pytest.fixture
def team(in_sonnenschein: Salon) -> Team:
    services = [
        make_service("Schneiden", 60),
        make_service("Ansatzfarbe", 30, 35, 25),
        make_service("Brauen zupfen", 15, buffer=20),
        make_service("Massage", 30, buffer=10),
    ]
    week = range(1, 8)
    return Team(
        services,
        [
            make_staff("Anna", services, weekdays=week, hours=[(540, 780), (840, 1080)], position=1),
            make_staff("Bora", services[1:], weekdays=week, hours=[(0, 300), (600, 900)], position=2),
            make_staff("Cem", services[:3], weekdays=week, hours=[(90, 150), (720, 1200)], position=3),
        ],
    )


type Named = tuple[int, int | None]

wishes_ = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([None, None, 0, 1, 2])), min_size=1, max_size=3)
booked_ = st.lists(st.tuples(st.integers(0, 95), st.lists(st.integers(0, 3), min_size=1, max_size=2)), max_size=8)
absent_ = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 95), st.integers(1, 12)), max_size=2)


def _book(
    team: Team, salon: Salon, actor: Actor, wishes: Sequence[Named], starts_at: datetime, bounds: Bounds
) -> Booked | None:
    items = [
        ItemWish(team.services[service].pk, None if staff is None else team.staff[staff].pk)
        for service, staff in wishes
    ]
    try:
        with transaction.atomic():
            return book(
                actor=actor,
                salon=salon,
                starts_at=starts_at,
                items=items,
                client_id=None,
                source=Source.API,
                bounds=bounds,
                now=NOW,
            )
    except SlotTaken:
        return None


def _rehearsed(
    team: Team, salon: Salon, actor: Actor, wishes: Sequence[Named], starts_at: datetime, bounds: Bounds
) -> Booked | None:
    """Book and take it back."""
    with transaction.atomic():
        booked = _book(team, salon, actor, wishes, starts_at, bounds)
        transaction.set_rollback(True)
    return booked


def _able(team: Team, wishes: Sequence[Named]) -> bool:
    """Whether everybody named does what is wished of her: others are refused before any time is looked at."""
    does = {0: {0, 1, 2, 3}, 1: {1, 2, 3}, 2: {0, 1, 2}}
    return all(staff is None or service in does[staff] for service, staff in wishes)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    # Shrinking hundreds of bookings takes minutes; the example found says enough.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(day=st.sampled_from(DAYS), wishes=wishes_, booked=booked_, absent=absent_)
def test_what_is_offered_is_what_can_be_booked(
    team: Team,
    in_sonnenschein: Salon,
    front_desk: Actor,
    day: date,
    wishes: list[Named],
    booked: list[tuple[int, list[int]]],
    absent: list[tuple[int, int, int]],
) -> None:
    salon = in_sonnenschein
    wishes = [(service, staff if _able(team, [(service, staff)]) else None) for service, staff in wishes]
    begin, end = local_moment(day, 0, BERLIN), local_moment(day + ONE_DAY, 0, BERLIN)
    asked = [
        Wish(team.services[service].pk, None if staff is None else team.staff[staff].pk) for service, staff in wishes
    ]
    with transaction.atomic():
        for place, services in booked:
            _book(team, salon, front_desk, [(one, None) for one in services], begin + place * QUARTER, Bounds.DESK)
        for staff, place, length in absent:
            starts_at = begin + place * QUARTER
            make_absence(team.staff[staff], starts_at, starts_at + length * QUARTER)

        slots = find_slots(salon=salon, wishes=asked, first=day, last=day, now=NOW, bounds=Bounds.ONLINE)
        offered = {slot.starts_at: [item.staff_id for item in slot.items] for slot in slots}
        possible = {}
        for place in range((end - begin) // QUARTER):
            starts_at = begin + place * QUARTER
            done = _rehearsed(team, salon, front_desk, wishes, starts_at, Bounds.ONLINE)
            if done is not None:
                possible[starts_at] = [item.staff_id for item in done.items]
        assert offered == possible

        for slot in slots[:: max(1, len(slots) // 3)]:
            at_desk = _rehearsed(team, salon, front_desk, wishes, slot.starts_at, Bounds.DESK)
            assert at_desk is not None
            assert not {one.code for one in at_desk.warnings} & {"outside_hours", "absent"}
            assert slot_at(salon=salon, wishes=asked, starts_at=slot.starts_at, now=NOW, bounds=Bounds.ONLINE) == slot
        transaction.set_rollback(True)
