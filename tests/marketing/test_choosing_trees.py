"""Whatever a rule says, the database and plain Python mean the same clients by it (domain.md §9.1)."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_django import DjangoDbBlocker

from bookings.models import SaleState
from bookings.states import State
from clients.classification import Reason, Status
from clients.models import Category, CategoryAssignment, Client
from marketing.choosing import clients_in
from marketing.models import Campaign, Recipient, RecipientReason, RecipientState
from marketing.rule import Condition, Group, Match, Value
from marketing.vocabulary import FIELDS, Kind
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests import database
from tests.bookings.salonday import a_salon_day, at, make_appointment, make_client, make_staff
from tests.checkout.till import make_product
from tests.conftest import NOW
from tests.marketing.campaigning import draft
from tests.marketing.plain_python import OPEN, SAYS, Mail, Person, Purchase, Visit, World, says
from tests.marketing.segment_world import PAID, TODAY, sold

pytestmark = pytest.mark.django_db
PEOPLE = 40


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Make a small salon once; nothing here writes."""
    with django_db_blocker.unblock():
        salon = Salon.objects.create(name="Salon Sonnenschein", slug="sonnenschein")
        with salon_scope(salon.pk):
            made = _world(salon, Random(9))
    yield made
    with django_db_blocker.unblock():
        database.forget_salons()


def _world(salon: Salon, random: Random) -> World:
    day = a_salon_day()
    services, products = [day.cut, day.colour, day.brows], [make_product(), make_product("Wachs")]
    staff = [day.anna, day.bora, make_staff("Cem")]
    categories = [Category.objects.create(name=name, name_key=name, created_at=NOW) for name in ("farbe", "barber")]
    lena = Person("Lena", {"status": Status.RETURNING, "status_reason": Reason.LISTED, **_BARE})
    people = [_person(number, random, staff) for number in range(PEOPLE)]
    campaigns = [draft("everybody", name=name) for name in ("Frühling", "Sommer")]
    hours = iter(range(10_000))
    for person in people:
        card = make_client(person.name, **person.facts)
        for category in categories:
            if random.random() < 0.4:
                person.categories.add(category.pk)
                CategoryAssignment.objects.create(client=card, category=category, assigned_at=NOW)
        for _visit in range(random.choice([0, 1, 3, 6])):
            service, chance = random.choice(services), random.random()
            # Each at an hour of its own: nobody is in two places.
            number = next(hours)
            near = TODAY - timedelta(days=random.choice([-40, -8, -7, -1, 1, 20, 100, 400, 720, 800]) + number % 5)
            when = at(random.choice([8, 12, 16, 17]), day=near)
            state = random.choice([State.COMPLETED, State.NO_SHOW]) if when < NOW else random.choice(OPEN)
            state = State.CANCELLED if chance < 0.1 else state
            make_appointment((service, make_staff(f"Hand {number}")), client=card, starts_at=when, state=state)
            person.visits.append(Visit(when, state, service))
        for campaign in campaigns:
            days = random.choice([None, 0, 1, 7, 8, 31, 60])
            _mail(campaign, card, days)
            if days is not None:
                person.mails.append(Mail(campaign.pk, TODAY - timedelta(days=days)))
        for _sale in range(random.choice([0, 0, 1, 3])):
            on = TODAY - timedelta(days=random.choice([0, 1, 89, 92, 364, 366, 400]))
            item = random.choice([*services, *products, None])
            price = Decimal(random.choice(["10.00", "50.00", "99.99"]))
            paid = random.choice([PAID, PAID, SaleState.PARTLY_REFUNDED, SaleState.REFUNDED, SaleState.VOID])
            back = {SaleState.PARTLY_REFUNDED: Decimal("5.00"), SaleState.REFUNDED: price}.get(paid, Decimal(0))
            sold(card, (item, str(price), str(back)), on=on, state=paid)
            person.purchases.append(Purchase(on, paid, item, price, back))
    ids = {
        Kind.CATEGORY: [one.pk for one in categories],
        Kind.SERVICE: [one.pk for one in services],
        Kind.PRODUCT: [one.pk for one in products],
        Kind.STAFF: [one.pk for one in staff],
        Kind.CAMPAIGN: [one.pk for one in campaigns],
    }
    return World(salon, [lena, *people], ids)


def _mail(campaign: Campaign, card: Client, days: int | None) -> None:
    """Let a mail have gone out so many days ago, or have been left out."""
    Recipient.objects.create(
        campaign=campaign,
        client=card,
        state=RecipientState.EXCLUDED if days is None else RecipientState.SENT,
        reason=RecipientReason.NO_CONSENT if days is None else RecipientReason.CONSENT,
        sent_at=None if days is None else NOW - timedelta(days=days),
        created_at=NOW,
    )


# A card about which nothing is known.
_BARE = {"listed_on": TODAY, "points": 0, "carried_visits": 0, "treatcard_number": "", "gender": ""}


def _person(number: int, random: Random, staff: list[Any]) -> Person:
    last = random.choice([None, *(TODAY - timedelta(days=days) for days in (0, 30, 31, 60, 61, 365, 366))])
    visits = random.choice([1, 3, 4]) if last else 0
    status, reason = random.choice(
        [
            (Status.NEW, Reason.LAPSED),
            (Status.NEW, Reason.FIRST_VISIT_PENDING),
            (Status.RETURNING, Reason.LISTED),
            (Status.RETURNING, Reason.RECENT_VISIT),
        ]
    )
    birthday = random.choice([None, (21, 11), (22, 11), (29, 2), (1, 1), (31, 12)])
    year = random.choice([None, 1996, 2008])
    return Person(
        f"Nr{number}",
        {
            "status": status,
            "status_reason": reason,
            "status_changes_on": random.choice([None, *(TODAY + timedelta(days=days) for days in (0, 1, 30, 31))]),
            "carried_first_visit_on": last and last - timedelta(days=(visits - 1) * 40),
            "carried_last_visit_on": last,
            "carried_visits": visits,
            "listed_on": TODAY - timedelta(days=random.choice([0, 30, 31, 365, 366])),
            "points": random.choice([-5, 0, 10, 100]),
            "treatcard_number": random.choice(["", f"T{number}"]),
            "email": random.choice(["", "Old@x.example", "new@x.example"]),
            "email_consent_for": random.choice([None, "", "old@x.example"]),
            "blocked": random.random() < 0.2,
            "preferred_staff": random.choice([None, *staff]),
            "birth_day": birthday and birthday[0],
            "birth_month": birthday and birthday[1],
            "birth_year": year if birthday else None,
            "gender": random.choice(["", "FEMALE", "MALE", "DIVERSE"]),
            "postal_code": random.choice(["", "80331", "81541", "10115"]),
            "city": random.choice(["", "München", "münchen", "Köln"]),
        },
    )


VALUES: dict[Kind, st.SearchStrategy[Value]] = {
    Kind.DAYS: st.sampled_from([0, 1, 7, 8, 30, 31, 60, 365]),
    Kind.MONTHS: st.sampled_from([1, 3, 12, 13]),
    Kind.VISITS: st.sampled_from([0, 1, 3, 4]),
    Kind.TIMES: st.sampled_from([0, 1, 2]),
    Kind.POINTS: st.sampled_from([-5, 0, 10, 101]),
    Kind.PERCENT: st.sampled_from([1, 10, 50, 100]),
    Kind.MONTH: st.sampled_from([1, 2, 11]),
    Kind.YEARS: st.sampled_from([0, 17, 18, 19, 29, 30, 31]),
    Kind.POSTCODE: st.sampled_from(["8", "80", "81541", "9"]),
    Kind.TOWN: st.sampled_from(["MÜNCHEN", "Köln", "Rom"]),
    Kind.MONEY: st.sampled_from([Decimal(text) for text in ("0.00", "0.01", "5.00", "45.00", "99.99", "150.00")]),
}


@st.composite
def conditions(draw: st.DrawFn, world: World) -> Condition:
    """Anything that can be asked about this world."""
    asked = FIELDS[draw(st.sampled_from(list(FIELDS)))]
    operator = asked.operators[draw(st.sampled_from(list(asked.operators)))]
    if operator.takes == (Kind.DATE, Kind.DATE):
        days = sorted(draw(st.sampled_from([-400, -60, -30, 0, 8, 40])) for _ in range(2))
        return Condition(asked.name, operator.name, tuple(TODAY + timedelta(days=one) for one in days))
    values = [draw(VALUES[kind]) for kind in operator.takes]
    if operator.takes == (Kind.YEARS, Kind.YEARS):
        values.sort(key=int)  # type: ignore[arg-type]
    if operator.many:
        known = world.ids.get(operator.many) or [name for name, _label in asked.choices]
        each = VALUES[operator.many] if operator.many in VALUES else st.sampled_from(known)
        values += draw(st.lists(each, min_size=1, max_size=2, unique=True))
    return Condition(asked.name, operator.name, tuple(values))


def groups(world: World, depth: int = 3) -> st.SearchStrategy[Group]:
    """Any rule about this world."""
    part = conditions(world) if depth == 1 else st.one_of(conditions(world), groups(world, depth - 1))
    parts = st.lists(part, min_size=1, max_size=3).map(tuple)
    return st.builds(Group, st.sampled_from(Match), parts, st.booleans())


@given(data=st.data())
@settings(deadline=None)
def test_a_random_rule_means_the_same(world: World, data: st.DataObject) -> None:
    rule = data.draw(groups(world))
    expected = {who.name for who in world.people if says(world, who, rule)}
    with salon_scope(world.salon.pk):
        found = clients_in(rule, salon=world.salon, now=NOW).values_list("first_name", flat=True)
        assert sorted(found) == sorted(expected), rule


def test_everything_that_can_be_asked_is_told_apart(world: World) -> None:
    """The world has somebody to whom each field applies, and somebody to whom it does not."""
    assert {(name, operator) for name, one in SAYS.items() for operator in one} >= {
        (one.name, operator) for one in FIELDS.values() for operator in one.operators
    }
    for name in ("next_visit", "overdue", "weekday", "top_spenders"):
        operator = {"next_visit": "none", "overdue": "yes", "weekday": "in", "top_spenders": "top_percent"}[name]
        values = {"weekday": ("TUE", "WED"), "top_spenders": (50,)}.get(name, ())
        told = {says(world, who, Condition(name, operator, values)) for who in world.people}
        assert told == {True, False}, name
