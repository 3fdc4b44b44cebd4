"""The headings under which services and products stand."""

from contextlib import AbstractContextManager
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max, ProtectedError
from django.utils.translation import gettext_lazy as _

from salon.catalogue.changing import told
from salon.catalogue.details import accept_group_name, key_of
from salon.catalogue.models import CatalogueGroup, ItemKind, Product, Service
from salon.catalogue.ordering import Direction, shifted
from salon.errors import DomainError, FieldError, InvalidInput, NotFound, refusing
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import new_id


class GroupGone(NotFound):
    """A group does not exist any more."""

    message = _("This group does not exist (any more).")


class GroupNotEmpty(DomainError):
    """A group still has services or products in it."""

    code = "group_not_empty"
    message = _("There is still something in this group.")


def create_group(*, actor: Actor, kind: ItemKind, name: str, now: datetime) -> CatalogueGroup:
    """Make a group behind the others of its kind.

    Raises: NotAllowed, InvalidInput (`duplicate_name`).
    """
    actor.require(Permission.SETTINGS)
    kept = accept_group_name(name)
    with transaction.atomic():
        last = CatalogueGroup.objects.filter(kind=kind).aggregate(last=Max("position", default=-1))["last"]
        group = CatalogueGroup(id=new_id(), kind=kind, name=kept, name_key=key_of(kept), position=last + 1)
        with _refusing_a_second():
            group.save(force_insert=True)
        told(actor=actor, action="group.created", subject_id=group.pk, old={}, new={"name": kept}, now=now)
    return group


def rename_group(*, actor: Actor, group_id: UUID, name: str, now: datetime) -> CatalogueGroup:
    """Give a group another name.

    Raises: NotAllowed, GroupGone, InvalidInput (`duplicate_name`).
    """
    actor.require(Permission.SETTINGS)
    kept = accept_group_name(name)
    with transaction.atomic():
        group = _lock(group_id)
        before = group.name
        if before != kept:
            group.name, group.name_key = kept, key_of(kept)
            with _refusing_a_second():
                group.save(update_fields=["name", "name_key"])
            # What a service or product tells has its group's name in it.
            for model in (Service, Product):
                model.objects.filter(group_id=group_id).update(version=F("version") + 1)
            new = {"name": kept}
            told(actor=actor, action="group.renamed", subject_id=group_id, old={"name": before}, new=new, now=now)
    return group


def shift_group(*, actor: Actor, group_id: UUID, direction: Direction, now: datetime) -> None:
    """Move a group one place up or down among those of its kind.

    Raises: NotAllowed, GroupGone.
    """
    actor.require(Permission.SETTINGS)
    with transaction.atomic():
        # All of its kind in key order, as everybody locks several.
        kind = CatalogueGroup.objects.filter(pk=group_id).values_list("kind", flat=True).first()
        groups = CatalogueGroup.objects.select_for_update(no_key=True).filter(kind=kind).order_by("pk")
        listed = sorted(groups, key=lambda one: (one.position, one.name_key, one.pk))
        if group_id not in [one.pk for one in listed]:
            raise GroupGone
        order = shifted([one.pk for one in listed], group_id, direction)
        for one in listed:
            one.position = order.index(one.pk)
        CatalogueGroup.objects.bulk_update(listed, ["position"])
        place = {"position": order.index(group_id) + 1}
        told(actor=actor, action="group.moved", subject_id=group_id, old={}, new=place, now=now)


def delete_group(*, actor: Actor, group_id: UUID, now: datetime) -> None:
    """Delete a group in which nothing is left but what is archived; that stands without a group from then on.

    Raises: NotAllowed, GroupGone, GroupNotEmpty.
    """
    actor.require(Permission.SETTINGS)
    with transaction.atomic():
        group = _lock(group_id)
        for model in (Service, Product):
            model.objects.filter(group_id=group_id).exclude(archived_at=None).update(
                group=None, version=F("version") + 1
            )
        of_kind = "catalogue_service_group" if group.kind == ItemKind.SERVICE else "catalogue_product_group"
        try:
            with refusing({of_kind: GroupNotEmpty()}):
                group.delete()
        except ProtectedError as error:
            raise GroupNotEmpty from error
        old = {"name": group.name}
        told(actor=actor, action="group.deleted", subject_id=group_id, old=old, new={}, now=now)


def group_for(*, actor: Actor, kind: ItemKind, name: str, now: datetime) -> CatalogueGroup:
    """Return the group of this name, made if it is not there yet.

    Raises: NotAllowed, InvalidInput.
    """
    key = key_of(accept_group_name(name))
    found = CatalogueGroup.objects.filter(kind=kind, name_key=key).first()
    return found or create_group(actor=actor, kind=kind, name=name, now=now)


def _lock(group_id: UUID) -> CatalogueGroup:
    group = CatalogueGroup.objects.select_for_update(no_key=True).filter(pk=group_id).first()
    if group is None:
        raise GroupGone
    return group


def _refusing_a_second() -> AbstractContextManager[None]:
    message = _("There is a group with this name already.")
    return refusing({"catalogue_group_name": InvalidInput([FieldError("name", "duplicate_name", message)])})
