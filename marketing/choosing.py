"""Which clients a rule means: one condition on cards, whatever it asks (domain.md §9.1).

Every condition says yes or no of every card, never NULL: only so can it be negated.
"""

from calendar import isleap
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial, reduce
from operator import or_
from typing import Any, cast
from uuid import UUID

from django.db.models import Aggregate, Count, DateField, Exists, F, Func, IntegerField, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, Left, Lower
from django.db.models.lookups import GreaterThan, In

from clients.classification import Status
from clients.models import CategoryAssignment, Client, ConsentEntry, ConsentPurpose, Decision
from clients.models.card import ClientQuerySet
from marketing import facts
from marketing.facts import Ids, Moment
from marketing.rule import Condition, Group, Match
from marketing.vocabulary import TimeOfDay, Weekday
from salon.folding import order_key
from salon.money import cents
from salon.tenancy.models import Salon

# A rhythm has at least two gaps; who is later than one and a half of them is overdue.
VISITS_OF_A_RHYTHM = 3
_NOBODY = Q(pk__in=[])
_EVERYBODY = ~_NOBODY
_WHOLE_YEAR = 365
# More of them nobody looks through.
MOST_TOWNS = 500

type _Values = Sequence[Any]
type _Meets = Callable[[Moment, _Values], Q]


def meeting(rule: Group, *, salon: Salon, now: datetime) -> Q:
    """Return what a card of the open salon must meet to be meant by a rule."""
    return _group(rule, Moment.of(salon, now))


def clients_in(rule: Group, *, salon: Salon, now: datetime) -> ClientQuerySet:
    """Return the cards in use of the open salon that a rule means; one statement reads them."""
    return Client.objects.listed().filter(meeting(rule, salon=salon, now=now))


def count_of(rule: Group, *, salon: Salon, now: datetime) -> int:
    """Return how many cards in use of the open salon a rule means."""
    return clients_in(rule, salon=salon, now=now).count()


def marked(client_ids: Sequence[UUID]) -> Q:
    """Return what a card must meet to be one of these, or to have become one by merging."""
    return Q(pk__in=facts.who_became(client_ids))


def _group(group: Group, at: Moment) -> Q:
    parts = [_group(part, at) if isinstance(part, Group) else _condition(part, at) for part in group.parts]
    joined = Q(*parts, _connector=Q.AND if group.match == Match.ALL else Q.OR) if parts else _EVERYBODY
    return ~joined if group.negated else joined


def _condition(condition: Condition, at: Moment) -> Q:
    return _MEETS[condition.field, condition.operator](at, condition.values)


def _among(ids: Ids) -> Q:
    if isinstance(ids, RawSQL):
        # What is added up is a set of its own, never joined: of a salon of which nothing was counted yet PostgreSQL
        # expects one client, and would add up again for each.
        return Q(Coalesce(In(F("pk"), ids), Value(value=False)))
    return Q(pk__in=ids)


def _with_category(_at: Moment, values: _Values) -> Q:
    # One that is deleted is had by nobody.
    assigned = CategoryAssignment.objects.filter(category__in=list(values), category__deleted_at=None)
    return _among(assigned.values("client"))


def _column(name: str, _at: Moment, values: _Values) -> Q:
    return Q(**{f"{name}__in": list(values)})


def _not(meets: _Meets) -> _Meets:
    return lambda at, values: ~meets(at, values)


def _at_least(column: str, _at: Moment, values: _Values) -> Q:
    return Q(**{f"{column}__gte": values[0]})


def _at_most(column: str, _at: Moment, values: _Values) -> Q:
    return Q(**{f"{column}__lte": values[0]})


def _days(column: str, since: date | None, until: date | None) -> Q:
    """Return cards with a day from one to the other; that it is there is said for itself."""
    asked: dict[str, Any] = {f"{column}__isnull": False}
    if since is not None:
        asked[f"{column}__gte"] = since
    if until is not None:
        asked[f"{column}__lte"] = until
    return Q(**asked)


def _within_last(column: str, at: Moment, values: _Values) -> Q:
    return _days(column, at.day(-values[0]), at.today)


def _longer_ago(column: str, at: Moment, values: _Values) -> Q:
    return _days(column, None, at.day(-values[0] - 1))


def _between(column: str, _at: Moment, values: _Values) -> Q:
    return _days(column, values[0], values[1])


def _no(column: str, _at: Moment, _values: _Values) -> Q:
    return Q(**{f"{column}__isnull": True})


def _past(name: str, column: str) -> dict[tuple[str, str], _Meets]:
    return {
        (name, "within_last"): partial(_within_last, column),
        (name, "longer_ago"): partial(_longer_ago, column),
        (name, "between"): partial(_between, column),
        (name, "never"): partial(_no, column),
    }


def _bounds(name: str, column: str) -> dict[tuple[str, str], _Meets]:
    return {(name, "at_least"): partial(_at_least, column), (name, "at_most"): partial(_at_most, column)}


def _either(name: str, yes: _Meets) -> dict[tuple[str, str], _Meets]:
    return {(name, "yes"): yes, (name, "no"): _not(yes)}


def _in_or_not(name: str, meets: _Meets) -> dict[tuple[str, str], _Meets]:
    return {(name, "in"): meets, (name, "not_in"): _not(meets)}


def _since(at: Moment, months: int | None) -> date | None:
    return None if months is None else at.months_ago(months)


def _spent(least: int, since: date | None) -> Q:
    return _among(facts.who_spent(least, since)) if least > 0 else _EVERYBODY


def _spent_at_least(at: Moment, values: _Values) -> Q:
    amount, *months = values
    return _spent(cents(cast(Decimal, amount)), _since(at, *months) if months else None)


def _spent_at_most(at: Moment, values: _Values) -> Q:
    amount, *months = values
    return ~_spent(cents(cast(Decimal, amount)) + 1, _since(at, *months) if months else None)


def _top_spenders(at: Moment, values: _Values) -> Q:
    return _among(facts.top_spenders(values[0], at.months_ago(facts.BEST_MONTHS)))


def _bought(field: str, at: Moment, months: int | None, ids: Sequence[UUID]) -> Q:
    since = _since(at, months)
    bought = facts.who_bought(field, ids, since)
    if field == "product":
        return _among(bought)
    return _among(bought.union(facts.who_had(ids, None if since is None else at.begin(since))))


def _buying(field: str) -> dict[tuple[str, str], _Meets]:
    def ever(at: Moment, values: _Values) -> Q:
        return _bought(field, at, None, values)

    def within(at: Moment, values: _Values) -> Q:
        return _bought(field, at, values[0], values[1:])

    return {
        (field, "bought"): ever,
        (field, "bought_within"): within,
        (field, "not_bought"): _not(ever),
        (field, "not_bought_within"): _not(within),
    }


def _next_within(at: Moment, values: _Values) -> Q:
    return _among(facts.with_next_visit(at, until=at.day(values[0])))


def _next_later(at: Moment, values: _Values) -> Q:
    return _among(facts.with_next_visit(at, since=at.day(values[0] + 1)))


def _next_between(at: Moment, values: _Values) -> Q:
    return _among(facts.with_next_visit(at, since=values[0], until=values[1]))


def _next_none(at: Moment, _values: _Values) -> Q:
    return ~_among(facts.with_next_visit(at))


def _usual_weekday(at: Moment, values: _Values) -> Q:
    return _among(facts.usual_weekday(at, [Weekday(one) for one in values]))


def _usual_time(at: Moment, values: _Values) -> Q:
    return _among(facts.usual_time(at, [TimeOfDay(one) for one in values]))


def _stayed_away_at_least(_at: Moment, values: _Values) -> Q:
    return _among(facts.who_stayed_away(values[0])) if values[0] > 0 else _EVERYBODY


def _stayed_away_at_most(_at: Moment, values: _Values) -> Q:
    return ~_among(facts.who_stayed_away(values[0] + 1))


def _got(_at: Moment, values: _Values) -> Q:
    return _among(facts.who_got(values))


def _written_to(at: Moment, values: _Values) -> Q:
    return _among(facts.who_was_written_to(at, at.day(-values[0])))


def _birthday_in(month: int) -> Q:
    return Q(birth_month=month, birth_day__isnull=False, birth_month__isnull=False)


def _birthday_within(at: Moment, values: _Values) -> Q:
    known = Q(birth_day__isnull=False, birth_month__isnull=False)
    first, last = at.today, at.day(values[0])
    if values[0] >= _WHOLE_YEAR:
        return known
    since = Q(birth_month__gt=first.month) | Q(birth_month=first.month, birth_day__gte=first.day)
    until = _birthday_until(last)
    return known & (since & until if first.year == last.year else since | until)


def _birthday_until(day: date) -> Q:
    """Return whose birthday of a day's year is on it or has been; of 29 February it is on the 28th of other years."""
    last = 29 if (day.month, day.day) == (2, 28) and not isleap(day.year) else day.day
    return Q(birth_month__lt=day.month) | Q(birth_month=day.month, birth_day__lte=last)


_BIRTH_KNOWN = Q(birth_year__isnull=False, birth_month__isnull=False, birth_day__isnull=False)


def _born_for(at: Moment, years: int) -> Q:
    year = at.today.year - years
    return Q(birth_year__lt=year) | (Q(birth_year=year) & _birthday_until(at.today))


def _at_least_old(at: Moment, values: _Values) -> Q:
    return _BIRTH_KNOWN & _born_for(at, values[0])


def _at_most_old(at: Moment, values: _Values) -> Q:
    return _BIRTH_KNOWN & ~_born_for(at, values[0] + 1)


def _old_between(at: Moment, values: _Values) -> Q:
    return _at_least_old(at, values[:1]) & _at_most_old(at, values[1:])


def _lower(texts: Sequence[str]) -> list[Lower]:
    # By the database, which does it to the column: both agree on every letter.
    return [Lower(Value(text)) for text in texts]


def _postcode_begins(_at: Moment, values: _Values) -> Q:
    by_length = defaultdict[int, list[str]](list)
    for text in values:
        by_length[len(text)].append(text)
    parts = (Q(In(Lower(Left("postal_code", length)), _lower(texts))) for length, texts in by_length.items())
    return reduce(or_, parts)


def _lives_in(_at: Moment, values: _Values) -> Q:
    return Q(In(Lower("city"), _lower(values)))


def _nothing_in(column: str, _at: Moment, _values: _Values) -> Q:
    return Q(**{column: ""})


class _Commonest(Aggregate):
    """The value that most rows have."""

    function = "MODE"
    template = "%(function)s() WITHIN GROUP (ORDER BY %(expressions)s)"


def towns() -> list[str]:
    """Return where clients on file live: each town once, in the writing that most have; of very many the commonest."""
    placed = Client.objects.listed().exclude(city="").annotate(place=Lower("city")).values("place")
    found = placed.annotate(name=_Commonest("city"), lives=Count("pk")).order_by("-lives", "place")
    return sorted(found.values_list("name", flat=True)[:MOST_TOWNS], key=order_key)


def _lapsing(at: Moment, values: _Values) -> Q:
    soon = _days("status_changes_on", at.day(1), at.day(values[0]))
    return Q(status=Status.RETURNING) & soon & _next_none(at, ())


def _of_news() -> QuerySet[ConsentEntry]:
    return ConsentEntry.objects.filter(purpose=ConsentPurpose.EMAIL_MARKETING)


def _said_last(decision: Decision, _at: Moment, _values: _Values) -> Q:
    entries = _of_news()
    later = entries.filter(client=OuterRef("client")).filter(
        Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), pk__gt=OuterRef("pk"))
    )
    return _among(entries.filter(~Exists(later), decision=decision).values("client"))


def _unconfirmed(at: Moment, values: _Values) -> Q:
    # Who was asked at another address and has come back to the one she agreed at has nothing to confirm.
    return _said_last(Decision.REQUESTED, at, values) & Q(email_consent=False)


def _never_asked(_at: Moment, _values: _Values) -> Q:
    return Q(email_consent_for__isnull=True) & ~_among(_of_news().values("client"))


class _Days(Func):
    """The days from the second date to the first."""

    template = "(%(expressions)s)"
    arg_joiner = " - "
    output_field = IntegerField()


def _overdue(at: Moment, _values: _Values) -> Q:
    # Both sides times twice the number of gaps: whole numbers are exact.
    absent = _Days(Value(at.today, DateField()), F("last_success_on"))
    spanned = _Days(F("last_success_on"), F("first_success_on"))
    late = GreaterThan(absent * 2 * (F("visits_in_all") - 1), spanned * 3)
    regular = Q(
        visits_in_all__gte=VISITS_OF_A_RHYTHM,
        first_success_on__isnull=False,
        last_success_on__isnull=False,
        last_success_on__gt=F("first_success_on"),
    )
    return regular & Q(late) & _next_none(at, ())


_MEETS: dict[tuple[str, str], _Meets] = {
    **_in_or_not("category", _with_category),
    **_in_or_not("status", partial(_column, "status")),
    **_in_or_not("reason", partial(_column, "status_reason")),
    **_past("first_visit", "first_success_on"),
    **_past("last_visit", "last_success_on"),
    ("next_visit", "within_next"): _next_within,
    ("next_visit", "later_than"): _next_later,
    ("next_visit", "between"): _next_between,
    ("next_visit", "none"): _next_none,
    **_bounds("visits", "visits_in_all"),
    ("no_shows", "at_least"): _stayed_away_at_least,
    ("no_shows", "at_most"): _stayed_away_at_most,
    ("spent", "at_least"): _spent_at_least,
    ("spent", "at_most"): _spent_at_most,
    ("spent", "at_least_within"): _spent_at_least,
    ("spent", "at_most_within"): _spent_at_most,
    ("top_spenders", "top_percent"): _top_spenders,
    **_buying("service"),
    **_buying("product"),
    **_in_or_not("weekday", _usual_weekday),
    **_in_or_not("time_of_day", _usual_time),
    **_in_or_not(
        "preferred_staff", lambda _at, values: Q(preferred_staff__in=list(values), preferred_staff__isnull=False)
    ),
    ("preferred_staff", "none"): partial(_no, "preferred_staff"),
    ("birthday", "this_month"): lambda at, _values: _birthday_in(at.today.month),
    ("birthday", "in_month"): lambda _at, values: _birthday_in(values[0]),
    ("birthday", "within_next"): _birthday_within,
    ("age", "at_least"): _at_least_old,
    ("age", "at_most"): _at_most_old,
    ("age", "between"): _old_between,
    ("age", "none"): partial(_no, "birth_year"),
    **_in_or_not("gender", partial(_column, "gender")),
    ("gender", "none"): partial(_nothing_in, "gender"),
    ("postal_code", "begins"): _postcode_begins,
    ("postal_code", "not_begins"): _not(_postcode_begins),
    ("postal_code", "none"): partial(_nothing_in, "postal_code"),
    **_in_or_not("town", _lives_in),
    ("town", "none"): partial(_nothing_in, "city"),
    **_bounds("points", "points"),
    **_either("treatcard", lambda _at, _values: ~Q(treatcard_number="")),
    **_either("email_consent", lambda _at, _values: Q(email_consent=True)),
    ("email_consent", "unconfirmed"): _unconfirmed,
    ("email_consent", "lapsed"): lambda _at, _values: Q(email_consent_for__isnull=False, email_consent=False),
    ("email_consent", "withdrawn"): partial(_said_last, Decision.WITHDRAWN),
    ("email_consent", "never"): _never_asked,
    ("campaign", "got"): _got,
    ("campaign", "not_got"): _not(_got),
    ("written_to", "within_last"): _written_to,
    ("written_to", "not_within_last"): _not(_written_to),
    ("lapsing", "within_next"): _lapsing,
    **_either("overdue", _overdue),
    **_either("blocked", lambda _at, _values: Q(blocked=True)),
    **_past("listed", "listed_on"),
    ("client", "in"): lambda _at, values: marked(values),
}
