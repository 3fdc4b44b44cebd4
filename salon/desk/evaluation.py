"""What a salon's Treatcard comes to: points given and redeemed, what is open in money, who comes back (domain.md §7.3).

Every figure is read from the ledger, the redemptions and the sales; nothing is written.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from bookings.checkout.pricing import LineKind, rounded
from bookings.checkout.reading import refunds_of_sales_before
from bookings.models import SaleState
from clients.models import CardState, Cause
from loyalty.expiry import YOUNG, oldest_moment
from loyalty.rewards import STANDARD_TIMES
from salon.desk.months import months_between, year_until
from salon.identity.roles import Actor, Permission
from salon.money import from_cents
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon

# How long after a first time somebody may take to come back for it (domain.md §7.3).
WITHIN = timedelta(days=180)
# Open points are told apart by how many months ago they were collected: up to 3, up to 6 …, and the rest.
AGES = (3, 6, 12, 24)


@dataclass(frozen=True, slots=True)
class PointValue:
    """What a point is worth: list price over points of the last twelve months' redemptions, which `is_measured`, else
    what the standard gives for it."""

    euros: Decimal
    is_measured: bool

    def of(self, points: int) -> Decimal:
        """Return what so many points are worth, in whole cents."""
        return rounded(points * self.euros)


@dataclass(frozen=True, slots=True)
class MonthOfPoints:
    """One calendar month, or that part of it which lies in the year: points collected (less what refunds took) and
    redeemed (less what was given back), and what was open at its end."""

    month: date
    collected: int
    redeemed: int
    open: int


@dataclass(frozen=True, slots=True)
class Uplift:
    """Of one reward: how many clients had it for their first time, how many of them bought it within 180 days after
    that and for how much, and for how many of the others that time is not over yet."""

    name: str
    clients: int
    again: int
    revenue: Decimal
    waiting: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures of one salon on one day. `ages` are the open points by AGES, the youngest first."""

    since: date
    until: date
    cards: int
    value: PointValue
    months: tuple[MonthOfPoints, ...]
    open: int
    holders: int
    ages: tuple[int, ...]
    uplift: tuple[Uplift, ...]

    @property
    def collected(self) -> int:
        """Points of all months."""
        return sum(one.collected for one in self.months)

    @property
    def redeemed(self) -> int:
        """Points of all months."""
        return sum(one.redeemed for one in self.months)


def evaluate(*, actor: Actor, salon: Salon, now: datetime) -> Evaluation:
    """Return what the Treatcard comes to by now, over the last twelve months.

    Raises: NotAllowed.
    """
    actor.require(Permission.LOYALTY_WRITE)
    until = salon.date_at(now)
    since = year_until(until)
    with transaction.atomic():
        open_points, holders, cards = _standing()
        return Evaluation(
            since=since,
            until=until,
            cards=cards,
            value=_value_of_point(_begin(since, salon)),
            months=_months(since, until, salon),
            open=open_points,
            holders=holders,
            ages=_by_age(open_points, until, salon),
            uplift=_uplift(until, salon),
        )


def _begin(day: date, salon: Salon) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(salon.timezone))


def _rows(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"salon": current_salon_id(), **values})
        return list(cursor.fetchall())


# Whoever owes points has none that could be redeemed, and takes nothing off what others have.
_STANDING = """
SELECT coalesce(sum(points) FILTER (WHERE points > 0), 0), count(*) FILTER (WHERE points > 0),
  count(*) FILTER (WHERE treatcard_number <> '')
FROM clients_client WHERE salon_id = %(salon)s AND state = %(listed)s AND (points > 0 OR treatcard_number <> '')
"""


def _standing() -> tuple[int, int, int]:
    [(points, holders, cards)] = _rows(_STANDING, listed=CardState.LISTED.value)
    return int(points), holders, cards


_VALUE = """
SELECT sum(list_price), sum(points) FROM loyalty_redemption
WHERE salon_id = %(salon)s AND redeemed_at >= %(since)s AND returned_at IS NULL
"""


def _value_of_point(since: datetime) -> PointValue:
    [(price, points)] = _rows(_VALUE, since=since)
    if not points:
        return PointValue(Decimal(1) / STANDARD_TIMES, is_measured=False)
    return PointValue(from_cents(int(price)) / int(points), is_measured=True)


# What an entry does to the sum of all balances above nothing: they add up to what was open at any time.
_MONTHS = """
SELECT month, coalesce(sum(points) FILTER (WHERE cause = ANY(%(collected)s)), 0),
  coalesce(-sum(points) FILTER (WHERE cause = ANY(%(redeemed)s)), 0),
  sum(greatest(balance_after, 0) - greatest(balance_after - points, 0))
FROM (
  SELECT points, cause, balance_after,
    CASE WHEN created_at >= %(since)s THEN date_trunc('month', created_at AT TIME ZONE %(zone)s)::date END AS month
  FROM clients_pointsentry WHERE salon_id = %(salon)s
) entry GROUP BY month
"""


def _months(since: date, until: date, salon: Salon) -> tuple[MonthOfPoints, ...]:
    found = {
        month: (int(collected), int(redeemed), int(more))
        for month, collected, redeemed, more in _rows(
            _MONTHS,
            since=_begin(since, salon),
            zone=salon.timezone,
            collected=[Cause.EARNED.value, Cause.REVERSED.value],
            redeemed=[Cause.REDEEMED.value, Cause.RETURNED.value],
        )
    }
    _before, _before_redeemed, open_before = found.get(None, (0, 0, 0))
    of_months = [(month, *found.get(month, (0, 0, 0))) for month in months_between(since, until)]
    open_then = list(accumulate((more for *_month, more in of_months), initial=open_before))[1:]
    return tuple(
        MonthOfPoints(month, collected, redeemed, open_points)
        for (month, collected, redeemed, _more), open_points in zip(of_months, open_then, strict=True)
    )


# As what lapses is told (`loyalty.expiry`): what is younger than a moment, on a card and those that went into it, is
# still there as far as the balance goes.
_BY_AGE = """
WITH RECURSIVE family AS (
  SELECT id AS holder, id AS member, points AS balance FROM clients_client
  WHERE salon_id = %(salon)s AND state = %(listed)s AND points > 0
  UNION ALL
  SELECT family.holder, card.id, family.balance FROM family
  JOIN clients_client card ON card.salon_id = %(salon)s AND card.merged_into_id = family.member
),
young AS (
  SELECT family.holder, family.balance, moment.place,
    coalesce(sum(entry.points) FILTER (WHERE entry.created_at >= moment.at AND (moment.place, entry.cause_id) NOT IN (
      SELECT place, id FROM unnest(%(places)s::bigint[], %(refunds)s::uuid[]) AS of_older_sales (place, id)
    )), 0) AS points
  FROM unnest(%(moments)s::timestamptz[]) WITH ORDINALITY AS moment (at, place)
  CROSS JOIN family
  LEFT JOIN clients_pointsentry entry ON entry.salon_id = %(salon)s AND entry.client_id = family.member
    AND entry.created_at >= %(oldest)s
    AND (entry.cause = ANY(%(young)s) OR (entry.cause = %(adjusted)s AND entry.points > 0))
  GROUP BY family.holder, family.balance, moment.place
)
SELECT place, sum(least(greatest(points, 0), balance)) FROM young GROUP BY place ORDER BY place
"""


def _by_age(open_points: int, today: date, salon: Salon) -> tuple[int, ...]:
    moments = [oldest_moment(today=today, months=months, salon=salon) for months in AGES]
    # What refunds took of sales older than a moment was not of what is younger.
    refunds = [(place, pk) for place, moment in enumerate(moments, 1) for pk in refunds_of_sales_before(moment)]
    rows = _rows(
        _BY_AGE,
        places=[place for place, _pk in refunds],
        refunds=[pk for _place, pk in refunds],
        listed=CardState.LISTED.value,
        moments=moments,
        oldest=moments[-1],
        young=[str(one) for one in YOUNG],
        adjusted=Cause.ADJUSTED.value,
    )
    younger = {place: int(points) for place, points in rows}
    upto = [younger.get(place, 0) for place in range(1, len(AGES) + 1)]
    return tuple(_differences([*upto, open_points]))


def _differences(rising: Iterable[int]) -> Iterable[int]:
    """Yield how much more each is than all before it came to; what refunds took of younger points is no more."""
    reached = 0
    for one in rising:
        yield max(one - reached, 0)
        reached = max(one, reached)


# Somebody's first time counts once, whenever it was. On the same day nobody comes back.
_UPLIFT = """
WITH first AS (
  SELECT DISTINCT ON (redemption.client_id, item_id) redemption.client_id, item_id,
    (redemption.redeemed_at AT TIME ZONE %(zone)s)::date AS on_day
  FROM loyalty_redemption redemption
  JOIN loyalty_reward reward ON reward.salon_id = redemption.salon_id AND reward.id = redemption.reward_id
  CROSS JOIN LATERAL coalesce(reward.service_id, reward.product_id) AS item_id
  WHERE redemption.salon_id = %(salon)s AND redemption.first_time AND redemption.returned_at IS NULL
  ORDER BY redemption.client_id, item_id, redemption.redeemed_at
),
bought AS (
  SELECT first.client_id, first.item_id, sum(line.final_price - line.refunded_amount) AS revenue
  FROM first
  JOIN bookings_sale sale ON sale.salon_id = %(salon)s AND sale.client_id = first.client_id
    AND sale.state = ANY(%(paid)s) AND sale.paid_on > first.on_day AND sale.paid_on <= first.on_day + %(days)s
  JOIN bookings_saleline line ON line.salon_id = %(salon)s AND line.sale_id = sale.id
    AND line.kind IN (%(service)s, %(product)s) AND line.refunded < line.quantity
    AND coalesce(line.service_id, line.product_id) = first.item_id
  GROUP BY first.client_id, first.item_id
),
item AS (
  SELECT id, name FROM catalogue_service WHERE salon_id = %(salon)s
  UNION ALL
  SELECT id, name FROM catalogue_product WHERE salon_id = %(salon)s
)
SELECT item.name, count(*), count(bought.client_id), coalesce(sum(bought.revenue), 0),
  count(*) FILTER (WHERE bought.client_id IS NULL AND first.on_day + %(days)s >= %(today)s)
FROM first
JOIN item ON item.id = first.item_id
LEFT JOIN bought ON bought.client_id = first.client_id AND bought.item_id = first.item_id
GROUP BY item.id, item.name
ORDER BY count(*) DESC, item.name, item.id
"""


def _uplift(today: date, salon: Salon) -> tuple[Uplift, ...]:
    rows = _rows(
        _UPLIFT,
        zone=salon.timezone,
        today=today,
        days=WITHIN.days,
        paid=[SaleState.PAID.value, SaleState.PARTLY_REFUNDED.value],
        service=LineKind.SERVICE.value,
        product=LineKind.PRODUCT.value,
    )
    return tuple(
        Uplift(name, clients, again, from_cents(int(revenue)), waiting)
        for name, clients, again, revenue, waiting in rows
    )
