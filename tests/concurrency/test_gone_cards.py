"""Cards are merged and erased at the moment at which somebody books for them (domain.md §2, §4.1)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Event

import pytest
from django.db import connection

from bookings.models import Appointment, WaitingEntry
from bookings.online import Booker, book_online
from bookings.placing import ItemWish
from bookings.waiting import Longing, add_waiting, book_waiting
from clients.models import Client
from clients.tokens import add_tokens
from salon.desk.erasure import erase_card
from salon.desk.merging import merge_cards
from salon.errors import InvalidInput
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import DAY, SalonDay, a_salon_day, at, make_client
from tests.concurrency.hands import own_backend, until_waiting
from tests.conftest import NOW

pytestmark = pytest.mark.django_db(transaction=True)
MANAGER = Actor(ActorKind.USER, None, "Carla", PERMISSIONS[Role.MANAGER])


@pytest.fixture
def day(sonnenschein: Salon) -> SalonDay:
    with salon_scope(sonnenschein.pk):
        found = a_salon_day()
        Client.objects.filter(pk=found.lena.pk).update(email="lena@example.com")
        found.lena.refresh_from_db()
        add_tokens(found.lena)
        return found


def _meanwhile(
    salon: Salon, first: Callable[[], object], second: Callable[[], object], then: Callable[[], object] | None = None
) -> object:
    """Do the first; begin the second, which has to wait for it; go on in the first's transaction, and commit it.

    Return what came of the second.
    """
    done, waiting = Event(), Event()
    backend: list[int] = []

    def one() -> None:
        try:
            with salon_scope(salon.pk):
                first()
                done.set()
                assert waiting.wait(10)
                until_waiting(backend[0])
                if then:
                    then()
        finally:
            connection.close()

    def other() -> object:
        try:
            assert done.wait(10)
            with salon_scope(salon.pk):
                backend.append(own_backend())
                waiting.set()
                return second()
        except InvalidInput as refusal:
            return [(error.field, error.code) for error in refusal.errors]
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        before, behind = pool.submit(one), pool.submit(other)
        before.result(timeout=30)
        return behind.result(timeout=30)


def test_who_is_merged_while_she_books_is_booked_on_the_card_that_stays(sonnenschein: Salon, day: SalonDay) -> None:
    with salon_scope(sonnenschein.pk):
        stays = make_client("Lena", "Vogel", email="lena@example.com")
        add_tokens(stays)
        # The one that is recognised first.
        Client.objects.filter(pk=day.lena.pk).update(last_visit_on=date(2026, 11, 1), visits=1)

    def merge() -> None:
        merge_cards(actor=MANAGER, salon=sonnenschein, survivor_id=stays.pk, duplicate_id=day.lena.pk, now=NOW)

    def book() -> object:
        return book_online(
            actor=MANAGER,
            salon=sonnenschein,
            starts_at=at(10),
            items=[ItemWish(day.cut.pk)],
            booker=Booker("Lena", "Vogel", "lena@example.com"),
            now=NOW,
        ).appointment.client_id

    assert _meanwhile(sonnenschein, merge, book) == stays.pk


def test_who_waits_is_erased_while_she_is_booked(sonnenschein: Salon, day: SalonDay) -> None:
    """One waits for the other, and never each for the other."""
    with salon_scope(sonnenschein.pk):
        longing = Longing(service_ids=(day.cut.pk,), starts_on=DAY, ends_on=DAY)
        entry = add_waiting(actor=MANAGER, salon=sonnenschein, client_id=day.lena.pk, longing=longing, now=NOW)

    def lock() -> None:
        Client.objects.select_for_update(no_key=True).get(pk=day.lena.pk)

    def erase() -> None:
        erase_card(actor=MANAGER, salon=sonnenschein, client_id=day.lena.pk, now=NOW)

    def book() -> object:
        return book_waiting(
            actor=MANAGER,
            salon=sonnenschein,
            entry_id=entry.pk,
            starts_at=at(10),
            items=[ItemWish(day.cut.pk)],
            client_id=day.lena.pk,
            now=NOW,
        )

    assert _meanwhile(sonnenschein, lock, book, erase) == [("client", "not_found")]
    with salon_scope(sonnenschein.pk):
        assert not WaitingEntry.objects.exists()
        assert not Appointment.objects.exists()
