"""Booking the same again: client, services and staff of an appointment, some weeks later (ui.md §2.2)."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from bookings.appointments import get_appointment
from bookings.web.draft import Draft, Line, Who
from bookings.web.wording import local
from salon.tenancy.models import Salon

MOST_WEEKS = 52


def repeated(draft: Draft, appointment_id: UUID, *, weeks: str, salon: Salon) -> Draft:
    """Return a draft of the same again, at the same time of the clock; what was a reward is not paid for the next time.

    Raises: NotFound.
    """
    like = get_appointment(appointment_id)
    later = min(int(weeks), MOST_WEEKS) if weeks.isascii() and weeks.isdigit() else 0
    start = local(like.starts_at, salon)
    return replace(
        draft,
        who=Who.CARD if like.client_id else Who.WALK_IN,
        client_id=like.client_id,
        lines=tuple(
            Line(item.service_id, item.staff_id)
            for item in sorted(like.items.all(), key=lambda item: item.position)
            if item.redemption_id is None
        ),
        day=(start + timedelta(weeks=later)).date().isoformat(),
        at=f"{start:%H:%M}",
    )
