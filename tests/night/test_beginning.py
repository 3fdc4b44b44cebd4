"""When a night begins, for whom, and how often (domain.md §10)."""

import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError
from django.utils import timezone

from salon.audit.models import AuditEntry
from salon.errors import NotAllowed
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy import directory
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work import queue
from salon.work.models import DueWork, NightStep
from salon.work.night import NightRuns, begin_due, run_now
from tests import database
from tests.identity.racing import race
from tests.night.running import SATURDAY, SUNDAY, THREE, rows_of_night, run_all, states_of, try_work, waiting_work
from tests.work.night_steps import FIRST, SECOND, THIRD

INSTANT = timedelta(microseconds=1)
OWNER = Actor(ActorKind.USER, None, "Anna Krüger", PERMISSIONS[Role.OWNER])


def next_night(salon: Salon) -> datetime:
    return Salon.objects.get(pk=salon.pk).next_night_at


def test_a_night_is_begun_at_three_and_not_before(sonnenschein: Salon) -> None:
    assert begin_due(now=THREE - INSTANT) == 0
    assert (rows_of_night(sonnenschein, "step"), DueWork.objects.count()) == ([], 0)
    assert begin_due(now=THREE) == 1
    assert rows_of_night(sonnenschein, "step", "position", "state") == [
        (FIRST, 0, "WAITING"),
        (SECOND, 1, "WAITING"),
        (THIRD, 2, "WAITING"),
    ]
    work = waiting_work()
    [(first, *_others)] = rows_of_night(sonnenschein, "id")[:1]
    assert (work.task, work.subject_id, work.salon_id, work.due_at) == (
        "salon.work.tasks.run_night_step",
        first,
        sonnenschein.pk,
        THREE,
    )
    assert next_night(sonnenschein) == THREE + timedelta(days=1)
    assert begin_due(now=THREE + timedelta(hours=23)) == 0


@pytest.mark.parametrize(
    ("zone", "due", "following"),
    [
        ("Europe/Berlin", "2026-03-29T01:00", "2026-03-30T01:00"),
        ("Europe/Berlin", "2026-10-25T02:00", "2026-10-26T02:00"),
        ("Europe/Helsinki", "2026-03-29T01:00", "2026-03-30T00:00"),
        ("Europe/Helsinki", "2026-10-25T00:00", "2026-10-26T01:00"),
    ],
)
def test_a_night_is_begun_once_where_the_clocks_change(
    sonnenschein: Salon, zone: str, due: str, following: str
) -> None:
    begins, then = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (due, following))
    Salon.objects.update(timezone=zone, next_night_at=begins)
    begun = [begin_due(now=begins + timedelta(minutes=minutes)) for minutes in range(-120, 180)]
    assert (sum(begun), begun[120]) == (1, 1)
    assert next_night(sonnenschein) == then
    assert states_of(sonnenschein, begins.date()) == ["WAITING"] * 3


def test_each_salon_has_its_own_three_o_clock(sonnenschein: Salon, dom: Salon) -> None:
    Salon.objects.filter(pk=dom.pk).update(timezone="America/New_York", next_night_at=THREE + timedelta(hours=6))
    assert begin_due(now=THREE) == 1
    assert (states_of(sonnenschein), states_of(dom)) == (["WAITING"] * 3, [])
    assert begin_due(now=THREE + timedelta(hours=6)) == 1
    assert states_of(dom) == ["WAITING"] * 3


def test_a_salon_without_a_known_time_zone_holds_nobody_up(sonnenschein: Salon, dom: Salon) -> None:
    Salon.objects.filter(pk=dom.pk).update(timezone="Mars/Olympus")
    assert begin_due(now=THREE) == 2
    assert states_of(sonnenschein) == ["WAITING"] * 3
    assert next_night(dom) == datetime(2026, 11, 21, 3, tzinfo=UTC)


def test_of_the_nights_that_were_missed_the_latest_is_caught_up_once(sonnenschein: Salon) -> None:
    Salon.objects.update(next_night_at=THREE - timedelta(days=9))
    noon = THREE + timedelta(hours=9)
    assert begin_due(now=noon) == 1
    with salon_scope(sonnenschein.pk):
        assert set(NightStep.objects.values_list("date", flat=True)) == {SATURDAY}
    assert run_all(noon) == ["first", "second", "third"]
    assert begin_due(now=noon + timedelta(hours=1)) == 0
    assert next_night(sonnenschein) == THREE + timedelta(days=1)


def test_a_night_that_has_run_is_not_run_again_by_itself(sonnenschein: Salon) -> None:
    begin_due(now=THREE)
    run_all(THREE)
    Salon.objects.update(next_night_at=THREE)
    assert begin_due(now=THREE + timedelta(hours=1)) == 1
    assert not DueWork.objects.exists()
    assert next_night(sonnenschein) == THREE + timedelta(days=1)


def test_a_night_waits_for_the_end_of_the_one_before(sonnenschein: Salon) -> None:
    begin_due(now=THREE)
    tomorrow = THREE + timedelta(days=1)
    assert begin_due(now=tomorrow) == 1
    assert rows_of_night(sonnenschein, "step", day=SUNDAY) == []
    assert next_night(sonnenschein) == tomorrow + timedelta(minutes=1)
    run_all(tomorrow)
    assert begin_due(now=tomorrow + timedelta(minutes=1)) == 1
    assert states_of(sonnenschein, SUNDAY) == ["WAITING"] * 3
    assert next_night(sonnenschein) == tomorrow + timedelta(days=1)


@pytest.mark.django_db(transaction=True)
def test_many_dispatchers_at_once_begin_each_night_once() -> None:
    salons = Salon.objects.bulk_create(
        Salon(name=f"Salon {n}", slug=f"salon-{n}", next_night_at=THREE) for n in range(12)
    )
    taken = race(*[lambda: begin_due(now=THREE)] * 6)
    assert sum(seen_to for seen_to in taken if isinstance(seen_to, int)) == 12
    assert [states_of(salon) for salon in salons] == [["WAITING"] * 3] * 12
    assert DueWork.objects.count() == 12


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_they_would_collide(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: the same race, each dispatcher taking what it sees."""
    Salon.objects.create(name="Sonnenschein", slug="sonnenschein", next_night_at=THREE)

    def take(salon_id: UUID, *, now: datetime) -> Salon:
        found = Salon.objects.get(pk=salon_id)
        time.sleep(0.1)
        return found

    monkeypatch.setattr(directory, "lock_due_night", take)
    refused: list[str] = []

    def begin() -> None:
        try:
            begin_due(now=THREE)
        except IntegrityError as collision:
            refused.append(str(collision.__cause__))

    race(*[begin] * 6)
    assert refused
    assert all("work_nightstep_once" in text for text in refused)
    assert DueWork.objects.count() == 1


def test_a_new_salon_has_its_first_night_at_once(db: None) -> None:
    salon = Salon.objects.create(name="Neu", slug="neu")
    assert begin_due(now=timezone.now()) == 1
    with salon_scope(salon.pk):
        assert NightStep.objects.count() == 3
    assert next_night(salon) > timezone.now()


@pytest.mark.django_db(transaction=True)
def test_a_night_of_which_a_part_could_not_be_written_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    salon = Salon.objects.create(name="Sonnenschein", slug="sonnenschein", next_night_at=THREE)

    def fail(**_given: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(queue, "schedule", fail)
        with pytest.raises(ZeroDivisionError):
            begin_due(now=THREE)
    assert (states_of(salon), next_night(salon)) == ([], THREE)
    assert begin_due(now=THREE) == 1


def test_the_owner_runs_todays_night_as_often_as_she_likes(sonnenschein: Salon) -> None:
    noon = THREE + timedelta(hours=9)
    for times in (1, 2):
        run_now(actor=OWNER, salon=sonnenschein, now=noon)
        assert states_of(sonnenschein) == ["WAITING"] * 3
        assert run_all(noon) == ["first", "second", "third"]
        assert states_of(sonnenschein) == ["DONE"] * 3
        with salon_scope(sonnenschein.pk):
            entries = AuditEntry.objects.filter(action="night.run")
            assert [entry.actor_name for entry in entries] == ["Anna Krüger"] * times
    assert next_night(sonnenschein) == THREE


def test_what_the_day_did_before_and_who_wanted_it_is_kept(sonnenschein: Salon) -> None:
    begin_due(now=THREE)
    run_all(THREE)
    counts = rows_of_night(sonnenschein, "counts")[0][0]
    night = {"started_at": THREE.isoformat(), "asked_by": "", "state": "DONE", "counts": counts}
    noon = THREE + timedelta(hours=9)
    run_now(actor=OWNER, salon=sonnenschein, now=noon)
    assert rows_of_night(sonnenschein, "asked_by", "earlier")[0] == ("Anna Krüger", [night])
    run_all(noon)
    counts = rows_of_night(sonnenschein, "counts")[0][0]
    run_now(actor=OWNER, salon=sonnenschein, now=noon + timedelta(minutes=1))
    by_day = night | {"started_at": noon.isoformat(), "asked_by": "Anna Krüger", "counts": counts}
    assert rows_of_night(sonnenschein, "earlier")[0] == ([night, by_day],)


def test_a_night_that_runs_is_not_run_a_second_time(sonnenschein: Salon) -> None:
    begin_due(now=THREE)
    try_work(waiting_work(), THREE)
    with pytest.raises(NightRuns):
        run_now(actor=OWNER, salon=sonnenschein, now=THREE)
    assert states_of(sonnenschein) == ["DONE", "WAITING", "WAITING"]
    assert DueWork.objects.count() == 1
    with salon_scope(sonnenschein.pk):
        assert not AuditEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_click_at_once_one_begins_it() -> None:
    salon = Salon.objects.create(name="Sonnenschein", slug="sonnenschein", next_night_at=THREE)
    outcomes = race(*[lambda: run_now(actor=OWNER, salon=salon, now=THREE)] * 6)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NightRuns"] * 5 + ["NoneType"]
    assert DueWork.objects.count() == 1


@pytest.mark.parametrize("role", [Role.MANAGER, Role.STAFF])
def test_nobody_but_the_owner_runs_it(sonnenschein: Salon, role: Role) -> None:
    with pytest.raises(NotAllowed):
        run_now(actor=Actor(ActorKind.USER, None, "Carla", PERMISSIONS[role]), salon=sonnenschein, now=THREE)
    assert not DueWork.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_among_thousands_of_salons_the_due_ones_are_found_by_index() -> None:
    Salon.objects.bulk_create(
        Salon(name="Salon", slug=f"salon-{n}", next_night_at=THREE + timedelta(hours=1 + n % 20)) for n in range(4000)
    )
    assert directory.due_nights(THREE, limit=500) == []
    with database.owner() as owner:
        owner.execute("ANALYZE tenancy_salon")
    plan = Salon.objects.filter(next_night_at__lte=THREE).order_by("next_night_at", "id")[:500].explain()
    assert "tenancy_salon_next_night_at" in plan
    assert "Seq Scan" not in plan
