"""What a client has most often, to be offered first (domain.md §2)."""

from uuid import UUID

from django.db.models import Count, Max, QuerySet, Value

from bookings.models import AppointmentItem
from bookings.states import TAKING_TIME, State

SHOWN = 4


def favourites_of(client_id: UUID, *, limit: int = SHOWN) -> list[UUID]:
    """Return the services that are still offered and that a client had or has booked most often, then most lately."""
    had = AppointmentItem.objects.filter(
        appointment__client_id=client_id, appointment__state__in=TAKING_TIME, service__archived_at=None
    )
    counted = had.values("service_id").annotate(times=Count("id"), lately=Max("starts_at"))
    return [one["service_id"] for one in counted.order_by("-times", "-lately", "service_id")[:limit]]


def times_had(client_id: UUID) -> QuerySet[AppointmentItem, tuple[str, int, int]]:
    """Return how often a client had each service, by name, in appointments that took place; the third column is 0."""
    had = AppointmentItem.objects.filter(appointment__client_id=client_id, appointment__state=State.COMPLETED)
    return had.values_list("service__name").annotate(times=Count("id"), source=Value(0))
