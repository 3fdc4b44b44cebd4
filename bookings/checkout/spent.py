"""What a client has spent in the salon (domain.md §6)."""

from decimal import Decimal
from uuid import UUID

from bookings.checkout.pricing import NOTHING
from bookings.models import Sale, SaleState


def spent_by(client_id: UUID) -> Decimal:
    """Return what a client has paid for sales that stand, without what was given back."""
    kept = Sale.objects.filter(client_id=client_id, state__in=[SaleState.PAID, SaleState.PARTLY_REFUNDED])
    return sum((total - refunded for total, refunded in kept.values_list("total", "refunded")), NOTHING)
