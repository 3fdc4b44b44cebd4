"""Due work: one worker at a time, growing delays, and nothing lost when a worker dies (architecture.md §5)."""

import inspect
import time
from contextlib import ExitStack
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import structlog
import time_machine
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from structlog.testing import capture_logs

from salon.celery import app
from salon.identity import tasks
from salon.identity.models import User
from salon.mail.models import AccountMail
from salon.work import queue
from salon.work.models import DueWork
from salon.work.queue import (
    LEASE,
    LONG_TIME_TO_FINISH,
    LONG_TIME_TO_LIVE,
    TIME_TO_FINISH,
    TIME_TO_LIVE,
    ClaimLost,
    WorkFailed,
    beat,
    claimed,
    due,
    finish,
)
from tests.conftest import NOW
from tests.identity.racing import race

MINUTES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]
INSTANT = timedelta(microseconds=1)
ADDRESS = "mia@x.example"


@pytest.fixture(autouse=True)
def fresh_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """A logger that was used before logging was set up anew would write past `capture_logs`."""
    monkeypatch.setattr(queue, "log", structlog.get_logger())


def _work(due_at: datetime = NOW) -> DueWork:
    return DueWork.objects.create(task="salon.work.tasks.nothing", subject_id=uuid4(), due_at=due_at)


def _claim_and_die(work: DueWork, now: datetime) -> bool:
    """Claim and never come back; return whether there was something to claim."""
    return queue._claim(work.pk, now) is not None


def _fail(work: DueWork, now: datetime) -> None:
    with claimed(work.pk, now=now) as mine:
        assert mine is not None
        raise WorkFailed from ConnectionRefusedError(ADDRESS)


def _beat_and_fail(work: DueWork, now: datetime, beaten: datetime, *, rolled_back: bool = False) -> None:
    with claimed(work.pk, now=now) as mine:
        assert mine is not None
        with transaction.atomic():
            beat(mine, now=beaten)
            transaction.set_rollback(rolled_back)
        raise WorkFailed


def _row(work: DueWork) -> tuple[datetime | None, datetime, int, str]:
    row = DueWork.objects.get(pk=work.pk)
    return row.claimed_at, row.due_at, row.attempts, row.error


def test_work_that_is_done_is_gone_and_was_claimed_meanwhile(db: None) -> None:
    work = _work()
    with claimed(work.pk, now=NOW) as mine:
        assert mine == work
        assert _row(work) == (NOW, NOW + timedelta(minutes=1), 1, "")
    assert not DueWork.objects.exists()
    with claimed(work.pk, now=NOW) as again:
        assert again is None


def test_work_is_not_done_before_it_is_due(db: None) -> None:
    work = _work(NOW)
    assert not _claim_and_die(work, NOW - INSTANT)
    assert _row(work) == (None, NOW, 0, "")
    assert _claim_and_die(work, NOW)


@pytest.mark.django_db(transaction=True)
def test_of_eight_workers_at_once_exactly_one_gets_the_work() -> None:
    work = _work()
    done: list[DueWork] = []

    def attempt() -> bool:
        with claimed(work.pk, now=NOW) as mine:
            if mine is None:
                return False
            done.append(mine)
            time.sleep(0.2)
            return True

    assert sorted(map(bool, race(*[attempt] * 8))) == [False] * 7 + [True]
    assert done == [work]
    assert not DueWork.objects.exists()


def test_a_failure_is_tried_again_after_growing_delays(db: None) -> None:
    work = _work()
    now = NOW
    for attempt, minutes in enumerate(MINUTES, start=1):
        with capture_logs() as logs:
            _fail(work, now)
        later = now + timedelta(minutes=minutes)
        assert _row(work) == (None, later, attempt, "ConnectionRefusedError")
        assert logs == [
            {
                "event": "work_failed",
                "log_level": "warning",
                "task": work.task,
                "work": str(work.pk),
                "attempts": attempt,
                "error": "ConnectionRefusedError",
            }
        ]
        assert not _claim_and_die(work, later - INSTANT)
        now = later


@pytest.mark.parametrize("surprise", [ZeroDivisionError, KeyboardInterrupt])
def test_a_surprise_goes_on_to_celery_and_the_work_backs_off_by_itself(db: None, surprise: type[BaseException]) -> None:
    work = _work()
    now = NOW
    for attempt, minutes in enumerate(MINUTES, start=1):
        with pytest.raises(surprise), claimed(work.pk, now=now):
            raise surprise(ADDRESS)
        now += timedelta(minutes=minutes)
        assert _row(work) == (None, now, attempt, surprise.__name__)


def test_the_work_of_a_dead_worker_is_free_when_the_lease_is_over_and_backs_off_too(db: None) -> None:
    work = _work()
    now = NOW
    assert _claim_and_die(work, now)
    for minutes in MINUTES:
        assert due(now + timedelta(minutes=minutes) - INSTANT) == []
        assert not _claim_and_die(work, now + timedelta(minutes=minutes) - INSTANT)
        now += timedelta(minutes=minutes)
        assert due(now) == [work]
        assert _claim_and_die(work, now)
    assert _row(work) == (now, now + timedelta(hours=6), 13, "")


def test_a_slow_loser_neither_frees_nor_deletes_the_winners_claim(db: None) -> None:
    work = _work()
    later = NOW + LEASE
    winners = (later, later + timedelta(minutes=2), 2, "")
    for trouble in (None, WorkFailed(), ZeroDivisionError()):
        DueWork.objects.update(claimed_at=None, due_at=NOW, attempts=0, error="")
        with ExitStack() as tolerant:
            if isinstance(trouble, ZeroDivisionError):
                tolerant.enter_context(pytest.raises(ZeroDivisionError))
            with claimed(work.pk, now=NOW) as lost:
                assert lost is not None
                assert _claim_and_die(work, later)
                with pytest.raises(ClaimLost), transaction.atomic():
                    finish(lost)
                if trouble is not None:
                    raise trouble
        assert _row(work) == winners


def test_who_lost_the_claim_changes_nothing(db: None) -> None:
    work = _work()
    with claimed(work.pk, now=NOW) as lost:
        assert lost is not None
        assert _claim_and_die(work, NOW + LEASE)
        with transaction.atomic():
            _work()
            finish(lost)
    assert [row.pk for row in DueWork.objects.all()] == [work.pk]


def test_a_beat_keeps_the_claim_as_long_as_it_lives(db: None) -> None:
    work = _work()
    with claimed(work.pk, now=NOW) as mine:
        assert mine is not None
        for minutes in (0.9, 1.8, 2.7):
            now = NOW + timedelta(minutes=minutes)
            assert not _claim_and_die(work, now)
            beat(mine, now=now)
            assert _row(work) == (now, now, 1, "")
    assert not DueWork.objects.exists()


def test_long_work_of_a_dead_worker_is_free_a_lease_after_its_last_beat_however_often_it_was_tried(db: None) -> None:
    work = _work()
    now = NOW
    for _ in range(8):
        mine = queue._claim(work.pk, now)
        assert mine is not None
        now += timedelta(seconds=20)
        beat(mine, now=now)
        assert due(now + LEASE - INSTANT) == []
        now += LEASE
        assert due(now) == [work]


def test_long_work_that_fails_backs_off_from_its_last_beat_on(db: None) -> None:
    work = _work()
    beaten = NOW + timedelta(minutes=10)
    _beat_and_fail(work, NOW, beaten)
    assert _row(work) == (None, beaten + timedelta(minutes=1), 1, "WorkFailed")


def test_who_lost_the_claim_writes_no_further_batch_and_spoils_nothing(db: None) -> None:
    work = _work()
    later = NOW + LEASE
    with capture_logs() as logs, claimed(work.pk, now=NOW) as lost:
        assert lost is not None
        assert _claim_and_die(work, later)
        with transaction.atomic():
            _work()
            beat(lost, now=later + INSTANT)
    assert [row.pk for row in DueWork.objects.all()] == [work.pk]
    assert _row(work) == (later, later + timedelta(minutes=2), 2, "")
    assert [entry["error"] for entry in logs] == ["ClaimLost"]


def test_a_beat_that_was_rolled_back_leaves_the_claim_as_it_was(db: None) -> None:
    work = _work()
    _beat_and_fail(work, NOW, NOW + timedelta(seconds=30), rolled_back=True)
    assert _row(work) == (None, NOW + timedelta(minutes=1), 1, "WorkFailed")


@pytest.mark.django_db(transaction=True)
def test_nobody_takes_work_while_a_batch_that_beat_is_being_written() -> None:
    """However long the batch takes: the lease is over for everybody but the transaction that holds the row."""
    work = _work()
    with claimed(work.pk, now=NOW) as mine:
        assert mine is not None
        with transaction.atomic():
            beat(mine, now=NOW)
            [taken] = race(lambda: _claim_and_die(work, NOW + LEASE * 5))
        assert taken is False
        [taken] = race(lambda: _claim_and_die(work, NOW + LEASE * 5))
        assert taken is True


def test_work_finished_in_a_transaction_that_fails_is_not_finished(db: None) -> None:
    work = _work()

    def fail() -> None:
        with claimed(work.pk, now=NOW) as mine, transaction.atomic():
            assert mine is not None
            finish(mine)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert _row(work) == (None, NOW + timedelta(minutes=1), 1, "ZeroDivisionError")


@pytest.mark.django_db(transaction=True)
def test_a_claim_inside_a_transaction_is_refused_as_it_would_end_with_it() -> None:
    work = _work()
    with pytest.raises(RuntimeError), transaction.atomic(), claimed(work.pk, now=NOW):
        pass
    assert _row(work) == (None, NOW, 0, "")


def test_every_task_that_does_due_work_ends_before_its_lease() -> None:
    app.loader.import_default_modules()
    workers = [task for task in app.tasks.values() if "work_id" in inspect.signature(task.run).parameters]
    assert {"salon.identity.tasks.send_reset_link", "salon.mail.tasks.deliver_account_mail"} <= {
        task.name for task in workers
    }
    assert {(task.soft_time_limit, task.time_limit) for task in workers} <= {
        (TIME_TO_FINISH, TIME_TO_LIVE),
        (LONG_TIME_TO_FINISH, LONG_TIME_TO_LIVE),
    }
    assert TIME_TO_FINISH < TIME_TO_LIVE < LEASE.total_seconds()
    assert LEASE.total_seconds() <= 60
    visible = settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
    assert LONG_TIME_TO_FINISH < LONG_TIME_TO_LIVE < visible


def test_a_slow_worker_writes_no_second_reset_mail(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    work = DueWork.objects.create(task="salon.identity.tasks.send_reset_link", subject_id=owner.pk, due_at=NOW)
    winner = timezone.now() + LEASE

    def overtaken(lost: DueWork) -> None:
        DueWork.objects.update(claimed_at=winner, attempts=F("attempts") + 1)
        finish(lost)

    monkeypatch.setattr(tasks, "finish", overtaken)
    with time_machine.travel(NOW, tick=False):
        tasks.send_reset_link(str(work.pk))
    assert not AccountMail.objects.exists()
    assert DueWork.objects.count() == 1
