"""One day at the till: what was taken and given back, what was sold, what is still to be paid (domain.md §6).

A day that is over stays as it was: what is taken back later counts on the day it is taken back.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, TextChoices, Value
from django.utils.translation import gettext_lazy as _

from bookings.checkout.pricing import NOTHING, Sold, Vat, bill_of, sold_item, vat_in
from bookings.checkout.quoting import discounts_told, with_offers
from bookings.models import Appointment, AppointmentItem, Method, Payment, Refund, RefundKind, Sale, SaleState
from bookings.states import TAKING_TIME
from clients.categories import discounts_on
from clients.models import CardState
from salon.catalogue.models import StaffMember
from salon.money import from_cents
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon

# So many open sales of other days are named.
MOST_OPEN = 50


@dataclass(frozen=True, slots=True)
class Flow:
    """What came and went in one way."""

    method: Method
    taken: Decimal
    given_back: Decimal

    @property
    def left(self) -> Decimal:
        """What stays."""
        return self.taken - self.given_back


@dataclass(frozen=True, slots=True)
class Due:
    """An appointment of the day that is not paid: whose it is (None: a walk-in's), what is done, what the till asks for
    it, what was paid of that, its open sale if there is one; the number of its client's card where that was erased."""

    appointment_id: UUID
    starts_at: datetime
    client_name: str | None
    services: Sequence[str]
    total: Decimal
    paid: Decimal
    sale_id: UUID | None
    erased_number: int | None = None

    @property
    def due(self) -> Decimal:
        """What is still to be paid for it."""
        return self.total - self.paid


@dataclass(frozen=True, slots=True)
class Takings:
    """What one person has done and sold (None: what nobody in particular has)."""

    staff: StaffMember | None
    services: Decimal
    products: Decimal

    @property
    def total(self) -> Decimal:
        """Both."""
        return self.services + self.products


@dataclass(frozen=True, slots=True)
class Tips:
    """The tips for one person (None: for nobody in particular)."""

    staff: StaffMember | None
    amount: Decimal


class Return(TextChoices):
    """Why money went back, or came in again: as the kinds of refunds, or as something of an earlier day was undone."""

    LINES = RefundKind.LINES.value, RefundKind.LINES.label
    DEPOSIT = RefundKind.DEPOSIT.value, RefundKind.DEPOSIT.label
    VOID = RefundKind.VOID.value, RefundKind.VOID.label
    PAYMENT = "PAYMENT", _("Payment taken back")
    UNDONE = "UNDONE", _("Refund undone")


@dataclass(frozen=True, slots=True)
class Back:
    """Money of a sale that went back (`amount` below zero: that came in again), when, how, and who did it."""

    why: Return
    method: Method
    amount: Decimal
    at: datetime
    actor_name: str
    reason: str
    sale_id: UUID
    number: int | None
    client_name: str | None
    erased_number: int | None


@dataclass(frozen=True, slots=True)
class TillDay:
    """A day at the till. `backs` are what of its flows went back or came in again; `vat` is that of what was paid in
    full on the day, less what was given back of sales; `takings` and `tips` likewise, whose they are, `vouchers`
    what came for vouchers (no revenue yet), `kept` what stays of deposits of what was called off."""

    flows: Sequence[Flow]
    sold: Sequence[Sale]
    backs: Sequence[Back]
    vat: Sequence[Vat]
    takings: Sequence[Takings]
    tips: Sequence[Tips]
    vouchers: Decimal
    kept: Decimal
    to_pay: Sequence[Due]
    open: Sequence[Sale]

    @property
    def taken(self) -> Decimal:
        """What came in all."""
        return sum((one.taken for one in self.flows), NOTHING)

    @property
    def given_back(self) -> Decimal:
        """What went in all."""
        return sum((one.given_back for one in self.flows), NOTHING)

    @property
    def left(self) -> Decimal:
        """What stays of it."""
        return self.taken - self.given_back


def till_day(*, salon: Salon, day: date) -> TillDay:
    """Return one day of the open salon, in a number of statements that does not grow with it."""
    zone = ZoneInfo(salon.timezone)
    within = (datetime.combine(day, time(), zone), datetime.combine(day + timedelta(days=1), time(), zone))
    to_pay = _to_pay(within, salon)
    charged = {one.sale_id for one in to_pay if one.sale_id}
    # What was paid beforehand for an appointment to come is nothing to be looked after yet.
    begun = Sale.objects.filter(Q(appointment=None) | Q(appointment__starts_at__lt=within[1]), state=SaleState.OPEN)
    begun = begun.exclude(pk__in=charged).select_related("client", "appointment")
    sums = _sums(day, within)
    services, products, tips = sums["SERVICE"], sums["PRODUCT"], sums["TIP"]
    people = _people(staff_id for amounts in (services, products, tips) for staff_id in amounts if amounts[staff_id])
    return TillDay(
        flows=[
            Flow(method, came, went)
            for method in Method
            if ((came := sums["CAME"][method]), (went := sums["WENT"][method])) != (NOTHING, NOTHING)
        ],
        sold=_sold(day),
        backs=_backs(day, within),
        vat=vat_in((Decimal(rate), amount) for rate, amount in sums["SOLD"].items() if amount),
        takings=[
            found
            for key, one in people
            if (found := Takings(one, services[key], products[key])).services or found.products
        ],
        tips=[Tips(one, tips[key]) for key, one in people if tips[key]],
        vouchers=sums["VOUCHERS"][""],
        kept=sums["KEPT"][""],
        to_pay=to_pay,
        open=list(begun.order_by("-created_at", "-id")[:MOST_OPEN]),
    )


# What was removed within the day as if it had never been; what came before it, on the day it was removed.
_SUMS = """
WITH money AS (
  SELECT method, amount, taken_on AS moved_on, removed_at, TRUE AS came
  FROM bookings_payment WHERE salon_id = %(salon)s AND taken_on = %(day)s
  UNION ALL
  SELECT method, amount, taken_on, removed_at, TRUE
  FROM bookings_payment
  WHERE salon_id = %(salon)s AND removed_at >= %(begin)s AND removed_at < %(end)s AND taken_on <> %(day)s
  UNION ALL
  SELECT method, amount, refunded_on, removed_at, FALSE
  FROM bookings_refund WHERE salon_id = %(salon)s AND refunded_on = %(day)s
  UNION ALL
  SELECT method, amount, refunded_on, removed_at, FALSE
  FROM bookings_refund
  WHERE salon_id = %(salon)s AND removed_at >= %(begin)s AND removed_at < %(end)s AND refunded_on <> %(day)s
),
sold AS (
  SELECT line.vat_rate, line.kind, line.staff_id, line.final_price AS amount
  FROM bookings_sale sale JOIN bookings_saleline line ON line.salon_id = sale.salon_id AND line.sale_id = sale.id
  WHERE sale.salon_id = %(salon)s AND sale.paid_on = %(day)s
  UNION ALL
  SELECT line.vat_rate, line.kind, line.staff_id, line.refunded_amount - line.final_price
  FROM bookings_sale sale JOIN bookings_saleline line ON line.salon_id = sale.salon_id AND line.sale_id = sale.id
  WHERE sale.salon_id = %(salon)s AND sale.state = 'VOID' AND sale.voided_at >= %(begin)s AND sale.voided_at < %(end)s
    AND sale.paid_on IS NOT NULL
  UNION ALL
  SELECT line.vat_rate, line.kind, line.staff_id, -part.amount
  FROM bookings_refund refund
  JOIN bookings_refundline part ON part.salon_id = refund.salon_id AND part.refund_id = refund.id
  JOIN bookings_saleline line ON line.salon_id = refund.salon_id AND line.id = part.line_id
  WHERE refund.salon_id = %(salon)s AND refund.refunded_on = %(day)s
    AND (refund.removed_at IS NULL OR refund.removed_at >= %(end)s)
)
SELECT CASE WHEN came = (moved_on = %(day)s) THEN 'CAME' ELSE 'WENT' END AS what, method AS which, sum(amount)
FROM money
WHERE moved_on <> %(day)s OR removed_at IS NULL OR removed_at < %(begin)s OR removed_at >= %(end)s
GROUP BY what, which
UNION ALL
SELECT 'SOLD', vat_rate::text, sum(amount) FROM sold GROUP BY vat_rate
UNION ALL
SELECT kind, coalesce(staff_id::text, ''), sum(amount) FROM sold
WHERE kind IN ('SERVICE', 'PRODUCT', 'TIP') GROUP BY kind, staff_id
UNION ALL
SELECT 'VOUCHERS', '', sum(line.final_price)
FROM bookings_sale sale JOIN bookings_saleline line ON line.salon_id = sale.salon_id AND line.sale_id = sale.id
WHERE sale.salon_id = %(salon)s AND sale.paid_on = %(day)s AND sale.state <> 'VOID' AND line.kind = 'VOUCHER'
UNION ALL
SELECT 'KEPT', '', sum(paid - refunded)
FROM bookings_sale
WHERE salon_id = %(salon)s AND state = 'VOID' AND lapsed AND paid_at IS NULL
  AND voided_at >= %(begin)s AND voided_at < %(end)s
"""


def _sums(day: date, within: tuple[datetime, datetime]) -> dict[str, dict[str, Decimal]]:
    """Return amounts by what they are, and by method, rate of tax, or staff member."""
    found: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: NOTHING))
    values: dict[str, Any] = {"salon": current_salon_id(), "day": day, "begin": within[0], "end": within[1]}
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, values)
        for what, which, amount in cursor.fetchall():
            found[what][which] += from_cents(int(amount or 0))
    return found


def _people(keys: Iterable[str]) -> list[tuple[str, StaffMember | None]]:
    """Return staff members by their keys in the order of the team, and nobody in particular ("") last."""
    ids = {one for one in keys if one}
    team = StaffMember.objects.filter(pk__in=ids).in_order() if ids else []
    return [*((str(one.pk), one) for one in team), ("", None)]


def _sold(day: date) -> list[Sale]:
    payments = Payment.objects.filter(sale=OuterRef("pk"), removed_at=None).order_by("taken_at", "id")
    sold = Sale.objects.filter(paid_on=day).select_related("client")
    return list(sold.annotate(methods=ArraySubquery(payments.values("method"))).order_by("-number", "-id"))


def _backs(day: date, within: tuple[datetime, datetime]) -> list[Back]:
    """Return what went back on the day, and what of earlier days was undone on it, in order; in one statement."""
    undone = {"removed_at__gte": within[0], "removed_at__lt": within[1]}
    refunds = Refund.objects.filter(amount__gt=0)
    # What was taken back within the day is as if it had never been, as in the sums.
    own = refunds.filter(Q(removed_at=None) | Q(removed_at__gte=within[1]), refunded_on=day)
    again = refunds.filter(refunded_on__lt=day, **undone)
    payments = Payment.objects.filter(taken_on__lt=day, **undone)
    taken_back = {"at": F("removed_at"), "by": F("removed_by"), "said": Value("")}
    told = ("sale_id", "sale__number", *_whose("sale__client__"), "method", "amount", "at", "by", "said", "why", "id")
    rows = (
        own.annotate(at=F("refunded_at"), by=F("actor_name"), said=F("reason"), why=F("kind"))
        .values_list(*told)
        .union(
            again.annotate(why=Value(Return.UNDONE.value), **taken_back).values_list(*told),
            payments.annotate(why=Value(Return.PAYMENT.value), **taken_back).values_list(*told),
            all=True,
        )
    )
    backs = []
    for sale_id, number, *whose, method, amount, at, by, reason, why, _id in rows.order_by("at", "id"):
        signed = -amount if why == Return.UNDONE else amount
        backs.append(Back(Return(why), Method(method), signed, at, by, reason, sale_id, number, *_named(*whose)))
    return backs


def _whose(prefix: str) -> tuple[str, str, str, str]:
    return (f"{prefix}first_name", f"{prefix}last_name", f"{prefix}state", f"{prefix}number")


def _named(first_name: str | None, last_name: str, state: str, number: int) -> tuple[str | None, int | None]:
    """Return what a client is called (None: nobody known), and of an erased card the number."""
    # A walk-in has no card.
    if first_name is None:
        return None, None
    return f"{first_name} {last_name}".strip(), number if state == CardState.ERASED else None


def _to_pay(within: tuple[datetime, datetime], salon: Salon) -> list[Due]:
    """Return what is to be paid, of hundreds as of two in three statements, and little for each."""
    closed = Sale.objects.filter(appointment=OuterRef("pk")).exclude(state__in=[SaleState.OPEN, SaleState.VOID])
    rows = (
        Appointment.objects.filter(starts_at__gte=within[0], starts_at__lt=within[1], state__in=TAKING_TIME)
        .exclude(Exists(closed))
        .order_by("starts_at", "id")
    )
    found: list[tuple[Any, ...]] = list(
        rows.values_list("pk", "starts_at", *_whose("client__"), discounts_on("client_id"))
    )
    ids = [pk for pk, *_rest in found]
    opened = Sale.objects.filter(appointment_id__in=ids, state=SaleState.OPEN)
    sales: dict[UUID | None, tuple[UUID | None, Decimal, Decimal]] = {
        pk: (sale_id, total, paid)
        for pk, sale_id, total, paid in opened.values_list("appointment_id", "id", "total", "paid")
    }
    done = _done(ids, salon)
    due = []
    for pk, starts_at, *whose, told in found:
        name, erased = _named(*whose)
        asked = bill_of([sold for _service, sold in done[pk]], discounts_told(told)).total
        # An open sale says itself what is on it by now.
        sale_id, total, paid = sales.get(pk, (None, asked, NOTHING))
        services = [service for service, _sold in done[pk]]
        due.append(Due(pk, starts_at, name, services, total, paid, sale_id, erased))
    return due


def _done(appointment_ids: Sequence[UUID], salon: Salon) -> dict[UUID, list[tuple[str, Sold]]]:
    """Return what is done in appointments, as it would be sold."""
    items = AppointmentItem.objects.filter(appointment_id__in=appointment_ids).order_by("position")
    named = ("appointment_id", "service__name", "price", "list_price", "redemption_id", "offer")
    done: dict[UUID, list[tuple[str, Sold]]] = defaultdict(list)
    for pk, name, price, list_price, redemption_id, offer in with_offers(items, salon).values_list(*named):
        sold = sold_item(price, list_price, offer=offer, redeemed=redemption_id is not None)
        done[pk].append((name, sold))
    return done
