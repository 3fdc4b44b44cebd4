"""What the catalogue and the team are: read by the calendar, by bookings, by the API (domain.md §5)."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from salon.catalogue.models import Service, SpecialOffer, StaffMember, StaffService


def all_services() -> list[Service]:
    """Return the services that are offered, in the order of the catalogue, each with its group."""
    return list(Service.objects.offered().in_order().select_related("group"))


def services_by_id(ids: Iterable[UUID]) -> dict[UUID, Service]:
    """Return the services with these ids, archived ones too; unknown ids are left out."""
    return Service.objects.in_bulk(list(ids))


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


def price_on(services: Sequence[Service], day: date) -> dict[UUID, Decimal]:
    """Return what each of these services costs on a day: as the special offer says that holds then, else its price."""
    found = {service.pk: service.price for service in services}
    offers = SpecialOffer.objects.filter(service_id__in=list(found), starts_on__lte=day, ends_on__gte=day)
    return found | dict(offers.values_list("service_id", "price"))
