"""Telling our own processes from others', and ending them: always by number, never by name."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

MARK = "SALON_RUN_MARK"  # set in the environment of everything one supervisor starts
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Identity:
    """A process number together with the moment it began: the pair is never given out twice."""

    pid: int
    began: str

    @property
    def is_alive(self) -> bool:
        """Return whether this very process still runs."""
        return began(self.pid) == self.began


def began(pid: int) -> str | None:
    """Return a text that identifies when process `pid` began; None when it does not run (any more)."""
    if (_PROC / "self" / "stat").exists():
        try:
            fields = (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            return None
        return None if fields[0] in {b"Z", b"X"} else fields[19].decode()
    answer = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return answer.stdout.strip() or None


def identify(pid: int) -> Identity | None:
    """Return the identity of a running process."""
    moment = began(pid)
    return None if moment is None else Identity(pid, moment)


def marked(mark: str) -> list[int]:
    """Return the processes started, at any remove, by the supervisor that used `mark`; Linux only."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for pid in _numbers():
        with contextlib.suppress(OSError):
            if wanted in (_PROC / str(pid) / "environ").read_bytes().split(b"\0"):
                found.append(pid)
    return found


def working_in(folder: Path) -> list[int]:
    """Return the processes whose working directory is `folder`, as every process of a Postgres has; Linux only."""
    wanted = os.path.realpath(folder)
    found = []
    for pid in _numbers():
        with contextlib.suppress(OSError):
            if os.readlink(_PROC / str(pid) / "cwd") == wanted:
                found.append(pid)
    return found


def end(find: Callable[[], Iterable[int]], first: signal.Signals, grace: float) -> int:
    """Send `first` to what `find` finds, after `grace` seconds SIGKILL, and return how many there were."""
    found = list(find())
    _send(found, first)
    deadline = time.monotonic() + grace
    remaining = found
    while remaining and time.monotonic() < deadline:
        time.sleep(0.02)
        remaining = list(find())
    for _ in range(100):
        if not remaining:
            break
        _send(remaining, signal.SIGKILL)
        time.sleep(0.02)
        remaining = list(find())
    return len(found)


def signal_group(leader: int, number: signal.Signals) -> None:
    """Send a signal to the process group that `leader` founded; one that is gone is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def _send(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _numbers() -> list[int]:
    """Return the numbers of all other processes that /proc shows; empty where there is none."""
    try:
        names = os.listdir(_PROC)
    except OSError:
        return []
    return [int(name) for name in names if name.isdecimal() and int(name) != os.getpid()]
