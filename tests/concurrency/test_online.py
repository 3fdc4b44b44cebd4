"""Two first bookings of one person at the same moment make one card (domain.md §4.1)."""

from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest

from bookings import online
from bookings.models import Appointment
from bookings.online import Booker, book_online
from bookings.placing import ItemWish
from clients.models import Client
from clients.recognition import Recognised, recognise
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import SalonDay, a_salon_day, at
from tests.concurrency.hands import at_once
from tests.conftest import NOW

pytestmark = pytest.mark.django_db(transaction=True)
HANDS = 8


@pytest.fixture
def day(sonnenschein: Salon) -> SalonDay:
    with salon_scope(sonnenschein.pk):
        return a_salon_day()


def _book(actor: Actor, salon: Salon, day: SalonDay, index: int) -> UUID | None:
    """Book for one and the same person at a time of its own."""
    with salon_scope(salon.pk):
        booked = book_online(
            actor=actor,
            salon=salon,
            starts_at=at(9) + timedelta(minutes=30 * index),
            items=[ItemWish(day.brows.pk, day.anna.pk if index % 2 else day.bora.pk)],
            booker=Booker("Sarah", "Smith", "sarahsmith@gmail.com" if index % 3 else "", "0160 5550142"),
            now=NOW,
        )
    return booked.appointment.client_id


def test_one_person_gets_one_card(sonnenschein: Salon, front_desk: Actor, day: SalonDay) -> None:
    cards = at_once(lambda index: _book(front_desk, sonnenschein, day, index), HANDS)
    assert len(set(cards)) == 1
    with salon_scope(sonnenschein.pk):
        assert Client.objects.filter(first_name="Sarah").count() == 1
        assert Appointment.objects.count() == HANDS


def test_without_the_locks_she_gets_several(
    sonnenschein: Salon, front_desk: Actor, day: SalonDay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: everybody looks before anybody has written."""
    everybody_has_looked = Barrier(HANDS)

    def look(*person: object) -> Recognised:
        found = recognise(*person)  # type: ignore[arg-type]
        everybody_has_looked.wait(10)
        return found

    monkeypatch.setattr(online, "lock_contacts", lambda *_salon, **_contacts: None)
    monkeypatch.setattr(online, "recognise", look)
    cards = at_once(lambda index: _book(front_desk, sonnenschein, day, index), HANDS)
    assert len(set(cards)) == HANDS
