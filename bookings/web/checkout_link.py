"""The way from an appointment to the till."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import F
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from bookings.checkout.deposits import gives_back
from bookings.models import Appointment, Method, Refund, RefundKind, Sale, SalesRules, SaleState
from bookings.opened import Opened, OpenedSale
from bookings.states import TAKING_TIME
from bookings.web.wording import price_text
from salon.identity.roles import Permission
from salon.tenancy.models import Salon
from salon.web.access import SalonRequest


@dataclass(frozen=True, slots=True)
class TillLink:
    """What leads to the till: to the sale that there is already, else (no `sale_url`) to a new one; `takes_deposit`
    as long as money for it comes beforehand."""

    new_url: str
    sale_url: str = ""
    is_open: bool = True
    state: Promise | str = ""
    paid: str = ""
    takes_deposit: bool = False
    # What becomes of the money if the appointment is called off now.
    if_off: str = ""


def till_of(request: SalonRequest, opened: Opened, now: datetime) -> TillLink | None:
    """Return the way to the till; None where there is nothing to charge, or not by this actor."""
    may = request.actor.permissions
    if Permission.SALES_READ not in may:
        return None
    slug = request.salon.slug
    new_url = reverse("sale_new", args=[slug])
    sale = opened.sale
    to_come = Permission.SALES_WRITE in may and opened.appointment.starts_at > now
    if sale is None:
        chargeable = Permission.SALES_WRITE in may and opened.appointment.state in TAKING_TIME
        return TillLink(new_url, takes_deposit=to_come) if chargeable else None
    return TillLink(
        new_url,
        sale_url=_sale_url(request, sale.id),
        is_open=sale.state == SaleState.OPEN,
        state=sale.state.label,
        paid=price_text(sale.paid, request.salon) if sale.paid else "",
        takes_deposit=to_come and sale.state == SaleState.OPEN,
        if_off=if_off(sale, opened.rules, starts_at=opened.appointment.starts_at, now=now),
    )


@dataclass(frozen=True, slots=True)
class PaidBefore:
    """What has become of the money for an appointment that is off."""

    words: str
    sale_url: str


def paid_before(request: SalonRequest, appointment: Appointment) -> PaidBefore | None:
    """Return what has become of the money for an appointment that is off; None where there was none."""
    if Permission.SALES_READ not in request.actor.permissions or appointment.state in TAKING_TIME:
        return None
    given = [*Refund.objects.filter(sale__appointment=appointment, kind=RefundKind.DEPOSIT, removed_at=None)]
    if told := _sums(given, request.salon):
        words = _("Given back: %(sums)s. That is noted here; the money itself you give back as it came.")
        return PaidBefore(words % {"sums": told}, _sale_url(request, given[0].sale_id))
    kept = Sale.objects.filter(appointment=appointment, lapsed=True, paid__gt=F("refunded")).first()
    if kept is None:
        return None
    words = _("%(amount)s were paid beforehand and stay with the salon.")
    return PaidBefore(
        words % {"amount": price_text(kept.paid - kept.refunded, request.salon)}, _sale_url(request, kept.pk)
    )


def with_money(request: SalonRequest, words: str, appointment: Appointment, *, undone_at: datetime) -> str:
    """Return words about what was undone and, where money that was to go back counts as paid again, what to do."""
    if Permission.SALES_READ not in request.actor.permissions:
        return words
    kept = Refund.objects.filter(sale__appointment=appointment, kind=RefundKind.DEPOSIT, removed_at=undone_at)
    sums = _sums(kept, request.salon)
    if not sums:
        return words
    notice = _("Counts as paid again: %(sums)s. Whoever has given it back already takes it once more.")
    return f"{words} {notice % {'sums': sums}}"


def _sums(refunds: Iterable[Refund], salon: Salon) -> str:
    """Return `20,00 € (Karte), 10,00 € (bar)`; "" where it was no money."""
    sums: dict[str, Decimal] = {}
    for one in refunds:
        sums[one.method] = sums.get(one.method, Decimal()) + one.amount
    return ", ".join(
        f"{price_text(amount, salon)} ({Method(method).label})" for method, amount in sums.items() if amount
    )


def if_off(sale: OpenedSale | None, rules: SalesRules, *, starts_at: datetime, now: datetime) -> str:
    """Return what becomes of the money if an appointment is called off now; "" where nothing is paid beforehand."""
    if sale is None or not sale.paid or not (sale.paid_at is None or sale.paid_at < starts_at):
        return ""
    if not gives_back(rules, starts_at=starts_at, at=now):
        return _("What was paid beforehand stays with the salon: that is its rule.")
    return _("What was paid beforehand goes back: that is the rule of the salon.")


def _sale_url(request: SalonRequest, sale_id: UUID) -> str:
    return reverse("sale", args=[request.salon.slug, sale_id])
