"""The note on an appointment, and whose it is (domain.md §5)."""

from datetime import datetime
from uuid import UUID

from bookings.booking import Booked, accepted_note, client_for, freeze_verdict
from bookings.checkout.following import follow
from bookings.mails import announce_booked
from bookings.new_cards import first_verdict_of
from bookings.redeemed import refuse_other_client
from bookings.states import CHANGEABLE
from bookings.writing import changed, items_of, lock_appointment, lock_with_client, recount, save, tell, writing
from clients.models import Client
from clients.recognition import Recognised
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon

_WHOSE = ("client", "client_status", "client_status_reason", "client_evidence", "booked_as")


def change_note(
    *,
    actor: Actor,
    salon: Salon,  # noqa: ARG001 - as every operation on appointments
    appointment_id: UUID,
    note: str,
    now: datetime,
    version: int | None = None,
) -> Booked:
    """Write another note on an appointment, at any time.

    Raises: NotAllowed, NotFound, VersionConflict, InvalidInput.
    """
    actor.require(Permission.BOOKINGS_WRITE)
    note = accepted_note(note)
    with writing():
        appointment = lock_appointment(appointment_id, version)
        items = items_of(appointment)
        if note == appointment.note:
            return Booked(appointment, items, [], changed=False)
        told = changed("note", appointment.note, note)
        appointment.note = note
        save(appointment, now=now, fields=("note",))
        tell(actor, "appointment.note_changed", appointment, [told], now=now)
    return Booked(appointment, items, [])


def change_client(
    *,
    actor: Actor,
    salon: Salon,
    appointment_id: UUID,
    client_id: UUID | None,
    now: datetime,
    version: int | None = None,
    first_verdict: Recognised | None = None,
) -> Booked:
    """Put an appointment on another card, a walk-in's on her own, or (None) on none.

    The verdict is the one of when it was booked; `first_verdict` is that of a card made in the same operation, and one
    that staff have made since counts as none. What has taken place counts as a visit of the new card, and no longer of
    the old one.
    Raises: NotAllowed, NotFound, VersionConflict, InvalidInput, SaleAlreadyPaid, RewardsInSale,
    RewardsBooked.
    """
    actor.require(Permission.BOOKINGS_WRITE)
    with writing():
        appointment = lock_with_client(appointment_id, version, client_id)
        items = items_of(appointment)
        old = appointment.client
        if client_id == appointment.client_id:
            return Booked(appointment, items, [], changed=False)
        refuse_other_client(items)
        client = None if client_id is None else client_for(client_id)
        told = [changed("client_number", _number(old), _number(client))]
        if client is not None and first_verdict is None:
            first_verdict = first_verdict_of(client, salon=salon, since=appointment.created_at)
        freeze_verdict(appointment, client, first_verdict, salon.date_at(appointment.created_at))
        # What was said of whoever it was for before.
        appointment.booked_as = {}
        save(appointment, now=now, fields=_WHOSE)
        follow(appointment_id, now)
        if appointment.visit_on:
            recount([old.pk if old else None, client_id], salon=salon, now=now)
        # It stands in both histories.
        for one in (old, client):
            if one is not None:
                tell(actor, "appointment.client_changed", appointment, told, now=now, client_id=one.pk)
        if client is not None and appointment.state in CHANGEABLE and appointment.starts_at > now:
            announce_booked(appointment=appointment, now=now)
    return Booked(appointment, items, [])


def _number(client: Client | None) -> int | None:
    return client.number if client else None
