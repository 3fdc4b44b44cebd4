"""The simulator over a year of a large salon, against the same points summed up in bare SQL."""

from datetime import date, datetime
from decimal import Decimal
from functools import partial
from time import sleep
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from clients.classification import CreatedVia, Reason, Status
from clients.models import Client
from loyalty.eligibility import Matrix
from loyalty.rewards import add_reward
from salon.catalogue.models import ItemKind, Product, Service
from salon.desk.months import year_until
from salon.desk.simulation import Draft, RewardWish, simulate
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.directory import add_salon, find_salon
from salon.tenancy.models import Salon
from tests.bench.measuring import Figure, timed

SLUG = "bench-sales"
LINES = 100_000
CLIENTS = 20_000
SERVICES, PRODUCTS, REWARDS = 30, 20, 10
REPEATS = 20

# Two lines a sale, spread over the clients and the days of the year; the same in each run.
_SALES = """
WITH sale AS (
  INSERT INTO bookings_sale (id, salon_id, number, client_id, state, total, paid, refunded, points_earned,
    opened_by_name, created_at, paid_at, paid_on, rules_version, void_reason, version)
  SELECT uuidv7(), %(salon)s, n, (%(clients)s::uuid[])[1 + n::bigint * 104729 %% cardinality(%(clients)s::uuid[])],
    'PAID', 7000, 7000, 0, 0, 'Bench', now(), now(),
    %(until)s::date - (n::bigint * 7919 %% 365)::int, 0, '', 1
  FROM generate_series(1, %(lines)s / 2) n
  RETURNING id, number
)
INSERT INTO bookings_saleline (id, salon_id, sale_id, position, kind, service_id, product_id, name, quantity,
    list_price, unit_price, discount, discount_reason, final_price, vat_rate, refunded, refunded_amount)
SELECT uuidv7(), %(salon)s, sale.id, place, CASE place WHEN 0 THEN 'SERVICE' ELSE 'PRODUCT' END,
  CASE place WHEN 0 THEN (%(services)s::uuid[])[1 + sale.number %% cardinality(%(services)s::uuid[])] END,
  CASE place WHEN 1 THEN (%(products)s::uuid[])[1 + sale.number %% cardinality(%(products)s::uuid[])] END,
  'Bench', 1, 3500, 3500, 0, '', 3500, 19, 0, 0
FROM sale CROSS JOIN generate_series(0, 1) place
"""
# What nobody who wants the points of each client by each of two sets of rates can do without.
_BARE = """
SELECT client_id, sum((100 * services + 200 * products) / 10000), sum((150 * services + 200 * products) / 10000)
FROM (
  SELECT sale.client_id, coalesce(sum(line.final_price) FILTER (WHERE line.kind = 'SERVICE'), 0)::bigint AS services,
    coalesce(sum(line.final_price) FILTER (WHERE line.kind = 'PRODUCT'), 0)::bigint AS products
  FROM bookings_sale sale
  JOIN bookings_saleline line ON line.salon_id = %(salon)s AND line.sale_id = sale.id
  WHERE sale.salon_id = %(salon)s AND sale.paid_on BETWEEN %(since)s AND %(until)s AND sale.state = 'PAID'
  GROUP BY sale.id, sale.client_id
) priced GROUP BY client_id
"""


def simulator_figures() -> list[Figure]:
    """Time one simulation as the page runs it, and the bare sums, turn and turn about."""
    salon = _salon()
    _wait_until_counted()
    with salon_scope(salon.pk):
        until = salon.date_at(timezone.now())
        bare = timed(partial(_bare, salon, year_until(until), until), repeats=REPEATS)
        seen = timed(partial(_simulated, salon), repeats=REPEATS)
        again = timed(partial(_bare, salon, year_until(until), until), repeats=REPEATS)
    floor = min(bare.median, again.median)
    name = f"simulator, 12 months, {LINES:,} lines, {REWARDS} rewards, against the bare sums"
    return [Figure(name, seen.median, "ms", floor, 3, "≤ 3 × bare sums")]


def _wait_until_counted() -> None:
    """Wait for the database to have counted what was just written: autovacuum does, within a minute or two."""
    for _ in range(180):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT bool_and(last_autoanalyze IS NOT NULL OR last_analyze IS NOT NULL) FROM pg_stat_user_tables "
                "WHERE relname IN ('clients_client', 'bookings_sale', 'bookings_saleline')"
            )
            if cursor.fetchone()[0]:
                return
        sleep(1)


def _simulated(salon: Salon, _turn: int) -> int:
    actor = system_actor("Bench")
    services = Service.objects.order_by("pk").values_list("pk", flat=True)[: REWARDS // 2]
    products = Product.objects.order_by("pk").values_list("pk", flat=True)[: REWARDS // 2]
    first, ever = Matrix.FIRST_TIME, Matrix.ANYTIME
    wishes = [RewardWish(kind=ItemKind.SERVICE, item_id=one, points=300, matrix=first) for one in services]
    wishes += [RewardWish(kind=ItemKind.PRODUCT, item_id=one, points=300, matrix=ever) for one in products]
    draft = Draft(services=Decimal("1.5"), rewards=wishes)
    found = simulate(actor=actor, salon=salon, draft=draft, now=timezone.now()).outcome
    if found.sales < LINES // 2 * 0.9:
        raise RuntimeError(f"{found.sales} sales found")
    return found.new.redemptions


def _bare(salon: Salon, since: date, until: date, _turn: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_BARE, {"salon": salon.pk, "since": since, "until": until})
        return len(cursor.fetchall())


def _card(number: int, today: date, now: datetime) -> Client:
    return Client(
        number=number,
        first_name=f"Nummer {number}",
        last_name="Messwert",
        sort_key=f"messwert nummer {number}",
        listed_on=today,
        created_via=CreatedVia.STAFF,
        status=Status.RETURNING,
        status_reason=Reason.LISTED,
        treatcard_number=f"T{number}",
        created_at=now,
        updated_at=now,
    )


def _salon() -> Salon:
    salon = find_salon(SLUG)
    if salon is not None:
        return salon
    now, actor = timezone.now(), system_actor("Bench")
    # Half a salon would be measured the next time.
    with transaction.atomic(), salon_scope((salon := add_salon(name=SLUG, slug=SLUG)).pk):
        until = salon.date_at(now)
        services = [
            Service.objects.create(
                name=f"Leistung {place}",
                name_key=f"leistung {place}",
                apply_minutes=30,
                processing_minutes=0,
                finish_minutes=0,
                price=Decimal(35),
                created_at=now,
            ).pk
            for place in range(SERVICES)
        ]
        products = [
            Product.objects.create(
                name=f"Artikel {place}", name_key=f"artikel {place}", price=Decimal(35), created_at=now
            ).pk
            for place in range(PRODUCTS)
        ]
        for kind, ids in ((ItemKind.SERVICE, services), (ItemKind.PRODUCT, products)):
            for item_id in ids[: REWARDS // 2]:
                add_reward(actor=actor, kind=kind, item_id=item_id, points=400, now=now)
        cards = Client.objects.bulk_create(_card(number, until, now) for number in range(1, CLIENTS + 1))
        values: dict[str, Any] = {
            "salon": salon.pk,
            "clients": [one.pk for one in cards],
            "lines": LINES,
            "until": until,
            "services": services,
            "products": products,
        }
        with connection.cursor() as cursor:
            cursor.execute(_SALES, values)
    return salon
