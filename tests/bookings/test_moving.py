"""Moving, lengthening, reassigning, and taking it back (domain.md §5)."""

from datetime import timedelta

import pytest

from bookings.models import Appointment
from bookings.scheduling import (
    ItemWish,
    NotChangeable,
    NothingToUndo,
    SlotTaken,
    cancel,
    change_note,
    move,
    move_item,
    reassign_item,
    resize_item,
    undo,
)
from bookings.states import State
from salon.errors import InvalidInput, NotFound, VersionConflict
from salon.tenancy.models import new_id
from tests.bookings.acting import Desk, codes, stands, told
from tests.bookings.salonday import at, make_absence, make_appointment, make_service, make_staff

WEDNESDAY = at(10).date() + timedelta(1)


def test_an_appointment_moves_as_a_whole_and_back(desk: Desk) -> None:
    day = desk.day
    booked = desk.book(at(10), ItemWish(day.colour.pk, day.anna.pk), ItemWish(day.cut.pk, day.bora.pk))
    first = booked.items[0].pk
    moved = move(**desk.given, appointment_id=booked.appointment.pk, starts_at=at(14), staff={first: day.bora.pk})
    assert stands(moved.appointment) == [
        ("Ansatzfarbe", "Bora", "14:00", "15:30"),
        ("Schneiden", "Bora", "15:30", "16:30"),
    ]
    assert (moved.appointment.starts_at, moved.appointment.ends_at) == (at(14), at(16, 30))
    assert (moved.appointment.version, moved.warnings) == (2, [])
    assert told(moved.appointment)[1] == (
        "appointment.moved",
        [("starts_at", "2026-11-24T10:00+01:00", "2026-11-24T14:00+01:00"), ("staff", "Anna", "Bora")],
    )
    back = undo(**desk.given, appointment_id=booked.appointment.pk, version=2)
    assert stands(back.appointment) == [
        ("Ansatzfarbe", "Anna", "10:00", "11:30"),
        ("Schneiden", "Bora", "11:30", "12:30"),
    ]
    assert (back.appointment.version, Appointment.objects.get().starts_at) == (3, at(10))
    assert told(moved.appointment)[2] == (
        "appointment.undone",
        [
            ("starts_at", "2026-11-24T14:00+01:00", "2026-11-24T10:00+01:00"),
            ("staff", "Bora", "Anna, Bora"),
        ],
    )
