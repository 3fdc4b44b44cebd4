"""What a client bought, paid and gave back, in words of her history (ui.md §2.4)."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.checkout.writing import SUBJECT
from bookings.models import Method
from bookings.web.wording import price_text
from salon.tenancy.models import Salon

__all__ = ["SUBJECT", "TOLD", "about", "sale_url"]

TOLD: dict[str, tuple[Promise, str]] = {
    "sale.opened": (gettext_lazy("Sale opened"), "receipt-text"),
    "sale.line_added": (gettext_lazy("Put on a sale"), "plus"),
    "sale.line_changed": (gettext_lazy("Line of a sale changed"), "pencil"),
    "sale.line_removed": (gettext_lazy("Taken off a sale"), "trash-2"),
    "sale.line_restored": (gettext_lazy("Put back on a sale"), "undo-2"),
    "sale.client_changed": (gettext_lazy("Sale put on another card"), "user"),
    "sale.payment_taken": (gettext_lazy("Payment"), "banknote"),
    "sale.deposit_taken": (gettext_lazy("Deposit"), "banknote"),
    "sale.payment_removed": (gettext_lazy("Payment taken back"), "undo-2"),
    "sale.paid": (gettext_lazy("Sale paid"), "receipt-text"),
    "sale.refunded": (gettext_lazy("Refunded"), "undo-2"),
    "sale.voided": (gettext_lazy("Sale void"), "ban"),
    "sale.lapsed": (gettext_lazy("Sale lapsed with its appointment"), "x"),
    "sale.revived": (gettext_lazy("Sale came back with its appointment"), "undo-2"),
}
# What is said of a sale: these of its fields, in this order. Its points have entries of their own.
_AMOUNTS = frozenset({"amount", "total"})
_SAID = ("number", "line", "lines", "quantity", "amount", "total", "method", "client_number", "reason")


def about(changes: Iterable[Mapping[str, Any]], salon: Salon) -> str:
    """Return what a sale came to, what was paid or given back: `No. 118 · 59,00 €`."""
    told = {change["field"]: change["new"] or change["old"] or "" for change in changes}
    return " · ".join(_said(told, salon))


def _said(told: Mapping[str, str], salon: Salon) -> Iterator[str]:
    for field in _SAID:
        value = told.get(field, "")
        if not value or (field == "quantity" and value == "1"):
            continue
        if field in _AMOUNTS:
            yield _amount(value, salon)
        elif field == "number":
            yield _("No. %(number)s") % {"number": value}
        elif field == "quantity":
            yield f"{value} ×"
        elif field == "method":
            yield str(Method(value).label) if value in Method else value
        elif field == "client_number":
            yield str(format_lazy("{} {}", _("Client no."), value))
        else:
            yield value


def _amount(value: str, salon: Salon) -> str:
    try:
        return price_text(Decimal(value), salon)
    except InvalidOperation:
        # Words about somebody who was erased.
        return value


def sale_url(salon: Salon, sale_id: UUID) -> str:
    """Return the address of a sale."""
    return reverse("sale", args=[salon.slug, sale_id])
