"""What a salon offers: its services and products are made, changed, put in order, archived and restored (domain.md §5).

Groups and special offers have modules of their own: `groups.py`, `offers.py`.
"""

from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from salon.catalogue.changing import told
from salon.catalogue.details import (
    ChangedProduct,
    ChangedService,
    ProductDetails,
    ServiceDetails,
    accept_product,
    accept_service,
    key_of,
)
from salon.catalogue.groups import group_for
from salon.catalogue.models import CatalogueGroup, ItemKind, Product, Service
from salon.catalogue.ordering import Direction, shifted
from salon.catalogue.skills import write_performers
from salon.errors import FieldError, InvalidInput, NotFound, VersionConflict, refusing
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import new_id


class NotOffered(NotFound):
    """A service or product does not exist, or is archived."""

    message = _("This is not in the catalogue (any more).")


def create_service(
    *,
    actor: Actor,
    details: ServiceDetails,
    now: datetime,
    performers: Collection[UUID] = (),
    new_group: str = "",
) -> Service:
    """Make a service at the end of its group, which `new_group` names where it is yet to be made.

    Raises: NotAllowed, InvalidInput (`duplicate_name` where one that is offered is called so).
    """
    actor.require(Permission.SETTINGS)
    accepted = accept_service(details)
    with transaction.atomic():
        accepted = replace(accepted, group_id=_group_id(actor, ItemKind.SERVICE, accepted.group_id, new_group, now))
        service = Service(id=new_id(), created_at=now, position=_next_position(Service, accepted.group_id))
        _fill(service, accepted)
        with _refusing_a_second():
            service.save(force_insert=True)
        known = write_performers(service.pk, performers) if performers else None
        new = _recorded(accepted) | ({"performers": known.after} if known else {})
        told(actor=actor, action="service.created", subject_id=service.pk, old={}, new=new, now=now)
    # The duration is the database's to compute.
    service.refresh_from_db()
    return service


def update_service(
    *,
    actor: Actor,
    service_id: UUID,
    changes: ChangedService,
    now: datetime,
    version: int | None = None,
    performers: Collection[UUID] | None = None,
    new_group: str = "",
) -> Service:
    """Change some fields of a service, and who does it (None: stays); what is booked keeps its minutes and price.

    Raises: NotAllowed, NotOffered, VersionConflict, InvalidInput.
    """
    actor.require(Permission.SETTINGS)
    with transaction.atomic():
        service = _lock(Service, service_id, version)
        before = service_details(service)
        accepted = accept_service(replace(before, **changes))
        group_id = _group_id(actor, ItemKind.SERVICE, accepted.group_id, new_group, now)
        accepted = replace(accepted, group_id=group_id)
        known = None if performers is None else write_performers(service_id, performers)
        if accepted != before or known:
            _save_changed(service, accepted)
            old, new = _recorded(before), _recorded(accepted)
            if known:
                old, new = old | {"performers": known.before}, new | {"performers": known.after}
            told(actor=actor, action="service.updated", subject_id=service_id, old=old, new=new, now=now)
            service.refresh_from_db()
    return service


def archive_service(*, actor: Actor, service_id: UUID, now: datetime) -> Service:
    """Offer a service no more; what is booked stays booked.

    Raises: NotAllowed, NotOffered.
    """
    return _archive(actor, Service, service_id, "service.archived", now)


def restore_service(*, actor: Actor, service_id: UUID, now: datetime) -> Service:
    """Offer an archived service again; one that is offered stays as it is.

    Raises: NotAllowed, NotOffered, InvalidInput (`duplicate_name`).
    """
    return _restore(actor, Service, service_id, "service.restored", now)


def shift_service(*, actor: Actor, service_id: UUID, direction: Direction, now: datetime) -> Service:
    """Move a service one place up or down in its group.

    Raises: NotAllowed, NotOffered.
    """
    return _shift(actor, Service, service_id, direction, "service.moved", now)


def create_product(*, actor: Actor, details: ProductDetails, now: datetime, new_group: str = "") -> Product:
    """Make a product at the end of its group.

    Raises: NotAllowed, InvalidInput (`duplicate_name`, `duplicate_barcode` among those that are offered).
    """
    actor.require(Permission.SETTINGS)
    accepted = accept_product(details)
    with transaction.atomic():
        accepted = replace(accepted, group_id=_group_id(actor, ItemKind.PRODUCT, accepted.group_id, new_group, now))
        product = Product(id=new_id(), created_at=now, position=_next_position(Product, accepted.group_id))
        _fill(product, accepted)
        with _refusing_a_second():
            product.save(force_insert=True)
        new = _recorded(accepted)
        told(actor=actor, action="product.created", subject_id=product.pk, old={}, new=new, now=now)
    return product


def update_product(
    *,
    actor: Actor,
    product_id: UUID,
    changes: ChangedProduct,
    now: datetime,
    version: int | None = None,
    new_group: str = "",
) -> Product:
    """Change some fields of a product.

    Raises: NotAllowed, NotOffered, VersionConflict, InvalidInput.
    """
    actor.require(Permission.SETTINGS)
    with transaction.atomic():
        product = _lock(Product, product_id, version)
        before = product_details(product)
        accepted = accept_product(replace(before, **changes))
        group_id = _group_id(actor, ItemKind.PRODUCT, accepted.group_id, new_group, now)
        accepted = replace(accepted, group_id=group_id)
        if accepted != before:
            _save_changed(product, accepted)
            old, new = _recorded(before), _recorded(accepted)
            told(actor=actor, action="product.updated", subject_id=product_id, old=old, new=new, now=now)
    return product


def archive_product(*, actor: Actor, product_id: UUID, now: datetime) -> Product:
    """Sell a product no more.

    Raises: NotAllowed, NotOffered.
    """
    return _archive(actor, Product, product_id, "product.archived", now)


def restore_product(*, actor: Actor, product_id: UUID, now: datetime) -> Product:
    """Sell an archived product again; one that is sold stays as it is.

    Raises: NotAllowed, NotOffered, InvalidInput (`duplicate_name`, `duplicate_barcode`).
    """
    return _restore(actor, Product, product_id, "product.restored", now)


def shift_product(*, actor: Actor, product_id: UUID, direction: Direction, now: datetime) -> Product:
    """Move a product one place up or down in its group.

    Raises: NotAllowed, NotOffered.
    """
    return _shift(actor, Product, product_id, direction, "product.moved", now)


def service_details(service: Service) -> ServiceDetails:
    """Return what is said of a service, as operations take it."""
    return ServiceDetails(**{field.name: getattr(service, field.name) for field in fields(ServiceDetails)})


def product_details(product: Product) -> ProductDetails:
    """Return what is said of a product, as operations take it."""
    return ProductDetails(**{field.name: getattr(product, field.name) for field in fields(ProductDetails)})


def _lock[Sold: (Service, Product)](model: type[Sold], pk: UUID, version: int | None = None) -> Sold:
    found = model.objects.offered().select_for_update(no_key=True).filter(pk=pk).first()
    if found is None:
        raise NotOffered
    if version is not None and version != found.version:
        raise VersionConflict
    return found


def _group_id(actor: Actor, kind: ItemKind, group_id: UUID | None, new_group: str, now: datetime) -> UUID | None:
    if new_group:
        try:
            return group_for(actor=actor, kind=kind, name=new_group, now=now).pk
        except InvalidInput as refusal:
            raise InvalidInput([FieldError("new_group", one.code, one.message) for one in refusal.errors]) from refusal
    if group_id is not None and not CatalogueGroup.objects.filter(pk=group_id, kind=kind).exists():
        raise InvalidInput([FieldError("group_id", "not_found", _("This group does not exist (any more)."))])
    return group_id


def _next_position(model: type[Service] | type[Product], group_id: UUID | None) -> int:
    last = model.objects.filter(group_id=group_id).aggregate(last=Max("position", default=-1))["last"]
    return int(last) + 1


def _fill(sold: Service | Product, details: ServiceDetails | ProductDetails) -> None:
    for name, value in asdict(details).items():
        setattr(sold, name, value)
    sold.name_key = key_of(details.name)


def _save_changed(sold: Service | Product, details: ServiceDetails | ProductDetails) -> None:
    if details.group_id != sold.group_id:
        sold.position = _next_position(type(sold), details.group_id)
    _fill(sold, details)
    sold.version += 1
    with _refusing_a_second():
        sold.save(update_fields=[*asdict(details), "name_key", "position", "version"])


def _archive[Sold: (Service, Product)](actor: Actor, model: type[Sold], pk: UUID, action: str, now: datetime) -> Sold:
    actor.require(Permission.SETTINGS)
    with transaction.atomic():
        sold = _lock(model, pk)
        sold.archived_at = now
        sold.version += 1
        sold.save(update_fields=["archived_at", "version"])
        told(actor=actor, action=action, subject_id=pk, old={"name": sold.name}, new={}, now=now)
    return sold


def _restore[Sold: (Service, Product)](actor: Actor, model: type[Sold], pk: UUID, action: str, now: datetime) -> Sold:
    actor.require(Permission.SETTINGS)
    with transaction.atomic():
        sold = model.objects.select_for_update(no_key=True).filter(pk=pk).first()
        if sold is None:
            raise NotOffered
        if sold.archived_at is not None:
            sold.archived_at = None
            sold.version += 1
            with _refusing_a_second():
                sold.save(update_fields=["archived_at", "version"])
            told(actor=actor, action=action, subject_id=pk, old={}, new={"name": sold.name}, now=now)
    return sold


def _shift[Sold: (Service, Product)](
    actor: Actor, model: type[Sold], pk: UUID, direction: Direction, action: str, now: datetime
) -> Sold:
    actor.require(Permission.SETTINGS)
    with transaction.atomic():
        # All of the group in key order, as everybody locks several.
        beside = model.objects.filter(pk=pk).values_list("group_id", flat=True).first()
        held = model.objects.offered().select_for_update(no_key=True).filter(group_id=beside).order_by("pk")
        listed = sorted(held, key=lambda one: (one.position, one.name_key, one.pk))
        if pk not in [one.pk for one in listed]:
            raise NotOffered
        order = shifted([one.pk for one in listed], pk, direction)
        for one in listed:
            one.position = order.index(one.pk)
        model.objects.bulk_update(listed, ["position"])
        place = {"position": order.index(pk) + 1}
        told(actor=actor, action=action, subject_id=pk, old={}, new=place, now=now)
    return next(one for one in listed if one.pk == pk)


def _recorded(details: ServiceDetails | ProductDetails) -> dict[str, Any]:
    told_of = asdict(details)
    group_id = told_of.pop("group_id")
    group = CatalogueGroup.objects.filter(pk=group_id).first() if group_id else None
    return {**told_of, "group": group.name if group else None}


def _refusing_a_second() -> AbstractContextManager[None]:
    name = FieldError("name", "duplicate_name", _("There is one with this name already."))
    barcode = FieldError("barcode", "duplicate_barcode", _("Another product has this barcode."))
    group = FieldError("group_id", "not_found", _("This group does not exist (any more)."))
    return refusing(
        {
            "catalogue_service_name": InvalidInput([name]),
            "catalogue_product_name": InvalidInput([name]),
            "catalogue_product_barcode": InvalidInput([barcode]),
            "catalogue_service_group": InvalidInput([group]),
            "catalogue_product_group": InvalidInput([group]),
        }
    )
