"""One appointment as it is opened: with what stands beside it on its client's card and at the till (ui.md §2.2)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F, FilteredRelation, Prefetch, Q, Subquery
from django.db.models.functions import JSONObject

from bookings.checkout.pricing import Bill
from bookings.checkout.quoting import bill_charged, bill_of_items, discounts_told, lines_charged, with_offers
from bookings.checkout.reading import SaleView, earlier_told, money_told, view_told
from bookings.models import Appointment, AppointmentItem, Sale, SalesRules, SaleState
from clients.categories import discounts_on
from clients.notes import pinned_on
from salon.errors import NotFound
from salon.money import from_cents
from salon.tenancy.models import Salon

_ITEMS = AppointmentItem.objects.select_related("service", "staff", "redemption").order_by("position")
_RULES = SalesRules.objects.values(
    rules=JSONObject(deposit_rule=F("deposit_rule"), deposit_hours=F("deposit_hours")),
)


@dataclass(frozen=True, slots=True)
class OpenedSale:
    """What the sale of an appointment has come to."""

    id: UUID
    state: SaleState
    paid: Decimal
    refunded: Decimal
    paid_at: datetime | None


@dataclass(frozen=True, slots=True)
class EarlierSale:
    """What came of a sale that an appointment was charged by before."""

    id: UUID
    paid: Decimal
    refunded: Decimal


@dataclass(frozen=True, slots=True)
class Opened:
    """An appointment with its client and its items in order; what is pinned on the client's card; the sale that there
    is of it, none that is void, and where money was paid for it that, too; those before it; what the till asks for it,
    by that sale, else by one that would be opened now; and of the salon's rules of taking money those about
    deposits."""

    appointment: Appointment
    items: list[AppointmentItem]
    alerts: list[str]
    sale: OpenedSale | None
    money: SaleView | None
    earlier: list[EarlierSale]
    bill: Bill
    rules: SalesRules


def open_appointment(appointment_id: UUID, salon: Salon) -> Opened:
    """Return all of that about one appointment of the open salon, in two statements.

    Raises: NotFound.
    """
    found = (
        Appointment.objects.filter(pk=appointment_id)
        .select_related("client")
        .prefetch_related(Prefetch("items", with_offers(_ITEMS, salon)))
        .annotate(sale=FilteredRelation("sales", condition=~Q(sales__state=SaleState.VOID)))
        .annotate(
            sale_id=F("sale__pk"),
            sale_state=F("sale__state"),
            sale_paid=F("sale__paid"),
            sale_refunded=F("sale__refunded"),
            sale_paid_at=F("sale__paid_at"),
            alerts=pinned_on("client_id"),
            discounts=discounts_on("client_id"),
            charged=lines_charged("pk"),
            money=money_told("pk"),
            earlier=earlier_told("pk"),
            sales_rules=Subquery(_RULES),
        )
        .first()
    )
    if found is None:
        raise NotFound
    told: dict[str, Any] = vars(found)
    sale = None
    if told["sale_id"]:
        sale = OpenedSale(
            told["sale_id"],
            SaleState(told["sale_state"]),
            told["sale_paid"],
            told["sale_refunded"],
            told["sale_paid_at"],
        )
    items = list(found.items.all())
    bill = bill_charged(told["charged"])
    if sale is None:
        bill = bill_of_items([(one, vars(one)["offer"]) for one in items], discounts_told(told["discounts"]))
    money = view_told(told["money"]) if told["money"] else None
    earlier = [
        EarlierSale(UUID(one["id"]), from_cents(one["paid"]), from_cents(one["refunded"])) for one in told["earlier"]
    ]
    rules = SalesRules(**(told["sales_rules"] or {}))
    return Opened(found, items, told["alerts"], sale, money, earlier, bill, rules)


def sales_of(appointment_ids: Collection[UUID]) -> dict[UUID, tuple[OpenedSale, SalesRules]]:
    """Return the sales that there are of these appointments, none that is void, each with the salon's rules about
    deposits; in one statement."""
    found = Sale.objects.filter(appointment_id__in=appointment_ids).exclude(state=SaleState.VOID)
    return {
        one.appointment_id: (
            OpenedSale(one.pk, SaleState(one.state), one.paid, one.refunded, one.paid_at),
            SalesRules(**(one.sales_rules or {})),
        )
        for one in found.only("appointment_id", "state", "paid", "refunded", "paid_at").annotate(
            sales_rules=Subquery(_RULES)
        )
        if one.appointment_id
    }
