"""The till's part of an erasure: sales stay, as tax law wants them, with a card of which nothing is left but a number
(domain.md §2, Art. 17 DSGVO)."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q

from bookings.checkout.deposits import on_cancelled
from bookings.checkout.writing import tell
from bookings.models import Refund, Sale, SaleState
from bookings.states import State
from bookings.writing import changed
from salon.identity.roles import Actor
from salon.tenancy.models import Salon


def erase_sales(*, actor: Actor, salon: Salon, client_ids: Collection[UUID], now: datetime) -> None:
    """Delete every word about these clients, whose cards are locked, from their sales; what was sold when, for how much
    and how it was paid stays.

    What was paid for appointments that are cancelled with the erasure goes back by the salon's rule; what was on its
    way to be sold, and nothing was paid for yet, never was.
    """
    own = Sale.objects.filter(client_id__in=client_ids)
    to_come = Q(appointment__state=State.CANCELLED, appointment__starts_at__gt=now)
    for sale in own.filter(to_come).exclude(state=SaleState.VOID).select_related("appointment").order_by("pk"):
        if sale.appointment:
            on_cancelled(actor=actor, salon=salon, appointment=sale.appointment, now=now)
    for sale in own.filter(state=SaleState.OPEN, paid=0).select_for_update(no_key=True).order_by("pk"):
        sale.state, sale.voided_at = SaleState.VOID, now
        sale.save(update_fields=["state", "voided_at"])
        tell(actor, "sale.voided", sale, [changed("state", SaleState.OPEN, SaleState.VOID.value)], now=now)
    own.update(void_reason="", version=F("version") + 1)
    Refund.objects.filter(sale__client_id__in=client_ids).update(reason="")
