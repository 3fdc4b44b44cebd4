"""One program that the supervisor keeps running, and its output on the console."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TextIO

from salon.embedded import processes
from salon.embedded.place import CHECKOUT
from salon.embedded.unprivileged import own_footing

_COLOURS = {"web": 36, "worker": 33, "beat": 35, "prepare": 34, "postgres": 32, "valkey": 31}
_WINDOW = 60.0  # seconds in which so many ends
_TOO_OFTEN = 5  # mean that restarting does not help


class Console:
    """Lines on standard output, each with the name of the program it comes from."""

    __slots__ = ("_colour", "_stream")

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._colour = stream.isatty() and "NO_COLOR" not in os.environ
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="replace")

    def say(self, text: str) -> None:
        """Print what the supervisor itself has to say."""
        self._write(text + "\n")

    def pass_on(self, name: str, line: str) -> None:
        """Print a line of a program."""
        label = f"{name:<8}|"
        if self._colour:
            label = f"\x1b[{_COLOURS.get(name, 37)}m{label}\x1b[0m"
        self._write(f"{label} {line}\n")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (BrokenPipeError, ValueError):
            # The reader has gone (`make run | head`): go on silently, nothing may be left half stopped.
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@dataclass(frozen=True, slots=True)
class Program:
    """What to run: `grace` is how many seconds it may take to stop."""

    name: str
    command: tuple[str, ...]
    grace: float
    stop_signal: signal.Signals = signal.SIGTERM


@dataclass(slots=True)
class Running:
    """A program that has been started, by the supervisor's main thread."""

    program: Program
    process: subprocess.Popen[bytes]
    ready: bool = True
    rest: bytes = b""  # of a line that has no end yet
    ends: list[float] = field(default_factory=list)
    due: float | None = None  # when it is to be started again

    @property
    def identity(self) -> dict[str, object]:
        """Return what a later start needs to recognise the process."""
        found = processes.identify(self.process.pid)
        return {"name": self.program.name, "pid": self.process.pid, "began": found.began if found else ""}

    def read(self, console: Console) -> None:
        """Pass on the lines that are there; never waits."""
        assert self.process.stdout is not None
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(self.process.stdout.fileno(), 65536):
                *lines, self.rest = (self.rest + chunk).split(b"\n")
                for line in lines:
                    console.pass_on(self.program.name, line.decode(errors="replace").rstrip("\r"))

    def finish(self, console: Console) -> None:
        """Read to the end, and end what the program itself left in its process group."""
        processes.signal_group(self.process.pid, signal.SIGKILL)
        self.read(console)
        if self.rest:
            console.pass_on(self.program.name, self.rest.decode(errors="replace"))
            self.rest = b""
        assert self.process.stdout is not None
        self.process.stdout.close()

    def schedule_restart(self, now: float) -> float | None:
        """Return how many seconds to wait before the next try; None when it ended too often."""
        self.ends = [moment for moment in self.ends if now - moment < _WINDOW] + [now]
        if len(self.ends) >= _TOO_OFTEN:
            return None
        wait = float(min(0.5 * 2 ** (len(self.ends) - 1), 8.0))
        self.due = now + wait
        return wait


def start(program: Program, environment: Mapping[str, str]) -> Running:
    """Start a program in a session of its own so that the terminal's Ctrl-C reaches the supervisor alone."""
    process = subprocess.Popen(
        own_footing().command(program.command, signal.SIGTERM),
        cwd=CHECKOUT,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    return Running(program, process)


def stop(running: list[Running], console: Console, hurried: Callable[[], bool]) -> None:
    """Stop programs together and return when nothing of their process groups is left.

    `hurried` says whether the reader has lost patience in the meantime.
    """
    began = time.monotonic()
    for one in running:
        if one.process.poll() is None:
            one.process.send_signal(one.program.stop_signal)
    waiting = list(running)
    while waiting:
        for one in list(waiting):
            one.read(console)
            if one.process.poll() is None and time.monotonic() - began > (0.5 if hurried() else one.program.grace):
                processes.signal_group(one.process.pid, signal.SIGKILL)
                one.process.wait()
            if one.process.poll() is not None:
                one.finish(console)
                waiting.remove(one)
        time.sleep(0.02)
