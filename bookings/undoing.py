"""Taking back the last move, cancellation or change of state of an appointment (domain.md §5)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from bookings.booking import Booked
from bookings.bounds import Bounds
from bookings.checkout.deposits import on_cancelled, on_returned
from bookings.checkout.following import follow
from bookings.conflicts import SlotTaken
from bookings.mails import announce_undone
from bookings.models import Appointment, AppointmentItem
from bookings.models.appointments import MINUTES
from bookings.parting import rejoin
from bookings.redeemed import settle_rewards
from bookings.settling import explain_change
from bookings.states import TAKING_TIME, State
from bookings.writing import (
    NothingToUndo,
    changed,
    count_visit,
    items_of,
    lay,
    local_time,
    lock_staff,
    lock_with_thanked,
    recount,
    save,
    span,
    tell,
    write_items,
    writing,
)
from salon.catalogue.models import StaffMember
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon


def undo(*, actor: Actor, salon: Salon, appointment_id: UUID, version: int, now: datetime) -> Booked:
    """Bring an appointment back to how it was before the change that made this version of it.

    Raises: NotAllowed, NotFound, VersionConflict where somebody has changed it since, NothingToUndo, SlotTaken where
    somebody else has the time by now, and what `redeem` does where the points for a reward are gone.
    """
    actor.require(Permission.BOOKINGS_WRITE)
    items: list[AppointmentItem] = []
    try:
        with writing():
            appointment = lock_with_thanked(appointment_id, version)
            if appointment.undo is None:
                raise NothingToUndo
            rejoined = rejoin(appointment, appointment.undo)
            items = items_of(appointment)
            old_state, old_when = State(appointment.state), _when(items, salon)
            staff_before = {item.staff_id for item in items}
            _restore(appointment, items, appointment.undo)
            lock_staff(salon, staff_before | {item.staff_id for item in items})
            write_items(items)
            span(appointment, items)
            settle_rewards(appointment, items, actor=actor, now=now)
            visited = count_visit(appointment, items, salon)
            fields = ("state", "cancelled_at", "cancel_reason", "starts_at", "ends_at", "visit_on")
            save(appointment, now=now, fields=fields)
            if visited:
                recount([appointment.client_id], salon=salon, now=now)
            when = _when(items, salon)
            told = [
                changed("state", old_state.value, appointment.state),
                changed("starts_at", old_when[0], when[0]),
                changed("staff", old_when[1], when[1]),
            ]
            tell(actor, "appointment.undone", appointment, told, now=now)
            if rejoined:
                follow(appointment.pk, now)
            _charge(appointment, old_state, actor=actor, salon=salon, now=now)
            if State.CANCELLED in {appointment.state, old_state} or old_when[0] != when[0]:
                announce_undone(appointment=appointment, now=now)
    except SlotTaken as refusal:
        explain_change(refusal, items, salon=salon, bounds=Bounds.DESK, now=now, besides=appointment_id)
        raise
    return Booked(appointment, items, [])


def _restore(appointment: Appointment, items: Sequence[AppointmentItem], kept: Mapping[str, Any]) -> None:
    """Put back what `writing.before` has kept."""
    appointment.state = kept["state"]
    appointment.cancelled_at = datetime.fromisoformat(kept["cancelled_at"]) if kept["cancelled_at"] else None
    appointment.cancel_reason = kept["cancel_reason"]
    by_id = {UUID(item["id"]): item for item in kept["items"]}
    people = StaffMember.objects.in_bulk({UUID(item["staff"]) for item in kept["items"]})
    for item in items:
        one = by_id[item.pk]
        item.staff = people[UUID(one["staff"])]
        item.starts_at = datetime.fromisoformat(one["starts_at"])
        item.active = appointment.state in TAKING_TIME
        for name, minutes in zip(MINUTES, one["minutes"], strict=True):
            setattr(item, name, minutes)
    lay(items)


def _when(items: Sequence[AppointmentItem], salon: Salon) -> tuple[str, str]:
    begin = min(item.starts_at for item in items)
    return local_time(begin, salon), ", ".join(dict.fromkeys(item.staff.name for item in items))


def _charge(appointment: Appointment, old: State, *, actor: Actor, salon: Salon, now: datetime) -> None:
    """Let the appointment's sale be as before, too."""
    if appointment.state in TAKING_TIME and old not in TAKING_TIME:
        on_returned(actor=actor, appointment=appointment, now=now, undone=True)
    elif appointment.state not in TAKING_TIME and old in TAKING_TIME:
        missed = appointment.state == State.NO_SHOW
        on_cancelled(actor=actor, salon=salon, appointment=appointment, now=now, missed=missed)
