"""Many hands on one calendar at the same moment (domain.md §5, quality.md §2)."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from bookings import visits
from bookings.choosing import circumstances_of
from bookings.models import Appointment, AppointmentItem
from bookings.scheduling import AlreadyBooked, ItemWish, SlotTaken, move, set_state, undo
from bookings.states import State
from salon.audit.models import AuditEntry
from salon.errors import VersionConflict
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from tests import database
from tests.bookings.acting import Desk
from tests.bookings.salonday import a_salon_day, at
from tests.concurrency.hands import at_once
from tests.conftest import NOW

pytestmark = pytest.mark.django_db(transaction=True)
# A pool of the tests' Postgres has room for so many connections beside those of other workers.
HANDS = 50 if os.environ.get("SOAK") else 25
ROUNDS = 20 if os.environ.get("SOAK") else 2
# Nobody waits longer than that: a deadlock is found by Postgres after a second, and would be an error here.
LONGEST_WAIT = 10


def _together(desk: Desk, act: Callable[[int], object], hands: int = HANDS) -> list[object]:
    """Run in as many threads at once, each in a scope of its own; return what came out, refusals as their classes."""

    def in_salon(index: int) -> object:
        with salon_scope(desk.salon.pk):
            return act(index)

    return at_once(in_salon, hands, refusals=(AlreadyBooked, SlotTaken, VersionConflict))


@pytest.fixture
def open_desk(sonnenschein: Salon, front_desk: Actor) -> Desk:
    with salon_scope(sonnenschein.pk):
        return Desk(front_desk, sonnenschein, a_salon_day())


def _overlaps(desk: Desk) -> int:
    """Return how many pairs of active items share a person and an instant."""
    with salon_scope(desk.salon.pk), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM bookings_appointmentitem one JOIN bookings_appointmentitem other "
            "ON one.staff_id = other.staff_id AND one.id < other.id AND one.busy && other.busy "
            "WHERE one.active AND other.active"
        )
        return int(cursor.fetchone()[0])


def _book(desk: Desk, **given: object) -> str:
    wishes = [ItemWish(desk.day.cut.pk, desk.day.anna.pk)]
    desk.book(at(10), **{"client_id": None, "items": wishes, **given})
    return "booked"


def test_of_many_bookings_of_one_slot_exactly_one_is_made(open_desk: Desk) -> None:
    for hour in range(ROUNDS):
        start = at(9 + hour % 9, 0, at(9).date().replace(day=24 + hour // 9))

        def take(_index: int, start: object = start) -> str:
            open_desk.book(start, ItemWish(open_desk.day.cut.pk, open_desk.day.anna.pk), client_id=None)  # type: ignore[arg-type]
            return "booked"

        began = time.monotonic()
        outcomes = Counter(map(str, _together(open_desk, take)))
        assert outcomes == Counter({"booked": 1, str(SlotTaken): HANDS - 1})
        assert time.monotonic() - began < LONGEST_WAIT
    with salon_scope(open_desk.salon.pk):
        assert Appointment.objects.count() == AppointmentItem.objects.count() == ROUNDS
        assert AuditEntry.objects.filter(action="appointment.booked").count() == ROUNDS
    assert _overlaps(open_desk) == 0


@pytest.fixture
def no_constraint(open_desk: Desk) -> Iterator[None]:
    """Take the constraint away: the slots then hold nothing but what the software itself keeps apart."""
    with database.owner() as owner:
        rule = owner.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'bookings_appointmentitem_once'"
        ).fetchone()
        owner.execute("ALTER TABLE bookings_appointmentitem DROP CONSTRAINT bookings_appointmentitem_once")
        # Inserts name it: one that never applies stands in for it.
        owner.execute("ALTER TABLE bookings_appointmentitem ADD CONSTRAINT bookings_appointmentitem_once UNIQUE (id)")
    yield
    with database.owner() as owner:
        owner.execute("TRUNCATE bookings_appointment CASCADE")
        owner.execute("ALTER TABLE bookings_appointmentitem DROP CONSTRAINT bookings_appointmentitem_once")
        assert rule is not None
        owner.execute(f"ALTER TABLE bookings_appointmentitem ADD CONSTRAINT bookings_appointmentitem_once {rule[0]}")


def test_without_the_constraint_all_would_be_made(
    open_desk: Desk, no_constraint: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the test above, and of what counts overlaps here."""
    monkeypatch.setattr("bookings.writing.take_locks", lambda _names: None)
    outcomes = _together(open_desk, lambda _index: _book(open_desk), hands=10)
    assert outcomes == ["booked"] * 10
    assert _overlaps(open_desk) == 45


def test_one_form_sent_many_times_makes_one_appointment(open_desk: Desk) -> None:
    made = new_id()
    outcomes = Counter(map(str, _together(open_desk, lambda _index: _book(open_desk, appointment_id=made), hands=12)))
    assert outcomes == Counter({"booked": 1, str(AlreadyBooked): 11})


def test_egal_gives_the_last_two_places_to_two(open_desk: Desk) -> None:
    outcomes = Counter(
        map(
            str, _together(open_desk, lambda _index: _book(open_desk, items=[ItemWish(open_desk.day.cut.pk)]), hands=12)
        )
    )
    assert outcomes == Counter({"booked": 2, str(SlotTaken): 10})
    with salon_scope(open_desk.salon.pk):
        staff = set(AppointmentItem.objects.values_list("staff_id", flat=True))
    assert staff == {open_desk.day.anna.pk, open_desk.day.bora.pk}


def test_without_the_lock_egal_would_turn_away_whom_it_has_room_for(
    open_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: who chooses before others are done, chooses the same person as they."""
    monkeypatch.setattr("bookings.writing.take_locks", lambda _names: None)

    def slowly(*given: object, **more: object) -> object:
        found = circumstances_of(*given, **more)  # type: ignore[arg-type]
        time.sleep(0.2)
        return found

    monkeypatch.setattr("bookings.settling.circumstances_of", slowly)
    outcomes = Counter(
        map(str, _together(open_desk, lambda _index: _book(open_desk, items=[ItemWish(open_desk.day.cut.pk)]), hands=6))
    )
    assert outcomes["booked"] == 1


def test_writers_across_two_calendars_do_not_block_each_other(open_desk: Desk) -> None:
    """Each takes both people, half of them in the other order: without an order of locks they would meet."""
    day = open_desk.day
    began = time.monotonic()

    def take(index: int) -> str:
        people = [day.anna.pk, day.bora.pk] if index % 2 else [day.bora.pk, day.anna.pk]
        start = at(9 + index % 8, 0, at(9).date().replace(day=24 + index // 8 % 4))
        open_desk.book(start, *[ItemWish(day.brows.pk, staff) for staff in people], client_id=None)
        return "booked"

    outcomes = Counter(map(str, _together(open_desk, take)))
    assert outcomes["booked"] == min(HANDS, 32)
    assert time.monotonic() - began < LONGEST_WAIT
    assert _overlaps(open_desk) == 0


def test_two_who_exchange_their_places_leave_nothing_behind(open_desk: Desk) -> None:
    """Moves of many appointments to and fro between two people: whoever is refused stays where it was."""
    day = open_desk.day
    with salon_scope(open_desk.salon.pk):
        booked = [
            open_desk.book(at(9 + index), ItemWish(day.cut.pk, [day.anna, day.bora][index % 2].pk), client_id=None)
            for index in range(6)
        ]

    def go(index: int) -> str:
        one = booked[index % 6]
        hour = 9 + (index * 5) % 6
        move(
            **open_desk.given,
            appointment_id=one.appointment.pk,
            starts_at=at(hour),
            staff={one.items[0].pk: [day.bora, day.anna][index % 2].pk},
        )
        return "moved"

    outcomes = Counter(map(str, _together(open_desk, go, hands=24)))
    assert set(outcomes) <= {"moved", str(SlotTaken)}
    assert _overlaps(open_desk) == 0
    with salon_scope(open_desk.salon.pk):
        assert AppointmentItem.objects.filter(active=True).count() == 6
        for one in Appointment.objects.prefetch_related("items"):
            assert [(item.starts_at, item.ends_at) for item in one.items.all()] == [(one.starts_at, one.ends_at)]
            assert AuditEntry.objects.filter(subject_id=one.pk).count() == one.version


def test_of_many_who_undo_one_move_one_does(open_desk: Desk) -> None:
    with salon_scope(open_desk.salon.pk):
        made = open_desk.book(at(10)).appointment.pk
        move(**open_desk.given, appointment_id=made, starts_at=at(14))

    def back(_index: int) -> int:
        return undo(**open_desk.given, appointment_id=made, version=2).appointment.version

    outcomes = Counter(map(str, _together(open_desk, back, hands=12)))
    assert outcomes == Counter({"3": 1, str(VersionConflict): 11})
    with salon_scope(open_desk.salon.pk):
        assert Appointment.objects.get().starts_at == at(10)


def test_an_undo_and_a_booking_of_the_freed_time_exclude_each_other(open_desk: Desk) -> None:
    for hour in range(9, 9 + min(ROUNDS * 2, 8)):
        with salon_scope(open_desk.salon.pk):
            made = open_desk.book(at(hour)).appointment.pk
            set_state(**open_desk.given, appointment_id=made, state=State.CANCELLED)

        def act(index: int, made: object = made, hour: int = hour) -> str:
            if index % 2:
                open_desk.book(at(hour), client_id=None)
                return "booked"
            undo(**open_desk.given, appointment_id=made, version=2)  # type: ignore[arg-type]
            return "undone"

        outcomes = Counter(map(str, _together(open_desk, act, hands=6)))
        assert outcomes["booked"] + outcomes["undone"] == 1
        assert set(outcomes) <= {"booked", "undone", str(SlotTaken), str(VersionConflict)}
    assert _overlaps(open_desk) == 0


def test_visits_of_one_client_completed_at_once_are_all_counted(open_desk: Desk) -> None:
    with salon_scope(open_desk.salon.pk):
        made = [open_desk.book(at(9 + index, 0, NOW.date().replace(day=20))).appointment.pk for index in range(8)]

    def complete(index: int) -> str:
        set_state(**open_desk.given, appointment_id=made[index], state=State.COMPLETED)
        return "done"

    assert _together(open_desk, complete, hands=8) == ["done"] * 8
    with salon_scope(open_desk.salon.pk):
        open_desk.day.lena.refresh_from_db()
        assert open_desk.day.lena.visits == 8


def test_without_the_lock_of_the_card_visits_would_be_lost(open_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control of the test above."""
    recount = visits.recount

    def slowly(*given: object, **more: object) -> None:
        time.sleep(0.2)
        recount(*given, **more)  # type: ignore[arg-type]
        time.sleep(0.2)

    monkeypatch.setattr("bookings.visits.lock_cards", lambda _ids: None)
    monkeypatch.setattr("bookings.visits.recount", slowly)
    with salon_scope(open_desk.salon.pk):
        made = [open_desk.book(at(9 + index, 0, NOW.date().replace(day=20))).appointment.pk for index in range(4)]

    def complete(index: int) -> str:
        set_state(**open_desk.given, appointment_id=made[index], state=State.COMPLETED)
        return "done"

    _together(open_desk, complete, hands=4)
    with salon_scope(open_desk.salon.pk):
        open_desk.day.lena.refresh_from_db()
        assert open_desk.day.lena.visits < 4
