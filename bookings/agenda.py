"""What a client has before her and behind her, as her card shows it (domain.md §2)."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, OuterRef, Q, When
from django.db.models.functions import JSONObject

from bookings.models import Appointment, AppointmentItem
from bookings.states import CHANGEABLE

COMING = 5
PAST = 5


@dataclass(frozen=True, slots=True)
class Gist:
    """What one appointment is about: when it begins, what is done, and by whom, in order."""

    starts_at: datetime
    services: tuple[str, ...]
    staff: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agenda:
    """Appointments of one client: those to come, the next one first, and the others, the latest first; of each at most
    so many, and whether there are more."""

    coming: list[tuple[Appointment, Gist]]
    past: list[tuple[Appointment, Gist]]
    more_coming: bool
    more_past: bool


def agenda_of(client_id: UUID, *, now: datetime) -> Agenda:
    """Return what a client has before her and behind her, in one statement."""
    to_come = Q(state__in=CHANGEABLE, ends_at__gt=now)
    own = Appointment.objects.filter(client_id=client_id)
    next_ones = own.filter(to_come).order_by("starts_at", "id").values("pk")[: COMING + 1]
    last_ones = own.exclude(to_come).order_by("-starts_at", "-id").values("pk")[: PAST + 1]
    items = AppointmentItem.objects.filter(appointment_id__in=next_ones.union(last_ones, all=True))
    rows = items.select_related("appointment", "service", "staff")
    coming: list[tuple[Appointment, Gist]] = []
    past: list[tuple[Appointment, Gist]] = []
    for _id, group in groupby(
        rows.order_by("appointment__starts_at", "appointment_id", "position"), attrgetter("appointment_id")
    ):
        found = list(group)
        one = found[0].appointment
        gist = _gist(one.starts_at, [(item.service.name, item.staff.name) for item in found])
        (coming if one.state in CHANGEABLE and one.ends_at > now else past).append((one, gist))
    past.reverse()
    return Agenda(coming[:COMING], past[:PAST], len(coming) > COMING, len(past) > PAST)


def gist_within(subject: str, *, where: Q) -> Case:
    """Return an expression for what the appointment with the id in a column is about, for `read_gist`; of rows that are
    not so, nothing is looked for."""
    items = AppointmentItem.objects.filter(appointment_id=OuterRef(subject)).order_by("position")
    told = JSONObject(starts_at="appointment__starts_at", service="service__name", staff="staff__name")
    return Case(When(where, then=ArraySubquery(items.values(told=told))))


def read_gist(told: list[dict[str, Any]] | None) -> Gist | None:
    """Return what an appointment is about, None where there is none."""
    if not told:
        return None
    starts_at = datetime.fromisoformat(told[0]["starts_at"])
    return _gist(starts_at, [(item["service"], item["staff"]) for item in told])


def _gist(starts_at: datetime, items: list[tuple[str, str]]) -> Gist:
    return Gist(starts_at, tuple(service for service, _ in items), tuple(dict.fromkeys(staff for _, staff in items)))
