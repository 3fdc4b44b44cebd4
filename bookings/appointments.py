"""Reading appointments: one, and all of them page by page (domain.md §5)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import OuterRef, Prefetch, Q, Value

from bookings.models import Appointment, AppointmentItem
from bookings.models.appointments import AppointmentQuerySet
from bookings.states import State
from salon import keyset
from salon.among import Among
from salon.errors import NotFound

ORDER = keyset.Order(("created_at", "id"), descending=True)
# Nothing is joined: before the database has counted the rows of a salon, it would walk through all that was ever booked
# of each service.
_ITEMS = Prefetch(
    "items", AppointmentItem.objects.prefetch_related("service", "staff", "redemption").order_by("position")
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which appointments: those that begin between two instants (half-open), in a state, of a client, with somebody."""

    starts_from: datetime | None = None
    starts_before: datetime | None = None
    state: State | None = None
    client_id: UUID | None = None
    staff_id: UUID | None = None

    @property
    def condition(self) -> keyset.Meeting:
        """Return what they meet."""
        if self.staff_id is None:
            return keyset.Meeting(all=self._own, each=self._own)
        items = AppointmentItem.objects
        hers = Among("pk", items.filter(staff_id=self.staff_id).values("appointment_id"))
        # By the items of the one appointment: an index of all that somebody does is not asked for each.
        doing = Among(Value(self.staff_id), items.filter(appointment=OuterRef("pk")).values("staff_id"))
        return keyset.Meeting(all=self._own & Q(hers), each=self._own & Q(doing))

    @property
    def _own(self) -> Q:
        found = Q()
        if self.starts_from:
            found &= Q(starts_at__gte=self.starts_from)
        if self.starts_before:
            found &= Q(starts_at__lt=self.starts_before)
        if self.state:
            found &= Q(state=self.state)
        if self.client_id:
            found &= Q(client_id=self.client_id)
        return found


def whole(appointments: AppointmentQuerySet) -> AppointmentQuerySet:
    """Return appointments with their clients, and their items in order with services and staff, in five statements; in
    six if rewards are among them."""
    return appointments.prefetch_related("client", _ITEMS)


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
    return keyset.page(rows, ORDER, limit=limit, cursor=cursor, meeting=wanted.condition)
