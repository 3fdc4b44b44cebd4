"""What a client buys most often (domain.md §2)."""

from uuid import UUID

from django.db.models import F, OuterRef, QuerySet, Subquery, Sum, Value

from bookings.checkout.pricing import LineKind
from bookings.models import Sale, SaleLine, SaleState
from salon.among import Among
from salon.catalogue.models import Product

_BOUGHT = (SaleState.PAID, SaleState.PARTLY_REFUNDED)


def times_bought(client_id: UUID, *, source: int) -> QuerySet[SaleLine, tuple[str, int, int]]:
    """Return how many of each product a client has bought and kept, by name; the third column is `source`."""
    hers = Sale.objects.filter(client_id=client_id, state__in=_BOUGHT)
    lines = SaleLine.objects.filter(Among("sale_id", hers.values("pk")), kind=LineKind.PRODUCT)
    named = Subquery(Product.objects.filter(pk=OuterRef("product_id")).values("name"))
    kept = lines.filter(quantity__gt=F("refunded")).values("product_id")
    counted = kept.annotate(named=named, times=Sum(F("quantity") - F("refunded")), source=Value(source))
    return counted.values_list("named", "times", "source")
