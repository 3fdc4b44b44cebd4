"""The steps of a night: order, progress, failures, repetition (domain.md §10)."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work import queue
from salon.work.models import DueWork, NightStep, Trouble
from salon.work.night import ATTEMPTS, KEPT, begin_due, run_step, trouble_of
from salon.work.queue import LEASE, ClaimLost, WorkFailed, claimed
from salon.work.steps import Night, all_steps
from tests.identity.racing import race
from tests.night.running import SATURDAY, SUNDAY, THREE, rows_of_night, run_all, states_of, try_work, waiting_work
from tests.work import night_steps
from tests.work.night_steps import SECOND


def try_in_vain(work: DueWork, now: datetime, error: type[BaseException] = OSError) -> None:
    with pytest.raises(error):
        try_work(work, now)


def test_the_steps_run_one_after_the_other_and_tell_what_they_did(sonnenschein: Salon) -> None:
    begin_due(now=THREE)
    for minutes, name in enumerate(("first", "second", "third"), start=1):
        now = THREE + timedelta(minutes=minutes)
        try_work(waiting_work(), now)
        [(_name, seen)] = night_steps.calls[minutes - 1 :]
        assert (_name, seen.salon, seen.date, seen.now, seen.today) == (name, sonnenschein, SATURDAY, now, SATURDAY)
    assert not DueWork.objects.exists()
    assert rows_of_night(sonnenschein, "state", "counts", "warning", "attempts", "started_at", "finished_at") == [
        ("DONE", {"seen": 1}, False, 1, THREE + timedelta(minutes=1), THREE + timedelta(minutes=1)),
        ("DONE", {"seen": 2, "wrong": 1}, True, 1, THREE + timedelta(minutes=2), THREE + timedelta(minutes=2)),
        ("DONE", {"seen": 3}, False, 1, THREE + timedelta(minutes=3), THREE + timedelta(minutes=3)),
    ]


def test_a_night_that_is_caught_up_works_with_todays_date(sonnenschein: Salon) -> None:
    before_three = THREE + timedelta(hours=23)
    begin_due(now=before_three)
    run_all(before_three)
    assert {(seen.date, seen.today) for _name, seen in night_steps.calls} == {(SATURDAY, SUNDAY)}


def test_progress_is_seen_at_once_and_renews_the_claim(sonnenschein: Salon) -> None:
    seen: list[Any] = []

    def tell(running: Night) -> None:
        running.progress(3, 7, read=3)
        seen.extend(rows_of_night(sonnenschein, "state", "done", "total", "counts")[:1])

    night_steps.doing["first"] = tell
    begin_due(now=THREE)
    try_work(waiting_work(), THREE)
    assert seen == [("RUNNING", 3, 7, {"read": 3})]


def test_progress_is_told_twice_a_second_at_most(sonnenschein: Salon) -> None:
    seen: list[Any] = []
    now = THREE

    def tell(running: Night) -> None:
        nonlocal now
        for done in range(1, 21):
            now += timedelta(milliseconds=100)
            running.progress(done, 20)
            seen.extend(rows_of_night(sonnenschein, "done")[0])

    night_steps.doing["first"] = tell
    begin_due(now=THREE)
    with claimed(waiting_work().pk, now=THREE) as mine:
        assert mine is not None
        run_step(mine, clock=lambda: now)
    assert seen == [1] * 5 + [6] * 5 + [11] * 5 + [16] * 5


def test_who_lost_the_step_writes_neither_batch_nor_progress_nor_end(sonnenschein: Salon) -> None:
    def be_overtaken(running: Night) -> None:
        queue._claim(waiting_work().pk, THREE + LEASE)
        with pytest.raises(ClaimLost), running.batch():
            pytest.fail("the batch began")
        with pytest.raises(ClaimLost):
            running.progress(1, 1)

    night_steps.doing["first"] = be_overtaken
    begin_due(now=THREE)
    try_work(waiting_work(), THREE)
    assert rows_of_night(sonnenschein, "state", "done")[:1] == [("RUNNING", 0)]
    work = waiting_work()
    assert (work.attempts, work.claimed_at) == (2, THREE + LEASE)


def test_a_step_that_fails_is_tried_again_and_the_night_goes_on_without_it(sonnenschein: Salon) -> None:
    night_steps.doing["second"] = night_steps.full_disk
    begin_due(now=THREE)
    try_work(waiting_work(), THREE)
    now = THREE
    for attempt in range(1, ATTEMPTS):
        work = waiting_work()
        try_in_vain(work, now)
        assert rows_of_night(sonnenschein, "state", "trouble", "error", "attempts")[1:] == [
            ("WAITING", "DISK_FULL", "OSError", attempt),
            ("WAITING", "", "", 0),
        ]
        now += timedelta(minutes=2 ** (attempt - 1))
        assert waiting_work().due_at == now
    assert now == THREE + timedelta(minutes=31)
    try_in_vain(waiting_work(), now)
    assert rows_of_night(sonnenschein, "state", "trouble", "error", "attempts", "finished_at")[1] == (
        *("FAILED", "DISK_FULL", "OSError", 6),
        now,
    )
    try_work(waiting_work(), now)
    assert states_of(sonnenschein) == ["DONE", "FAILED", "DONE"]
    assert not DueWork.objects.exists()


def test_a_step_that_succeeds_at_last_tells_no_trouble(sonnenschein: Salon) -> None:
    night_steps.doing["first"] = night_steps.full_disk
    begin_due(now=THREE)
    try_in_vain(waiting_work(), THREE)
    night_steps.doing.clear()
    try_work(waiting_work(), THREE + timedelta(minutes=1))
    assert rows_of_night(sonnenschein, "state", "trouble", "error", "attempts")[0] == ("DONE", "", "", 2)


def test_a_step_that_kills_its_worker_every_time_is_given_up(sonnenschein: Salon) -> None:
    begin_due(now=THREE)
    now = THREE
    for _ in range(ATTEMPTS):
        queue._claim(waiting_work().pk, now)
        now += timedelta(hours=1)
    try_work(waiting_work(), now)
    assert rows_of_night(sonnenschein, "state", "trouble")[:2] == [("FAILED", "KILLED"), ("WAITING", "")]
    assert night_steps.calls == []


def test_a_step_that_this_version_does_not_know_has_failed(sonnenschein: Salon, settings: Settings) -> None:
    begin_due(now=THREE)
    settings.NIGHT_STEPS = (SECOND,)
    assert run_all(THREE) == ["second"]
    assert rows_of_night(sonnenschein, "state", "trouble") == [
        ("FAILED", "UNKNOWN"),
        ("DONE", ""),
        ("FAILED", "UNKNOWN"),
    ]


def test_a_path_that_is_no_step_is_refused(settings: Settings) -> None:
    settings.NIGHT_STEPS = ("tests.work.night_steps.slowly",)
    with pytest.raises(TypeError, match="not a step"):
        all_steps()


def test_every_configured_step_can_be_loaded(settings: Settings) -> None:
    from salon import settings as configured  # noqa: PLC0415

    settings.NIGHT_STEPS = configured.NIGHT_STEPS
    assert next(iter(all_steps())) == "bookings.night.complete_ended"
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
    try_work(waiting_work(), THREE)
    assert rows_of_night(sonnenschein, "state", "trouble", "error")[0] == ("WAITING", "DISK_FULL", "OSError")


def test_what_is_delivered_twice_is_done_once(sonnenschein: Salon) -> None:
    begin_due(now=THREE)
    works = []
    while work := DueWork.objects.first():
        works.append(work)
        try_work(work, THREE)
        try_work(work, THREE)
    for work in works:
        try_work(work, THREE + timedelta(hours=1))
    assert [name for name, _night in night_steps.calls] == ["first", "second", "third"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_with_the_same_message_run_the_step_once() -> None:
    Salon.objects.create(name="Sonnenschein", slug="sonnenschein", next_night_at=THREE)
    begin_due(now=THREE)
    work = waiting_work()
    race(*[lambda: try_work(work, THREE)] * 6)
    assert [name for name, _night in night_steps.calls] == ["first"]
    assert DueWork.objects.count() == 1


def test_nights_are_forgotten_after_a_season(sonnenschein: Salon) -> None:
    for day in range(2):
        begin_due(now=THREE + timedelta(days=day))
        run_all(THREE + timedelta(days=day))
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
        run_all(THREE + timedelta(days=day))
    assert costs[1:] == costs[:-1]
    assert costs[0] <= 16
