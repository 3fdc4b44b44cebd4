"""Why a time cannot be had: what stands there, and which times are free instead (domain.md §5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext_lazy as _

from bookings.busy import LONGEST_ITEM, Period, busy_periods, collides
from bookings.models import AppointmentItem
from bookings.slots import Slot
from salon.errors import DomainError, FieldError

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


class Why(StrEnum):
    """Why a time cannot be had, for programs."""

    TAKEN = "taken"
    IN_THE_PAST = "in_the_past"
    TOO_SOON = "too_soon"
    TOO_FAR_AHEAD = "too_far_ahead"
    CLOSED = "closed"
    OUTSIDE_HOURS = "outside_hours"


_MESSAGES = {
    Why.TAKEN: _("This time is taken."),
    Why.IN_THE_PAST: _("This time is in the past."),
    Why.TOO_SOON: _("This is too soon to be booked online."),
    Why.TOO_FAR_AHEAD: _("This day is too far ahead to be booked online."),
    Why.CLOSED: _("The salon is closed that day."),
    Why.OUTSIDE_HOURS: _("Nobody who could do this works then."),
}


class SlotTaken(DomainError):
    """Somebody else has this time, or it cannot be booked: `blocking` says to staff who, `alternatives` are free, and
    `warnings` are what would be odd about it besides."""

    code = "slot_taken"

    def __init__(self, why: Why = Why.TAKEN) -> None:
        super().__init__(_MESSAGES[why])
        self.members = {"reason": why.value}
        self.blocking: list[Blocking] = []
        self.alternatives: list[Slot] = []
        self.warnings: list[FieldError] = []


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
