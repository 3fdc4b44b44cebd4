"""Waking the workers, with a broker and without (quality.md §2: Valkey gone)."""

import socket
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from celery import current_app
from django.conf import settings
from django.test import Client as Browser
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from salon.identity.models import User
from salon.identity.tasks import send_reset_link
from salon.mail.models import AccountMail
from salon.work import queue
from salon.work.models import DueWork
from salon.work.queue import LEASE
from salon.work.tasks import dispatch, wake
from tests.work.broker import emptied_broker, valkey

TASK = "salon.work.tasks.nothing"


@pytest.fixture(autouse=True)
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with emptied_broker() as url:
        # The name under which Celery looks for another broker than the settings'.
        monkeypatch.setenv("CELERY_BROKER_URL", url)
        yield url


@pytest.fixture(params=["refuses", "is silent"])
def nowhere(request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the address of a broker that refuses, or takes connections and never answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        if request.param == "is silent":
            taken.listen()
        yield f"redis://127.0.0.1:{taken.getsockname()[1]}/0"


def _messages() -> list[tuple[Any, dict[str, Any]]]:
    """Take every message from the broker: the work's id, or those of many, and the headers."""
    taken: list[tuple[Any, dict[str, Any]]] = []
    with current_app.connection_for_read() as connection, connection.SimpleQueue("celery") as messages:
        while True:
            try:
                message = messages.get(timeout=0.2)
            except messages.Empty:
                return taken
            message.ack()
            taken.append((message.payload[0][0], message.headers))


def _work(due_at: datetime) -> DueWork:
    return DueWork.objects.create(task=TASK, subject_id=uuid4(), due_at=due_at)


def test_dispatch_wakes_for_what_is_due_and_in_nobodys_hands(db: None) -> None:
    now = timezone.now()
    late, later = _work(now - timedelta(hours=1)), _work(now - timedelta(hours=2))
    _work(now + timedelta(minutes=1))
    queue._claim(_work(now - timedelta(hours=3)).pk, now - LEASE + timedelta(seconds=20))
    abandoned = _work(now - timedelta(hours=3))
    queue._claim(abandoned.pk, now - LEASE)

    assert dispatch() == 3

    assert [work_id for work_id, _headers in _messages()] == [str(work.pk) for work in (later, late, abandoned)]


def test_a_wake_up_counts_until_the_next_one(db: None) -> None:
    work = _work(timezone.now())
    before = timezone.now()
    assert queue.enqueue(work)
    [(work_id, headers)] = _messages()
    assert (work_id, headers["task"]) == (str(work.pk), TASK)
    lasts = datetime.fromisoformat(headers["expires"]) - before
    assert timedelta(seconds=60) <= lasts < timedelta(seconds=62)


def test_a_tick_counts_until_the_next_one() -> None:
    entries = settings.CELERY_BEAT_SCHEDULE
    assert entries["dispatch-due-work"] == {
        "task": "salon.work.tasks.dispatch",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    }
    assert all(entry["options"] == {"expires": entry["schedule"]} for entry in entries.values())


def test_at_most_a_thousand_are_woken_at_once(db: None) -> None:
    now = timezone.now()
    DueWork.objects.bulk_create(DueWork(task=TASK, subject_id=uuid4(), due_at=now) for _ in range(1001))
    assert len(queue.due(now)) == 1000


def test_dispatch_does_not_wait_for_an_absent_broker_once_per_row(
    db: None, nowhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(20):
        _work(timezone.now())
    monkeypatch.setenv("CELERY_BROKER_URL", nowhere)
    started = time.monotonic()
    assert dispatch() == 0
    assert time.monotonic() - started < 1


@pytest.mark.django_db(transaction=True)
def test_without_broker_a_request_is_quick_and_its_work_is_done_later(
    owner: User, nowhere: str, broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What a process imports and compiles for its first request is not the broker's fault.
    Browser().get("/password/reset/")
    monkeypatch.setenv("CELERY_BROKER_URL", nowhere)
    started = time.monotonic()
    response = Browser().post("/password/reset/", {"email": owner.email})
    assert time.monotonic() - started < 1
    assert (response.status_code, response["Location"]) == (302, "/password/reset/sent/")
    work = DueWork.objects.get()

    monkeypatch.setenv("CELERY_BROKER_URL", broker)
    assert dispatch() == 1
    [(work_id, headers)] = _messages()
    assert (work_id, headers["task"]) == (str(work.pk), "salon.identity.tasks.send_reset_link")
    send_reset_link(work_id)
    assert AccountMail.objects.get().recipient == owner.email


def test_a_connection_that_broke_while_idle_costs_no_wake_up(db: None) -> None:
    """Valkey was restarted since the last request of this process."""
    work = _work(timezone.now())
    assert queue.enqueue(work)
    with valkey() as client:
        number = str(client.client_info()["db"])
        idle = [other["id"] for other in client.client_list() if other["db"] == number]
        assert sum(client.client_kill_filter(_id=one, skipme=True) for one in idle) >= 1
    assert queue.enqueue(work)
    assert [work_id for work_id, _headers in _messages()] == [str(work.pk)] * 2


def test_the_workers_own_connection_is_patient() -> None:
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    assert options["socket_timeout"] == 5
    assert "max_retries" not in options


def test_a_worker_is_woken_after_the_commit(
    db: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        queue.schedule(task=TASK, subject_id=uuid4(), due_at=timezone.now())
        assert _messages() == []
    assert [work_id for work_id, _headers in _messages()] == [str(DueWork.objects.get().pk)]


@pytest.fixture
def pause(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.WAKE_UP_PAUSE = 1
    monkeypatch.setattr(queue, "_rest", queue._Rest())


def _schedule(many: int) -> list[str]:
    before = set(DueWork.objects.values_list("pk", flat=True))
    for _ in range(many):
        queue.schedule(task=TASK, subject_id=uuid4(), due_at=timezone.now())
    return [str(pk) for pk in DueWork.objects.exclude(pk__in=before).order_by("id").values_list("pk", flat=True)]


@pytest.mark.django_db(transaction=True)
def test_the_first_wakes_at_once_and_the_rest_together(pause: None) -> None:
    first, *rest = _schedule(5)
    assert [given for given, _headers in _messages()] == [first]
    time.sleep(1.2)
    [(given, headers)] = _messages()
    assert (given, headers["task"]) == (rest, "salon.work.tasks.wake")
    assert wake(given) == 4
    assert [work_id for work_id, _headers in _messages()] == rest


@pytest.mark.django_db(transaction=True)
def test_after_a_pause_without_work_the_next_one_wakes_at_once(pause: None) -> None:
    _schedule(1)
    time.sleep(1.2)
    [later] = _schedule(1)
    assert [given for given, _headers in _messages()][-1] == later


def test_nobody_is_woken_for_what_somebody_does_already(db: None) -> None:
    now = timezone.now()
    taken, done, free = (_work(now) for _ in range(3))
    queue._claim(taken.pk, now)
    asked = [str(taken.pk), str(done.pk), str(free.pk)]
    done.delete()
    assert wake(asked) == 1
    assert [work_id for work_id, _headers in _messages()] == [str(free.pk)]
