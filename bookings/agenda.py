"""What a client has before her and behind her, as her card shows it (domain.md §2)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Min, OuterRef, Q, Subquery, When
from django.db.models.functions import JSONObject

from bookings.models import Appointment, AppointmentItem
from bookings.states import CHANGEABLE
from salon.among import Among
from salon.catalogue.models import Service, StaffMember

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
    shown = own.filter(Among("pk", next_ones.union(last_ones, all=True))).annotate(told=_told("pk"))
    coming: list[tuple[Appointment, Gist]] = []
    past: list[tuple[Appointment, Gist]] = []
    for one in shown.order_by("starts_at", "id"):
        if gist := read_gist(one.told):  # type: ignore[attr-defined]
            (coming if one.state in CHANGEABLE and one.ends_at > now else past).append((one, gist))
    past.reverse()
    return Agenda(coming[:COMING], past[:PAST], len(coming) > COMING, len(past) > PAST)


def gist_within(subject: str, *, where: Q) -> Case:
    """Return an expression for what the appointment with the id in a column is about, for `read_gist`; of rows that are
    not so, nothing is looked for."""
    return Case(When(where, then=_told(subject)))


def read_gist(told: list[dict[str, Any]] | None) -> Gist | None:
    """Return what an appointment is about, None where there is none."""
    if not told:
        return None
    starts_at = min(datetime.fromisoformat(item["starts_at"]) for item in told)
    return Gist(
        starts_at, tuple(item["service"] for item in told), tuple(dict.fromkeys(item["staff"] for item in told))
    )


def _told(subject: str) -> ArraySubquery:
    # Joined with nothing: of a salon that the database has not counted yet, all would be walked through for each row.
    items = AppointmentItem.objects.filter(appointment_id=OuterRef(subject)).order_by("position")
    service = Subquery(Service.objects.filter(pk=OuterRef("service_id")).values("name"))
    staff = Subquery(StaffMember.objects.filter(pk=OuterRef("staff_id")).values("name"))
    return ArraySubquery(items.values(told=JSONObject(starts_at="starts_at", service=service, staff=staff)))


def next_starts(client_ids: Collection[UUID], now: datetime) -> Mapping[UUID, datetime]:
    """Return when the next appointment of each of these clients begins; who has none is missing."""
    coming = Appointment.objects.filter(client_id__in=client_ids, state__in=CHANGEABLE, starts_at__gte=now)
    return dict(coming.values_list("client_id").annotate(Min("starts_at")))
