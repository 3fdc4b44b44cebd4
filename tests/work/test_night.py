"""Each salon's night: begun once, step after step, tried again, caught up (domain.md §10)."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import IntegrityError, InterfaceError, OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from salon.audit.models import AuditEntry
from salon.errors import NotAllowed
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy import directory
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work import queue
from salon.work.models import DueWork, NightStep, Trouble
from salon.work.night import ATTEMPTS, KEPT, NightRuns, begin_due, run_now, run_step, trouble_of
from salon.work.queue import LEASE, ClaimLost, WorkFailed, claimed
from salon.work.steps import Night, all_steps
from tests import database
from tests.identity.racing import race
from tests.work import night_steps
from tests.work.night_steps import FIRST, SECOND, THIRD

# 03:00 in Berlin on Saturday, 21 November 2026.
THREE = datetime(2026, 11, 21, 2, tzinfo=UTC)
SATURDAY, SUNDAY = date(2026, 11, 21), date(2026, 11, 22)
INSTANT = timedelta(microseconds=1)
OWNER = Actor(ActorKind.USER, None, "Anna Krüger", PERMISSIONS[Role.OWNER])


@pytest.fixture
def sonnenschein(sonnenschein: Salon) -> Salon:
    """Return the salon, whose night is due at THREE."""
    return _due(sonnenschein)


@pytest.fixture
def dom(dom: Salon) -> Salon:
    return _due(dom)


def _due(salon: Salon) -> Salon:
    salon.next_night_at = THREE
    salon.save(update_fields=["next_night_at"])
    return salon


@pytest.fixture(autouse=True)
def steps(settings: Settings) -> Iterator[None]:
    settings.NIGHT_STEPS = (FIRST, SECOND, THIRD)
    yield
    night_steps.calls.clear()
    night_steps.doing.clear()


def _rows(salon: Salon, *fields: str, day: date = SATURDAY) -> list[tuple[Any, ...]]:
    with salon_scope(salon.pk):
        return list(NightStep.objects.filter(date=day).order_by("position").values_list(*fields))


def _states(salon: Salon, day: date = SATURDAY) -> list[str]:
    return [state for (state,) in _rows(salon, "state", day=day)]


def _work() -> DueWork:
    """Return the only work there is."""
    return DueWork.objects.get()


def _try(work: DueWork, now: datetime) -> None:
    """Do as the task does."""
    with claimed(work.pk, now=now) as mine:
        if mine is not None:
            run_step(mine, clock=lambda: now)


def _try_in_vain(work: DueWork, now: datetime, error: type[BaseException] = OSError) -> None:
    with pytest.raises(error):
        _try(work, now)


def _run_all(now: datetime) -> list[str]:
    """Do all work there is, and return which steps that called."""
    before = len(night_steps.calls)
    while works := list(DueWork.objects.filter(due_at__lte=now)):
        for work in works:
            _try(work, now)
    return [name for name, _night in night_steps.calls[before:]]


def _next_night(salon: Salon) -> datetime:
    return Salon.objects.get(pk=salon.pk).next_night_at


def test_a_night_is_begun_at_three_and_not_before(sonnenschein: Salon) -> None:
    assert begin_due(now=THREE - INSTANT) == 0
    assert (_rows(sonnenschein, "step"), DueWork.objects.count()) == ([], 0)
    assert begin_due(now=THREE) == 1
    assert _rows(sonnenschein, "step", "position", "state") == [
        (FIRST, 0, "WAITING"),
        (SECOND, 1, "WAITING"),
        (THIRD, 2, "WAITING"),
    ]
    work = _work()
    [(first, *_others)] = _rows(sonnenschein, "id")[:1]
    assert (work.task, work.subject_id, work.salon_id, work.due_at) == (
        "salon.work.tasks.run_night_step",
        first,
        sonnenschein.pk,
        THREE,
    )
    assert _next_night(sonnenschein) == THREE + timedelta(days=1)
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
    assert _next_night(sonnenschein) == then
    assert _states(sonnenschein, begins.date()) == ["WAITING"] * 3


def test_each_salon_has_its_own_three_o_clock(sonnenschein: Salon, dom: Salon) -> None:
    Salon.objects.filter(pk=dom.pk).update(timezone="America/New_York", next_night_at=THREE + timedelta(hours=6))
    assert begin_due(now=THREE) == 1
    assert (_states(sonnenschein), _states(dom)) == (["WAITING"] * 3, [])
    assert begin_due(now=THREE + timedelta(hours=6)) == 1
    assert _states(dom) == ["WAITING"] * 3


def test_a_salon_without_a_known_time_zone_holds_nobody_up(sonnenschein: Salon, dom: Salon) -> None:
    Salon.objects.filter(pk=dom.pk).update(timezone="Mars/Olympus")
    assert begin_due(now=THREE) == 2
    assert _states(sonnenschein) == ["WAITING"] * 3
    assert _next_night(dom) == datetime(2026, 11, 21, 3, tzinfo=UTC)


def test_of_the_nights_that_were_missed_the_latest_is_caught_up_once(sonnenschein: Salon) -> None:
    Salon.objects.update(next_night_at=THREE - timedelta(days=9))
    noon = THREE + timedelta(hours=9)
    assert begin_due(now=noon) == 1
    with salon_scope(sonnenschein.pk):
        assert set(NightStep.objects.values_list("date", flat=True)) == {SATURDAY}
    assert _run_all(noon) == ["first", "second", "third"]
    assert begin_due(now=noon + timedelta(hours=1)) == 0
    assert _next_night(sonnenschein) == THREE + timedelta(days=1)


def test_a_night_that_has_run_is_not_run_again_by_itself(sonnenschein: Salon) -> None:
    begin_due(now=THREE)
    _run_all(THREE)
    Salon.objects.update(next_night_at=THREE)
    assert begin_due(now=THREE + timedelta(hours=1)) == 1
    assert not DueWork.objects.exists()
    assert _next_night(sonnenschein) == THREE + timedelta(days=1)


def test_a_night_waits_for_the_end_of_the_one_before(sonnenschein: Salon) -> None:
    begin_due(now=THREE)
    tomorrow = THREE + timedelta(days=1)
    assert begin_due(now=tomorrow) == 1
    assert _rows(sonnenschein, "step", day=SUNDAY) == []
    assert _next_night(sonnenschein) == tomorrow + timedelta(minutes=1)
    _run_all(tomorrow)
    assert begin_due(now=tomorrow + timedelta(minutes=1)) == 1
    assert _states(sonnenschein, SUNDAY) == ["WAITING"] * 3
    assert _next_night(sonnenschein) == tomorrow + timedelta(days=1)


def test_the_steps_run_one_after_the_other_and_tell_what_they_did(sonnenschein: Salon) -> None:
    begin_due(now=THREE)
    for minutes, name in enumerate(("first", "second", "third"), start=1):
        now = THREE + timedelta(minutes=minutes)
        _try(_work(), now)
        [(_name, seen)] = night_steps.calls[minutes - 1 :]
        assert (_name, seen.salon, seen.date, seen.now, seen.today) == (name, sonnenschein, SATURDAY, now, SATURDAY)
    assert not DueWork.objects.exists()
    assert _rows(sonnenschein, "state", "counts", "warning", "attempts", "started_at", "finished_at") == [
        ("DONE", {"seen": 1}, False, 1, THREE + timedelta(minutes=1), THREE + timedelta(minutes=1)),
        ("DONE", {"seen": 2, "wrong": 1}, True, 1, THREE + timedelta(minutes=2), THREE + timedelta(minutes=2)),
        ("DONE", {"seen": 3}, False, 1, THREE + timedelta(minutes=3), THREE + timedelta(minutes=3)),
    ]


def test_a_night_that_is_caught_up_works_with_todays_date(sonnenschein: Salon) -> None:
    before_three = THREE + timedelta(hours=23)
    begin_due(now=before_three)
    _run_all(before_three)
    assert {(seen.date, seen.today) for _name, seen in night_steps.calls} == {(SATURDAY, SUNDAY)}


def test_progress_is_seen_at_once_and_renews_the_claim(sonnenschein: Salon) -> None:
    seen: list[Any] = []

    def tell(running: Night) -> None:
        running.progress(3, 7, read=3)
        seen.extend(_rows(sonnenschein, "state", "done", "total", "counts")[:1])

    night_steps.doing["first"] = tell
    begin_due(now=THREE)
    _try(_work(), THREE)
    assert seen == [("RUNNING", 3, 7, {"read": 3})]


def test_progress_is_told_twice_a_second_at_most(sonnenschein: Salon) -> None:
    seen: list[Any] = []
    now = THREE

    def tell(running: Night) -> None:
        nonlocal now
        for done in range(1, 21):
            now += timedelta(milliseconds=100)
            running.progress(done, 20)
            seen.extend(_rows(sonnenschein, "done")[0])

    night_steps.doing["first"] = tell
    begin_due(now=THREE)
    with claimed(_work().pk, now=THREE) as mine:
        assert mine is not None
        run_step(mine, clock=lambda: now)
    assert seen == [1] * 5 + [6] * 5 + [11] * 5 + [16] * 5


def test_who_lost_the_step_writes_neither_batch_nor_progress_nor_end(sonnenschein: Salon) -> None:
    def be_overtaken(running: Night) -> None:
        queue._claim(_work().pk, THREE + LEASE)
        with pytest.raises(ClaimLost), running.batch():
            pytest.fail("the batch began")
        with pytest.raises(ClaimLost):
            running.progress(1, 1)

    night_steps.doing["first"] = be_overtaken
    begin_due(now=THREE)
    _try(_work(), THREE)
    assert _rows(sonnenschein, "state", "done")[:1] == [("RUNNING", 0)]
    work = _work()
    assert (work.attempts, work.claimed_at) == (2, THREE + LEASE)


def test_a_step_that_fails_is_tried_again_and_the_night_goes_on_without_it(sonnenschein: Salon) -> None:
    night_steps.doing["second"] = night_steps.full_disk
    begin_due(now=THREE)
    _try(_work(), THREE)
    now = THREE
    for attempt in range(1, ATTEMPTS):
        work = _work()
        _try_in_vain(work, now)
        assert _rows(sonnenschein, "state", "trouble", "error", "attempts")[1:] == [
            ("WAITING", "DISK_FULL", "OSError", attempt),
            ("WAITING", "", "", 0),
        ]
        now += timedelta(minutes=2 ** (attempt - 1))
        assert _work().due_at == now
    assert now == THREE + timedelta(minutes=31)
    _try_in_vain(_work(), now)
    assert _rows(sonnenschein, "state", "trouble", "error", "attempts", "finished_at")[1] == (
        *("FAILED", "DISK_FULL", "OSError", 6),
        now,
    )
    _try(_work(), now)
    assert _states(sonnenschein) == ["DONE", "FAILED", "DONE"]
    assert not DueWork.objects.exists()


def test_a_step_that_succeeds_at_last_tells_no_trouble(sonnenschein: Salon) -> None:
    night_steps.doing["first"] = night_steps.full_disk
    begin_due(now=THREE)
    _try_in_vain(_work(), THREE)
    night_steps.doing.clear()
    _try(_work(), THREE + timedelta(minutes=1))
    assert _rows(sonnenschein, "state", "trouble", "error", "attempts")[0] == ("DONE", "", "", 2)


def test_a_step_that_kills_its_worker_every_time_is_given_up(sonnenschein: Salon) -> None:
    begin_due(now=THREE)
    now = THREE
    for _ in range(ATTEMPTS):
        queue._claim(_work().pk, now)
        now += timedelta(hours=1)
    _try(_work(), now)
    assert _rows(sonnenschein, "state", "trouble")[:2] == [("FAILED", "KILLED"), ("WAITING", "")]
    assert night_steps.calls == []


def test_a_step_that_this_version_does_not_know_has_failed(sonnenschein: Salon, settings: Settings) -> None:
    begin_due(now=THREE)
    settings.NIGHT_STEPS = (SECOND,)
    assert _run_all(THREE) == ["second"]
    assert _rows(sonnenschein, "state", "trouble") == [("FAILED", "UNKNOWN"), ("DONE", ""), ("FAILED", "UNKNOWN")]


def test_a_path_that_is_no_step_is_refused(settings: Settings) -> None:
    settings.NIGHT_STEPS = ("tests.work.night_steps.slowly",)
    with pytest.raises(TypeError, match="not a step"):
        all_steps()


def test_every_configured_step_can_be_loaded(settings: Settings) -> None:
    from salon import settings as configured  # noqa: PLC0415

    settings.NIGHT_STEPS = configured.NIGHT_STEPS
    assert next(iter(all_steps())) == "clients.night.check_statuses"
    for step in all_steps().values():
        assert step.alarms <= set(step.words)


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (OperationalError("server closed the connection"), Trouble.DATABASE),
        (InterfaceError("connection already closed"), Trouble.DATABASE),
        (OSError(28, "No space left on device"), Trouble.DISK_FULL),
        (PermissionError(13, "Permission denied"), Trouble.FILE),
        (SoftTimeLimitExceeded(), Trouble.SLOW),
        (ZeroDivisionError(), Trouble.FAULT),
        (MemoryError(), Trouble.FAULT),
    ],
)
def test_a_trouble_is_told_in_words_for_everybody(error: BaseException, trouble: Trouble) -> None:
    assert trouble_of(error) == trouble


def test_a_work_that_failed_speaks_for_its_cause(sonnenschein: Salon) -> None:
    def fail(_night: Night) -> None:
        raise WorkFailed from OSError(28, "No space left on device")

    night_steps.doing["first"] = fail
    begin_due(now=THREE)
    _try(_work(), THREE)
    assert _rows(sonnenschein, "state", "trouble", "error")[0] == ("WAITING", "DISK_FULL", "OSError")


def test_what_is_delivered_twice_is_done_once(sonnenschein: Salon) -> None:
    begin_due(now=THREE)
    works = []
    while work := DueWork.objects.first():
        works.append(work)
        _try(work, THREE)
        _try(work, THREE)
    for work in works:
        _try(work, THREE + timedelta(hours=1))
    assert [name for name, _night in night_steps.calls] == ["first", "second", "third"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_with_the_same_message_run_the_step_once() -> None:
    Salon.objects.create(name="Sonnenschein", slug="sonnenschein", next_night_at=THREE)
    begin_due(now=THREE)
    work = _work()
    race(*[lambda: _try(work, THREE)] * 6)
    assert [name for name, _night in night_steps.calls] == ["first"]
    assert DueWork.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_dispatchers_at_once_begin_each_night_once() -> None:
    salons = Salon.objects.bulk_create(
        Salon(name=f"Salon {n}", slug=f"salon-{n}", next_night_at=THREE) for n in range(12)
    )
    taken = race(*[lambda: begin_due(now=THREE)] * 6)
    assert sum(seen_to for seen_to in taken if isinstance(seen_to, int)) == 12
    assert [_states(salon) for salon in salons] == [["WAITING"] * 3] * 12
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
    assert _next_night(salon) > timezone.now()


@pytest.mark.django_db(transaction=True)
def test_a_night_of_which_a_part_could_not_be_written_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    salon = Salon.objects.create(name="Sonnenschein", slug="sonnenschein", next_night_at=THREE)

    def fail(**_given: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(queue, "schedule", fail)
        with pytest.raises(ZeroDivisionError):
            begin_due(now=THREE)
    assert (_states(salon), _next_night(salon)) == ([], THREE)
    assert begin_due(now=THREE) == 1


def test_the_owner_runs_todays_night_as_often_as_she_likes(sonnenschein: Salon) -> None:
    noon = THREE + timedelta(hours=9)
    for times in (1, 2):
        run_now(actor=OWNER, salon=sonnenschein, now=noon)
        assert _states(sonnenschein) == ["WAITING"] * 3
        assert _run_all(noon) == ["first", "second", "third"]
        assert _states(sonnenschein) == ["DONE"] * 3
        with salon_scope(sonnenschein.pk):
            entries = AuditEntry.objects.filter(action="night.run")
            assert [entry.actor_name for entry in entries] == ["Anna Krüger"] * times
    assert _next_night(sonnenschein) == THREE


def test_a_night_that_runs_is_not_run_a_second_time(sonnenschein: Salon) -> None:
    begin_due(now=THREE)
    _try(_work(), THREE)
    with pytest.raises(NightRuns):
        run_now(actor=OWNER, salon=sonnenschein, now=THREE)
    assert _states(sonnenschein) == ["DONE", "WAITING", "WAITING"]
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


def test_nights_are_forgotten_after_a_season(sonnenschein: Salon) -> None:
    for day in range(2):
        begin_due(now=THREE + timedelta(days=day))
        _run_all(THREE + timedelta(days=day))
    begin_due(now=THREE + KEPT + timedelta(days=1))
    with salon_scope(sonnenschein.pk):
        dates = set(NightStep.objects.values_list("date", flat=True))
    assert dates == {SUNDAY, SATURDAY + KEPT + timedelta(days=1)}


def test_a_night_costs_the_same_few_statements_whatever_stands_there(sonnenschein: Salon) -> None:
    costs = []
    for day in range(3):
        with CaptureQueriesContext(connection) as queries:
            assert begin_due(now=THREE + timedelta(days=day)) == 1
        costs.append(len(queries))
        _run_all(THREE + timedelta(days=day))
    assert costs[1:] == costs[:-1]
    assert costs[0] <= 16


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
