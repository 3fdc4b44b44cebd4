"""The catalogue as a page shows it whole: groups in order, what stands in each, and what is archived."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import F, Q

from salon.catalogue.groups import GroupGone
from salon.catalogue.models import CatalogueGroup, ItemKind, Product, Service, SpecialOffer
from salon.catalogue.offering import NotOffered


@dataclass(frozen=True, slots=True)
class Shelf[Sold: (Service, Product)]:
    """One group and what stands in it; None: what stands in no group."""

    group: CatalogueGroup | None
    items: list[Sold]


def groups_of(kind: ItemKind) -> list[CatalogueGroup]:
    """Return the groups of one kind, in order."""
    return list(CatalogueGroup.objects.filter(kind=kind).order_by("position", "name_key", "id"))


def shelves[Sold: (Service, Product)](groups: Iterable[CatalogueGroup], items: Iterable[Sold]) -> list[Shelf[Sold]]:
    """Put what is offered, in the order of the catalogue, under its groups; empty groups too, what has none last."""
    found: dict[UUID | None, list[Sold]] = {}
    for item in items:
        found.setdefault(item.group_id, []).append(item)
    listed: list[Shelf[Sold]] = [Shelf(group, found.get(group.pk, [])) for group in groups]
    if None in found:
        listed.append(Shelf(None, found[None]))
    return listed


def all_products() -> list[Product]:
    """Return the products that are sold, in the order of the catalogue, each with its group."""
    return list(Product.objects.offered().in_order().select_related("group"))


def archived_services() -> list[Service]:
    """Return the archived services, the latest first."""
    return list(Service.objects.exclude(archived_at=None).order_by("-archived_at", "id"))


def archived_products() -> list[Product]:
    """Return the archived products, the latest first."""
    return list(Product.objects.exclude(archived_at=None).order_by("-archived_at", "id"))


def with_own_points() -> list[Service | Product]:
    """Return what is offered and gives flat Treatcard points, or none, whatever it costs: services first."""
    services = Service.objects.offered().exclude(points_override=None).in_order()
    products = Product.objects.offered().exclude(points_override=None).in_order()
    return [*services, *products]


def service_with_id(service_id: UUID) -> Service:
    """Return a service that is offered, with its group.

    Raises: NotOffered.
    """
    found = Service.objects.offered().select_related("group").filter(pk=service_id).first()
    if found is None:
        raise NotOffered
    return found


def product_with_id(product_id: UUID) -> Product:
    """Return a product that is sold, with its group.

    Raises: NotOffered.
    """
    found = Product.objects.offered().select_related("group").filter(pk=product_id).first()
    if found is None:
        raise NotOffered
    return found


def group_with_id(group_id: UUID) -> CatalogueGroup:
    """Return a group.

    Raises: GroupGone.
    """
    found = CatalogueGroup.objects.filter(pk=group_id).first()
    if found is None:
        raise GroupGone
    return found


def offers_on(day: date) -> dict[UUID, SpecialOffer]:
    """Return the special offers that hold on a day, by the id of their service or product."""
    offers = SpecialOffer.objects.filter(starts_on__lte=day, ends_on__gte=day)
    return {item_id: offer for offer in offers if (item_id := offer.service_id or offer.product_id)}


def offers_since(day: date) -> Sequence[SpecialOffer]:
    """Return the offers of what is still in the catalogue that end on a day or later, the first to begin first."""
    in_catalogue = Q(service__isnull=False, service__archived_at=None) | Q(
        product__isnull=False, product__archived_at=None
    )
    offers = SpecialOffer.objects.filter(in_catalogue, ends_on__gte=day).select_related("service", "product")
    return list(offers.order_by("starts_on", "ends_on", "id"))


def offers_before(day: date, *, limit: int = 20) -> Sequence[SpecialOffer]:
    """Return the offers that ended before a day, the latest first."""
    offers = SpecialOffer.objects.filter(ends_on__lt=day).select_related("service", "product")
    return list(offers.order_by(F("ends_on").desc(), "id")[:limit])
