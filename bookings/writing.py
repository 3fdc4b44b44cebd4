"""Appointments locked for a change, and written with all that follows from it.

Rows are locked in one order everywhere, so that nobody waits for each other: the client's card, the appointment, then
the staff members' locks in key order.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils.translation import gettext_lazy as _
from psycopg.types.multirange import TimestamptzMultirange
from psycopg.types.range import Range

from bookings import visits
from bookings.conflicts import ONCE, AlreadyBooked, SlotTaken
from bookings.models import Appointment, AppointmentItem, Sale
from bookings.models.appointments import MINUTES
from bookings.sequence import Part, occupied
from bookings.states import CHANGEABLE, State
from bookings.thanking import thanked_for
from salon.audit.recording import Change, record
from salon.errors import DomainError, NotFound, VersionConflict, refusing
from salon.identity.roles import Actor
from salon.locks import take_locks
from salon.rows import insert
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon

SUBJECT = "appointment"


class NotChangeable(DomainError):
    """The appointment has ended: its items stay as they are."""

    code = "not_changeable"
    message = _("This appointment has ended or is cancelled: it can no longer be changed.")


class NothingToUndo(DomainError):
    """The last thing that was done to the appointment cannot be taken back."""

    code = "nothing_to_undo"
    message = _("There is nothing to undo any more.")


@contextmanager
def writing() -> Iterator[None]:
    """Open the transaction of one change of the calendar: all of it, or a refusal and nothing.

    Raises: SlotTaken.
    """
    with refusing({ONCE: SlotTaken()}):
        yield


def lock_staff(salon: Salon, staff_ids: Iterable[UUID]) -> None:
    """Wait until nobody else writes into the calendars of these staff members, and keep others from it."""
    take_locks({f"bookings staff {salon.pk} {staff_id}" for staff_id in staff_ids})


def lock_appointment(appointment_id: UUID, version: int | None) -> Appointment:
    """Return an appointment of the open salon, locked until the open transaction ends.

    Raises: NotFound, VersionConflict.
    """
    appointment = Appointment.objects.select_for_update(no_key=True).filter(pk=appointment_id).first()
    if appointment is None:
        raise NotFound
    if version is not None and version != appointment.version:
        raise VersionConflict
    return appointment


def lock_with_client(appointment_id: UUID, version: int | None, *others: UUID | None) -> Appointment:
    """Return an appointment as `lock_appointment` does, behind the card of its client, and other cards.

    Raises: NotFound, VersionConflict, also where it goes to another client at that moment.
    """
    own = Appointment.objects.filter(pk=appointment_id).values_list("client_id", flat=True).first()
    visits.lock_cards({one for one in (own, *others) if one})
    appointment = lock_appointment(appointment_id, version)
    if appointment.client_id != own:
        raise VersionConflict
    return appointment


def lock_with_thanked(appointment_id: UUID, version: int | None) -> Appointment:
    """Return an appointment as `lock_with_client` does, behind the cards that were thanked for what was paid for it:
    where that goes back, or comes again, so do their points.

    Raises: NotFound, VersionConflict.
    """
    return lock_with_client(appointment_id, version, *thanked_for(Sale.objects.filter(appointment_id=appointment_id)))


def items_of(appointment: Appointment) -> list[AppointmentItem]:
    """Return the items of an appointment in order, with their services and staff members."""
    return list(appointment.items.select_related("service", "staff").order_by("position"))


def appointment_of(item_id: UUID) -> UUID:
    """Return which appointment an item belongs to.

    Raises: NotFound.
    """
    found = AppointmentItem.objects.filter(pk=item_id).values_list("appointment_id", flat=True).first()
    if found is None:
        raise NotFound
    return found


def write_new(appointment: Appointment, items: Sequence[AppointmentItem], *, once: bool) -> None:
    """Write an appointment with its items, all of it or nothing; `once`: there may be one of its id already.

    Raises: SlotTaken, AlreadyBooked.
    """
    if once and not insert([appointment], unless="bookings_appointment_pkey"):
        raise AlreadyBooked
    if not insert(items, unless=ONCE, behind=[] if once else [appointment]):
        with connection.cursor() as cursor:
            # Its items go with it: the reference cascades in the database.
            cursor.execute(
                "DELETE FROM bookings_appointment WHERE salon_id = %s AND id = %s", [current_salon_id(), appointment.pk]
            )
        raise SlotTaken


def item_in(items: Iterable[AppointmentItem], item_id: UUID) -> AppointmentItem:
    """Return one of some items.

    Raises: NotFound.
    """
    found = next((item for item in items if item.pk == item_id), None)
    if found is None:
        raise NotFound
    return found


def parts_of(items: Sequence[AppointmentItem]) -> list[Part]:
    """Return who does these items when."""
    return [Part(item.staff_id, item.starts_at, item.minutes) for item in items]


def lay(items: Sequence[AppointmentItem]) -> None:
    """Let all items of an appointment end, and take their staff members, as their starts and minutes say."""
    parts = parts_of(items)
    for item, part, periods in zip(items, parts, occupied(parts), strict=True):
        item.ends_at = part.ends_at
        item.busy = TimestamptzMultirange([Range(one.starts_at, one.ends_at, "[)") for one in periods])


def write_items(items: Sequence[AppointmentItem]) -> None:
    """Write when, by whom, and how long items are done, and whether they take anybody's time."""
    if len(items) > 1:
        # The database looks at one row after the other: one would meet where the next one is about to leave.
        AppointmentItem.objects.filter(pk__in=[item.pk for item in items]).update(active=False)
    AppointmentItem.objects.bulk_update(
        items,
        ["staff", "starts_at", "ends_at", "busy", "active", *MINUTES],
    )


def give_way(items: Sequence[AppointmentItem], together: Sequence[AppointmentItem]) -> None:
    """Lay an appointment out with what joins it, and write whoever has another time by that: the buffer of whoever goes
    on gives way first."""
    taken_before = [item.busy for item in items]
    lay(together)
    write_items([item for item, busy in zip(items, taken_before, strict=True) if item.busy != busy])


def give_buffers_back(salon: Salon, items: Sequence[AppointmentItem]) -> None:
    """Let items take their whole buffers again where nothing of their own goes on any more."""
    taken_before = [item.busy for item in items]
    lay(items)
    longer = [(item, busy) for item, busy in zip(items, taken_before, strict=True) if item.busy != busy]
    lock_staff(salon, {item.staff_id for item, _busy in longer})
    for item, busy in longer:
        try:
            with writing():
                item.save(update_fields=["busy"])
        except SlotTaken:
            item.busy = busy


def refuse_unchangeable(appointment: Appointment) -> None:
    """Refuse to move what has ended in one way or another.

    Raises: NotChangeable.
    """
    if appointment.state not in CHANGEABLE:
        raise NotChangeable


def span(appointment: Appointment, items: Sequence[AppointmentItem]) -> None:
    """Let an appointment last from its first item to its last."""
    appointment.starts_at = min(item.starts_at for item in items)
    appointment.ends_at = max(item.ends_at for item in items)


def save(
    appointment: Appointment, *, now: datetime, fields: Iterable[str] = (), undo: dict[str, Any] | None = None
) -> None:
    """Write an appointment as changed: another version, of which nothing can be undone but what `undo` says."""
    appointment.version += 1
    appointment.updated_at = now
    appointment.undo = undo
    appointment.save(update_fields=[*fields, "version", "updated_at", "undo"])


def count_visit(appointment: Appointment, items: Sequence[AppointmentItem], salon: Salon) -> bool:
    """Let an appointment that took place count as a visit, and any other not; return whether that changed."""
    counts = appointment.state == State.COMPLETED and any(item.counts_as_visit for item in items)
    visit_on = salon.date_at(appointment.starts_at) if counts else None
    changed = visit_on != appointment.visit_on
    appointment.visit_on = visit_on
    return changed


def recount(client_ids: Iterable[UUID | None], *, salon: Salon, now: datetime) -> None:
    """Count the visits of these clients anew; their cards are locked already."""
    cards = [client_id for client_id in client_ids if client_id]
    if cards:
        visits.recount(cards, today=salon.date_at(now))


def tell(
    actor: Actor,
    action: str,
    appointment: Appointment,
    changes: Iterable[Change | None],
    *,
    now: datetime,
    client_id: UUID | None = None,
) -> None:
    """Record what was changed of an appointment; it stands in the history of its client, if no other is named."""
    record(
        actor=actor,
        action=action,
        subject_kind=SUBJECT,
        subject_id=appointment.pk,
        changes=[change for change in changes if change],
        now=now,
        client_id=client_id or appointment.client_id,
    )


def before(appointment: Appointment, items: Sequence[AppointmentItem]) -> dict[str, Any]:
    """Return what brings an appointment back to where it is now: what `undo` keeps."""
    return {
        "state": appointment.state,
        "cancelled_at": appointment.cancelled_at.isoformat() if appointment.cancelled_at else None,
        "cancel_reason": appointment.cancel_reason,
        "items": [
            {
                "id": str(item.pk),
                "staff": str(item.staff_id),
                "starts_at": item.starts_at.isoformat(),
                "minutes": [getattr(item, name) for name in MINUTES],
            }
            for item in items
        ],
    }


def changed(field: str, old: object, new: object) -> Change | None:
    """Return a change as it is recorded, None where there is none."""
    before, after = (None if value in {None, ""} else str(value) for value in (old, new))
    return Change(field, before, after) if before != after else None


def added(item: AppointmentItem, salon: Salon) -> list[Change | None]:
    """Return what is told of an item that has joined an appointment."""
    return [
        changed("services", None, item.service.name),
        changed("staff", None, item.staff.name),
        changed("starts_at", None, local_time(item.starts_at, salon)),
    ]


def local_time(moment: datetime, salon: Salon) -> str:
    """Return an instant on the salon's clock, as the audit keeps it."""
    return moment.astimezone(ZoneInfo(salon.timezone)).isoformat(timespec="minutes")
