"""`make run`: everything one machine needs, started in order, kept running, and stopped without a trace."""

import contextlib
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from salon.embedded import network, program
from salon.embedded.addresses import OWNING, SERVING, answers_here, effective, write_environment
from salon.embedded.backing import Backing, forget_addresses, open_backing, outside
from salon.embedded.lifeline import die_with_parent
from salon.embedded.place import CHECKOUT, data_directory, read_record
from salon.embedded.processes import MARK
from salon.embedded.program import Console, Program, Running
from salon.embedded.trouble import StartError

_UNTIL_HEALTHY = 90.0  # seconds
_STOPPING_TAKES = 20.0  # seconds that an earlier supervisor of this checkout may need to end


class StopAsked(Exception):
    """Ctrl-C, TERM or the end of the terminal."""


@dataclass(frozen=True, slots=True)
class Signals:
    """The wishes to stop so far, and a socket that becomes readable with each and with every child's end."""

    asked: list[int]
    wakeup: socket.socket


@dataclass(slots=True)
class Supervisor:
    """Everything that runs, owned by the main thread of this process."""

    address: network.Address
    backing: Backing
    console: Console
    reserved: socket.socket
    signals: Signals
    environment: dict[str, str] = field(default_factory=dict)
    owner: dict[str, str] = field(default_factory=dict)  # for `prepare` alone
    running: dict[str, Running] = field(default_factory=dict)

    def bring_up(self) -> None:
        """Start everything in order and return when the first page can be opened.

        Raises: StartError when a part does not start; StopAsked when the reader changed his mind.
        """
        self.backing.start(self.breathe)
        variables = self.backing.variables()
        variables["BASE_URL"] = os.environ.get("BASE_URL") or next(iter(self.address.network_urls()), self.address.url)
        variables |= answers_here(os.environ)
        write_environment(self.backing.place.environment, effective(SERVING, variables, os.environ))
        self.owner = effective(OWNING, variables, os.environ)
        write_environment(self.backing.place.owner_environment, self.owner)
        self.environment = {
            **{name: value for name, value in {**os.environ, **variables}.items() if not _is_the_owners(name)},
            "HOST": self.address.host,
            "PORT": str(self.address.port),
            "SALON_DATA_DIR": str(self.backing.place.folder),
            "PYTHONUNBUFFERED": "1",
            MARK: self.backing.mark,
        }
        if outside(os.environ).migrate:
            self._prepare()
        self.reserved.close()
        self._start(_web(self.address), ready=False)
        web = self.running["web"]
        deadline = time.monotonic() + _UNTIL_HEALTHY
        while not network.is_healthy(self.address):
            self.breathe()
            if web.process.poll() is not None:
                raise StartError("The web server ended while it was starting: its lines above say why.")
            if time.monotonic() > deadline:
                raise StartError(f"The web server did not answer {self.address.url}/healthz in {_UNTIL_HEALTHY:.0f} s.")
            self._attend(0.03)
        web.ready = True
        beat_folder = self.backing.place.folder / "beat"
        beat_folder.mkdir(mode=0o700, exist_ok=True)
        self._start(_worker())
        self._start(_beat(str(beat_folder / "schedule")))

    def keep_up(self) -> None:
        """Restart what ends by itself; never returns normally.

        Raises: StartError when something keeps ending; StopAsked when it is time to stop.
        """
        while True:
            self._attend(0.5)
            self.breathe()
            now = time.monotonic()
            for running in list(self.running.values()):
                if running.due is not None and now >= running.due:
                    self._start(running.program, ends=running.ends)
                elif running.due is None and running.process.poll() is not None:
                    self._lost(running, now)
            self._revive_servers()

    def take_down(self) -> None:
        """Stop everything in order: web, then worker and beat, then Valkey, then Postgres."""
        self.reserved.close()
        alive = {name: one for name, one in self.running.items() if one.due is None}
        if web := alive.get("web"):
            deadline = time.monotonic() + 10
            # TERM during its start makes granian hang.
            while not web.ready and web.process.poll() is None and time.monotonic() < deadline:
                web.ready = network.is_healthy(self.address)
                self._attend(0.05)
            program.stop([web], self.console, lambda: self._hurried() or not web.ready)
        rest = [one for name, one in alive.items() if name != "web"]
        program.stop(rest, self.console, self._hurried)
        forget_addresses(self.backing.place)
        self.backing.stop()

    def breathe(self) -> None:
        """Give way to a wish to stop.

        Raises: StopAsked when there is one.
        """
        if self.signals.asked:
            raise StopAsked

    def _hurried(self) -> bool:
        return len(self.signals.asked) > 1

    def _prepare(self) -> None:
        """Run `manage.py prepare`: migrations, roles, translations, the demo world."""
        self._start(Program("prepare", (sys.executable, str(CHECKOUT / "manage.py"), "prepare"), 10.0), self.owner)
        preparing = self.running["prepare"]
        while preparing.process.poll() is None:
            self.breathe()
            self._attend(0.05)
        preparing.finish(self.console)
        del self.running["prepare"]
        if preparing.process.returncode != 0:
            raise StartError("The database could not be prepared: the lines above say why.")

    def _start(
        self,
        what: Program,
        more: Mapping[str, str] | None = None,
        *,
        ready: bool = True,
        ends: list[float] | None = None,
    ) -> None:
        started = program.start(what, {**self.environment, **(more or {})})
        started.ready = ready
        started.ends = ends or []
        self.running[what.name] = started
        self.backing.note(programs=[one.identity for one in self.running.values() if one.due is None])

    def _lost(self, running: Running, now: float) -> None:
        running.finish(self.console)
        name, status = running.program.name, running.process.returncode
        wait = running.schedule_restart(now)
        if wait is None:
            raise StartError(f"{name} ended {len(running.ends)} times within a minute (status {status}): giving up.")
        self.console.say(f"{name} ended (status {status}): starting it again in {wait:g} s.")

    def _revive_servers(self) -> None:
        """Start Postgres or Valkey again if it ended.

        Raises: StartError when it does not start.
        """
        for name, server in (("postgres", self.backing.postgres), ("valkey", self.backing.valkey)):
            if server and server.process and server.process.poll() is not None:
                self.console.say(f"{name} ended (status {server.process.returncode}): starting it again.")
                server.start()
                server.wait_ready(self.breathe)

    def _attend(self, seconds: float) -> None:
        """Pass on output for up to `seconds`, or until a process ends or a signal comes."""
        sources = {
            one.process.stdout.fileno(): one
            for one in self.running.values()
            if one.process.stdout is not None and not one.process.stdout.closed
        }
        wakeup = self.signals.wakeup.fileno()
        ready, _, _ = select.select([*sources, wakeup], [], [], seconds)
        for descriptor in ready:
            if descriptor == wakeup:
                self.signals.wakeup.recv(4096)
            else:
                sources[descriptor].read(self.console)
                if sources[descriptor].process.poll() is not None:
                    time.sleep(0.01)  # its pipe stays readable until somebody finishes it


def run() -> int:
    """Run the salon until Ctrl-C or TERM and return the exit status.

    Raises: StartError when it cannot start or cannot go on.
    """
    console = Console(sys.stdout)
    address = network.read_address(os.environ)
    with _signals() as signals:
        if os.environ.get("MAKELEVEL"):
            die_with_parent(signal.SIGTERM)  # `make` killed outright takes us along
        began = time.monotonic()
        backing = _take_over()
        try:
            reserved = network.reserve(address)
        except StartError:
            backing.stop()
            raise
        backing.note(url=address.url)
        supervisor = Supervisor(address, backing, console, reserved, signals)
        try:
            supervisor.bring_up()
            _greet(console, supervisor, time.monotonic() - began)
            supervisor.keep_up()
        except StopAsked:
            console.say("Wird beendet … / Stopping …")
        finally:
            backing.note(stopping=True)
            supervisor.take_down()
        console.say("Beendet, alle Daten sind gespeichert. / Stopped, all data is kept.")
    return 0


def _take_over() -> Backing:
    """Take the data directory, waiting for a supervisor that is about to end.

    Raises: StartError when one goes on running there.
    """
    folder = data_directory()
    deadline = time.monotonic() + _STOPPING_TAKES
    while True:
        backing = open_backing(folder, patience=1.0)
        if backing is not None:
            return backing
        try:
            record = read_record(folder / "run.json")
        except StartError:
            record = {}
        if record.get("stopping") and time.monotonic() < deadline:
            continue
        where = f" at {record['url']}" if record.get("url") else ""
        raise StartError(
            f"It already runs in this checkout{where} (process {record.get('pid', '?')}): "
            "stop that one first, or set SALON_DATA_DIR and PORT for a second one."
        )


def _greet(console: Console, supervisor: Supervisor, seconds: float) -> None:
    lines = [
        "",
        f"Der Salon läuft / The salon is running: {supervisor.address.url}   ({seconds:.1f} s)",
        *(f"  im selben Netz / same network:        {url}" for url in supervisor.address.network_urls()),
    ]
    with contextlib.suppress(OSError):
        lines += (supervisor.backing.place.folder / "demo-sign-ins.txt").read_text("utf-8").splitlines()
    console.say("\n".join([*lines, "Beenden mit Strg-C / stop with Ctrl-C", ""]))


@contextmanager
def _signals() -> Iterator[Signals]:
    """Collect the signals that ask to stop instead of dying of them."""
    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, note)
    before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
    wakeup, waker = socket.socketpair()
    waker.setblocking(False)
    former = signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
    try:
        yield Signals(asked, wakeup)
    finally:
        signal.set_wakeup_fd(former)
        wakeup.close()
        waker.close()
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_the_owners(name: str) -> bool:
    return name.removesuffix("_FILE") in OWNING


def _web(address: network.Address) -> Program:
    return Program(
        "web",
        (
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", address.host),
            *("--port", str(address.port), "--workers", str(min(os.cpu_count() or 1, 2))),
            *("--blocking-threads", "1", "--workers-kill-timeout", "8", "--respawn-failed-workers"),
            *("--log-level", "warning", "salon.wsgi:application"),
        ),
        grace=10.0,
    )


def _worker() -> Program:
    return Program(
        "worker",
        (
            # As root, usual in containers, Celery would warn at every start.
            *(sys.executable, "-W", "ignore:You're running the worker with superuser privileges"),
            *("-m", "celery", "--quiet", "-A", "salon.celery", "worker", "--concurrency", "2"),
            *("--loglevel", "WARNING", "--without-gossip", "--without-mingle"),
        ),
        grace=20.0,
    )


def _beat(schedule: str) -> Program:
    return Program(
        "beat",
        (
            *(sys.executable, "-m", "celery", "--quiet", "-A", "salon.celery", "beat", "--loglevel", "WARNING"),
            *("--schedule", schedule, "--pidfile", ""),
        ),
        grace=5.0,
    )
