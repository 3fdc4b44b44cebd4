"""What the catalogue and the team are: read by the calendar, by bookings, by the API (domain.md §5)."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Case, CharField, DateField, F, Value, When

from salon.catalogue.models import (
    CatalogueVersion,
    Closure,
    HolidayRules,
    OpenDay,
    Service,
    SpecialOffer,
    StaffMember,
    StaffService,
)
from salon.catalogue.public_holidays import public_holidays
from salon.tenancy.models import Salon

_CLOSURE, _OPEN, _KEEPS, _KEEPS_NONE = "closure", "open", "keeps", "keeps none"


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


def closed_days(*, salon: Salon, first: date, last: date) -> dict[date, str]:
    """Return the days between two, both included, on which the salon is closed, and why: its closures, and public
    holidays but for those on which it is open all the same. One query."""
    columns = ("what", "name", "starts_on", "ends_on")
    closures = Closure.objects.filter(ends_on__gte=first, starts_on__lte=last).annotate(what=Value(_CLOSURE))
    open_days = OpenDay.objects.filter(day__gte=first, day__lte=last).annotate(
        what=Value(_OPEN), name=Value("", CharField()), starts_on=F("day"), ends_on=F("day")
    )
    rules = HolidayRules.objects.annotate(
        what=Case(When(closed=True, then=Value(_KEEPS)), default=Value(_KEEPS_NONE)),
        name=F("region"),
        starts_on=Value(first, DateField()),
        ends_on=Value(last, DateField()),
    )
    rows = list(
        closures.values_list(*columns).union(open_days.values_list(*columns), rules.values_list(*columns), all=True)
    )
    region = {what: name for what, name, _from, _to in rows}
    found: dict[date, str] = {}
    if _KEEPS_NONE not in region:
        found |= public_holidays(salon.country, region.get(_KEEPS, ""), first, last)
    for what, _name, day, _to in rows:
        if what == _OPEN:
            found.pop(day, None)
    for what, name, starts_on, ends_on in rows:
        if what == _CLOSURE:
            start, end = max(starts_on, first), min(ends_on, last)
            found |= {start + timedelta(days): name for days in range((end - start).days + 1)}
    return dict(sorted(found.items()))


def catalogue_version() -> int:
    """Return the number that counts up with every change of catalogue, team, hours, absences and closures."""
    return CatalogueVersion.objects.values_list("version", flat=True).first() or 0
