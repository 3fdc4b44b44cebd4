"""Who works when, as the pages of the team show it: schedules of each, and absences to come."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from salon.catalogue.absences import NoSuchAbsence
from salon.catalogue.closing import NoSuchClosure
from salon.catalogue.models import Absence, Closure, Schedule, ScheduleInterval, StaffMember, StaffService
from salon.catalogue.team import NotInTeam
from salon.catalogue.weeks import Stretch


@dataclass(frozen=True, slots=True)
class Week:
    """One schedule: from when it holds, to which day (None: on and on), and its stretches in order."""

    schedule: Schedule
    until: date | None
    stretches: Sequence[Stretch]

    @property
    def minutes(self) -> int:
        """How long somebody works in such a week."""
        return sum(one.ends_minute - one.starts_minute for one in self.stretches)


def weeks_of(staff_ids: Iterable[UUID]) -> dict[UUID, list[Week]]:
    """Return the schedules of each of these people, the first to begin first. Two queries."""
    found: dict[UUID, list[Week]] = {staff_id: [] for staff_id in staff_ids}
    schedules = list(Schedule.objects.filter(staff_id__in=list(found)).order_by("staff_id", "valid_from"))
    stretches: dict[UUID, list[Stretch]] = {schedule.pk: [] for schedule in schedules}
    intervals = ScheduleInterval.objects.filter(schedule_id__in=list(stretches))
    for schedule_id, *stretch in intervals.values_list("schedule_id", "weekday", "starts_minute", "ends_minute"):
        stretches[schedule_id].append(Stretch(*stretch))
    for schedule, after in zip(schedules, [*schedules[1:], None], strict=False):
        until = after.valid_from if after and after.staff_id == schedule.staff_id else None
        found[schedule.staff_id].append(Week(schedule, until, sorted(stretches[schedule.pk])))
    return found


def week_on(weeks: Iterable[Week], day: date) -> Week | None:
    """Return the one of somebody's weeks, in order, that holds on a day; None before the first."""
    return next((one for one in reversed(list(weeks)) if one.schedule.valid_from <= day), None)


def staff_with_id(staff_id: UUID) -> StaffMember:
    """Return somebody of the team, archived or not.

    Raises: NotInTeam.
    """
    found = StaffMember.objects.filter(pk=staff_id).first()
    if found is None:
        raise NotInTeam
    return found


def archived_staff() -> list[StaffMember]:
    """Return those who have left the team, the latest first."""
    return list(StaffMember.objects.exclude(archived_at=None).order_by("-archived_at", "id"))


def skills_of(staff_id: UUID) -> set[UUID]:
    """Return which services somebody can do; archived ones too."""
    return set(StaffService.objects.filter(staff_id=staff_id).values_list("service_id", flat=True))


def absences_of(staff_id: UUID, since: datetime) -> list[Absence]:
    """Return somebody's absences and blocked times that end after an instant, the first to begin first."""
    return list(Absence.objects.filter(staff_id=staff_id, ends_at__gt=since).order_by("starts_at", "id"))


def absences_before(staff_id: UUID, until: datetime, *, limit: int = 20) -> list[Absence]:
    """Return somebody's absences that ended by an instant, the latest first."""
    return list(Absence.objects.filter(staff_id=staff_id, ends_at__lte=until).order_by("-starts_at", "id")[:limit])


def next_absences(since: datetime) -> dict[UUID, Absence]:
    """Return of each the absence that ends first after an instant; blocked times are none."""
    absences = Absence.objects.filter(ends_at__gt=since).exclude(kind="BLOCKED").order_by("-starts_at", "-id")
    return {absence.staff_id: absence for absence in absences}


def absence_with_id(absence_id: UUID) -> Absence:
    """Return an absence.

    Raises: NoSuchAbsence.
    """
    found = Absence.objects.select_related("staff").filter(pk=absence_id).first()
    if found is None:
        raise NoSuchAbsence
    return found


def closures_since(day: date) -> list[Closure]:
    """Return the closures that end on a day or later, the first to begin first."""
    return list(Closure.objects.filter(ends_on__gte=day).order_by("starts_on", "id"))


def closures_before(day: date, *, limit: int = 20) -> list[Closure]:
    """Return the closures that ended before a day, the latest first."""
    return list(Closure.objects.filter(ends_on__lt=day).order_by("-ends_on", "id")[:limit])


def closure_with_id(closure_id: UUID) -> Closure:
    """Return a closure.

    Raises: NoSuchClosure.
    """
    found = Closure.objects.filter(pk=closure_id).first()
    if found is None:
        raise NoSuchClosure
    return found
