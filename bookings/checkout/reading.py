"""Reading sales: one with all that belongs to it, and all of them page by page (domain.md §6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject

from bookings.checkout.pricing import NOTHING, Vat, vat_in
from bookings.models import Appointment, Payment, PaymentKind, Refund, RefundLine, Sale, SaleLine, SaleState
from salon import keyset
from salon.errors import NotFound
from salon.money import from_cents

ORDER = keyset.Order(("created_at", "id"), descending=True)
_LINES = Prefetch("lines", SaleLine.objects.select_related("redemption").order_by("position"))
_PAYMENTS = Prefetch("payments", Payment.objects.order_by("taken_at", "id"))
_REFUNDED = Prefetch("lines", RefundLine.objects.order_by("id"))
_REFUNDS = Prefetch("refunds", Refund.objects.order_by("refunded_at", "id").prefetch_related(_REFUNDED))


@dataclass(frozen=True, slots=True)
class SaleView:
    """A sale with its lines in order, the payments and refunds that stand, and those that were taken back."""

    sale: Sale
    lines: Sequence[SaleLine]
    payments: Sequence[Payment]
    refunds: Sequence[Refund]
    removed: Sequence[Payment] = ()
    undone: Sequence[Refund] = ()

    @property
    def appointment(self) -> Appointment | None:
        """What it is for, or was before that was charged anew."""
        return self.sale.appointment or self.sale.was_for

    @property
    def due(self) -> Decimal:
        """What is still to be paid: below zero where more was paid than it costs by now; of what is closed, nothing."""
        return self.sale.total - self.sale.paid if self.sale.state == SaleState.OPEN else NOTHING

    @property
    def kept(self) -> Decimal:
        """What was paid and has not gone back."""
        return self.sale.paid - self.sale.refunded

    @property
    def deposits(self) -> Decimal:
        """What was paid beforehand."""
        return sum((one.amount for one in self.payments if one.kind == PaymentKind.DEPOSIT), NOTHING)

    @property
    def discount(self) -> Decimal:
        """What the client's categories take off in all."""
        return sum((line.discount for line in self.lines), NOTHING)

    @property
    def vat(self) -> list[Vat]:
        """The tax in what is sold, rate by rate, the highest first; rates of which nothing costs anything are left
        out."""
        return vat_in((line.vat_rate, line.final_price) for line in self.lines if line.final_price)

    @property
    def vat_back(self) -> list[Vat]:
        """The tax in what has gone back, however often something did: where nothing stays paid, all that was in it."""
        gone = ((line.vat_rate, line.refunded_amount if self.kept else line.final_price) for line in self.lines)
        return vat_in((rate, amount) for rate, amount in gone if amount)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sales: in a state, of a client, of an appointment, opened between two instants (half-open), paid on a
    day."""

    state: SaleState | None = None
    client_id: UUID | None = None
    appointment_id: UUID | None = None
    opened_from: datetime | None = None
    opened_before: datetime | None = None
    paid_on: date | None = None

    @property
    def condition(self) -> Q:
        """Return what they meet."""
        wanted = {
            "state": self.state,
            "client_id": self.client_id,
            "created_at__gte": self.opened_from,
            "created_at__lt": self.opened_before,
            "paid_on": self.paid_on,
        }
        found = Q(**{name: value for name, value in wanted.items() if value is not None})
        return found & of_appointment(self.appointment_id) if self.appointment_id else found


def of_appointment(appointment_id: UUID) -> Q:
    """Return what the sales of an appointment meet, also what it was charged by before."""
    return Q(appointment_id=appointment_id) | Q(was_for_id=appointment_id)


def whole(sales: QuerySet[Sale]) -> QuerySet[Sale]:
    """Return sales with their clients and appointments and all that belongs to them, in five statements."""
    return sales.select_related("client", "appointment", "was_for").prefetch_related(_LINES, _PAYMENTS, _REFUNDS)


def view_of(sale: Sale) -> SaleView:
    """Return the view of a sale that was read whole."""
    payments, refunds = list(sale.payments.all()), list(sale.refunds.all())
    return SaleView(
        sale,
        list(sale.lines.all()),
        [one for one in payments if one.removed_at is None],
        [one for one in refunds if one.removed_at is None],
        [one for one in payments if one.removed_at is not None],
        [one for one in refunds if one.removed_at is not None],
    )


def get_sale(sale_id: UUID) -> SaleView:
    """Return one sale of the open salon.

    Raises: NotFound.
    """
    found = whole(Sale.objects.filter(pk=sale_id)).first()
    if found is None:
        raise NotFound
    return view_of(found)


def sale_of(appointment_id: UUID) -> SaleView | None:
    """Return the sale of an appointment, if there is one that is not void."""
    found = whole(Sale.objects.filter(appointment_id=appointment_id).exclude(state=SaleState.VOID)).first()
    return view_of(found) if found else None


def money_told(appointment: str) -> Subquery:
    """Return what was paid for an appointment and stands, for a statement that reads something of it (`view_told`);
    `appointment` is what that calls its key."""
    lines = SaleLine.objects.filter(sale_id=OuterRef("pk")).order_by("position")
    payments = Payment.objects.filter(sale_id=OuterRef("pk"), removed_at=None).order_by("taken_at", "id")
    refunds = Refund.objects.filter(sale_id=OuterRef("pk"), removed_at=None).order_by("refunded_at", "id")
    told = JSONObject(
        sale=JSONObject(**_fields("state", "points_earned", "rules_version")),
        lines=ArraySubquery(lines.values(told=JSONObject(**_fields(*_LINE, *_LINE_MONEY)))),
        payments=ArraySubquery(payments.values(told=JSONObject(**_fields("method", "reference", "amount")))),
        refunds=ArraySubquery(refunds.values(told=JSONObject(**_fields("method", "amount")))),
    )
    found = Sale.objects.filter(appointment_id=OuterRef(appointment), paid__gt=F("refunded"))
    return Subquery(found.exclude(state=SaleState.VOID).values(told=told)[:1])


def earlier_told(appointment: str) -> ArraySubquery:
    """Return the sales that an appointment was charged by before, oldest first, for a statement that reads something
    of it; `appointment` is what that calls its key."""
    void = Q(appointment_id=OuterRef(appointment), state=SaleState.VOID, lapsed=False)
    found = Sale.objects.filter(void | Q(was_for_id=OuterRef(appointment)), paid__gt=0).order_by("created_at", "id")
    return ArraySubquery(found.values(told=JSONObject(**_fields("id", "paid", "refunded"))))


def view_told(told: Mapping[str, Any]) -> SaleView:
    """Return what a statement has told of a sale (`money_told`): it cannot be saved."""
    return SaleView(
        Sale(salon_id=None, **told["sale"]),
        [SaleLine(salon_id=None, **_amounts(one, *_LINE_MONEY)) for one in told["lines"]],
        [Payment(salon_id=None, **_amounts(one, "amount")) for one in told["payments"]],
        [Refund(salon_id=None, **_amounts(one, "amount")) for one in told["refunds"]],
    )


_LINE = ("id", "kind", "item_id", "quantity", "refunded", "points_override")
_LINE_MONEY = ("final_price", "refunded_amount")


def _fields(*names: str) -> dict[str, F]:
    return {name: F(name) for name in names}


def _amounts(told: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {**told, **{name: from_cents(told[name]) for name in names}}


def list_sales(wanted: Wanted, *, limit: int, cursor: str | None = None) -> keyset.Page[Sale]:
    """Return one page of sales read whole (`view_of`), those opened last first.

    Raises: keyset.InvalidCursor.
    """
    rows = whole(Sale.objects.all())
    if wanted == Wanted():
        return keyset.page(rows, ORDER, limit=limit, cursor=cursor)
    meeting = keyset.Meeting(all=wanted.condition, each=wanted.condition)
    return keyset.page(rows, ORDER, limit=limit, cursor=cursor, meeting=meeting)


def refunds_of_sales_before(moment: datetime) -> list[UUID]:
    """Return the refunds since a moment, given or taken back, of sales that were paid before it.

    The moment is given on the salon's clock: refunds stand by its days.
    """
    late = Q(refunded_on__gte=moment.date()) | Q(removed_at__gte=moment)
    return list(Refund.objects.filter(late, sale__paid_at__lt=moment).values_list("pk", flat=True))
