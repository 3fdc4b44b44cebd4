"""The way from an appointment to the till."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise

from bookings.models import Appointment, Sale, SaleState
from bookings.states import TAKING_TIME
from bookings.web.wording import price_text
from salon.identity.roles import Permission
from salon.web.access import SalonRequest


@dataclass(frozen=True, slots=True)
class TillLink:
    """What leads to the till: to the sale that there is already, else (no `sale_url`) to a new one."""

    new_url: str
    sale_url: str = ""
    is_open: bool = True
    state: Promise | str = ""
    paid: str = ""


def till_of(request: SalonRequest, appointment: Appointment) -> TillLink | None:
    """Return the way to the till; None where there is nothing to charge, or not by this actor."""
    may = request.actor.permissions
    if Permission.SALES_READ not in may:
        return None
    slug = request.salon.slug
    new_url = reverse("sale_new", args=[slug])
    sales = Sale.objects.filter(appointment_id=appointment.pk).exclude(state=SaleState.VOID)
    sale = sales.only("state", "paid").first()
    if sale is None:
        chargeable = Permission.SALES_WRITE in may and appointment.state in TAKING_TIME
        return TillLink(new_url) if chargeable else None
    return TillLink(
        new_url,
        sale_url=reverse("sale", args=[slug, sale.pk]),
        is_open=sale.state == SaleState.OPEN,
        state=SaleState(sale.state).label,
        paid=price_text(sale.paid, request.salon) if sale.paid else "",
    )
