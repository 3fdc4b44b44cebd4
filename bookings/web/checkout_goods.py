"""What is sold, offered at the till while somebody types or scans (ui.md §2.5)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import inf
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from bookings.checkout.quoting import offers_on
from bookings.web.search import distance_to, nearest
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
class Shelf:
    """The products, or the services, that fit; `name` is part of ids."""

    name: str
    label: str
    hits: Sequence[GoodsHit]


@dataclass(frozen=True, slots=True)
class Goods:
    """What fits what was typed, by shelf, the one with what is nearest first; `sure` is the button that Enter presses:
    of the only thing that fits, or the only one that is called so."""

    query: str
    shelves: Sequence[Shelf] = ()
    sure: str = ""


@requires(Permission.SALES_WRITE)
def sale_goods(request: SalonRequest) -> HttpResponse:
    """The products and services that fit what was typed; without a word all of them."""
    typed = request.GET.get("goods_q", "").strip()[:LONGEST]
    goods = goods_for(typed, request.salon, request.salon.date_at(timezone.now()))
    return render(request, "bookings/checkout/_goods_hits.html", {"goods": goods})


def goods_for(typed: str, salon: Salon, day: date) -> Goods:
    """Return what can be sold and fits by its name or its group's (`nearest`), or by the beginning of its barcode."""
    asked = fold(typed)
    every = all_products()
    products = nearest(every, typed)
    products = [*products, *(one for one in every if _is_coded(one, typed) and one not in products)][:MOST]
    services = nearest(all_services(), typed)[:MOST]
    items: list[Product | Service] = [*products, *services]
    offers = offers_on([(day, one.pk) for one in items])
    shelves = [
        Shelf("products", _("Products"), _hits(products, offers, salon)),
        Shelf("services", _("Services"), _hits(services, offers, salon)),
    ]
    if services and _distance(services, asked) < _distance(products, asked):
        shelves.reverse()
    likely = [one for one in items if one.name_key == asked] or items
    return Goods(typed, [one for one in shelves if one.hits], _act(likely[0]) if len(likely) == 1 else "")


def scanned(code: str) -> Product | None:
    """Return the product with a barcode."""
    return Product.objects.offered().filter(barcode=code).exclude(barcode="").first()


def _hits(items: Iterable[Product | Service], offers: dict[UUID, Decimal], salon: Salon) -> list[GoodsHit]:
    found = []
    for item in items:
        offer = offers.get(item.pk)
        found.append(
            GoodsHit(
                act=_act(item),
                title=item.name,
                detail=minutes_text(item.duration_minutes) if isinstance(item, Service) else item.barcode,
                price=price_text(item.price if offer is None else offer, salon),
                instead="" if offer is None else price_text(item.price, salon),
            )
        )
    return found


def _act(item: Product | Service) -> str:
    return f"add:{'service' if isinstance(item, Service) else 'product'}:{item.pk}"


def _distance(items: Sequence[Product | Service], asked: str) -> float:
    """Return how far the nearest of them is, which stands first."""
    distance = distance_to(items[0], asked) if items else None
    return inf if distance is None else distance


def _is_coded(product: Product, typed: str) -> bool:
    return bool(typed) and product.barcode.startswith(typed)
