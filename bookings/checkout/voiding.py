"""Declaring a sale void: as if it had not taken place (domain.md §6)."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from bookings.checkout.pricing import NOTHING
from bookings.checkout.refunding import accepted_reason, referring
from bookings.checkout.reversing import Way, return_rewards, ways_of, write_refunds
from bookings.checkout.writing import SaleVoid, hold, save, tell
from bookings.models import Method, RefundKind, Sale, SaleState
from bookings.thanking import thanked_for
from bookings.writing import changed
from loyalty.models import Returned
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon


def void(
    *,
    actor: Actor,
    salon: Salon,
    sale_id: UUID,
    now: datetime,
    reason: str = "",
    reference: str = "",
    version: int | None = None,
) -> Sale:
    """Declare a sale void: all that was paid and not given back yet goes back as it came, with the points.

    One that nothing was paid for yet is thrown away like this by whoever may sell. The rewards of an open sale that
    belong to its appointment stay with that. Of one that lapsed with its appointment, what the salon has kept goes back
    like this; it does not come back with the appointment then. `reference` is the receipt's number in the salon's own
    till; without one, those of the payments are kept.
    Raises: NotAllowed, NotFound, VersionConflict, InvalidInput, SaleVoid.
    """
    actor.require(Permission.SALES_WRITE)
    reason = accepted_reason(reason)
    with transaction.atomic():
        held = hold(sale_id, version, *thanked_for(Sale.objects.filter(pk=sale_id)))
        sale = held.sale
        lapsed = sale.lapsed and sale.paid > sale.refunded
        if sale.state == SaleState.VOID and not lapsed:
            raise SaleVoid
        final = sale.state not in {SaleState.OPEN, SaleState.VOID}
        if final or sale.paid:
            actor.require(Permission.REFUNDS)
        ways = [referring(way, reference) for way in ways_of(sale)]
        if not ways and sale.points_earned:
            # Nothing was paid, and yet it brought points: what takes them is told like the rest.
            ways = [Way(Method.CARD, NOTHING)]
        refunds = write_refunds(
            sale,
            RefundKind.VOID,
            ways,
            client=held.client,
            kept=0,
            reason=reason,
            actor=actor,
            salon=salon,
            now=now,
        )
        # What went back before gave its points back then.
        returning = [one for one in held.lines if (final or one.item_id is None) and one.refunded < one.quantity]
        return_rewards(returning, Returned.VOIDED, actor=actor, now=now)
        old = sale.state
        sale.state, sale.voided_at, sale.void_reason = SaleState.VOID, sale.voided_at or now, reason
        sale.lapsed = False
        save(sale, fields=("state", "voided_at", "void_reason", "lapsed", "refunded", "points_earned"))
        told = [
            changed("state", old, SaleState.VOID.value),
            changed("amount", None, sum((one.amount for one in refunds), NOTHING) or None),
            changed("points", None, -sum(one.points for one in refunds) or None),
            changed("reason", None, reason),
        ]
        tell(actor, "sale.voided", sale, told, now=now)
    return sale
