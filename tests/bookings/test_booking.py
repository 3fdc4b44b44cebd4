"""Making an appointment (domain.md §5)."""

import pytest

from bookings.bounds import Bounds
from bookings.models import Appointment
from bookings.scheduling import ItemWish, book
from bookings.states import Source
from salon.identity.roles import Actor
from salon.tenancy.models import Salon
from tests.bookings.salonday import SalonDay, a_salon_day, at
from tests.conftest import NOW


@pytest.fixture
def day(in_sonnenschein: Salon) -> SalonDay:
    return a_salon_day()


def test_an_appointment_says_all_that_was_booked(in_sonnenschein: Salon, front_desk: Actor, day: SalonDay) -> None:
    booked = book(
        actor=front_desk,
        salon=in_sonnenschein,
        starts_at=at(10),
        items=[ItemWish(day.colour.pk, day.anna.pk), ItemWish(day.cut.pk, day.bora.pk)],
        client_id=day.lena.pk,
        source=Source.STAFF,
        bounds=Bounds.DESK,
        now=NOW,
        note="  Fensterplatz ",
    )
    stored = Appointment.objects.get()
    assert stored.pk == booked.appointment.pk
    assert (stored.starts_at, stored.ends_at) == (at(10), at(12, 30))
    assert booked.warnings == []
