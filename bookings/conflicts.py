"""Why a time cannot be had: what stands there, and which times are free instead (domain.md §5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext_lazy as _

from bookings.busy import LONGEST_ITEM, Period, busy_periods, collides
from bookings.models import AppointmentItem
from bookings.slots import Slot
from salon.errors import DomainError

# The constraint that keeps staff members from being double booked.
ONCE = "bookings_appointmentitem_once"


@dataclass(frozen=True, slots=True)
class Blocking:
    """An item that stands where another one should go; for staff alone."""

    item_id: UUID
    appointment_id: UUID
    staff_id: UUID
    staff_name: str
    service_name: str
    client_name: str
    starts_at: datetime
    ends_at: datetime


class SlotTaken(DomainError):
    """Somebody else has this time, or it cannot be booked: `blocking` says to staff who, `alternatives` are free."""

    code = "slot_taken"
    message = _("This time is taken.")

    def __init__(self) -> None:
        super().__init__()
        self.blocking: list[Blocking] = []
        self.alternatives: list[Slot] = []


class AlreadyBooked(DomainError):
    """The appointment with this id was made before: the same form came twice."""

    code = "already_booked"
    message = _("This appointment is booked already.")


def blocking_items(wanted: Mapping[UUID, Sequence[Period]], *, besides: UUID | None = None) -> list[Blocking]:
    """Return what takes staff members in the periods wanted of them, in order; of one appointment nothing is told."""
    starts = [period.starts_at for periods in wanted.values() for period in periods]
    ends = [period.ends_at for periods in wanted.values() for period in periods]
    if not starts:
        return []
    rows = AppointmentItem.objects.filter(
        active=True, staff__in=wanted, starts_at__gt=min(starts) - LONGEST_ITEM, starts_at__lt=max(ends)
    )
    if besides:
        rows = rows.exclude(appointment_id=besides)
    found = [
        item
        for item in rows.order_by("starts_at", "id")
        if collides(busy_periods(item.starts_at, item.minutes), wanted[item.staff_id])
    ]
    prefetch_related_objects(found, "appointment__client", "staff", "service")
    return [_told(item) for item in found]


def _told(item: AppointmentItem) -> Blocking:
    client = item.appointment.client
    return Blocking(
        item.pk,
        item.appointment_id,
        item.staff_id,
        item.staff.name,
        item.service.name,
        client.full_name if client else "",
        item.starts_at,
        item.ends_at,
    )
