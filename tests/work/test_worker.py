"""`kill -9` of a real worker in the middle of its work (quality.md §2)."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils import timezone

from salon import environment
from salon.mail.models import AccountMail
from salon.mail.outbox import send_account_mail
from salon.work.models import DueWork
from salon.work.queue import LEASE
from salon.work.tasks import dispatch
from tests.mail.smtp import MailServer, mail_server
from tests.work.broker import emptied_broker


@contextmanager
def _worker(server: MailServer, broker: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a worker on the test's database, broker and mail server."""
    database = urlsplit(environment.text("DATABASE_URL"))._replace(path=f"/{connection.settings_dict['NAME']}")
    variables = {
        "DATABASE_URL": database.geturl(),
        "REDIS_URL": broker,
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(server.port),
        "SMTP_STARTTLS": "0",
    }
    words = ["-m", "celery", "--quiet", "-A", "salon.celery", "worker", "--concurrency", "1", "--loglevel", "WARNING"]
    with subprocess.Popen(
        [sys.executable, *words, "--without-gossip", "--without-mingle"],
        cwd=settings.BASE_DIR,
        env={**os.environ, **variables},
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def _until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.django_db(transaction=True)
def test_what_a_killed_worker_was_sending_the_next_one_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    with mail_server() as server, emptied_broker() as broker:
        monkeypatch.setenv("CELERY_BROKER_URL", broker)
        server.goes_on.clear()
        send_account_mail(
            recipient="mia@x.example", subject="Hello", body="A link", expires_at=now + timedelta(hours=1), now=now
        )
        with _worker(server, broker):
            _until(server.greeted.is_set)
        claimed = DueWork.objects.get()
        assert (claimed.attempts, claimed.claimed_at is not None) == (1, True)
        assert dispatch() == 0

        # The lease is over.
        server.goes_on.set()
        DueWork.objects.update(claimed_at=F("claimed_at") - LEASE, due_at=F("due_at") - LEASE)
        assert dispatch() == 1
        with _worker(server, broker):
            _until(lambda: not DueWork.objects.exists())
        assert [mail["Subject"] for mail in server.received] == ["Hello"]
        assert not AccountMail.objects.exists()
