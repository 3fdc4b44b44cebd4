"""Special offers: another price for a service or product between two days (domain.md §5)."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from salon.catalogue.changing import as_it_was, told, wait_for_others
from salon.catalogue.details import OfferDetails, accept_offer
from salon.catalogue.models import Product, Service, SpecialOffer
from salon.errors import FieldError, InvalidInput, NotFound, refusing
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import new_id

_REMOVED = "offer.removed"


class NoSuchOffer(NotFound):
    """A special offer does not exist any more."""

    message = _("This special offer does not exist (any more).")


def create_offer(*, actor: Actor, details: OfferDetails, now: datetime) -> SpecialOffer:
    """Offer a service or product for another price on some days.

    Raises: NotAllowed, InvalidInput (`offer_overlap` at `starts_on`: one holds on some of these days already).
    """
    actor.require(Permission.SETTINGS)
    accepted = accept_offer(details)
    with transaction.atomic():
        offer = SpecialOffer(id=new_id(), created_at=now, **asdict(accepted))
        name = _item_name(accepted)
        with _refusing():
            offer.save(force_insert=True)
        new = {"item": name, **_recorded(offer)}
        told(actor=actor, action="offer.created", subject_id=offer.pk, old={}, new=new, now=now)
    return offer


def update_offer(*, actor: Actor, offer_id: UUID, details: OfferDetails, now: datetime) -> SpecialOffer:
    """Change a special offer; what was sold with it stays as it was sold.

    Raises: NotAllowed, NoSuchOffer, InvalidInput.
    """
    actor.require(Permission.SETTINGS)
    accepted = accept_offer(details)
    with transaction.atomic():
        offer = _lock(offer_id)
        before = _recorded(offer)
        name = _item_name(accepted)
        for field, value in asdict(accepted).items():
            setattr(offer, field, value)
        with _refusing():
            offer.save(update_fields=["service", "product", "price", "starts_on", "ends_on"])
        if _recorded(offer) != before:
            new = {"item": name, **_recorded(offer)}
            told(
                actor=actor, action="offer.updated", subject_id=offer_id, old={"item": name, **before}, new=new, now=now
            )
    return offer


def remove_offer(*, actor: Actor, offer_id: UUID, now: datetime) -> SpecialOffer:
    """Take a special offer away; `restore_offer` brings it back.

    Raises: NotAllowed, NoSuchOffer.
    """
    actor.require(Permission.SETTINGS)
    with transaction.atomic():
        offer = _lock(offer_id)
        old = _recorded(offer)
        SpecialOffer.objects.filter(pk=offer_id).delete()
        told(actor=actor, action=_REMOVED, subject_id=offer_id, old=old, new={}, now=now)
    return offer


def restore_offer(*, actor: Actor, offer_id: UUID, now: datetime) -> SpecialOffer:
    """Bring a removed offer back as it was, from what the audit trail says of it; one that is there stays.

    Raises: NotAllowed, NoSuchOffer, InvalidInput where another one holds on those days by now.
    """
    actor.require(Permission.SETTINGS)
    with transaction.atomic():
        wait_for_others(offer_id)
        present = SpecialOffer.objects.filter(pk=offer_id).first()
        if present is not None:
            return present
        was = as_it_was(action=_REMOVED, subject_id=offer_id)
        if not was:
            raise NoSuchOffer
        offer = SpecialOffer(id=offer_id, created_at=now, **asdict(_read(was)))
        with _refusing():
            offer.save(force_insert=True)
        told(actor=actor, action="offer.restored", subject_id=offer_id, old={}, new=_recorded(offer), now=now)
    return offer


def offer_with_id(offer_id: UUID) -> SpecialOffer:
    """Return a special offer.

    Raises: NoSuchOffer.
    """
    offer = SpecialOffer.objects.filter(pk=offer_id).first()
    if offer is None:
        raise NoSuchOffer
    return offer


def _lock(offer_id: UUID) -> SpecialOffer:
    offer = SpecialOffer.objects.select_for_update().filter(pk=offer_id).first()
    if offer is None:
        raise NoSuchOffer
    return offer


def _item_name(details: OfferDetails) -> str:
    items: Any = Service.objects if details.service_id else Product.objects
    item = items.offered().filter(pk=details.service_id or details.product_id).first()
    if item is None:
        raise InvalidInput([FieldError("item", "not_found", _("This is not in the catalogue (any more)."))])
    return str(item.name)


def _recorded(offer: SpecialOffer) -> dict[str, Any]:
    return {
        "service_id": offer.service_id,
        "product_id": offer.product_id,
        "price": offer.price,
        "starts_on": offer.starts_on,
        "ends_on": offer.ends_on,
    }


def _read(was: Mapping[str, str]) -> OfferDetails:
    return OfferDetails(
        service_id=UUID(was["service_id"]) if "service_id" in was else None,
        product_id=UUID(was["product_id"]) if "product_id" in was else None,
        price=Decimal(was["price"]),
        starts_on=date.fromisoformat(was["starts_on"]),
        ends_on=date.fromisoformat(was["ends_on"]),
    )


def _refusing() -> AbstractContextManager[None]:
    overlap = FieldError("starts_on", "offer_overlap", _("Another special offer holds on some of these days."))
    return refusing(
        {
            "catalogue_specialoffer_service_once": InvalidInput([overlap]),
            "catalogue_specialoffer_product_once": InvalidInput([overlap]),
        }
    )
