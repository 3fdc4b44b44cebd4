"""Reminders meet other workers, and people at the desk (domain.md §9.5)."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Event
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.core.mail import EmailMultiAlternatives
from django.db import connection
from django.utils import timezone

from bookings import mails
from bookings.bounds import Bounds
from bookings.models import Appointment
from bookings.scheduling import ItemWish, SlotTaken, book, cancel, move
from bookings.states import Source
from bookings.tasks import send_reminder
from bookings.waiting import Longing, add_waiting, book_waiting, waiting_list
from clients.models import Client
from salon.identity.roles import Actor
from salon.mail.models import ClientMail, MailState
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.models import DueWork
from tests.bookings.salonday import DAY, SalonDay, a_salon_day, at
from tests.conftest import NOW
from tests.identity.racing import race

pytestmark = pytest.mark.django_db(transaction=True)
REMIND = "bookings.tasks.send_reminder"
# Half an hour after the reminder of an appointment at ten is due.
THEN = at(10) - mails.AHEAD + timedelta(minutes=30)


@pytest.fixture
def day(sonnenschein: Salon) -> SalonDay:
    with salon_scope(sonnenschein.pk):
        found = a_salon_day()
        Client.objects.update(email="lena@x.example")
        return found


@pytest.fixture
def then() -> Iterator[None]:
    with time_machine.travel(THEN, tick=True):
        yield


def _book(salon: Salon, actor: Actor, day: SalonDay) -> Appointment:
    with salon_scope(salon.pk):
        return book(
            actor=actor,
            salon=salon,
            starts_at=at(10),
            items=[ItemWish(day.cut.pk, day.anna.pk)],
            client_id=day.lena.pk,
            source=Source.STAFF,
            bounds=Bounds.DESK,
            now=NOW,
        ).appointment


def _work() -> UUID:
    return DueWork.objects.get(task=REMIND).pk


def _reminders(salon: Salon) -> list[ClientMail]:
    with salon_scope(salon.pk):
        return list(ClientMail.objects.filter(facts__kind="reminder"))


def test_of_four_workers_with_one_reminder_one_writes_it(
    sonnenschein: Salon, front_desk: Actor, day: SalonDay, then: None
) -> None:
    _book(sonnenschein, front_desk, day)
    work_id = str(_work())
    race(*[lambda: send_reminder(work_id)] * 4)
    assert len(_reminders(sonnenschein)) == 1
    assert not DueWork.objects.filter(task=REMIND).exists()


def test_without_the_claim_four_workers_write_it_four_times(
    sonnenschein: Salon, front_desk: Actor, day: SalonDay, then: None
) -> None:
    """The same race without what holds it: it is seen to fail."""
    appointment = _book(sonnenschein, front_desk, day)

    def unclaimed() -> None:
        with salon_scope(sonnenschein.pk):
            mails.remind(salon=sonnenschein, appointment_id=appointment.pk, now=timezone.now())

    race(*[unclaimed] * 4)
    assert len(_reminders(sonnenschein)) == 4


@pytest.mark.parametrize("change", ["move", "cancel"])
def test_a_worker_that_meets_a_change_reminds_of_nothing_that_is_not_so_any_more(
    sonnenschein: Salon,
    front_desk: Actor,
    day: SalonDay,
    then: None,
    monkeypatch: pytest.MonkeyPatch,
    change: str,
) -> None:
    """The worker has the work already; the desk changes the appointment and commits while the worker waits for it."""
    appointment = _book(sonnenschein, front_desk, day)
    work_id = str(_work())
    remind = mails.remind
    claimed, changed, goes_on = Event(), Event(), Event()
    backend: list[int] = []

    def late(**given: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            backend.append(cursor.fetchone()[0])
        claimed.set()
        assert changed.wait(10)
        remind(**given)

    def desk() -> None:
        assert claimed.wait(10)
        with salon_scope(sonnenschein.pk):
            _change(change, sonnenschein, front_desk, appointment)
            changed.set()
            assert goes_on.wait(10)

    def release() -> None:
        assert changed.wait(10)
        _until_blocked(backend[0])
        goes_on.set()

    monkeypatch.setattr(mails, "remind", late)
    race(lambda: send_reminder(work_id), desk, release)
    assert goes_on.is_set()
    assert _reminders(sonnenschein) == []
    planned = list(DueWork.objects.filter(task=REMIND).values_list("due_at", flat=True))
    assert planned == ([at(10, day=DAY + timedelta(days=2)) - mails.AHEAD] if change == "move" else [])


def test_a_worker_that_comes_while_the_desk_is_at_it_has_nothing_to_do(
    sonnenschein: Salon, front_desk: Actor, day: SalonDay, then: None
) -> None:
    appointment = _book(sonnenschein, front_desk, day)
    work_id = str(_work())
    with salon_scope(sonnenschein.pk):
        _change("cancel", sonnenschein, front_desk, appointment)
        race(lambda: send_reminder(work_id))
    assert _reminders(sonnenschein) == []


def _change(change: str, salon: Salon, actor: Actor, appointment: Appointment) -> None:
    given: dict[str, Any] = {"actor": actor, "salon": salon, "appointment_id": appointment.pk, "now": timezone.now()}
    if change == "move":
        move(starts_at=at(10, day=DAY + timedelta(days=2)), **given)
    else:
        cancel(**given)


def _until_blocked(backend: int) -> None:
    with connection.cursor() as cursor:
        for _attempt in range(2000):
            cursor.execute("SELECT cardinality(pg_blocking_pids(%s))", [backend])
            if cursor.fetchone()[0]:
                return
    pytest.fail("The worker never waited for the desk.")


def test_a_reminder_that_was_just_written_gives_way_to_a_move(
    sonnenschein: Salon, front_desk: Actor, day: SalonDay, then: None
) -> None:
    appointment = _book(sonnenschein, front_desk, day)
    send_reminder(str(_work()))
    with salon_scope(sonnenschein.pk):
        _change("move", sonnenschein, front_desk, appointment)
    assert [mail.state for mail in _reminders(sonnenschein)] == [MailState.DROPPED]


def test_a_change_that_is_refused_leaves_no_mail_and_no_broker_is_needed(
    sonnenschein: Salon, front_desk: Actor, day: SalonDay, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[EmailMultiAlternatives] = []
    monkeypatch.setattr(EmailMultiAlternatives, "send", sent.append)
    _book(sonnenschein, front_desk, day)
    with pytest.raises(SlotTaken):
        _book(sonnenschein, front_desk, day)
    with salon_scope(sonnenschein.pk):
        assert ClientMail.objects.count() == 1
    assert DueWork.objects.count() == 2
    assert sent == []


def test_of_two_who_book_somebody_from_the_list_at_once_one_does(
    sonnenschein: Salon, front_desk: Actor, day: SalonDay
) -> None:
    with salon_scope(sonnenschein.pk):
        longing = Longing(service_ids=(day.cut.pk,), starts_on=DAY, ends_on=DAY)
        entry = add_waiting(actor=front_desk, salon=sonnenschein, client_id=day.lena.pk, longing=longing, now=NOW)

    def book_her() -> Callable[[], object]:
        def attempt() -> object:
            with salon_scope(sonnenschein.pk):
                return book_waiting(
                    actor=front_desk,
                    salon=sonnenschein,
                    entry_id=entry.pk,
                    starts_at=at(10),
                    items=[ItemWish(day.cut.pk, day.anna.pk)],
                    client_id=day.lena.pk,
                    now=NOW,
                )

        return attempt

    outcomes = race(book_her(), book_her())
    assert sorted(isinstance(one, SlotTaken) for one in outcomes) == [False, True]
    with salon_scope(sonnenschein.pk):
        assert Appointment.objects.count() == 1
        assert waiting_list(salon=sonnenschein, now=NOW) == []
