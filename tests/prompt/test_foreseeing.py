"""What the drawer foresees is what booking does: the same times, people, warnings and refusals (ui.md §2.2)."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bookings.booking import Booked
from bookings.bounds import Bounds
from bookings.callers import caller
from bookings.foreseeing import foresee
from bookings.had import had_by
from bookings.hours import local_moment
from bookings.mails import Telling
from bookings.models import Appointment, AppointmentItem
from bookings.outlook import outlook_on
from bookings.placing import ItemWish, shop_on
from bookings.rewarding import book_with_rewards
from bookings.scheduling import SlotTaken
from bookings.states import Source
from bookings.team import team_for
from clients.models import Cause, Client
from clients.points import post
from loyalty.eligibility import Matrix
from loyalty.models import Reward
from salon.catalogue.models import Service, StaffMember
from salon.errors import DomainError, InvalidInput
from salon.identity.roles import Actor
from salon.tenancy.models import Salon, new_id
from tests.bookings.salonday import make_absence, make_client, make_service, make_staff
from tests.loyalty.shelf import make_reward

EXAMPLES = 400 if os.environ.get("SOAK") else 30
# Before the clock is put back; an ordinary Tuesday, both nights that change the clock, and one that has passed.
NOW = datetime(2026, 10, 20, 10, 0, tzinfo=UTC)
DAYS = (date(2026, 11, 24), date(2026, 10, 25), date(2027, 3, 28), date(2026, 10, 19))
QUARTER = timedelta(minutes=15)
WEEK = range(1, 8)


@dataclass
class House:
    """Six services, three people who do some of them, clients of every kind, five rewards."""

    services: list[Service]
    staff: list[StaffMember]
    clients: list[Client | None]
    rewards: list[Reward]


@pytest.fixture
def house(in_sonnenschein: Salon, front_desk: Actor) -> House:
    services = [
        make_service("Schneiden", 60),
        make_service("Ansatzfarbe", 30, 35, 25),
        make_service("Brauen zupfen", 15, buffer=20),
        make_service("Massage", 30, buffer=10),
        make_service("Beratung", 15, price="0.00"),
        make_service("Was niemand kann", 15),
    ]
    return House(
        services,
        [
            make_staff("Anna", services[:5], weekdays=WEEK, hours=[(540, 780), (840, 1080)], position=1),
            make_staff("Bora", services[1:5], weekdays=WEEK, hours=[(0, 300), (600, 900)], position=2),
            make_staff("Cem", services[:3], weekdays=WEEK, hours=[(90, 150), (720, 1200)], position=3),
        ],
        [
            None,
            make_client("Lena", "Vogel"),
            make_client("Tim", "Krause", blocked=True, blocked_reason="Dreimal nicht erschienen"),
            _with_points(front_desk, "Ida", 120),
            _with_points(front_desk, "Uwe", 500, matrix_exempt=True),
        ],
        [
            make_reward(services[2], 60),
            make_reward(services[3], 70, Matrix.ANYTIME),
            make_reward(services[1], 50),
            make_reward(services[0], 40, archived_at=NOW),
            make_reward(services[4], 400),
        ],
    )


def _with_points(actor: Actor, name: str, points: int, **given: bool) -> Client:
    client = make_client(name, "Punkte", treatcard_number=f"TC-{points}", **given)
    post(client=client, points=points, cause=Cause.ADJUSTED, cause_id=new_id(), actor=actor, now=NOW)
    return client


type Told = tuple[Any, ...]


def _told(ask: Callable[[], Booked]) -> Told:
    """Return all that somebody is told of a booking: what it comes to and what is odd, or why it cannot be."""
    try:
        with transaction.atomic():
            booked = ask()
            transaction.set_rollback(True)
    except SlotTaken as refusal:
        return (refusal.code, str(refusal.message), refusal.blocking, refusal.alternatives)
    except InvalidInput as refusal:
        return (refusal.code, [(one.field, one.code, str(one.message)) for one in refusal.errors])
    except DomainError as refusal:
        return (refusal.code, str(refusal.message), dict(refusal.members))
    items = [
        (one.position, one.service_id, one.staff_id, one.starts_at, one.ends_at, one.minutes, one.price, one.list_price)
        for one in booked.items
    ]
    return (items, [(one.field, one.code, str(one.message)) for one in booked.warnings])


@dataclass(frozen=True)
class Case:
    """Who calls for what, when, and what stands there already; people and things by their place in the house."""

    wishes: Sequence[tuple[int, int | None]]
    minute: int
    day: date = DAYS[0]
    booked: Sequence[tuple[int, Sequence[int], int]] = ()
    absent: Sequence[tuple[int, int, int]] = ()
    client: int = 0
    rewards: Sequence[int] = ()


def _both(house: House, salon: Salon, actor: Actor, case: Case) -> Told:
    """Return what booking says, after the same was foreseen."""
    begin = local_moment(case.day, 0, ZoneInfo("Europe/Berlin"))
    starts_at = begin + timedelta(minutes=case.minute)
    items = [
        ItemWish(house.services[service].pk, None if staff is None else house.staff[staff].pk)
        for service, staff in case.wishes
    ]
    whom = house.clients[case.client]
    chosen = [house.rewards[one] for one in case.rewards]
    given: Any = {"actor": actor, "salon": salon, "now": NOW}
    desk: Any = {"source": Source.STAFF, "bounds": Bounds.DESK, "telling": Telling.OMIT}

    def book() -> Booked:
        return book_with_rewards(
            **given,
            **desk,
            starts_at=starts_at,
            items=items,
            client_id=whom.pk if whom else None,
            rewards=[one.pk for one in chosen],
        )

    def look() -> Booked:
        services = [*{service: house.services[service] for service, _staff in case.wishes}.values()]
        treats = [one.service for one in chosen if one.service]
        team = team_for([one.pk for one in (*services, *treats)])
        return foresee(
            **given,
            starts_at=starts_at,
            items=items,
            client=caller(whom.pk).client if whom else None,
            shop=shop_on(case.day, [one.pk for one in services], team.staff),
            outlook=outlook_on(starts_at, 33, team=team, services=[*services, *treats], salon=salon),
            rewards=chosen,
            had=had_by(whom.pk, asked=treats) if whom and treats else None,
        )

    with transaction.atomic():
        for place, services, whose in case.booked:
            before = house.clients[whose]
            with suppress(SlotTaken):
                book_with_rewards(
                    **given,
                    **desk,
                    starts_at=begin + place * QUARTER,
                    items=[ItemWish(house.services[one].pk) for one in services],
                    client_id=before.pk if before else None,
                )
        for staff, place, length in case.absent:
            away_from = begin + place * QUARTER
            make_absence(house.staff[staff], away_from, away_from + length * QUARTER)
        written = Appointment.objects.count(), AppointmentItem.objects.count()
        foreseen = _told(look)
        assert (Appointment.objects.count(), AppointmentItem.objects.count()) == written
        told = _told(book)
        transaction.set_rollback(True)
    assert foreseen == told
    return told


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    case=st.builds(
        Case,
        day=st.sampled_from(DAYS),
        wishes=st.lists(st.tuples(st.integers(0, 4), st.sampled_from([None, None, 0, 1, 2])), min_size=1, max_size=3),
        minute=st.integers(0, 287).map(lambda place: place * 5),
        booked=st.lists(
            st.tuples(st.integers(0, 95), st.lists(st.integers(0, 3), min_size=1, max_size=2), st.integers(0, 4)),
            max_size=8,
        ),
        absent=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 95), st.integers(1, 12)), max_size=2),
        client=st.integers(0, 4),
        rewards=st.lists(st.integers(0, 4), max_size=3, unique=True),
    )
)
def test_what_is_foreseen_is_what_booking_does(
    house: House, in_sonnenschein: Salon, front_desk: Actor, case: Case
) -> None:
    _both(house, in_sonnenschein, front_desk, case)


TEN, NOON, EIGHT_PM = 10 * 60, 12 * 60, 20 * 60


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (Case([(0, None), (2, None)], TEN), []),
        (Case([(0, 0)], EIGHT_PM), ["outside_hours"]),
        (Case([(0, 0)], TEN, absent=[(0, 40, 2)]), ["absent"]),
        (Case([(0, 1)], TEN), ["not_performed"]),
        (Case([(0, 0)], TEN, day=DAYS[3]), ["in_the_past"]),
        (Case([(0, 0)], TEN, client=2), ["client_blocked"]),
        (Case([(0, 0)], TEN, client=1, booked=[(40, [3], 1)]), "slot_taken"),
        (Case([(0, None)], TEN, client=1, booked=[(40, [1], 1)]), ["outside_hours", "client_overlaps"]),
        # While colour takes effect, she is free for somebody else, for so many minutes.
        (Case([(2, 0)], TEN + 30, booked=[(40, [1], 0)]), []),
        (Case([(3, 0)], TEN + 30, booked=[(40, [1], 0)]), "slot_taken"),
        (Case([(0, 0)], TEN, client=3, rewards=[0]), []),
        (Case([(0, 0)], TEN, client=3, rewards=[0, 1]), "not_enough_points"),
        (Case([(0, 0)], TEN, client=4, rewards=[0, 1]), []),
        (Case([(0, 0)], TEN, client=1, rewards=[0]), "no_treatcard"),
        (Case([(0, 0)], TEN, rewards=[0]), "no_treatcard"),
        (Case([(2, 0)], TEN, client=3, rewards=[0]), "already_had"),
        (Case([(0, 0)], TEN, client=3, rewards=[0], booked=[(56, [2], 3)]), "already_had"),
        (Case([(0, 0)], TEN, client=4, rewards=[0], booked=[(56, [2], 4)]), []),
        (Case([(1, 0)], TEN, client=4, rewards=[3]), "reward_archived"),
        (Case([(4, 0)], TEN, client=3, rewards=[0]), "needs_paid_service"),
        (Case([(0, 0)], EIGHT_PM, client=3, rewards=[0]), "no_room"),
        (Case([(5, None)], TEN), "invalid"),
    ],
)
def test_each_of_it(house: House, in_sonnenschein: Salon, front_desk: Actor, case: Case, said: str | list[str]) -> None:
    outcome, told = _both(house, in_sonnenschein, front_desk, case)[:2]
    assert said == (outcome if isinstance(outcome, str) else [code for _field, code, _message in told])
