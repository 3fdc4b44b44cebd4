"""Real Celery processes on the test's own database and broker, and the clock of due work moved on for them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.db.models import F

from salon import environment
from salon.work.models import DueWork
from salon.work.queue import LEASE

PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Faults:
    """Where a test and its workers meet: the broker, and the folder of marks (see `halting_steps`)."""

    broker: str
    folder: Path

    def halt(self, name: str, point: str) -> None:
        """Let the step stay at the point when it comes there."""
        (self.folder / f"halt-{name}-{point}").touch()

    def go_on(self, name: str, point: str) -> None:
        """Let it go on."""
        (self.folder / f"halt-{name}-{point}").unlink()

    def times(self, name: str, point: str) -> int:
        """Return how often the step has been at the point."""
        mark = self.folder / f"{name}-{point}"
        return len(mark.read_text()) if mark.exists() else 0

    def has_been(self, name: str, point: str) -> bool:
        """Return whether the step has been at the point."""
        return self.times(name, point) > 0

    @contextmanager
    def process(self, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
        """Run a Celery program; it ends with the block at the latest, outright."""
        database = urlsplit(environment.text("DATABASE_URL"))._replace(path=f"/{connection.settings_dict['NAME']}")
        variables = {
            "DATABASE_URL": database.geturl(),
            "REDIS_URL": self.broker,
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "FAULTS": str(self.folder),
            "SALON_DATA_DIR": str(self.folder),
        }
        with subprocess.Popen(
            # As root Celery would warn at every start.
            [
                sys.executable,
                "-W",
                "ignore",
                "-m",
                "celery",
                "--quiet",
                "-A",
                "salon.celery",
                *words,
                "--loglevel",
                "ERROR",
            ],
            cwd=settings.BASE_DIR,
            env={**os.environ, **variables},
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                kill(process)

    def worker(self) -> AbstractContextManager["subprocess.Popen[bytes]"]:
        """Run a worker with one process for tasks."""
        return self.process("worker", "--concurrency", "1", "--without-gossip", "--without-mingle")


def kill(process: "subprocess.Popen[bytes]") -> None:
    """`kill -9` a program and whatever it has started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def until(happened: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Wait for something, not for ever."""
    deadline = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.03)


def let_leases_end(by: timedelta = LEASE) -> None:
    """Move the clock of all due work on."""
    DueWork.objects.filter(claimed_at__isnull=False).update(claimed_at=F("claimed_at") - by)
    DueWork.objects.update(due_at=F("due_at") - by)
