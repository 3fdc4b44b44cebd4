"""A small world as the tests wrote it, and what plain Python says of a rule about it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bookings.models import SaleState
from bookings.states import State
from clients.classification import Status
from marketing.rule import Condition, Group, Match
from marketing.vocabulary import Kind, TimeOfDay, Weekday
from salon.catalogue.models import Product, Service
from salon.tenancy.models import Salon
from tests.bookings.salonday import BERLIN
from tests.conftest import NOW
from tests.marketing.segment_world import PAID, TODAY

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
class Mail:
    """A mail of a campaign that went out, as the test wrote it."""

    campaign: Any
    on: date


@dataclass(slots=True)
class Person:
    """What the test knows of a client."""

    name: str
    facts: dict[str, Any]
    categories: set[Any] = field(default_factory=set)
    visits: list[Visit] = field(default_factory=list)
    purchases: list[Purchase] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)

    def get(self, name: str) -> Any:
        """Return a fact of the card, None where it has none."""
        return self.facts.get(name)


@dataclass(slots=True)
class World:
    """A salon, its people, and the ids that rules can name."""

    salon: Salon
    people: list[Person]
    ids: dict[Kind, list[Any]]


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


def _age(who: Person) -> int | None:
    year: int | None = who.get("birth_year")
    if year is None:
        return None
    born = date(year, who.get("birth_month"), who.get("birth_day"))
    return TODAY.year - year - ((TODAY.month, TODAY.day) < (born.month, born.day))


def _aged(least: int, most: int, who: Person) -> bool:
    age = _age(who)
    return age is not None and least <= age <= most


def _begins(_world: World, who: Person, values: Any) -> bool:
    return any((who.get("postal_code") or "").startswith(value) for value in values)


def _lives_in(_world: World, who: Person, values: Any) -> bool:
    return (who.get("city") or "").lower() in [value.lower() for value in values]


def _agrees(_world: World, who: Person, _values: Any) -> bool:
    agreed_at = who.get("email_consent_for")
    return agreed_at is not None and agreed_at.lower() == (who.get("email") or "").lower()


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


def _mailed(who: Person, days: int) -> bool:
    return any(one.on >= TODAY - timedelta(days=days) for one in who.mails)


def _missed(who: Person) -> int:
    return sum(one.state == State.NO_SHOW for one in who.visits)


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
    "gender": {**_plain("gender"), "none": lambda _world, who, _values: not who.get("gender")},
    "age": {
        "at_least": lambda _world, who, values: _aged(values[0], 200, who),
        "at_most": lambda _world, who, values: _aged(0, values[0], who),
        "between": lambda _world, who, values: _aged(values[0], values[1], who),
        "none": lambda _world, who, _values: who.get("birth_year") is None,
    },
    "postal_code": {
        "begins": _begins,
        "not_begins": lambda world, who, values: not _begins(world, who, values),
        "none": lambda _world, who, _values: not who.get("postal_code"),
    },
    "town": {
        "in": _lives_in,
        "not_in": lambda world, who, values: not _lives_in(world, who, values),
        "none": lambda _world, who, _values: not who.get("city"),
    },
    "points": _bounds("points"),
    "campaign": {
        "got": lambda _world, who, values: any(one.campaign in values for one in who.mails),
        "not_got": lambda _world, who, values: not any(one.campaign in values for one in who.mails),
    },
    "written_to": {
        "within_last": lambda _world, who, values: _mailed(who, values[0]),
        "not_within_last": lambda _world, who, values: not _mailed(who, values[0]),
    },
    "no_shows": {
        "at_least": lambda _world, who, values: _missed(who) >= values[0],
        "at_most": lambda _world, who, values: _missed(who) <= values[0],
    },
    "treatcard": _either(lambda _world, who, _values: who.get("treatcard_number") != ""),
    "email_consent": {
        **_either(_agrees),
        "lapsed": lambda world, who, values: (
            who.get("email_consent_for") is not None and not _agrees(world, who, values)
        ),
        # Nobody in this world was asked.
        "unconfirmed": lambda _world, _who, _values: False,
        "withdrawn": lambda _world, _who, _values: False,
        "never": lambda _world, who, _values: who.get("email_consent_for") is None,
    },
    "lapsing": {
        "within_next": lambda _world, who, values: (
            who.get("status") == Status.RETURNING
            and TODAY < (who.get("status_changes_on") or date.min) <= TODAY + timedelta(days=values[0])
            and _next(who) is None
        )
    },
    "overdue": _either(_overdue),
    "blocked": _either(lambda _world, who, _values: who.get("blocked")),
    "listed": _past("listed_on"),
}


def says(world: World, who: Person, rule: Group | Condition) -> bool:
    """Whether a rule means a person."""
    if isinstance(rule, Condition):
        return SAYS[rule.field][rule.operator](world, who, rule.values)
    every = all if rule.match == Match.ALL else any
    return every(says(world, who, part) for part in rule.parts) != rule.negated
