"""How far an appointment is: arrived, completed, missed, cancelled, and booked again (domain.md §5)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bookings import cautions
from bookings.booking import Booked
from bookings.bounds import Bounds
from bookings.checkout.deposits import on_cancelled, on_returned
from bookings.conflicts import SlotTaken
from bookings.mails import announce_cancelled, announce_rebooked
from bookings.models import Appointment, AppointmentItem
from bookings.redeemed import settle_rewards
from bookings.settling import explain_change
from bookings.states import ON_THE_DAY, TAKING_TIME, State, can_become
from bookings.writing import (
    before,
    changed,
    count_visit,
    items_of,
    lock_appointment,
    lock_staff,
    lock_with_thanked,
    parts_of,
    recount,
    save,
    tell,
    writing,
)
from salon.errors import DomainError, FieldError, InvalidInput
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon

LONGEST_REASON = 200


class StateRefused(DomainError):
    """There is no way from the state an appointment is in to the one it should get: `state` is how it is now."""

    code = "state_refused"
    message = _("This is not possible any more: the appointment is in another state.")

    def __init__(self, state: State) -> None:
        super().__init__()
        self.state = state
        self.members = {"state": state.value}


class TooEarly(DomainError):
    """Whether somebody came is not known before the day of the appointment."""

    code = "too_early"
    message = _("Whether somebody came can be told on the day of the appointment at the earliest.")


def set_state(
    *, actor: Actor, salon: Salon, appointment_id: UUID, state: State, now: datetime, version: int | None = None
) -> Booked:
    """Let an appointment go to another state, where there is a way; whoever comes back takes her time again. It can be
    undone.

    What rewards cost goes back and is taken again with it.
    Raises: NotAllowed, NotFound, VersionConflict, StateRefused, TooEarly, SlotTaken, and what `redeem` does.
    """
    return _become(state, actor=actor, salon=salon, appointment_id=appointment_id, now=now, version=version, reason="")


def cancel(
    *, actor: Actor, salon: Salon, appointment_id: UUID, now: datetime, reason: str = "", version: int | None = None
) -> Booked:
    """Cancel an appointment: its time is free for others. It can be undone.

    Raises: NotAllowed, NotFound, VersionConflict, StateRefused, InvalidInput.
    """
    reason = reason.strip()
    if len(reason) > LONGEST_REASON or "\x00" in reason:
        raise InvalidInput([FieldError("reason", "too_long", _("This reason is too long."))])
    return _become(
        State.CANCELLED,
        actor=actor,
        salon=salon,
        appointment_id=appointment_id,
        now=now,
        version=version,
        reason=reason,
    )


def _become(
    state: State,
    *,
    actor: Actor,
    salon: Salon,
    appointment_id: UUID,
    now: datetime,
    version: int | None,
    reason: str,
) -> Booked:
    actor.require(Permission.BOOKINGS_WRITE)
    lock = lock_appointment if state == State.ARRIVED else lock_with_thanked
    items: list[AppointmentItem] = []
    try:
        with writing():
            appointment = lock(appointment_id, version)
            old = State(appointment.state)
            if not can_become(old, state):
                raise StateRefused(old)
            if state in ON_THE_DAY and salon.date_at(now) < salon.date_at(appointment.starts_at):
                raise TooEarly
            items = items_of(appointment)
            as_it_was = before(appointment, items)
            take_time(salon, items, takes=state in TAKING_TIME)
            appointment.state = state
            appointment.cancelled_at = now if state == State.CANCELLED else None
            appointment.cancel_reason = reason
            settle_rewards(appointment, items, actor=actor, now=now)
            visited = count_visit(appointment, items, salon)
            save(appointment, now=now, fields=("state", "cancelled_at", "cancel_reason", "visit_on"), undo=as_it_was)
            if visited:
                recount([appointment.client_id], salon=salon, now=now)
            action = "appointment.cancelled" if state == State.CANCELLED else "appointment.state_changed"
            told = [changed("state", old.value, state.value), changed("cancel_reason", None, reason)]
            tell(actor, action, appointment, told, now=now)
            _charge(appointment, old, actor=actor, salon=salon, now=now)
            _announce(appointment, old, now)
            warnings = list(_warnings(salon, appointment, items, old, now))
    except SlotTaken as refusal:
        explain_change(refusal, items, salon=salon, bounds=Bounds.DESK, now=now, besides=appointment_id)
        raise
    return Booked(appointment, items, warnings)


def take_time(salon: Salon, items: Sequence[AppointmentItem], *, takes: bool) -> None:
    """Let items take their staff members' time from now on, or leave it to others."""
    changing = [item for item in items if item.active != takes]
    if not changing:
        return
    if takes:
        lock_staff(salon, {item.staff_id for item in changing})
    AppointmentItem.objects.filter(pk__in=[item.pk for item in changing]).update(active=takes)
    for item in changing:
        item.active = takes


def _charge(appointment: Appointment, old: State, *, actor: Actor, salon: Salon, now: datetime) -> None:
    """Let the appointment's sale go, or come back, with it."""
    if appointment.state not in TAKING_TIME:
        missed = appointment.state == State.NO_SHOW
        on_cancelled(actor=actor, salon=salon, appointment=appointment, now=now, missed=missed)
    elif old not in TAKING_TIME:
        # Somebody who came after all has never got anything back.
        on_returned(actor=actor, appointment=appointment, now=now, undone=old == State.NO_SHOW)


def _announce(appointment: Appointment, old: State, now: datetime) -> None:
    if appointment.state == State.CANCELLED:
        announce_cancelled(appointment=appointment, now=now)
    elif old == State.CANCELLED:
        announce_rebooked(appointment=appointment, now=now)


def _warnings(
    salon: Salon, appointment: Appointment, items: Sequence[AppointmentItem], old: State, now: datetime
) -> Iterator[FieldError]:
    if appointment.state in ON_THE_DAY and appointment.starts_at > now:
        yield FieldError("state", "not_begun", _("This appointment has not begun yet."))
    if old == State.CANCELLED:
        yield from cautions.in_the_past(appointment.starts_at, now)
        yield from cautions.absences_of(salon, parts_of(items))
