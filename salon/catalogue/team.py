"""Who works in a salon: staff members, what they can do, and when they work (domain.md §5)."""

from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any, TypedDict
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from salon.catalogue.changing import as_it_was, told
from salon.catalogue.details import Faults, key_of
from salon.catalogue.models import Schedule, ScheduleInterval, StaffMember, StaffService
from salon.catalogue.models.staff import COLOURS
from salon.catalogue.ordering import Direction, shifted
from salon.catalogue.skills import bump_services, write_skills
from salon.catalogue.weeks import WEEKDAYS, Stretch, accept_week, by_weekday, parse_time, time_text
from salon.errors import FieldError, InvalidInput, NotFound, VersionConflict, refusing
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import new_id
from salon.years import is_known

LONGEST_NAME = 60
_SCHEDULE_REMOVED = "schedule.removed"


class NotInTeam(NotFound):
    """A staff member does not exist, or is archived."""

    message = _("This person does not work here (any more).")


class NoSuchSchedule(NotFound):
    """A schedule does not exist any more."""

    message = _("These working hours do not exist (any more).")


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffDetails:
    """What is said of a staff member. `colour` None: one that nobody has yet."""

    name: str
    colour: int | None = None
    user_id: UUID | None = None


class ChangedStaff(TypedDict, total=False):
    """Fields of a staff member to be changed; what is missing stays as it is."""

    name: str
    colour: int | None
    user_id: UUID | None


def create_staff_member(
    *, actor: Actor, details: StaffDetails, now: datetime, skills: Collection[UUID] = ()
) -> StaffMember:
    """Take somebody into the team, last in the calendar; she works when her first schedule says so.

    Raises: NotAllowed, InvalidInput (`duplicate_name`, `user_taken`).
    """
    actor.require(Permission.SETTINGS)
    with transaction.atomic():
        accepted = _accept(details)
        last = StaffMember.objects.aggregate(last=Max("position", default=-1))["last"]
        member = StaffMember(id=new_id(), created_at=now, position=last + 1, **asdict(accepted))
        member.name_key = key_of(member.name)
        with _refusing():
            member.save(force_insert=True)
        known = write_skills(member.pk, skills) if skills else None
        new = _recorded(accepted) | ({"skills": known.after} if known else {})
        told(actor=actor, action="staff.created", subject_id=member.pk, old={}, new=new, now=now)
    return member


def update_staff_member(
    *, actor: Actor, staff_id: UUID, changes: ChangedStaff, now: datetime, version: int | None = None
) -> StaffMember:
    """Change name, colour or login of somebody in the team.

    Raises: NotAllowed, NotInTeam, VersionConflict, InvalidInput.
    """
    actor.require(Permission.SETTINGS)
    with transaction.atomic():
        member = _lock(staff_id)
        if version is not None and version != member.version:
            raise VersionConflict
        before = StaffDetails(name=member.name, colour=member.colour, user_id=member.user_id)
        accepted = _accept(replace(before, **changes))
        if accepted != before:
            member.name, member.user_id = accepted.name, accepted.user_id
            member.colour = accepted.colour or member.colour
            member.name_key, member.version = key_of(accepted.name), member.version + 1
            with _refusing():
                member.save(update_fields=["name", "name_key", "colour", "user", "version"])
            old, new = _recorded(before), _recorded(accepted)
            told(actor=actor, action="staff.updated", subject_id=staff_id, old=old, new=new, now=now)
    return member


def archive_staff_member(*, actor: Actor, staff_id: UUID, now: datetime) -> StaffMember:
    """Take somebody out of the team: not bookable any more, while her appointments stay as they are.

    Raises: NotAllowed, NotInTeam.
    """
    actor.require(Permission.SETTINGS)
    with transaction.atomic():
        member = _lock(staff_id)
        _set_archived(member, now)
        old = {"name": member.name}
        told(actor=actor, action="staff.archived", subject_id=staff_id, old=old, new={}, now=now)
    return member


def restore_staff_member(*, actor: Actor, staff_id: UUID, now: datetime) -> StaffMember:
    """Take somebody back into the team, with her skills and hours; one who is in it stays as she is.

    Raises: NotAllowed, NotInTeam, InvalidInput (`duplicate_name`, `user_taken`).
    """
    actor.require(Permission.SETTINGS)
    with transaction.atomic():
        member = StaffMember.objects.select_for_update(no_key=True).filter(pk=staff_id).first()
        if member is None:
            raise NotInTeam
        if member.archived_at is not None:
            with _refusing():
                _set_archived(member, None)
            new = {"name": member.name}
            told(actor=actor, action="staff.restored", subject_id=staff_id, old={}, new=new, now=now)
    return member


def shift_staff_member(*, actor: Actor, staff_id: UUID, direction: Direction, now: datetime) -> None:
    """Move somebody one place up or down: one column to the left or right in the calendar.

    Raises: NotAllowed, NotInTeam.
    """
    actor.require(Permission.SETTINGS)
    with transaction.atomic():
        held = StaffMember.objects.working().select_for_update(no_key=True).order_by("pk")
        listed = sorted(held, key=lambda one: (one.position, one.name_key, one.pk))
        if staff_id not in [one.pk for one in listed]:
            raise NotInTeam
        order = shifted([one.pk for one in listed], staff_id, direction)
        for one in listed:
            # Its version counts, too: by it the calendar knows that its columns stand otherwise.
            one.version += one.position != order.index(one.pk)
            one.position = order.index(one.pk)
        StaffMember.objects.bulk_update(listed, ["position", "version"])
        place = {"position": order.index(staff_id) + 1}
        told(actor=actor, action="staff.moved", subject_id=staff_id, old={}, new=place, now=now)


def set_skills(*, actor: Actor, staff_id: UUID, service_ids: Collection[UUID], now: datetime) -> None:
    """Let a staff member do exactly these services.

    Raises: NotAllowed, NotInTeam, InvalidInput (`not_found` at `skills`).
    """
    actor.require(Permission.SETTINGS)
    with transaction.atomic():
        _lock(staff_id)
        known = write_skills(staff_id, service_ids)
        if known:
            old, new = {"skills": known.before}, {"skills": known.after}
            told(actor=actor, action="staff.skills_changed", subject_id=staff_id, old=old, new=new, now=now)


def set_schedule(
    *, actor: Actor, staff_id: UUID, valid_from: date, week: Collection[Stretch], now: datetime
) -> Schedule:
    """Let a staff member work this week from a day on, until her next schedule begins; one of that day is replaced.

    A week without any stretch means that she does not work.
    Raises: NotAllowed, NotInTeam, InvalidInput (`valid_from`, `weekday_1` … `weekday_7`).
    """
    actor.require(Permission.SETTINGS)
    accepted = accept_week(week)
    if not is_known(valid_from):
        raise InvalidInput([FieldError("valid_from", "range", _("Enter a day of this century."))])
    with transaction.atomic():
        _lock(staff_id)
        schedule, made = Schedule.objects.get_or_create(staff_id=staff_id, valid_from=valid_from)
        before = [] if made else _week_of(schedule.pk)
        if made or before != accepted:
            ScheduleInterval.objects.filter(schedule=schedule).delete()
            _write_week(schedule, accepted)
            schedule.changed_at = now
            schedule.save(update_fields=["changed_at"])
            old, new = _recorded_week(before), _recorded_week(accepted) | {"valid_from": valid_from}
            if not made:
                old["valid_from"] = valid_from
            told(actor=actor, action="staff.schedule_set", subject_id=staff_id, old=old, new=new, now=now)
    return schedule


def remove_schedule(*, actor: Actor, schedule_id: UUID, now: datetime) -> Schedule:
    """Take a schedule away: the one before it holds on.

    Raises: NotAllowed, NoSuchSchedule.
    """
    actor.require(Permission.SETTINGS)
    with transaction.atomic():
        schedule = Schedule.objects.select_for_update().filter(pk=schedule_id).first()
        if schedule is None:
            raise NoSuchSchedule
        week = _recorded_week(_week_of(schedule_id))
        old = {"staff_id": schedule.staff_id, "valid_from": schedule.valid_from, **week}
        # Its stretches go with it, in the database.
        Schedule.objects.filter(pk=schedule_id).delete()
        earlier = Schedule.objects.filter(staff_id=schedule.staff_id, valid_from__lt=schedule.valid_from)
        Schedule.objects.filter(pk__in=earlier.order_by("-valid_from").values("pk")[:1]).update(changed_at=now)
        told(actor=actor, action=_SCHEDULE_REMOVED, subject_id=schedule_id, old=old, new={}, now=now)
    return schedule


def restore_schedule(*, actor: Actor, schedule_id: UUID, now: datetime) -> Schedule:
    """Bring a removed schedule back as it was, from what the audit trail says of it; one that is there stays.

    Raises: NotAllowed, NoSuchSchedule, NotInTeam, InvalidInput where another one begins on that day by now.
    """
    actor.require(Permission.SETTINGS)
    with transaction.atomic():
        present = Schedule.objects.filter(pk=schedule_id).first()
        if present is not None:
            return present
        was = as_it_was(action=_SCHEDULE_REMOVED, subject_id=schedule_id)
        if not was:
            raise NoSuchSchedule
        staff_id, valid_from = UUID(was["staff_id"]), date.fromisoformat(was["valid_from"])
        _lock(staff_id)
        schedule = Schedule(id=schedule_id, staff_id=staff_id, valid_from=valid_from, changed_at=now)
        with _refusing():
            schedule.save(force_insert=True)
        week = [
            Stretch(day, *map(parse_time, stretch.split("–")))
            for day in WEEKDAYS
            for stretch in was.get(f"weekday_{day}", "").split(", ")
            if stretch
        ]
        _write_week(schedule, week)
        new = {"staff_id": staff_id, "valid_from": valid_from, **_recorded_week(week)}
        told(actor=actor, action="schedule.restored", subject_id=schedule_id, old={}, new=new, now=now)
    return schedule


def _write_week(schedule: Schedule, week: list[Stretch]) -> None:
    intervals = [ScheduleInterval(schedule=schedule, **asdict(stretch)) for stretch in week]
    ScheduleInterval.objects.bulk_create(intervals)


def _lock(staff_id: UUID) -> StaffMember:
    member = StaffMember.objects.working().select_for_update(no_key=True).filter(pk=staff_id).first()
    if member is None:
        raise NotInTeam
    return member


def _accept(given: StaffDetails) -> StaffDetails:
    faults = Faults()
    name = faults.text("name", given.name, longest=LONGEST_NAME, required=True)
    if given.colour is not None and not 1 <= given.colour <= COLOURS:
        faults.add("colour", "range", _("Choose one of the colours."))
    faults.refuse()
    return replace(given, name=name, colour=given.colour or _free_colour())


def _free_colour() -> int:
    """Return the colour that the fewest of the team have, the first of them."""
    taken = list(StaffMember.objects.working().values_list("colour", flat=True))
    return min(range(1, COLOURS + 1), key=lambda colour: (taken.count(colour), colour))


def _set_archived(member: StaffMember, at: datetime | None) -> None:
    member.archived_at = at
    member.version += 1
    member.save(update_fields=["archived_at", "version"])
    bump_services(StaffService.objects.filter(staff=member).values_list("service_id", flat=True))


def _week_of(schedule_id: UUID) -> list[Stretch]:
    intervals = ScheduleInterval.objects.filter(schedule_id=schedule_id)
    return sorted(Stretch(*one) for one in intervals.values_list("weekday", "starts_minute", "ends_minute"))


def _recorded(details: StaffDetails) -> dict[str, Any]:
    return asdict(details)


def _recorded_week(week: list[Stretch]) -> dict[str, Any]:
    return {
        f"weekday_{day}": [f"{time_text(one.starts_minute)}–{time_text(one.ends_minute)}" for one in stretches]
        for day, stretches in by_weekday(week).items()
    }


def _refusing() -> AbstractContextManager[None]:
    name = FieldError("name", "duplicate_name", _("Somebody in the team has this name already."))
    taken = FieldError("user_id", "user_taken", _("This login belongs to somebody else in the team."))
    stranger = FieldError("user_id", "not_found", _("This login may not enter this salon."))
    same_day = FieldError("valid_from", "duplicate_day", _("Other working hours begin on this day."))
    return refusing(
        {
            "catalogue_schedule_once": InvalidInput([same_day]),
            "catalogue_staffmember_name": InvalidInput([name]),
            "catalogue_staffmember_user": InvalidInput([taken]),
            "catalogue_staffmember_member": InvalidInput([stranger]),
        }
    )
