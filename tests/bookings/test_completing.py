"""What has ended is completed by the night (domain.md §5, §10)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings import night, visits
from bookings.completing import Completed, complete_ended
from bookings.models import Appointment, BookingRules
from bookings.states import State
from bookings.writing import count_visit
from clients.classification import Reason, Status
from clients.models import Client
from salon.audit.models import AuditEntry
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.steps import Night
from tests.bookings.salonday import SalonDay, a_salon_day, at, make_appointment, make_client, make_service

TODAY = date(2026, 11, 24)
YESTERDAY = TODAY - timedelta(days=1)
# 03:00 in Berlin.
THREE = datetime(2026, 11, 24, 2, tzinfo=UTC)


@pytest.fixture
def day(in_sonnenschein: Salon) -> SalonDay:
    return a_salon_day()


def _complete(salon: Salon, limit: int = 100, today: date = TODAY, now: datetime = THREE) -> Completed:
    return complete_ended(salon=salon, today=today, now=now, limit=limit)


def _is(appointment: Appointment) -> tuple[str, date | None, int, datetime]:
    appointment.refresh_from_db()
    return appointment.state, appointment.visit_on, appointment.version, appointment.updated_at


def _card(client: Client) -> tuple[date | None, date | None, int, str, str]:
    fresh = Client.objects.get(pk=client.pk)
    return fresh.first_visit_on, fresh.last_visit_on, fresh.visits, fresh.status, fresh.status_reason


@pytest.mark.parametrize("state", [State.BOOKED, State.ARRIVED])
def test_what_ended_before_today_is_completed(in_sonnenschein: Salon, day: SalonDay, state: State) -> None:
    old = make_appointment(
        (day.cut, day.anna), client=day.lena, state=state, starts_at=at(10, day=YESTERDAY), undo={"state": "ARRIVED"}
    )
    assert _complete(in_sonnenschein) == Completed(1, 1)
    assert _is(old) == ("COMPLETED", YESTERDAY, 2, THREE)
    assert old.undo is None
    assert _card(day.lena) == (YESTERDAY, YESTERDAY, 1, Status.RETURNING, Reason.RECENT_VISIT)
    [entry] = AuditEntry.objects.all()
    assert (entry.action, entry.subject_kind, entry.subject_id, entry.client_id) == (
        "appointment.completed",
        "appointment",
        old.pk,
        day.lena.pk,
    )
    assert (entry.actor_kind, entry.actor_name) == ("SYSTEM", "")
    assert entry.changes == [{"field": "state", "old": state, "new": "COMPLETED"}]
    # And never twice.
    assert _complete(in_sonnenschein) == Completed(0, 0)
    assert _is(old) == ("COMPLETED", YESTERDAY, 2, THREE)
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize("state", [State.COMPLETED, State.NO_SHOW, State.CANCELLED])
def test_what_somebody_has_decided_stays(in_sonnenschein: Salon, day: SalonDay, state: State) -> None:
    old = make_appointment((day.cut, day.anna), client=day.lena, state=state, starts_at=at(10, day=YESTERDAY))
    before = _is(old)
    assert _complete(in_sonnenschein) == Completed(0, 0)
    assert _is(old) == before
    assert _card(day.lena)[2] == 0


def test_the_salons_midnight_is_the_border(in_sonnenschein: Salon, day: SalonDay) -> None:
    until_midnight = make_appointment((day.cut, day.anna), client=day.lena, starts_at=at(23, day=YESTERDAY))
    beyond = make_appointment((day.cut, day.bora), client=day.lena, starts_at=at(23, 5, day=YESTERDAY))
    today = make_appointment((day.cut, day.anna), client=day.lena, starts_at=at(1))
    assert _complete(in_sonnenschein) == Completed(1, 1)
    assert [_is(one)[0] for one in (until_midnight, beyond, today)] == ["COMPLETED", "BOOKED", "BOOKED"]
    # The next night takes the rest.
    assert _complete(in_sonnenschein, today=TODAY + timedelta(days=1), now=THREE + timedelta(days=1)) == Completed(2, 2)
    assert _card(day.lena)[:3] == (YESTERDAY, TODAY, 3)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Tokyo"])
@pytest.mark.parametrize("on", [date(2026, 10, 25), date(2027, 3, 28), date(2026, 11, 1), date(2026, 6, 1)])
def test_a_visit_is_on_the_day_the_salons_clock_shows_whoever_completes_it(
    in_sonnenschein: Salon, day: SalonDay, zone: str, on: date
) -> None:
    in_sonnenschein.timezone = zone
    midnight = datetime(on.year, on.month, on.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    short = make_service("Kurz", 5)
    starts = [midnight + timedelta(minutes=minutes) for minutes in (-5, 0, 55, 115, 120, 180, 185, 1375, 1435, 1495)]
    made = [make_appointment((short, day.anna), client=day.lena, starts_at=one) for one in starts]
    later = on + timedelta(days=2)
    assert _complete(in_sonnenschein, today=later).completed == len(starts)
    for one in made:
        one.refresh_from_db()
        assert one.visit_on == one.starts_at.astimezone(ZoneInfo(zone)).date()
        # The same rule as where staff complete it.
        assert not count_visit(one, list(one.items.all()), in_sonnenschein)


def test_what_does_not_count_as_a_visit_makes_nobody_returning(in_sonnenschein: Salon, day: SalonDay) -> None:
    advice = make_service("Beratung", 15, counts_as_visit=False)
    only = make_appointment((advice, day.anna), client=day.lena, starts_at=at(10, day=YESTERDAY))
    ida = make_client("Ida")
    with_cut = make_appointment((advice, day.bora), (day.cut, day.bora), client=ida, starts_at=at(10, day=YESTERDAY))
    assert _complete(in_sonnenschein) == Completed(2, 2)
    assert [_is(one)[:2] for one in (only, with_cut)] == [("COMPLETED", None), ("COMPLETED", YESTERDAY)]
    assert [_card(one)[2] for one in (day.lena, ida)] == [0, 1]


def test_a_walk_in_is_completed_too(in_sonnenschein: Salon, day: SalonDay) -> None:
    walk_in = make_appointment((day.cut, day.anna), starts_at=at(10, day=YESTERDAY))
    assert _complete(in_sonnenschein) == Completed(1, 1)
    assert _is(walk_in)[:2] == ("COMPLETED", YESTERDAY)
    assert AuditEntry.objects.get().client_id is None


def test_an_appointment_that_changed_hands_meanwhile_waits_for_the_next_batch(
    in_sonnenschein: Salon, day: SalonDay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its card is not the one that was locked."""
    ida = make_client("Ida")
    old = make_appointment((day.cut, day.anna), client=day.lena, starts_at=at(10, day=YESTERDAY))
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(visits, "lock_cards", lambda _ids: Appointment.objects.filter(pk=old.pk).update(client=ida))
        assert _complete(in_sonnenschein) == Completed(1, 0)
    assert _is(old)[0] == "BOOKED"
    assert _complete(in_sonnenschein) == Completed(1, 1)
    assert [_card(one)[2] for one in (day.lena, ida)] == [0, 1]


def test_statements_do_not_grow_with_the_appointments(in_sonnenschein: Salon, day: SalonDay) -> None:
    counted = []
    for many in (2, 20):
        for number in range(many):
            client = make_client(f"Nr. {many}.{number}")
            starts_at = at(9, day=YESTERDAY - timedelta(days=many)) + timedelta(minutes=15 * number)
            make_appointment((day.brows, day.anna), client=client, starts_at=starts_at)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert _complete(in_sonnenschein) == Completed(many, many)
        counted.append(len(asked))
    # Find, lock the cards, complete and record, count, judge.
    assert counted == [5, 5]


class TestTheStep:
    """What the night of a salon does."""

    @staticmethod
    def _run(salon: Salon) -> tuple[dict[str, int], list[tuple[int, int]]]:
        told: list[tuple[int, int]] = []

        def progress(done: int, total: int, **_counts: int) -> None:
            told.append((done, total))

        running = Night(salon=salon, date=TODAY, now=THREE, progress=progress, hold=lambda: None)
        return dict(night.complete_ended(running)), told

    def test_in_batches_the_earliest_first(self, sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(night, "APPOINTMENTS", 2)
        with salon_scope(sonnenschein.pk):
            day = a_salon_day()
            for number in range(5):
                make_appointment((day.brows, day.anna), client=day.lena, starts_at=at(9 + number, day=YESTERDAY))
        assert self._run(sonnenschein) == ({"completed": 5}, [(2, 5), (4, 5), (5, 5), (5, 5)])
        with salon_scope(sonnenschein.pk):
            assert _card(day.lena)[2] == 5
        assert self._run(sonnenschein) == ({"completed": 0}, [])

    def test_not_where_the_salon_says_so_itself(self, sonnenschein: Salon) -> None:
        with salon_scope(sonnenschein.pk):
            BookingRules.objects.create(complete_by_itself=False)
            day = a_salon_day()
            old = make_appointment((day.cut, day.anna), client=day.lena, starts_at=at(10, day=YESTERDAY))
        assert self._run(sonnenschein) == ({"completed": 0}, [])
        with salon_scope(sonnenschein.pk):
            assert _is(old)[0] == "BOOKED"

    def test_only_in_this_salon(self, sonnenschein: Salon, dom: Salon) -> None:
        with salon_scope(dom.pk):
            day = a_salon_day()
            old = make_appointment((day.cut, day.anna), client=day.lena, starts_at=at(10, day=YESTERDAY))
        assert self._run(sonnenschein)[0] == {"completed": 0}
        with salon_scope(dom.pk):
            assert _is(old)[0] == "BOOKED"
