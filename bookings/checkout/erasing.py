"""The till's part of an erasure: sales stay, as tax law wants them, with a card of which nothing is left but a number
(domain.md §2, Art. 17 DSGVO)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q

from bookings.checkout.deposits import on_cancelled
from bookings.checkout.reversing import return_rewards
from bookings.checkout.writing import lines_of, tell
from bookings.models import Refund, Sale, SaleLine, SaleState
from bookings.states import State
from bookings.writing import changed
from loyalty.models import Returned
from salon.identity.roles import Actor
from salon.tenancy.models import Salon


def erase_sales(*, actor: Actor, salon: Salon, client_ids: Collection[UUID], now: datetime) -> None:
    """Delete every word about these clients, whose cards are locked, from their sales; what was sold when, for how much
    and how it was paid stays.

    What was paid for appointments that are cancelled with the erasure goes back by the salon's rule; what was on its
    way to be sold, and nothing was paid for yet, never was. What somebody has paid for in part stays to be settled,
    at the price that was agreed; products that she would have had for her points stay on the shelf.
    """
    own = Sale.objects.filter(client_id__in=client_ids)
    to_come = Q(appointment__state=State.CANCELLED, appointment__starts_at__gt=now)
    for sale in own.filter(to_come).exclude(state=SaleState.VOID).select_related("appointment").order_by("pk"):
        if sale.appointment:
            on_cancelled(actor=actor, salon=salon, appointment=sale.appointment, now=now)
    for sale in own.filter(state=SaleState.OPEN).select_for_update(no_key=True).order_by("pk"):
        treats = [line for line in lines_of(sale) if line.redemption_id and line.item_id is None]
        if sale.paid:
            _take_off(sale, treats, actor=actor, now=now)
            continue
        return_rewards(treats, Returned.VOIDED, actor=actor, now=now)
        sale.state, sale.voided_at = SaleState.VOID, now
        sale.save(update_fields=["state", "voided_at"])
        tell(actor, "sale.voided", sale, [changed("state", SaleState.OPEN, SaleState.VOID.value)], now=now)
    own.update(void_reason="", version=F("version") + 1)
    Refund.objects.filter(sale__client_id__in=client_ids).update(reason="")


def _take_off(sale: Sale, treats: Sequence[SaleLine], *, actor: Actor, now: datetime) -> None:
    """Take what was for points off an open sale, and price nothing anew: categories are gone, what they gave stays."""
    return_rewards(treats, Returned.REMOVED, actor=actor, now=now)
    for line in treats:
        line.delete()
        told = [changed("line", line.label, None), changed("quantity", line.quantity, None)]
        tell(actor, "sale.line_removed", sale, told, now=now)
