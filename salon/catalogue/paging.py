"""The catalogue page by page, in its own order: group, position, name (api.md)."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import CharField, Q, SmallIntegerField, Value
from django.db.models.functions import Coalesce

from salon import keyset
from salon.catalogue.models import Product, Service, StaffMember, StaffService

# What stands in no group stands behind all that do.
_LAST = 32_767
_IN_GROUPS = keyset.Order(("group_place", "group_key", "position", "name_key", "id"))
_IN_TEAM = keyset.Order(("position", "name_key", "id"))


def list_services(*, limit: int, cursor: str | None = None, meeting: Q | None = None) -> keyset.Page[Service]:
    """Return one page of the services that are offered and meet a condition, each with its group.

    Raises: keyset.InvalidCursor.
    """
    services = Service.objects.offered().filter(meeting or Q()).select_related("group")
    placed = services.annotate(
        group_place=Coalesce("group__position", Value(_LAST), output_field=SmallIntegerField()),
        group_key=Coalesce("group__name_key", Value(""), output_field=CharField()),
    )
    return keyset.page(placed, _IN_GROUPS, limit=limit, cursor=cursor)


def list_products(*, limit: int, cursor: str | None = None) -> keyset.Page[Product]:
    """Return one page of the products that are sold, each with its group.

    Raises: keyset.InvalidCursor.
    """
    placed = (
        Product.objects.offered()
        .select_related("group")
        .annotate(
            group_place=Coalesce("group__position", Value(_LAST), output_field=SmallIntegerField()),
            group_key=Coalesce("group__name_key", Value(""), output_field=CharField()),
        )
    )
    return keyset.page(placed, _IN_GROUPS, limit=limit, cursor=cursor)


def list_staff(*, limit: int, cursor: str | None = None) -> keyset.Page[StaffMember]:
    """Return one page of the team, in the order of the calendar.

    Raises: keyset.InvalidCursor.
    """
    return keyset.page(StaffMember.objects.working(), _IN_TEAM, limit=limit, cursor=cursor)


def staff_doing(service_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Return the ids of who does each of these services, in the order of the calendar."""
    found: dict[UUID, list[UUID]] = {service_id: [] for service_id in service_ids}
    skills = StaffService.objects.filter(service_id__in=list(found), staff__archived_at=None)
    ordered = skills.order_by("staff__position", "staff__name_key", "staff_id")
    for service_id, staff_id in ordered.values_list("service_id", "staff_id"):
        found[service_id].append(staff_id)
    return found


def services_done_by(staff_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Return the ids of the services that each of these people does, in the order of their names."""
    found: dict[UUID, list[UUID]] = {staff_id: [] for staff_id in staff_ids}
    skills = StaffService.objects.filter(staff_id__in=list(found), service__archived_at=None)
    for staff_id, service_id in skills.order_by("service__name_key", "service_id").values_list(
        "staff_id", "service_id"
    ):
        found[staff_id].append(service_id)
    return found
