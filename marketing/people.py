"""What placeholders tell of clients: of many at once."""

from collections.abc import Callable, Collection
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Min, Q
from django.utils import timezone

from bookings.models import Appointment
from bookings.states import CHANGEABLE
from clients.models import Client
from clients.naming import ONLY_TITLES
from marketing.facts import Moment, with_next_visit
from marketing.placeholders import Person
from salon.tenancy.models import Salon

# Of whom a placeholder has nothing to say; the others always have.
_LACKS: dict[str, Callable[[Moment], Q]] = {
    "first_name": lambda _at: Q(first_name="") | Q(first_name__iregex=ONLY_TITLES),
    "last_name": lambda _at: Q(last_name=""),
    "last_visit": lambda _at: Q(last_success_on=None),
    "next_visit": lambda at: ~Q(pk__in=with_next_visit(at)),
    "points": lambda _at: Q(treatcard_number=""),
    "staff": lambda _at: Q(preferred_staff=None),
    "treatcard": lambda _at: Q(treatcard_number=""),
}


def lacking(names: Collection[str], at: Moment) -> dict[str, Q]:
    """Return of whom these placeholders have nothing to say, for those of them that may have nothing."""
    return {name: lacks(at) for name, lacks in _LACKS.items() if name in names}


def people(client_ids: Collection[UUID], *, salon: Salon, now: datetime | None = None) -> dict[UUID, Person]:
    """Return what placeholders tell of these clients; one that is not there (any more) is missing."""
    booked = Appointment.objects.filter(
        client__in=client_ids, state__in=CHANGEABLE, starts_at__gte=now or timezone.now()
    )
    coming = dict(booked.values_list("client_id").annotate(next_at=Min("starts_at")))
    zone = ZoneInfo(salon.timezone)
    cards = (
        Client.objects.listed()
        .filter(pk__in=client_ids)
        .values_list(
            "id",
            "first_name",
            "last_name",
            "gender",
            "points",
            "visits_in_all",
            "last_success_on",
            "preferred_staff__name",
            "treatcard_number",
        )
    )
    return {
        client_id: Person(
            first_name=first_name,
            last_name=last_name,
            gender=gender,
            points=points,
            visits=visits,
            last_visit=last_visit,
            next_visit=coming[client_id].astimezone(zone).date() if client_id in coming else None,
            staff=staff or "",
            treatcard=treatcard,
        )
        for client_id, first_name, last_name, gender, points, visits, last_visit, staff, treatcard in cards
    }
