"""Absences and blocked times: when somebody of the team is not there, or not to be booked (domain.md §5)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from salon.catalogue.changing import as_it_was, told, wait_for_others
from salon.catalogue.details import STEP, Faults
from salon.catalogue.models import Absence, AbsenceKind, StaffMember
from salon.errors import NotFound, VersionConflict
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon, new_id

LONGEST_NOTE = 200
# Three years of parental leave are the longest absence there is.
LONGEST = timedelta(days=3 * 366)
_REMOVED = "absence.removed"
# What of an absence decides over what is booked.
_DECIDED = ("staff_id", "starts_at", "ends_at")


class NoSuchAbsence(NotFound):
    """An absence does not exist any more."""

    message = _("This absence does not exist (any more).")


def add_absence(
    *,
    actor: Actor,
    salon: Salon,
    staff_id: UUID,
    kind: AbsenceKind,
    starts_at: datetime,
    ends_at: datetime,
    note: str = "",
    now: datetime,
) -> Absence:
    """Let somebody be away, or block a time of hers; what is booked then stays booked.

    Raises: NotAllowed, InvalidInput (`staff_id`, `starts_at`, `ends_at`, `note`).
    """
    actor.require(Permission.BOOKINGS_WRITE)
    with transaction.atomic():
        absence = Absence(id=new_id(), created_at=now)
        _fill(absence, staff_id, kind, starts_at, ends_at, note)
        absence.save(force_insert=True)
        new = _recorded(absence, salon)
        told(actor=actor, action="absence.added", subject_id=absence.pk, old={}, new=new, now=now)
    return absence


def change_absence(
    *,
    actor: Actor,
    salon: Salon,
    absence_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
    staff_id: UUID | None = None,
    kind: AbsenceKind | None = None,
    note: str | None = None,
    version: int | None = None,
) -> Absence:
    """Give an absence other times, and where they are given another person, kind or note.

    Raises: NotAllowed, NoSuchAbsence, VersionConflict, InvalidInput.
    """
    actor.require(Permission.BOOKINGS_WRITE)
    with transaction.atomic():
        absence = _lock(absence_id)
        if version is not None and version != absence.version:
            raise VersionConflict
        before = _recorded(absence, salon)
        _fill(
            absence,
            staff_id or absence.staff_id,
            kind or AbsenceKind(absence.kind),
            starts_at,
            ends_at,
            absence.note if note is None else note,
        )
        after = _recorded(absence, salon)
        if after != before:
            absence.version += 1
            if any(after[name] != before[name] for name in _DECIDED):
                absence.changed_at = now
            absence.save(update_fields=["staff", "kind", "starts_at", "ends_at", "note", "version", "changed_at"])
            told(actor=actor, action="absence.changed", subject_id=absence_id, old=before, new=after, now=now)
    return absence


def remove_absence(*, actor: Actor, salon: Salon, absence_id: UUID, now: datetime) -> Absence:
    """Take an absence away; `restore_absence` brings it back.

    Raises: NotAllowed, NoSuchAbsence.
    """
    actor.require(Permission.BOOKINGS_WRITE)
    with transaction.atomic():
        absence = _lock(absence_id)
        old = _recorded(absence, salon)
        Absence.objects.filter(pk=absence_id).delete()
        told(actor=actor, action=_REMOVED, subject_id=absence_id, old=old, new={}, now=now)
    return absence


def restore_absence(*, actor: Actor, salon: Salon, absence_id: UUID, now: datetime) -> Absence:
    """Bring a removed absence back as it was, from what the audit trail says of it; one that is there stays.

    Raises: NotAllowed, NoSuchAbsence, InvalidInput where its person has left the team since.
    """
    actor.require(Permission.BOOKINGS_WRITE)
    with transaction.atomic():
        wait_for_others(absence_id)
        present = Absence.objects.filter(pk=absence_id).first()
        if present is not None:
            return present
        was = as_it_was(action=_REMOVED, subject_id=absence_id)
        if not was:
            raise NoSuchAbsence
        absence = Absence(id=absence_id, created_at=now)
        _fill(
            absence,
            UUID(was["staff_id"]),
            AbsenceKind(was["kind"]),
            datetime.fromisoformat(was["starts_at"]),
            datetime.fromisoformat(was["ends_at"]),
            was.get("note", ""),
        )
        absence.save(force_insert=True)
        told(
            actor=actor,
            action="absence.restored",
            subject_id=absence_id,
            old={},
            new=_recorded(absence, salon),
            now=now,
        )
    return absence


def _lock(absence_id: UUID) -> Absence:
    absence = Absence.objects.select_for_update().filter(pk=absence_id).first()
    if absence is None:
        raise NoSuchAbsence
    return absence


def _fill(
    absence: Absence, staff_id: UUID, kind: AbsenceKind, starts_at: datetime, ends_at: datetime, note: str
) -> None:
    faults = Faults()
    kept = faults.text("note", note, longest=LONGEST_NOTE)
    if not StaffMember.objects.working().filter(pk=staff_id).exists():
        faults.add("staff_id", "not_found", _("This person does not work here (any more)."))
    for name, moment in (("starts_at", starts_at), ("ends_at", ends_at)):
        if moment.minute % STEP or moment.second or moment.microsecond:
            faults.add(name, "step", _("Enter times in steps of 5 minutes."))
    if ends_at <= starts_at:
        faults.add("ends_at", "order", _("The end must be later than the start."))
    elif ends_at - starts_at > LONGEST:
        faults.add("ends_at", "range", _("Nobody is away for more than three years."))
    faults.refuse()
    absence.staff_id, absence.kind, absence.note = staff_id, kind, kept
    absence.starts_at, absence.ends_at = starts_at, ends_at


def _recorded(absence: Absence, salon: Salon) -> dict[str, Any]:
    zone = ZoneInfo(salon.timezone)
    return {
        "staff_id": absence.staff_id,
        "kind": absence.kind,
        "starts_at": absence.starts_at.astimezone(zone).isoformat(),
        "ends_at": absence.ends_at.astimezone(zone).isoformat(),
        "note": absence.note,
    }
