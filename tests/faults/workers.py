"""Real Celery processes on the test's own database and broker, and the clock of due work moved on for them."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.db.models import F

from salon import environment
from salon.work.models import DueWork
from salon.work.queue import LEASE
from tests.faults.becoming import LIBRARIES, become

PATIENCE = 60.0
_FORKED = get_context("forkserver")
_FORKED.set_forkserver_preload(list(LIBRARIES))


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
    def process(self, *words: str) -> Iterator[ForkServerProcess]:
        """Run a Celery program; it ends with the block at the latest, outright."""
        database = urlsplit(environment.text("DATABASE_URL"))._replace(path=f"/{connection.settings_dict['NAME']}")
        variables = {
            "DATABASE_URL": database.geturl(),
            "REDIS_URL": self.broker,
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "FAULTS": str(self.folder),
            "SALON_DATA_DIR": str(self.folder),
        }
        words = ("--quiet", "-A", "salon.celery", *words, "--loglevel", "ERROR")
        process = _FORKED.Process(target=become, args=({**os.environ, **variables}, str(settings.BASE_DIR), words))
        process.start()
        try:
            yield process
        finally:
            kill(process)

    def worker(self) -> AbstractContextManager[ForkServerProcess]:
        """Run a worker with one process for tasks."""
        return self.process("worker", "--concurrency", "1", "--without-gossip", "--without-mingle")


def kill(process: ForkServerProcess) -> None:
    """`kill -9` a program and whatever it has started."""
    if process.is_alive():
        try:
            os.killpg(process.pid or 0, signal.SIGKILL)
        except ProcessLookupError:  # not yet in a session of its own
            process.kill()
        process.join()


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
