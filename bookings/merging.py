"""This app's part of a merge: appointments, wishes and sales go over to another card, and back again (domain.md §2).

Both cards are locked by then, so that nobody books for either meanwhile.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import F

from bookings import visits
from bookings.models import Appointment, AppointmentItem, Sale, SaleLine, WaitingEntry
from bookings.models.appointments import AppointmentQuerySet


@dataclass(frozen=True, slots=True)
class _Moved:
    """What one merge changed, as `Merge.moved` keeps it under this app's name: ids of rows that moved as they were."""

    appointments: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    sales: list[str] = field(default_factory=list)


def merge_bookings(duplicate_id: UUID, survivor_id: UUID, *, today: date, now: datetime) -> Mapping[str, Any]:
    """Let one card's appointments, wishes and sales be the other's, which counts its visits anew.

    Return what to keep for the way back.
    """
    appointments, waiting = _appointments(duplicate_id), WaitingEntry.objects.filter(client_id=duplicate_id)
    moved = _Moved(
        [str(pk) for pk in appointments.order_by("pk").values_list("pk", flat=True)],
        [str(pk) for pk in waiting.order_by("pk").values_list("pk", flat=True)],
        [str(pk) for pk in Sale.objects.filter(client_id=duplicate_id).order_by("pk").values_list("pk", flat=True)],
    )
    _give(moved, duplicate_id, survivor_id, now)
    visits.recount([survivor_id], today=today)
    return asdict(moved)


def undo_merge_of_bookings(
    kept: Mapping[str, Any], duplicate_id: UUID, survivor_id: UUID, *, today: date, now: datetime
) -> set[UUID]:
    """Give the duplicate back what was hers, as far as the survivor still has it; both count their visits anew.

    What was booked since the merge stays where it is. Return which redemptions belong to what went back.
    """
    moved = _Moved(**kept)
    _give(moved, survivor_id, duplicate_id, now)
    visits.recount([duplicate_id, survivor_id], today=today)
    items = AppointmentItem.objects.filter(
        appointment__client_id=duplicate_id, appointment_id__in=moved.appointments, redemption__isnull=False
    )
    lines = SaleLine.objects.filter(sale__client_id=duplicate_id, sale_id__in=moved.sales, redemption__isnull=False)
    return {pk for rows in (items, lines) for pk in rows.values_list("redemption_id", flat=True)}


def _give(moved: _Moved, from_id: UUID, to_id: UUID, now: datetime) -> None:
    # Another client is another version: whoever has one open in a form is told.
    appointments = _appointments(from_id).filter(pk__in=moved.appointments)
    appointments.update(client_id=to_id, version=F("version") + 1, updated_at=now, undo=None)
    WaitingEntry.objects.filter(client_id=from_id, pk__in=moved.waiting).update(client_id=to_id)
    sales = Sale.objects.filter(client_id=from_id, pk__in=moved.sales)
    sales.update(client_id=to_id, version=F("version") + 1)


def _appointments(client_id: UUID) -> AppointmentQuerySet:
    return Appointment.objects.filter(client_id=client_id)
