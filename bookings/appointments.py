"""Reading appointments: one, and all of them page by page (domain.md §5)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q

from bookings.models import Appointment, AppointmentItem
from bookings.models.appointments import AppointmentQuerySet
from bookings.states import State
from salon import keyset
from salon.errors import NotFound

ORDER = keyset.Order(("created_at", "id"), descending=True)
_ITEMS = Prefetch("items", AppointmentItem.objects.select_related("service", "staff").order_by("position"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which appointments: those that begin between two instants (half-open), in a state, of a client, with somebody."""

    starts_from: datetime | None = None
    starts_before: datetime | None = None
    state: State | None = None
    client_id: UUID | None = None
    staff_id: UUID | None = None

    @property
    def condition(self) -> Q:
        """Return what they meet."""
        found = Q()
        if self.starts_from:
            found &= Q(starts_at__gte=self.starts_from)
        if self.starts_before:
            found &= Q(starts_at__lt=self.starts_before)
        if self.state:
            found &= Q(state=self.state)
        if self.client_id:
            found &= Q(client_id=self.client_id)
        if self.staff_id:
            found &= Q(Exists(AppointmentItem.objects.filter(appointment=OuterRef("pk"), staff_id=self.staff_id)))
        return found


def whole(appointments: AppointmentQuerySet) -> AppointmentQuerySet:
    """Return appointments with their clients, and their items in order with services and staff, in two statements."""
    return appointments.select_related("client").prefetch_related(_ITEMS)


def get_appointment(appointment_id: UUID) -> Appointment:
    """Return one appointment of the open salon with all that it consists of.

    Raises: NotFound.
    """
    found = whole(Appointment.objects.filter(pk=appointment_id)).first()
    if found is None:
        raise NotFound
    return found


def list_appointments(wanted: Wanted, *, limit: int, cursor: str | None = None) -> keyset.Page[Appointment]:
    """Return one page of appointments, those booked last first.

    Raises: keyset.InvalidCursor.
    """
    rows = whole(Appointment.objects.all())
    if wanted == Wanted():
        return keyset.page(rows, ORDER, limit=limit, cursor=cursor)
    meeting = keyset.Meeting(all=wanted.condition, each=wanted.condition)
    return keyset.page(rows, ORDER, limit=limit, cursor=cursor, meeting=meeting)
