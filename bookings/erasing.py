"""This app's part of an erasure: what is still to come is cancelled, what has been says nothing of anybody (domain.md
§2, Art. 17 DSGVO).

Appointments stay, with what was done, by whom, when and for how much: of a card that is a number.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import F

from bookings.models import Appointment, AppointmentItem, WaitingEntry
from bookings.models.appointments import AppointmentQuerySet
from bookings.states import CHANGEABLE, State
from loyalty.models import Redemption, Returned
from salon.audit.recording import Change, record_many
from salon.identity.roles import Actor

CANCELLED = "appointment.cancelled"


def to_come(client_ids: Collection[UUID], *, now: datetime) -> AppointmentQuerySet:
    """Return the appointments of these clients that have not begun and could still take place."""
    return Appointment.objects.filter(client_id__in=client_ids, state__in=CHANGEABLE, starts_at__gt=now)


def erase_bookings(*, actor: Actor, client_ids: Collection[UUID], now: datetime) -> int:
    """Cancel what these clients, whose cards are locked, have booked, and delete every word about them; return how
    many appointments were cancelled.

    Nobody is told by mail: there is no address any more.
    """
    own = Appointment.objects.filter(client_id__in=client_ids)
    # In one order, as everybody locks them.
    list(own.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    before = dict(to_come(client_ids, now=now).values_list("pk", "state"))
    owners = dict(own.filter(pk__in=before).values_list("pk", "client_id"))
    cancelled = own.filter(pk__in=before)
    cancelled.update(state=State.CANCELLED, cancelled_at=now)
    gone = AppointmentItem.objects.filter(appointment_id__in=before)
    gone.update(active=False)
    # What she would have had for her points she has not had; there is nobody to give them back to.
    given = Redemption.objects.standing().filter(pk__in=gone.filter(redemption__isnull=False).values("redemption"))
    given.update(returned_at=now, return_reason=Returned.CANCELLED)
    for client_id in client_ids:
        changes = {
            pk: [Change("state", state, State.CANCELLED)] for pk, state in before.items() if owners[pk] == client_id
        }
        record_many(
            actor=actor,
            action=CANCELLED,
            subject_kind="appointment",
            changes=changes,
            now=now,
            client_id=client_id,
        )
    own.update(
        note="",
        booked_as={},
        cancel_reason="",
        client_evidence=None,
        undo=None,
        version=F("version") + 1,
        updated_at=now,
    )
    WaitingEntry.objects.filter(client_id__in=client_ids).delete()
    return len(before)
