"""Who can do what: written from the side of a service or of a staff member."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from salon.catalogue.models import Service, StaffMember, StaffService
from salon.errors import FieldError, InvalidInput


@dataclass(frozen=True, slots=True)
class Known:
    """The names of those who could do something, or of what somebody could do, and of those who can now."""

    before: list[str]
    after: list[str]


def write_performers(service_id: UUID, staff_ids: Collection[UUID]) -> Known | None:
    """Let exactly these people do a service, whose row is locked; return None where that changes nothing.

    Those who are archived keep what they could. Raises: InvalidInput for one who does not exist.
    """
    team = {one.pk: one.name for one in StaffMember.objects.working().in_order()}
    wanted = _accepted("performers", staff_ids, team)
    skills = StaffService.objects.filter(service_id=service_id, staff__archived_at=None)
    before = set(skills.values_list("staff_id", flat=True))
    if wanted == before:
        return None
    skills.filter(staff_id__in=before - wanted).delete()
    added = [StaffService(staff_id=one, service_id=service_id) for one in sorted(wanted - before)]
    StaffService.objects.bulk_create(added, ignore_conflicts=True)
    return _known(team, before, wanted)


def write_skills(staff_id: UUID, service_ids: Collection[UUID]) -> Known | None:
    """Let a staff member, whose row is locked, do exactly these services; return None where that changes nothing.

    Archived services stay as they are. Raises: InvalidInput for one that does not exist.
    """
    offered = {one.pk: one.name for one in Service.objects.offered().in_order()}
    wanted = _accepted("skills", service_ids, offered)
    skills = StaffService.objects.filter(staff_id=staff_id, service__archived_at=None)
    before = set(skills.values_list("service_id", flat=True))
    if wanted == before:
        return None
    bump_services(wanted ^ before)
    skills.filter(service_id__in=before - wanted).delete()
    added = [StaffService(staff_id=staff_id, service_id=one) for one in sorted(wanted - before)]
    StaffService.objects.bulk_create(added, ignore_conflicts=True)
    return _known(offered, before, wanted)


def bump_services(service_ids: Iterable[UUID]) -> None:
    """Count up the versions of services of which it has changed who does them: they tell of it."""
    # In key order, as everybody locks several.
    held = Service.objects.select_for_update(no_key=True).filter(pk__in=list(service_ids)).order_by("pk")
    ids = list(held.values_list("pk", flat=True))
    Service.objects.filter(pk__in=ids).update(version=F("version") + 1)


def _accepted(field: str, wanted: Collection[UUID], known: Collection[UUID]) -> set[UUID]:
    if set(wanted) - set(known):
        raise InvalidInput([FieldError(field, "not_found", _("This does not exist (any more)."))])
    return set(wanted)


def _known(names: Mapping[UUID, str], before: set[UUID], after: set[UUID]) -> Known:
    return Known(
        [name for pk, name in names.items() if pk in before], [name for pk, name in names.items() if pk in after]
    )
