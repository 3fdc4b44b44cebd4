"""The team, and who of it can do what, read once for all that is asked about an appointment (domain.md §5)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from bookings.asking import Known
from salon.catalogue.models import Service, StaffMember
from salon.rows import read_with
from salon.tenancy.context import current_salon_id

_SKILLS = """
    ARRAY(SELECT skill.service_id FROM catalogue_staffservice skill
    WHERE skill.salon_id = catalogue_staffmember.salon_id AND skill.staff_id = catalogue_staffmember.id
    AND skill.service_id = ANY(%(services)s)),
    rules.slot_minutes, rules.lead_minutes, rules.horizon_days
"""
_WORKING = """
LEFT JOIN bookings_bookingrules rules ON rules.salon_id = catalogue_staffmember.salon_id
WHERE catalogue_staffmember.salon_id = %(salon)s AND archived_at IS NULL ORDER BY position, name_key, id
"""

# How far apart starts are, how soon and how far ahead: None where the salon keeps the defaults.
type _Rules = tuple[int | None, int | None, int | None]


@dataclass(frozen=True, slots=True)
class Team:
    """Those who work in the salon, in order, and who of them can do each of the services asked about."""

    staff: list[StaffMember]
    able: Mapping[UUID, frozenset[UUID]]
    rules: _Rules = (None, None, None)

    @property
    def names(self) -> dict[UUID, str]:
        """What everybody is called."""
        return {one.pk: one.name for one in self.staff}

    def known(self, service: Service) -> Known:
        """Return what availability asks of a service."""
        minutes = (service.apply_minutes, service.processing_minutes, service.finish_minutes, service.buffer_minutes)
        performers = [*self.able.get(service.pk, ())]
        team = [one.pk for one in self.staff]
        return Known(service.pk, service.archived_at is None, service.online, *minutes, performers, team, *self.rules)


def team_for(service_ids: Iterable[UUID]) -> Team:
    """Return the team, and who of it does these services, in one statement."""
    services = set(service_ids)
    values = {"salon": current_salon_id(), "services": list(services)}
    found = read_with(StaffMember, _SKILLS, _WORKING, values)
    able = {
        service_id: frozenset(staff.pk for staff, skills, *_ in found if service_id in skills)
        for service_id in services
    }
    rules: _Rules = found[0][2:] if found else (None, None, None)
    return Team([staff for staff, *_ in found], able, rules)
