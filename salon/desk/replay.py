"""A year of sales once more under two sets of rules: what they give, and what could be had for it (domain.md §7.3).

One statement that only reads. Each client begins without points, earns by what she keeps of what she has paid, and at
the end takes every reward that is open to her once, the one for the fewest points first, as far as her points reach;
what is left then goes into the cheapest reward that can be had at any time. Who has had what is told as of now.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from bookings.checkout.pricing import LineKind
from bookings.models import SaleState
from bookings.states import TAKING_TIME
from clients.models import CardState, CarriedService
from loyalty.eligibility import Matrix
from salon.catalogue.details import key_of
from salon.catalogue.models import ItemKind, Service
from salon.desk.months import months_between
from salon.money import cents, from_cents
from salon.tenancy.context import current_salon_id

OLD, NEW = 0, 1


class Holders(TextChoices):
    """Whose purchases count."""

    TREATCARD = "TREATCARD", _("Clients who have a Treatcard today")
    EVERYBODY = "EVERYBODY", _("All clients, as if each had a Treatcard")


@dataclass(frozen=True, slots=True)
class Offered:
    """A reward as one side has it: what it consists of, what that costs in the catalogue, and for how many points."""

    kind: ItemKind
    item_id: UUID
    name: str
    price: Decimal
    points: int
    matrix: Matrix


@dataclass(frozen=True, slots=True)
class Terms:
    """One set of rules: points for 1.00 of services and of products (two places at most), and the rewards, each of
    another thing."""

    services: Decimal
    products: Decimal
    rewards: tuple[Offered, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one set of rules comes to: points given, and, if every client redeemed as told above, how many clients had
    how many rewards for how many points, worth `cost` at list price.

    `anyway` is what of `cost` went to clients who bought the same thing in that year as well.
    """

    points: int = 0
    clients: int = 0
    redemptions: int = 0
    redeemed_points: int = 0
    cost: Decimal = Decimal("0.00")
    anyway: Decimal = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Month:
    """The points of the sales of one calendar month, or of that part of it which lies in the year."""

    month: date
    old: int
    new: int


@dataclass(frozen=True, slots=True)
class Reach:
    """How many clients have the points for one reward, and the right to it; `regulars` of them buy it as well."""

    reward: Offered
    clients: int
    regulars: int


@dataclass(frozen=True, slots=True)
class Replay:
    """What the sales of a year come to under the old rules and the new; `revenue` is what they earn points on."""

    sales: int
    clients: int
    revenue: Decimal
    old: Outcome
    new: Outcome
    months: tuple[Month, ...]
    old_reach: tuple[Reach, ...]
    new_reach: tuple[Reach, ...]


# Amounts are cents and rates hundredths of a point, so that a whole sale is rounded down once, without fractions.
_REPLAY = """
WITH offered AS (
  SELECT * FROM unnest(
    %(sides)s::int[], %(items)s::uuid[], %(points)s::int[], %(prices)s::bigint[], %(first)s::bool[]
  ) AS offered (side, item_id, points, price, first_time)
),
holder AS MATERIALIZED (
  SELECT id, matrix_exempt FROM clients_client
  WHERE salon_id = %(salon)s AND state = %(listed)s AND (%(everybody)s OR treatcard_number <> '')
),
flat AS (
  SELECT id, points_override FROM catalogue_service WHERE salon_id = %(salon)s AND points_override IS NOT NULL
  UNION ALL
  SELECT id, points_override FROM catalogue_product WHERE salon_id = %(salon)s AND points_override IS NOT NULL
),
line AS MATERIALIZED (
  SELECT sale.id AS sale_id, sale.client_id, sale.paid_on, line.kind,
    coalesce(line.service_id, line.product_id) AS item_id,
    line.final_price - line.refunded_amount AS kept, line.quantity - line.refunded AS units
  FROM bookings_sale sale
  JOIN holder ON holder.id = sale.client_id
  JOIN bookings_saleline line ON line.salon_id = %(salon)s AND line.sale_id = sale.id
  WHERE sale.salon_id = %(salon)s AND sale.paid_on BETWEEN %(since)s AND %(until)s AND sale.state = ANY(%(paid)s)
    AND line.kind IN (%(service)s, %(product)s)
),
sold AS MATERIALIZED (
  SELECT client_id, paid_on, revenue, (%(old_services)s * services + %(old_products)s * products) / 10000 + flat AS old,
    (%(new_services)s * services + %(new_products)s * products) / 10000 + flat AS new
  FROM (
    SELECT line.client_id, line.paid_on, sum(line.kept)::bigint AS revenue,
      coalesce(sum(line.kept) FILTER (WHERE flat.id IS NULL AND line.kind = %(service)s), 0)::bigint AS services,
      coalesce(sum(line.kept) FILTER (WHERE flat.id IS NULL AND line.kind = %(product)s), 0)::bigint AS products,
      coalesce(sum(flat.points_override * line.units), 0)::bigint AS flat
    FROM line LEFT JOIN flat ON flat.id = line.item_id
    GROUP BY line.sale_id, line.client_id, line.paid_on
  ) priced
),
earner AS MATERIALIZED (
  SELECT client_id, sum(old)::bigint AS old, sum(new)::bigint AS new FROM sold GROUP BY client_id
),
bought AS MATERIALIZED (
  SELECT DISTINCT client_id, item_id FROM line
  WHERE units > 0 AND item_id = ANY(%(items)s)
),
had AS MATERIALIZED (
  SELECT appointment.client_id, item.service_id AS item_id
  FROM bookings_appointmentitem item
  JOIN bookings_appointment appointment ON appointment.salon_id = item.salon_id AND appointment.id = item.appointment_id
  WHERE item.salon_id = %(salon)s AND item.service_id = ANY(%(once)s) AND appointment.state = ANY(%(states)s)
    AND appointment.client_id IS NOT NULL
    AND NOT EXISTS (
      SELECT FROM loyalty_redemption redemption
      WHERE redemption.salon_id = item.salon_id AND redemption.id = item.redemption_id
        AND redemption.returned_at IS NOT NULL
    )
    AND NOT EXISTS (
      SELECT FROM bookings_saleline line
      WHERE line.salon_id = item.salon_id AND line.item_id = item.id AND line.refunded = line.quantity
    )
  UNION
  SELECT sale.client_id, coalesce(line.service_id, line.product_id)
  FROM bookings_saleline line
  JOIN bookings_sale sale ON sale.salon_id = line.salon_id AND sale.id = line.sale_id
  WHERE line.salon_id = %(salon)s AND line.refunded < line.quantity AND sale.state = ANY(%(paid)s)
    AND sale.client_id IS NOT NULL AND (line.service_id = ANY(%(once)s) OR line.product_id = ANY(%(once)s))
  UNION
  SELECT redemption.client_id, coalesce(reward.service_id, reward.product_id)
  FROM loyalty_redemption redemption
  JOIN loyalty_reward reward ON reward.salon_id = redemption.salon_id AND reward.id = redemption.reward_id
  WHERE redemption.salon_id = %(salon)s AND redemption.returned_at IS NULL
    AND coalesce(reward.service_id, reward.product_id) = ANY(%(once)s)
  UNION
  SELECT client_id, coalesce(service_id, product_id) FROM loyalty_prioruse
  WHERE salon_id = %(salon)s AND coalesce(service_id, product_id) = ANY(%(once)s)
  UNION
  SELECT carried.client_id, named.item_id
  FROM clients_carriedservice carried
  JOIN unnest(%(names)s::text[], %(named)s::uuid[]) AS named (name, item_id) ON named.name = carried.name
  WHERE carried.salon_id = %(salon)s
),
within AS MATERIALIZED (
  SELECT offered.*, earner.client_id, CASE offered.side WHEN 0 THEN earner.old ELSE earner.new END AS has,
    bought.item_id IS NOT NULL AS anyway
  FROM earner
  JOIN offered ON offered.points <= CASE offered.side WHEN 0 THEN earner.old ELSE earner.new END
  JOIN holder ON holder.id = earner.client_id
  LEFT JOIN bought ON bought.client_id = earner.client_id AND bought.item_id = offered.item_id
  LEFT JOIN had ON had.client_id = earner.client_id AND had.item_id = offered.item_id
  WHERE NOT offered.first_time OR holder.matrix_exempt OR had.item_id IS NULL
),
ranked AS MATERIALIZED (
  SELECT *, sum(points) OVER (
    PARTITION BY side, client_id ORDER BY points, item_id ROWS UNBOUNDED PRECEDING
  ) AS upto FROM within
),
cheapest AS (
  SELECT DISTINCT ON (side) side, item_id, points, price FROM offered WHERE NOT first_time
  ORDER BY side, points, item_id
),
redeemed AS (
  SELECT side, client_id, 1::bigint AS times, points, price, anyway FROM ranked WHERE upto <= has
  UNION ALL
  SELECT rest.side, rest.client_id, rest.points / cheapest.points, cheapest.points, cheapest.price,
    bought.item_id IS NOT NULL
  FROM (
    SELECT side, client_id, (has - coalesce(sum(points) FILTER (WHERE upto <= has), 0))::bigint AS points
    FROM ranked GROUP BY side, client_id, has
  ) rest
  JOIN cheapest ON cheapest.side = rest.side AND cheapest.points <= rest.points
  LEFT JOIN bought ON bought.client_id = rest.client_id AND bought.item_id = cheapest.item_id
)
SELECT jsonb_build_object(
  'whole', (SELECT jsonb_build_array(count(*), coalesce(sum(revenue), 0), coalesce(sum(old), 0), coalesce(sum(new), 0))
    FROM sold),
  'clients', (SELECT count(*) FROM earner),
  'months', (SELECT jsonb_agg(jsonb_build_array(month, old, new)) FROM (
    SELECT date_trunc('month', paid_on)::date AS month, sum(old) AS old, sum(new) AS new FROM sold GROUP BY 1
  ) monthly),
  'redeemed', (SELECT jsonb_agg(jsonb_build_array(side, clients, times, points, cost, anyway)) FROM (
    SELECT side, count(DISTINCT client_id) AS clients, sum(times) AS times, sum(times * points) AS points,
      sum(times * price) AS cost, coalesce(sum(times * price) FILTER (WHERE anyway), 0) AS anyway
    FROM redeemed GROUP BY side
  ) by_side),
  'reach', (SELECT jsonb_agg(jsonb_build_array(side, item_id, clients, regulars)) FROM (
    SELECT side, item_id, count(*) AS clients, count(*) FILTER (WHERE anyway) AS regulars
    FROM within GROUP BY side, item_id
  ) by_reward)
)::text
"""


def replay(*, old: Terms, new: Terms, holders: Holders, since: date, until: date) -> Replay:
    """Return what the sales paid between two days, both included, come to under two sets of rules.

    Points are those of `loyalty.earning`, by the flat points that the catalogue has now; who has had what is that of
    `bookings.had`. Nothing is written.
    """
    with connection.cursor() as cursor:
        cursor.execute(_REPLAY, _values(old, new, holders, since, until))
        (answer,) = cursor.fetchone()
    found = json.loads(answer)
    sales, revenue, *points = found["whole"]
    redeemed = {side: rest for side, *rest in found["redeemed"] or ()}
    months = {
        date.fromisoformat(month): (old_points, new_points) for month, old_points, new_points in found["months"] or ()
    }
    reach = {(side, UUID(item)): (clients, regulars) for side, item, clients, regulars in found["reach"] or ()}
    return Replay(
        sales=sales,
        clients=found["clients"],
        revenue=from_cents(revenue),
        old=_outcome(points[OLD], redeemed.get(OLD)),
        new=_outcome(points[NEW], redeemed.get(NEW)),
        months=tuple(Month(month, *months.get(month, (0, 0))) for month in months_between(since, until)),
        old_reach=_reach(old, OLD, reach),
        new_reach=_reach(new, NEW, reach),
    )


def _values(old: Terms, new: Terms, holders: Holders, since: date, until: date) -> dict[str, Any]:
    offered = [(side, one) for side, terms in ((OLD, old), (NEW, new)) for one in terms.rewards]
    once = {one.item_id for _side, one in offered if one.matrix == Matrix.FIRST_TIME}
    names, named = _carried(once)
    return {
        "salon": current_salon_id(),
        "since": since,
        "until": until,
        "everybody": holders == Holders.EVERYBODY,
        "listed": CardState.LISTED.value,
        "paid": [SaleState.PAID.value, SaleState.PARTLY_REFUNDED.value],
        "states": [state.value for state in TAKING_TIME],
        "service": LineKind.SERVICE.value,
        "product": LineKind.PRODUCT.value,
        # Hundredths: the columns of the rules have two places.
        "old_services": cents(old.services),
        "old_products": cents(old.products),
        "new_services": cents(new.services),
        "new_products": cents(new.products),
        "sides": [side for side, _one in offered],
        "items": [one.item_id for _side, one in offered],
        "points": [one.points for _side, one in offered],
        "prices": [cents(one.price) for _side, one in offered],
        "first": [one.matrix == Matrix.FIRST_TIME for _side, one in offered],
        "once": list(once),
        "names": names,
        "named": named,
    }


def _carried(once: set[UUID]) -> tuple[list[str], list[UUID]]:
    """Return by which names imports know some of these services, and which each is: whatever case and accents."""
    by_key = dict(Service.objects.filter(pk__in=once).values_list("name_key", "pk"))
    if not by_key:
        return [], []
    carried = CarriedService.objects.order_by("name").values_list("name", flat=True).distinct()
    found = [(name, by_key[key]) for name in carried if (key := key_of(name)) in by_key]
    return [name for name, _service in found], [service for _name, service in found]


def _outcome(points: int, redeemed: Sequence[int] | None) -> Outcome:
    if redeemed is None:
        return Outcome(points=points)
    clients, times, redeemed_points, cost, anyway = redeemed
    return Outcome(points, clients, times, redeemed_points, from_cents(cost), from_cents(anyway))


def _reach(terms: Terms, side: int, found: dict[tuple[int, UUID], tuple[int, int]]) -> tuple[Reach, ...]:
    return tuple(Reach(one, *found.get((side, one.item_id), (0, 0))) for one in terms.rewards)
