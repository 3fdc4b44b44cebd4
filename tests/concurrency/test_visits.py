"""Two visits of one client are counted at the same moment (domain.md §4.2)."""

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from uuid import UUID

import pytest
from django.db import connection

from bookings.models import Appointment
from bookings.states import State
from bookings.visits import lock_cards, recount
from clients.models import Client
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import DAY, a_salon_day, at, make_appointment
from tests.concurrency.hands import own_backend, until_waiting

pytestmark = pytest.mark.django_db(transaction=True)


def _without(_client_ids: Collection[UUID]) -> None:
    """Lock nothing."""


@pytest.mark.parametrize(("lock", "visits"), [(lock_cards, 2), (_without, 1)], ids=["locked", "without the lock"])
def test_no_visit_is_lost(sonnenschein: Salon, lock: Callable[[Collection[UUID]], None], visits: int) -> None:
    """The second is the negative control: each counts without the other's, and one is lost."""
    with salon_scope(sonnenschein.pk):
        day = a_salon_day()
        both = [make_appointment((day.cut, day.anna), client=day.lena, starts_at=at(hour)).pk for hour in (10, 12)]
    first_counted, second_begun = Event(), Event()
    backend: list[int] = []

    def complete(appointment_id: UUID) -> None:
        lock([day.lena.pk])
        Appointment.objects.filter(pk=appointment_id).update(state=State.COMPLETED, visit_on=DAY)
        recount([day.lena.pk], today=DAY)

    def first() -> None:
        with salon_scope(sonnenschein.pk):
            complete(both[0])
            first_counted.set()
            assert second_begun.wait(10)
            until_waiting(backend[0])
        connection.close()

    def second() -> None:
        assert first_counted.wait(10)
        with salon_scope(sonnenschein.pk):
            backend.append(own_backend())
            second_begun.set()
            complete(both[1])
        connection.close()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(first), pool.submit(second)]:
            done.result(timeout=30)
    with salon_scope(sonnenschein.pk):
        assert Client.objects.get(pk=day.lena.pk).visits == visits
