"""What clients are told of their appointments by mail."""

from datetime import datetime

from bookings.models import Appointment


def announce_booked(*, appointment: Appointment, now: datetime) -> None:
    """Confirm a new appointment."""


def announce_moved(*, appointment: Appointment, now: datetime) -> None:
    """Tell of another time."""


def announce_cancelled(*, appointment: Appointment, now: datetime) -> None:
    """Tell of a cancellation."""
