"""A card that was made while its first appointment was being booked counts as none (domain.md §4.2)."""

from datetime import datetime, timedelta

from bookings.models import Appointment
from clients.classification import CreatedVia, Facts, Reason
from clients.models import Client
from clients.recognition import Recognised
from salon.tenancy.models import Salon

# Whoever is on the phone is booked within it.
_JUST_NOW = timedelta(hours=1)


def verdict_while_booking(client: Client, *, salon: Salon, now: datetime) -> Recognised | None:
    """Return what an appointment freezes for whose card was made while it was being booked; None where the card is no
    such card, whatever was said of it."""
    return first_verdict_of(client, salon=salon, since=now - _JUST_NOW)


def first_verdict_of(client: Client, *, salon: Salon, since: datetime) -> Recognised | None:
    """Return that nobody was known, where staff have made the card after an instant, nothing else is known of its
    client, and no other appointment was ever booked for her; None where her card says more."""
    untouched = Facts(salon.date_at(client.created_at), CreatedVia.STAFF)
    if client.created_at <= since or client.facts != untouched:
        return None
    if Appointment.objects.filter(client_id=client.pk).exists():
        return None
    return Recognised(None, None, Reason.NOT_LISTED)
