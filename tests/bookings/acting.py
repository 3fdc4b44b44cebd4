"""What the front desk does in these tests, in few words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bookings.bounds import Bounds
from bookings.models import Appointment, AppointmentItem
from bookings.scheduling import Booked, ItemWish, book
from bookings.states import Source
from salon.audit.models import AuditEntry
from salon.identity.roles import Actor
from salon.tenancy.models import Salon
from tests.bookings.salonday import BERLIN, SalonDay
from tests.conftest import NOW


@dataclass(frozen=True, slots=True)
class Desk:
    """Somebody at the desk of a salon's day."""

    actor: Actor
    salon: Salon
    day: SalonDay

    @property
    def given(self) -> dict[str, Any]:
        """What every operation is given."""
        return {"actor": self.actor, "salon": self.salon, "now": NOW}

    def book(self, starts_at: datetime, *wishes: ItemWish, **given: Any) -> Booked:
        """Book for Lena, by staff, if not said otherwise."""
        return book(
            **{
                **self.given,
                "starts_at": starts_at,
                "items": wishes or [ItemWish(self.day.cut.pk, self.day.anna.pk)],
                "client_id": self.day.lena.pk,
                "source": Source.STAFF,
                "bounds": Bounds.DESK,
                **given,
            }
        )


def stands(appointment: Appointment) -> list[tuple[str, str, str, str]]:
    """Return service, staff member, begin and end of each item as they are stored, on the clock of Berlin."""
    items = AppointmentItem.objects.filter(appointment=appointment).select_related("service", "staff")
    return [
        (item.service.name, item.staff.name, _clock(item.starts_at), _clock(item.ends_at))
        for item in items.order_by("position")
    ]


def told(appointment: Appointment) -> list[tuple[str, list[tuple[str, str | None, str | None]]]]:
    """Return what is on record of an appointment, oldest first."""
    return [
        (entry.action, [(one["field"], one["old"], one["new"]) for one in entry.changes])
        for entry in AuditEntry.objects.filter(subject_id=appointment.pk).order_by("recorded_at", "id")
    ]


def codes(booked: Booked) -> list[tuple[str, str]]:
    """Return where something is odd, and what."""
    return [(warning.field, warning.code) for warning in booked.warnings]


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(BERLIN):%H:%M}"
