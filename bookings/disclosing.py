"""This app's part of what is disclosed to a client: what she had, what is booked, what she waits for (domain.md §2,
Art. 15, 20 DSGVO)."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Model, Prefetch, QuerySet

from bookings.models import Appointment, AppointmentItem, Payment, Refund, Sale, SaleLine, WaitingEntry
from clients.disclosing import Record, Value

# Every table here that refers to cards, and the section that tells of it; a test compares the list with the models.
SECTIONS: dict[str, str] = {"Appointment": "appointments", "WaitingEntry": "waiting_list", "Sale": "sales"}


def bookings_of_client(client_ids: Collection[UUID]) -> dict[str, list[Record]]:
    """Return all that is stored of these cards' appointments, wishes and sales, section by section, oldest first."""
    return {
        "appointments": [
            _appointment(one)
            for one in Appointment.objects.filter(client_id__in=client_ids)
            .prefetch_related("items__service", "items__staff")
            .order_by("starts_at", "id")
        ],
        "waiting_list": [
            _wish(one)
            for one in WaitingEntry.objects.filter(client_id__in=client_ids)
            .select_related("staff")
            .prefetch_related("services__service")
            .order_by("created_at", "id")
        ],
        "sales": [_sale(one) for one in _sales_of(client_ids)],
    }


def _appointment(one: Appointment) -> Record:
    told: Record = {
        name: _told(getattr(one, name))
        for name in (
            "starts_at",
            "ends_at",
            "state",
            "source",
            "note",
            "booked_by_name",
            "booked_as",
            "client_status",
            "client_status_reason",
            "client_evidence",
            "visit_on",
            "cancelled_at",
            "cancel_reason",
            "created_at",
            "updated_at",
        )
    }
    items = sorted(one.items.all(), key=lambda item: item.position)
    return {**told, "services": [_item(item) for item in items]}


def _item(item: AppointmentItem) -> dict[str, Any]:
    return {
        "service": item.service.name,
        "staff": item.staff.name,
        "starts_at": _told(item.starts_at),
        "ends_at": _told(item.ends_at),
        "price": _told(item.price),
        "list_price": _told(item.list_price),
    }


def _wish(one: WaitingEntry) -> Record:
    names = ("starts_on", "ends_on", "from_minute", "until_minute", "note", "state", "created_by_name", "created_at")
    services = sorted(one.services.all(), key=lambda wanted: wanted.position)
    return {
        **{name: _told(getattr(one, name)) for name in (*names, "closed_at")},
        "services": [wanted.service.name for wanted in services],
        "staff": one.staff.name if one.staff else None,
    }


def _sales_of(client_ids: Collection[UUID]) -> QuerySet[Sale]:
    return (
        Sale.objects.filter(client_id__in=client_ids)
        .prefetch_related(
            Prefetch("lines", SaleLine.objects.select_related("staff").order_by("position")),
            Prefetch("payments", Payment.objects.filter(removed_at=None).order_by("taken_at", "id")),
            Prefetch("refunds", Refund.objects.filter(removed_at=None).order_by("refunded_at", "id")),
        )
        .order_by("created_at", "id")
    )


def _sale(one: Sale) -> Record:
    names = ("number", "state", "total", "paid", "refunded", "points_earned", "opened_by_name", "created_at", "paid_at")
    line = ("kind", "name", "quantity", "list_price", "discount", "discount_reason", "final_price", "vat_rate")
    return {
        **_record(one, (*names, "voided_at", "void_reason")),
        "lines": [
            {**_record(row, (*line, "refunded", "refunded_amount")), "staff": row.staff.name if row.staff else None}
            for row in one.lines.all()
        ],
        "payments": [_record(row, ("taken_at", "kind", "method", "amount", "reference")) for row in one.payments.all()],
        "refunds": [
            _record(row, ("refunded_at", "kind", "method", "amount", "points", "reference", "reason"))
            for row in one.refunds.all()
        ],
    }


def _record(row: Model, names: Iterable[str]) -> dict[str, Any]:
    return {name: _told(getattr(row, name)) for name in names}


def _told(value: Any) -> Value:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value) if isinstance(value, (str, Decimal)) else value
