"""Whatever a rule says, the database and plain Python mean the same clients by it (domain.md §9.1)."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
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
from clients.models import Category, CategoryAssignment
from marketing.choosing import clients_in
from marketing.rule import Condition, Group, Match, Value
from marketing.vocabulary import FIELDS, Kind, TimeOfDay, Weekday
from salon.catalogue.models import Product, Service
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests import database
from tests.bookings.salonday import BERLIN, a_salon_day, at, make_appointment, make_client, make_staff
from tests.checkout.till import make_product
from tests.conftest import NOW
from tests.marketing.segment_world import PAID, TODAY, sold

pytestmark = pytest.mark.django_db
PEOPLE = 40
OPEN = (State.BOOKED, State.ARRIVED)


@dataclass(slots=True)
class Visit:
    """An appointment as the test wrote it."""

    at: datetime
    state: State
    service: Service


@dataclass(slots=True)
class Purchase:
    """A line of a sale as the test wrote it."""

    on: date
    state: SaleState
    item: Service | Product | None
    price: Decimal
    back: Decimal


@dataclass(slots=True)
class Person:
    """What the test knows of a client."""

    name: str
    facts: dict[str, Any]
    categories: set[Any] = field(default_factory=set)
    visits: list[Visit] = field(default_factory=list)
    purchases: list[Purchase] = field(default_factory=list)

    def get(self, name: str) -> Any:
        """Return a fact of the card, None where it has none."""
        return self.facts.get(name)


@dataclass(slots=True)
class World:
    """A salon, its people, and the ids that rules can name."""

    salon: Salon
    people: list[Person]
    ids: dict[Kind, list[Any]]


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
    }
    return World(salon, [lena, *people], ids)


# A card about which nothing is known.
_BARE = {"listed_on": TODAY, "points": 0, "carried_visits": 0, "treatcard_number": ""}


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
            "email_consent_for": random.choice([None, ""]),
            "blocked": random.random() < 0.2,
            "preferred_staff": random.choice([None, *staff]),
            "birth_day": birthday and birthday[0],
            "birth_month": birthday and birthday[1],
        },
    )


# What plain Python says: a function of the person and the values for each thing that can be asked.
type Says = Callable[[World, Person, Any], bool]


def _months_ago(months: int) -> date:
    # None of the months that are asked for lacks the 21st.
    whole = TODAY.year * 12 + TODAY.month - 1 - months
    return TODAY.replace(year=whole // 12, month=whole % 12 + 1)


def _past(column: str) -> dict[str, Says]:
    def within(_world: World, who: Person, values: Any) -> bool:
        return who.get(column) is not None and TODAY - timedelta(days=values[0]) <= who.get(column) <= TODAY

    def longer_ago(_world: World, who: Person, values: Any) -> bool:
        return who.get(column) is not None and who.get(column) < TODAY - timedelta(days=values[0])

    def between(_world: World, who: Person, values: Any) -> bool:
        return who.get(column) is not None and values[0] <= who.get(column) <= values[1]

    return {
        "within_last": within,
        "longer_ago": longer_ago,
        "between": between,
        "never": lambda _world, who, _values: who.get(column) is None,
    }


def _next(who: Person) -> date | None:
    coming = [visit.at for visit in who.visits if visit.state in OPEN and visit.at >= NOW]
    return min(coming).astimezone(BERLIN).date() if coming else None


def _kept(who: Person, months: int | None = None) -> Decimal:
    return sum(
        (
            one.price - one.back
            for one in who.purchases
            if one.item and one.state != SaleState.VOID and (months is None or one.on >= _months_ago(months))
        ),
        Decimal(0),
    )


def _best(world: World, who: Person, values: Any) -> bool:
    spent = [_kept(one, 12) for one in world.people]
    better = sum(amount > _kept(who, 12) for amount in spent)
    return _kept(who, 12) > 0 and better < sum(amount > 0 for amount in spent) * values[0] / 100


def _has_had(who: Person, ids: Any, months: int | None) -> bool:
    since = _months_ago(months) if months is not None else date.min
    bought = {one.item.pk for one in who.purchases if one.item and one.on >= since and _stands(one)}
    had = {one.service.pk for one in who.visits if one.state == State.COMPLETED and one.at.date() >= since}
    return bool((bought | had) & set(ids))


def _stands(one: Purchase) -> bool:
    return one.state in {PAID, SaleState.PARTLY_REFUNDED}


def _bought() -> dict[str, Says]:
    return {
        "bought": lambda _world, who, values: _has_had(who, values, None),
        "bought_within": lambda _world, who, values: _has_had(who, values[1:], values[0]),
        "not_bought": lambda _world, who, values: not _has_had(who, values, None),
        "not_bought_within": lambda _world, who, values: not _has_had(who, values[1:], values[0]),
    }


def _usual(slot: Callable[[datetime], str]) -> dict[str, Says]:
    def usually(_world: World, who: Person, values: Any) -> bool:
        since = _months_ago(24)
        done = [one.at for one in who.visits if one.state == State.COMPLETED and one.at.date() >= since]
        times = Counter(slot(moment) for moment in done)
        return any(times[value] == max(times.values()) for value in values if times[value])

    return {"in": usually, "not_in": lambda world, who, values: not usually(world, who, values)}


def _time_of_day(moment: datetime) -> str:
    return TimeOfDay.MORNING if moment.hour < 12 else TimeOfDay.AFTERNOON if moment.hour < 17 else TimeOfDay.EVENING


def _has_birthday(who: Person, days: range) -> bool:
    for day in (TODAY + timedelta(days=number) for number in days):
        if (who.get("birth_month"), who.get("birth_day")) == (day.month, day.day):
            return True
        if (day.month, day.day) == (2, 28) and (who.get("birth_month"), who.get("birth_day")) == (2, 29):
            return True
    return False


def _overdue(_world: World, who: Person, _values: Any) -> bool:
    first, last, visits = who.get("carried_first_visit_on"), who.get("carried_last_visit_on"), who.get("carried_visits")
    if visits < 3 or last == first or _next(who):
        return False
    return bool((TODAY - last) / timedelta(days=1) > 1.5 * ((last - first) / timedelta(days=1)) / (visits - 1))


def _plain(column: str) -> dict[str, Says]:
    return {
        "in": lambda _world, who, values: who.get(column) in values,
        "not_in": lambda _world, who, values: who.get(column) not in values,
    }


def _either(yes: Says) -> dict[str, Says]:
    return {"yes": yes, "no": lambda world, who, values: not yes(world, who, values)}


def _bounds(column: str) -> dict[str, Says]:
    return {
        "at_least": lambda _world, who, values: who.get(column) >= values[0],
        "at_most": lambda _world, who, values: who.get(column) <= values[0],
    }


SAYS: dict[str, dict[str, Says]] = {
    "category": {
        "in": lambda _world, who, values: bool(who.categories & set(values)),
        "not_in": lambda _world, who, values: not who.categories & set(values),
    },
    "status": _plain("status"),
    "reason": _plain("status_reason"),
    "first_visit": _past("carried_first_visit_on"),
    "last_visit": _past("carried_last_visit_on"),
    "next_visit": {
        "within_next": lambda _world, who, values: (_next(who) or date.max) <= TODAY + timedelta(days=values[0]),
        "later_than": lambda _world, who, values: (_next(who) or date.min) > TODAY + timedelta(days=values[0]),
        "between": lambda _world, who, values: values[0] <= (_next(who) or date.min) <= values[1],
        "none": lambda _world, who, _values: _next(who) is None,
    },
    "visits": _bounds("carried_visits"),
    "spent": {
        "at_least": lambda _world, who, values: _kept(who) >= values[0],
        "at_most": lambda _world, who, values: _kept(who) <= values[0],
        "at_least_within": lambda _world, who, values: _kept(who, values[1]) >= values[0],
        "at_most_within": lambda _world, who, values: _kept(who, values[1]) <= values[0],
    },
    "top_spenders": {"top_percent": _best},
    "service": _bought(),
    "product": _bought(),
    "weekday": _usual(lambda moment: list(Weekday)[moment.weekday()]),
    "time_of_day": _usual(_time_of_day),
    "preferred_staff": {
        "in": lambda _world, who, values: getattr(who.get("preferred_staff"), "pk", None) in values,
        "not_in": lambda _world, who, values: getattr(who.get("preferred_staff"), "pk", None) not in values,
        "none": lambda _world, who, _values: who.get("preferred_staff") is None,
    },
    "birthday": {
        "this_month": lambda _world, who, _values: who.get("birth_month") == TODAY.month,
        "in_month": lambda _world, who, values: who.get("birth_month") == values[0],
        "within_next": lambda _world, who, values: _has_birthday(who, range(values[0] + 1)),
    },
    "points": _bounds("points"),
    "treatcard": _either(lambda _world, who, _values: who.get("treatcard_number") != ""),
    "email_consent": {
        **_either(lambda _world, who, _values: who.get("email_consent_for") is not None),
        # Nobody in this world was asked.
        "unconfirmed": lambda _world, _who, _values: False,
    },
    "lapsing": {
        "within_next": lambda _world, who, values: (
            who.get("status") == Status.RETURNING
            and TODAY < (who.get("status_changes_on") or date.min) <= TODAY + timedelta(days=values[0])
        )
    },
    "overdue": _either(_overdue),
    "blocked": _either(lambda _world, who, _values: who.get("blocked")),
    "listed": _past("listed_on"),
}


def _says(world: World, who: Person, rule: Group | Condition) -> bool:
    if isinstance(rule, Condition):
        return SAYS[rule.field][rule.operator](world, who, rule.values)
    every = all if rule.match == Match.ALL else any
    return every(_says(world, who, part) for part in rule.parts) != rule.negated


VALUES: dict[Kind, st.SearchStrategy[Value]] = {
    Kind.DAYS: st.sampled_from([0, 1, 7, 8, 30, 31, 60, 365]),
    Kind.MONTHS: st.sampled_from([1, 3, 12, 13]),
    Kind.VISITS: st.sampled_from([0, 1, 3, 4]),
    Kind.POINTS: st.sampled_from([-5, 0, 10, 101]),
    Kind.PERCENT: st.sampled_from([1, 10, 50, 100]),
    Kind.MONTH: st.sampled_from([1, 2, 11]),
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
    if operator.many:
        known = world.ids.get(operator.many) or [name for name, _label in asked.choices]
        values += draw(st.lists(st.sampled_from(known), min_size=1, max_size=2, unique=True))
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
    expected = {who.name for who in world.people if _says(world, who, rule)}
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
        told = {_says(world, who, Condition(name, operator, values)) for who in world.people}
        assert told == {True, False}, name
