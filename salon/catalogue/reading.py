"""What the catalogue and the team are: read by the calendar, by bookings, by the API (domain.md §5)."""

from collections.abc import Iterable
from uuid import UUID

from salon.catalogue.models import Service, StaffMember, StaffService


def all_services() -> list[Service]:
    """Return the services that are offered, in the order of the catalogue, each with its group."""
    return list(Service.objects.offered().in_order().select_related("group"))


def working_staff() -> list[StaffMember]:
    """Return the team as the calendar shows it."""
    return list(StaffMember.objects.working().in_order())


def performers(service_ids: Iterable[UUID]) -> dict[UUID, set[UUID]]:
    """Return who of the team can do each of these services; nobody: an empty set."""
    found: dict[UUID, set[UUID]] = {service_id: set() for service_id in service_ids}
    skills = StaffService.objects.filter(service_id__in=list(found), staff__archived_at=None)
    for service_id, staff_id in skills.values_list("service_id", "staff_id"):
        found[service_id].add(staff_id)
    return found
