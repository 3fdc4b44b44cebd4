"""`kill -9`, messages delivered twice, database or broker gone: every night ends by itself, once (quality.md §2)."""

import os
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from bookings import completing
from bookings.models import Appointment
from bookings.states import State
from clients import standing
from clients.models import Client, CreatedVia, DuplicateProposal
from salon import settings as configured
from salon.audit.models import AuditEntry
from salon.desk import files
from salon.desk.models import Export
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.models import DueWork, NightStep
from salon.work.night import begin_due, run_now
from salon.work.queue import LEASE
from salon.work.tasks import begin_nights, dispatch, run_night_step
from tests.bookings.salonday import make_appointment, make_service, make_staff
from tests.faults.workers import Faults, kill, let_leases_end, until
from tests.work.broker import emptied_broker

POINTS = ("begun", "halfway", "written")
STEPS = [path.rpartition(".")[2] for path in configured.NIGHT_STEPS]
SOAK = bool(os.environ.get("SOAK"))
CARDS, LAPSED, ENDED = 20, 6, 7
RECOMPUTE = "recompute_statuses"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Faults]:
    with emptied_broker() as broker:
        monkeypatch.setenv("CELERY_BROKER_URL", broker)
        monkeypatch.setattr("django.conf.settings.NIGHT_STEPS", _paths())
        yield Faults(broker, tmp_path)


def _paths() -> tuple[str, ...]:
    return tuple(f"tests.faults.halting_steps.{name}" for name in STEPS)


@pytest.fixture
def crowded(sonnenschein: Salon) -> Salon:
    """Return a salon of twenty cards: six lapsed today, seven had an appointment of which nobody said how it ended, and
    each pair is one person's."""
    # Between midnight and three the night is still yesterday's, and one begun by hand today's.
    ahead = 12 - timezone.now().hour
    sonnenschein.timezone = f"Etc/GMT{-ahead:+}" if ahead else "UTC"
    sonnenschein.save()
    today = sonnenschein.date_at(timezone.now())
    with salon_scope(sonnenschein.pk):
        cut = make_service()
        anna = make_staff(services=[cut])
        for number in range(CARDS):
            lapses = number % 3 == 0 and number < 3 * LAPSED
            last = today - timedelta(days=366 if lapses else 10)
            card = Client.objects.create(
                number=number + 1,
                first_name=f"Anna {number // 2}",
                sort_key=f"anna {number:02}",
                birth_day=1 + number // 2,
                birth_month=5,
                birth_year=1980,
                listed_on=today - timedelta(days=1000),
                created_via=CreatedVia.STAFF,
                carried_visits=1,
                carried_first_visit_on=last,
                carried_last_visit_on=last,
                status="RETURNING",
                status_reason="RECENT_VISIT",
                status_changes_on=last + timedelta(days=366),
                created_at=timezone.now(),
                updated_at=timezone.now(),
            )
            if number % 3 == 1:
                starts_at = timezone.now() - timedelta(days=2, hours=number)
                make_appointment((cut, anna), client=card, starts_at=starts_at, state=State.ARRIVED)
    return sonnenschein


def _night(salon: Salon) -> list[NightStep]:
    with salon_scope(salon.pk):
        return list(NightStep.objects.order_by("position"))


def _has_ended(salon: Salon) -> bool:
    return all(step.has_ended for step in _night(salon))


def _assert_done_once(salon: Salon) -> None:
    """Everything was done, nothing twice, nothing is left."""
    night = _night(salon)
    assert [(step.step.rpartition(".")[2], step.state, step.trouble) for step in night] == [
        (name, "DONE", "") for name in STEPS
    ]
    assert not DueWork.objects.exists()
    with salon_scope(salon.pk):
        today = salon.date_at(timezone.now())
        statuses = Client.objects.order_by("number").values_list("status", flat=True)
        assert list(statuses) == ["NEW" if n % 3 == 0 and n < 3 * LAPSED else "RETURNING" for n in range(CARDS)]
        assert standing.recompute(today=today, after=None, limit=100).changed == 0
        assert AuditEntry.objects.filter(action=standing.STATUS_CHANGED).count() == LAPSED
        assert DuplicateProposal.objects.count() == CARDS // 2
        assert Client.objects.filter(visits=1).count() == Client.objects.exclude(visits=0).count() == ENDED
        assert Appointment.objects.filter(state=State.COMPLETED, version=2).count() == ENDED
        assert AuditEntry.objects.filter(action=completing.COMPLETED).count() == ENDED


def test_a_worker_killed_at_every_point_of_every_step_leaves_nothing_undone(faults: Faults, crowded: Salon) -> None:
    """In `make test` one point of each step, in turn; in `make soak` all of them."""
    begin_due(now=timezone.now())
    points = {name: POINTS if SOAK else POINTS[place % 3 :][:1] for place, name in enumerate(STEPS)}
    kills = dict.fromkeys(STEPS, 0)
    for place, name in enumerate(STEPS):
        for point in points[name]:
            faults.halt(name, point)
            with faults.worker() as worker:
                until(partial(faults.has_been, name, point))
                running = _night(crowded)[place]
                assert (running.state, running.attempts) == ("RUNNING", kills[name] + 1)
                kill(worker)
            kills[name] += 1
            faults.go_on(name, point)
            assert dispatch() == 0, "the dead worker's lease is not over"
            let_leases_end()
            assert dispatch() == 1
    with faults.worker():
        until(lambda: _has_ended(crowded))
    _assert_done_once(crowded)
    assert [step.attempts for step in _night(crowded)] == [1 + kills[name] for name in STEPS]
    assert [faults.times(name, "written") for name in STEPS] == [1 + ("written" in points[name]) for name in STEPS]


def test_two_beats_two_workers_and_each_task_twice_have_one_effect(faults: Faults, crowded: Salon, dom: Salon) -> None:
    def all_twice() -> bool:
        for work in DueWork.objects.all():
            run_night_step.delay(str(work.pk))
            run_night_step.delay(str(work.pk))
        return _has_ended(crowded) and _has_ended(dom)

    with faults.worker(), faults.worker():
        for _ in range(4):
            begin_nights.delay()
        until(lambda: bool(_night(crowded)) and bool(_night(dom)))
        until(all_twice)
    _assert_done_once(crowded)
    assert [step.attempts for step in (*_night(crowded), *_night(dom))] == [1] * (2 * len(STEPS))
    assert [faults.times(name, point) for name in STEPS for point in POINTS] == [2] * (3 * len(STEPS))


def test_a_database_that_is_gone_for_a_moment_costs_one_try(faults: Faults, crowded: Salon) -> None:
    """Once while a step is at it, once while the worker has nothing to do."""

    def goes_on() -> bool:
        let_leases_end(timedelta(seconds=5))
        dispatch()
        return _has_ended(crowded)

    begin_due(now=timezone.now())
    faults.halt(RECOMPUTE, "halfway")
    with faults.worker():
        until(partial(faults.has_been, RECOMPUTE, "halfway"))
        assert _cut_off_everybody_else() == 1
        faults.go_on(RECOMPUTE, "halfway")
        until(goes_on)
        _assert_done_once(crowded)
        assert [step.attempts for step in _night(crowded) if step.step.endswith(RECOMPUTE)] == [2]

        assert _cut_off_everybody_else() == 1
        for task in (dispatch, begin_nights, dispatch):
            task.delay()
        run_now(actor=system_actor("test"), salon=crowded, now=timezone.now())
        until(goes_on)
    _assert_done_once(crowded)
    assert [step.attempts for step in _night(crowded)][1:] == [1] * (len(STEPS) - 1)


def _cut_off_everybody_else() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])


def test_without_broker_the_night_waits_and_then_runs(
    faults: Faults, crowded: Salon, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as away:
        away.setenv("CELERY_BROKER_URL", "redis://127.0.0.1:1/0")
        away.setenv("FAULTS", str(faults.folder))
        begin_due(now=timezone.now())
        assert dispatch() == 0
        # A worker that had its message already ends its step; nobody is woken for the next one.
        run_night_step(str(DueWork.objects.get().pk))
    assert [step.state for step in _night(crowded)] == ["DONE", *["WAITING"] * (len(STEPS) - 1)]
    assert dispatch() == 1
    with faults.worker():
        until(lambda: _has_ended(crowded))
    _assert_done_once(crowded)


def test_a_drift_is_told_and_then_mended(faults: Faults, crowded: Salon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAULTS", str(faults.folder))
    with salon_scope(crowded.pk):
        # A visit that nobody told of, and a verdict that nobody gave.
        today = crowded.date_at(timezone.now())
        Client.objects.filter(number=6).update(carried_last_visit_on=today - timedelta(days=1))
        Client.objects.filter(number=3).update(status="NEW")
    begin_due(now=timezone.now())
    while work := DueWork.objects.first():
        run_night_step(str(work.pk))
    check = _night(crowded)[STEPS.index("check_statuses")]
    assert (check.state, check.warning, check.counts) == ("DONE", True, {"read": CARDS, "drifted": 2})
    with salon_scope(crowded.pk):
        assert standing.drifted(today=today, after=None, limit=100).drifted == []


if SOAK:
    # Takes two minutes: it waits for leases and beats as they are.
    def test_with_a_beat_a_killed_night_ends_without_anybodys_help(faults: Faults, crowded: Salon) -> None:
        faults.halt(RECOMPUTE, "halfway")
        with faults.process("beat", "--schedule", str(faults.folder / "beat"), "--pidfile", ""):
            begin_due(now=timezone.now())
            with faults.worker() as worker:
                until(partial(faults.has_been, RECOMPUTE, "halfway"))
                kill(worker)
            faults.go_on(RECOMPUTE, "halfway")
            with faults.worker():
                until(lambda: _has_ended(crowded), LEASE.total_seconds() + 90)
        _assert_done_once(crowded)


def test_a_full_disk_is_told_tried_again_and_offers_no_half_file(
    faults: Faults, crowded: Salon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.conf.settings.NIGHT_STEPS", ("salon.desk.night.write_export",))
    begin_due(now=timezone.now())
    work = DueWork.objects.get()
    with monkeypatch.context() as full:
        full.setattr(files, "scratch_file", lambda: nullcontext(Path("/dev/full")))
        with pytest.raises(OSError, match="No space left"):
            run_night_step(str(work.pk))
    [step] = _night(crowded)
    assert (step.state, step.trouble, step.finished_at) == ("WAITING", "DISK_FULL", None)
    with salon_scope(crowded.pk):
        assert list(Export.objects.exclude(file="").values_list("file")) == []
    let_leases_end()
    run_night_step(str(work.pk))
    [step] = _night(crowded)
    assert (step.state, step.trouble, step.attempts, step.counts) == ("DONE", "", 2, {"rows": CARDS})
