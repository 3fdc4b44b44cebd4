"""A reward that goes to another day: an appointment of its own, with the points it was given for (domain.md §7.2)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bookings import cautions
from bookings.booking import Booked
from bookings.checkout.following import follow, release
from bookings.conflicts import SlotTaken
from bookings.mails import announce_moved, announce_parted, take_back_parted
from bookings.models import Appointment, AppointmentItem, Sale
from bookings.settling import explain_alone
from bookings.states import State
from bookings.writing import (
    NothingToUndo,
    appointment_of,
    before,
    changed,
    give_buffers_back,
    item_in,
    items_of,
    lay,
    local_time,
    lock_staff,
    lock_with_client,
    parts_of,
    refuse_unchangeable,
    save,
    span,
    tell,
    writing,
)
from salon.catalogue.models import StaffMember
from salon.errors import FieldError, InvalidInput, VersionConflict
from salon.identity.roles import Actor, Permission
from salon.rows import insert
from salon.tenancy.models import Salon, new_id


def leaves_its_day(item_id: UUID, starts_at: datetime, salon: Salon) -> bool:
    """Return whether an item is a reward that would be on another day than all else of its appointment."""
    item = AppointmentItem.objects.filter(pk=item_id, redemption__isnull=False).first()
    if item is None:
        return False
    others = AppointmentItem.objects.filter(appointment_id=item.appointment_id).exclude(pk=item_id)
    return _leaves(item, others, starts_at, salon)


def _leaves(item: AppointmentItem, others: Iterable[AppointmentItem], starts_at: datetime, salon: Salon) -> bool:
    days = {salon.date_at(one.starts_at) for one in others}
    return item.redemption_id is not None and bool(days) and salon.date_at(starts_at) not in days


def part_reward(
    *,
    actor: Actor,
    salon: Salon,
    item_id: UUID,
    starts_at: datetime,
    staff_id: UUID,
    now: datetime,
    version: int | None = None,
) -> Booked:
    """Let a reward become an appointment of its own, which is returned, and stay what it is: its points go back with it
    when it is cancelled or missed. As long as neither of the two is changed, undoing the other brings it back.

    Raises: NotAllowed, NotFound, VersionConflict, NotChangeable, InvalidInput, SlotTaken, SaleAlreadyPaid.
    """
    actor.require(Permission.BOOKINGS_WRITE)
    item: AppointmentItem | None = None
    items: list[AppointmentItem] = []
    try:
        with writing():
            left = lock_with_client(appointment_of(item_id), version)
            items = items_of(left)
            as_it_was = before(left, items)
            item = item_in(items, item_id)
            refuse_unchangeable(left)
            items.remove(item)
            if not _leaves(item, items, starts_at, salon):
                raise VersionConflict
            began_at, told_at = left.starts_at, local_time(item.starts_at, salon)
            item.starts_at, item.staff = starts_at, _somebody(staff_id, item.staff)
            lay([item])
            lock_staff(salon, {staff_id, *(one.staff_id for one in items)})
            made = _of_its_own(left, item, actor=actor, now=now)
            release(item.pk)
            insert([made])
            item.appointment = made
            item.save(update_fields=["appointment", "staff", "starts_at", "ends_at", "busy"])
            give_buffers_back(salon, items)
            span(left, items)
            save(left, now=now, fields=("starts_at", "ends_at"), undo=as_it_was | {"parted": str(made.pk)})
            follow(left.pk, now)
            when = local_time(starts_at, salon)
            told = [changed("services", None, item.service.name), changed("starts_at", told_at, when)]
            for one in (left, made):
                tell(actor, "appointment.reward_parted", one, told, now=now)
            announce_parted(appointment=made, now=now, salon=salon, items=[item])
            if left.starts_at != began_at:
                announce_moved(appointment=left, now=now)
    except SlotTaken as refusal:
        if item is not None:
            explain_alone(refusal, item, items, salon=salon, now=now)
        raise
    return Booked(made, [item], list(_warnings(salon, made, item, now)))


def rejoin(appointment: Appointment, kept: Mapping[str, Any]) -> bool:
    """Let a reward that has parted from an appointment, which is locked, be part of it again, where `kept` names one,
    and return whether it does; what was made for it is gone.

    Raises: NothingToUndo where that has been changed since, or its client has been told of it.
    """
    if "parted" not in kept:
        return False
    made = Appointment.objects.select_for_update().filter(pk=kept["parted"], version=1, state=State.BOOKED).first()
    if made is None or Sale.objects.filter(appointment=made).exists():
        raise NothingToUndo
    if not take_back_parted(made):
        raise NothingToUndo(_("The client has been told of the reward's new day: move it there instead."))
    made.items.update(appointment=appointment)
    made.delete()
    return True


def _somebody(staff_id: UUID, before: StaffMember) -> StaffMember:
    """Return who does it: whoever has left keeps what she has.

    Raises: InvalidInput.
    """
    if staff_id == before.pk:
        return before
    found = StaffMember.objects.working().filter(pk=staff_id).first()
    if found is None:
        raise InvalidInput([FieldError("staff", "not_found", _("There is no such staff member."))])
    return found


def _of_its_own(left: Appointment, item: AppointmentItem, *, actor: Actor, now: datetime) -> Appointment:
    """Return the appointment that a reward becomes, of the same client and as she was seen when it was booked."""
    made = Appointment(
        id=new_id(),
        client=left.client,
        source=left.source,
        booked_as=left.booked_as,
        booked_by_kind=actor.kind,
        booked_by_id=actor.id,
        booked_by_name=actor.name,
        client_status=left.client_status,
        client_status_reason=left.client_status_reason,
        client_evidence=left.client_evidence,
        created_at=now,
        updated_at=now,
    )
    span(made, [item])
    return made


def _warnings(salon: Salon, made: Appointment, item: AppointmentItem, now: datetime) -> Iterator[FieldError]:
    items: Sequence[AppointmentItem] = [item]
    yield from cautions.in_the_past(made.starts_at, now)
    yield from cautions.unusual_items(items)
    yield from cautions.absences_of(salon, parts_of(items))
    yield from cautions.rewards_apart(items, salon)
    if made.client_id:
        yield from cautions.overlaps(made.client_id, made.starts_at, made.ends_at, besides=made.pk)
