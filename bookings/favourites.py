"""What a client has most often, to be offered first (domain.md §2)."""

from typing import Any
from uuid import UUID

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery, Value

from bookings.models import Appointment, AppointmentItem
from bookings.states import State
from salon.among import Among
from salon.catalogue.models import Service

SHOWN = 4
# Once is not often.
OFTEN = 2


def favourites_of(client_id: UUID, *, limit: int = SHOWN) -> list[UUID]:
    """Return the services that are still offered and that a client has had often: the most often had first, then those
    she had most lately. What is only booked she has not had."""
    return [one["service_id"] for one in most_had(client_id, limit=limit)]


def most_had(client_id: UUID, *, limit: int = SHOWN) -> QuerySet[AppointmentItem, Any]:
    """Return the same for a statement that reads something else of her."""
    # What is no longer offered is left out, rather than what is offered chosen: that no index is asked for.
    gone = Service.objects.exclude(archived_at=None).values("pk")
    offered = _items(client_id, Q(state=State.COMPLETED)).exclude(Among("service_id", gone))
    counted = offered.values("service_id").annotate(times=Count("id"), lately=Max("starts_at")).filter(times__gte=OFTEN)
    return counted.order_by("-times", "-lately", "service_id").values("service_id")[:limit]


def times_had(client_id: UUID) -> QuerySet[AppointmentItem, tuple[str, int, int]]:
    """Return how often a client had each service, by name, in appointments that took place; the third column is 0."""
    named = Subquery(Service.objects.filter(pk=OuterRef("service_id")).values("name"))
    had = _items(client_id, Q(state=State.COMPLETED)).values("service_id")
    return had.annotate(name=named, times=Count("id"), source=Value(0)).values_list("name", "times", "source")


def _items(client_id: UUID, where: Q) -> QuerySet[AppointmentItem]:
    """Return the items of those of a client's appointments that are so."""
    hers = Appointment.objects.filter(where, client_id=client_id)
    return AppointmentItem.objects.filter(Among("appointment_id", hers.values("pk")))
