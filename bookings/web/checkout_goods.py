"""What is sold, offered at the till while somebody types or scans (ui.md §2.5)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from bookings.checkout.quoting import offers_on
from bookings.web.wording import minutes_text, price_text
from salon.catalogue.listing import all_products
from salon.catalogue.models import Product, Service
from salon.catalogue.reading import all_services
from salon.folding import fold
from salon.identity.roles import Permission
from salon.tenancy.models import Salon
from salon.web.access import SalonRequest, requires

# So many of each are offered at once: the rest by a word.
MOST = 40
LONGEST = 100


@dataclass(frozen=True, slots=True)
class GoodsHit:
    """One thing to sell: the button that takes it sends `act`; `instead` is the usual price where an offer holds."""

    act: str
    title: str
    detail: str
    price: str
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Goods:
    """What fits what was typed."""

    query: str
    products: Sequence[GoodsHit] = ()
    services: Sequence[GoodsHit] = ()


@requires(Permission.SALES_WRITE)
def sale_goods(request: SalonRequest) -> HttpResponse:
    """The products and services that fit what was typed; without a word all of them."""
    typed = request.GET.get("goods_q", "").strip()[:LONGEST]
    goods = goods_for(typed, request.salon, request.salon.date_at(timezone.now()))
    return render(request, "bookings/checkout/_goods_hits.html", {"goods": goods})


def goods_for(typed: str, salon: Salon, day: date) -> Goods:
    """Return what can be sold and fits: each word stands in its name or its group's, or it begins the barcode."""
    words = fold(typed).split()
    products = [one for one in all_products() if _fits(one, words) or _is_coded(one, typed)][:MOST]
    services = [one for one in all_services() if _fits(one, words)][:MOST]
    offers = offers_on([(day, one.pk) for one in (*products, *services)])
    return Goods(typed, _hits(products, offers, salon), _hits(services, offers, salon))


def scanned(code: str) -> Product | None:
    """Return the product with a barcode."""
    return Product.objects.offered().filter(barcode=code).exclude(barcode="").first()


def _hits(items: Iterable[Product | Service], offers: dict[UUID, Decimal], salon: Salon) -> list[GoodsHit]:
    found = []
    for item in items:
        kind = "service" if isinstance(item, Service) else "product"
        offer = offers.get(item.pk)
        found.append(
            GoodsHit(
                act=f"add:{kind}:{item.pk}",
                title=item.name,
                detail=minutes_text(item.duration_minutes) if isinstance(item, Service) else item.barcode,
                price=price_text(item.price if offer is None else offer, salon),
                instead="" if offer is None else price_text(item.price, salon),
            )
        )
    return found


def _fits(item: Product | Service, words: list[str]) -> bool:
    text = fold(f"{item.name} {item.group.name if item.group else ''}")
    return all(word in text for word in words)


def _is_coded(product: Product, typed: str) -> bool:
    return bool(typed) and product.barcode.startswith(typed)
