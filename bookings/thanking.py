"""Sales, as far as somebody is thanked for having referred whoever paid them (domain.md §7)."""

from uuid import UUID

from django.db.models import F, QuerySet

from bookings.models import Refund, Sale
from loyalty import referral


def causes_of(sales: QuerySet[Sale]) -> list[UUID]:
    """Return what the ledger of points names of some sales: them, and their refunds."""
    ids = list(sales.values_list("pk", flat=True))
    return [*ids, *Refund.objects.filter(sale_id__in=ids).values_list("pk", flat=True)]


def causes_of_client(client_id: UUID) -> list[UUID]:
    """Return the same of all sales of a client that were ever paid."""
    return causes_of(Sale.objects.filter(client_id=client_id, paid_at__isnull=False))


def thanked_for(sales: QuerySet[Sale]) -> set[UUID]:
    """Return the cards that were thanked for these sales: giving them back takes that from them, so they are locked
    before what is given back."""
    return referral.thanked_for(causes_of(sales.filter(paid_at__isnull=False)))


def is_first(sale: Sale, client_id: UUID) -> bool:
    """Return whether a client, whose sale this is, has paid for nothing else that she has kept any of."""
    others = Sale.objects.filter(client_id=client_id, paid_at__isnull=False, paid__gt=F("refunded"))
    return not others.exclude(pk=sale.pk).exists()
