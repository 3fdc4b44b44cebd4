"""What the till will ask for what is booked: the discounts and offers that hold (domain.md §3, §6)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Cast, JSONObject, TruncDate

from bookings.checkout.pricing import NOTHING, Bill, Discount, LineKind, bill_of, cuts_of, sold_item
from bookings.models import AppointmentItem, SaleLine, SaleState
from clients.categories import discounts_on
from clients.labels import DiscountOn
from clients.models import Client
from salon.catalogue.models import SpecialOffer
from salon.money import from_cents
from salon.tenancy.models import Salon


def discounts_told(told: Iterable[Mapping[str, Any]]) -> list[Discount]:
    """Return the discounts that a statement has told of a card (`discounts_on`)."""
    return [
        Discount(Decimal(one["percent"]), DiscountOn(one["on"]), one["special_offers"], one["name"]) for one in told
    ]


def discounts_of(client_id: UUID | None) -> list[Discount]:
    """Return what a client's categories take off; somebody without a card has none."""
    if client_id is None:
        return []
    told = Client.objects.filter(pk=client_id).values_list(discounts_on("pk"), flat=True).first()
    return discounts_told(told or [])


def offers_on(asked: Iterable[tuple[date, UUID]]) -> dict[UUID, Decimal]:
    """Return the prices of the special offers that hold for services or products, each on its day."""
    days: dict[date, set[UUID]] = defaultdict(set)
    for day, item_id in asked:
        days[day].add(item_id)
    conditions = Q()
    for day, ids in days.items():
        holding = Q(starts_on__lte=day, ends_on__gte=day)
        conditions |= holding & (Q(service_id__in=ids) | Q(product_id__in=ids))
    if not conditions:
        return {}
    found = SpecialOffer.objects.filter(conditions)
    return {offered: one.price for one in found if (offered := one.service_id or one.product_id)}


def with_offers(items: QuerySet[AppointmentItem], salon: Salon) -> QuerySet[AppointmentItem]:
    """Return items of appointments, each with the price of the special offer that holds on its day as `offer`."""
    holding = SpecialOffer.objects.filter(
        service_id=OuterRef("service_id"), starts_on__lte=OuterRef("day"), ends_on__gte=OuterRef("day")
    )
    dated = items.annotate(day=TruncDate("starts_at", tzinfo=ZoneInfo(salon.timezone)))
    return dated.annotate(offer=Subquery(holding.values("price")[:1]))


def lines_charged(appointment: str) -> ArraySubquery:
    """Return what the lines of an appointment's sale come to, for a statement that reads something of it;
    `appointment` is what that calls its key."""
    lines = SaleLine.objects.filter(sale__appointment_id=OuterRef(appointment)).exclude(sale__state=SaleState.VOID)
    told = JSONObject(
        kind=F("kind"),
        percent=Cast("discount_percent", TextField()),
        reason=F("discount_reason"),
        off=F("discount"),
        price=F("final_price"),
    )
    return ArraySubquery(lines.values(told=told))


def bill_charged(told: Sequence[Mapping[str, Any]]) -> Bill:
    """Return what a sale comes to by its lines (`lines_charged`)."""
    tip = sum((from_cents(one["price"]) for one in told if one["kind"] == LineKind.TIP), NOTHING)
    full = sum((from_cents(one["price"] + one["off"]) for one in told), NOTHING) - tip
    cuts = cuts_of((Decimal(one["percent"]), one["reason"], from_cents(one["off"])) for one in told if one["percent"])
    return Bill(full, cuts, tip)


def bill_of_items(items: Iterable[tuple[AppointmentItem, Decimal | None]], discounts: Sequence[Discount]) -> Bill:
    """Return what an appointment's items, each with the offer for it, would come to on a sale that is opened now."""
    return bill_of(
        [
            sold_item(item.price, item.list_price, offer=offer, redeemed=item.redemption_id is not None)
            for item, offer in items
        ],
        discounts,
    )
