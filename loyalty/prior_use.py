"""What clients had before the salon's own history: noted by the team, or carried in by an import (domain.md §7.1)."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from clients.cards import lock_client
from clients.models import CarriedService
from loyalty.eligibility import Had
from loyalty.models import PriorUse
from salon.audit.recording import Change, record
from salon.catalogue.details import key_of
from salon.catalogue.models import ItemKind, Product, Service
from salon.errors import FieldError, InvalidInput
from salon.identity.roles import Actor, Permission
from salon.rows import insert


def note_prior_use(*, actor: Actor, client_id: UUID, kind: ItemKind, item_id: UUID, now: datetime) -> bool:
    """Note that a client has had a service or product before (*Hatte sie schon*); return whether that is news.

    Archived ones can be noted too: she may have had them when they were offered.
    Raises: NotAllowed, MergedAway, NotFound, InvalidInput (`not_found` at `item`).
    """
    actor.require(Permission.CLIENTS_WRITE)
    with transaction.atomic():
        lock_client(client_id)
        name = _name(kind, item_id)
        noted = PriorUse(client_id=client_id, noted_by_name=actor.name, noted_at=now)
        if kind == ItemKind.SERVICE:
            noted.service_id, once = item_id, "loyalty_prioruse_service_once"
        else:
            noted.product_id, once = item_id, "loyalty_prioruse_product_once"
        if not insert([noted], unless=once):
            return False
        _record(actor, client_id, "client.prior_use_noted", Change("item", None, name), now)
    return True


def withdraw_prior_use(*, actor: Actor, client_id: UUID, kind: ItemKind, item_id: UUID, now: datetime) -> bool:
    """Take such a note back; return whether there was one. What an import says stays.

    Raises: NotAllowed, MergedAway, NotFound, InvalidInput (`not_found` at `item`).
    """
    actor.require(Permission.CLIENTS_WRITE)
    with transaction.atomic():
        lock_client(client_id)
        name = _name(kind, item_id)
        column = "service_id" if kind == ItemKind.SERVICE else "product_id"
        removed, _rows = PriorUse.objects.filter(client_id=client_id, **{column: item_id}).delete()
        if not removed:
            return False
        _record(actor, client_id, "client.prior_use_withdrawn", Change("item", name, None), now)
    return True


def noted_uses_of(client_id: UUID) -> list[PriorUse]:
    """Return what the team has noted of a client, with the services and products, the latest first."""
    noted = PriorUse.objects.filter(client_id=client_id).select_related("service", "product")
    return list(noted.order_by("-noted_at", "id"))


def prior_uses_of(client_id: UUID) -> Had:
    """Return what a client had before the salon's own history, in two statements.

    What an import says she had is found by its name, whatever its case and accents; archived services count too.
    """
    noted = PriorUse.objects.filter(client_id=client_id).values_list("service_id", "product_id")
    carried = CarriedService.objects.filter(client_id=client_id).values_list("name", flat=True)
    return Had.of(noted) | called(carried)


def called(names: Iterable[str], among: Iterable[Service] | None = None) -> Had:
    """Return the services of the salon, or of those given, that go by one of these names."""
    keys = {key_of(name) for name in names}
    if among is None:
        among = Service.objects.filter(name_key__in=keys).only("name_key") if keys else []
    return Had(services=frozenset(one.pk for one in among if one.name_key in keys))


def _name(kind: ItemKind, item_id: UUID) -> str:
    items = Service.objects if kind == ItemKind.SERVICE else Product.objects
    name = items.filter(pk=item_id).values_list("name", flat=True).first()
    if name is None:
        raise InvalidInput([FieldError("item", "not_found", _("This is not in the catalogue (any more)."))])
    return str(name)


def _record(actor: Actor, client_id: UUID, action: str, change: Change, now: datetime) -> None:
    record(actor=actor, action=action, subject_kind="client", subject_id=client_id, changes=[change], now=now)
