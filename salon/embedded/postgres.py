"""One Postgres server for one data directory, reached by unix socket only."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from salon.embedded import processes
from salon.embedded.addresses import Keys, postgres_url
from salon.embedded.cluster import Cluster, open_cluster, server_environment
from salon.embedded.lifeline import REFUSED
from salon.embedded.place import Place, socket_directory
from salon.embedded.trouble import StartError
from salon.embedded.unprivileged import Way

_PATIENCE = 120.0  # seconds: the recovery after a crash replays at most max_wal_size
_LOG_LIMIT = 10_000_000  # bytes, then the log of the run before is replaced

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "cluster_name": "salon",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "max_connections": "60",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
}
# A crash of the machine may lose everything: for tests only.
_FLEETING = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "autovacuum_naptime": "5min",
}


@dataclass(slots=True)
class Postgres:
    """A server that this process started; its main thread must live as long as the server."""

    cluster: Cluster
    sockets: Path
    keys: Keys
    durable: bool
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server without waiting for it, after ending what an earlier crash left.

        Raises: StartError when the log cannot be written.
        """
        end_survivors(self.cluster.folder)
        for leftover in self.sockets.glob(".s.PGSQL.*"):
            leftover.unlink(missing_ok=True)
        settings = _SETTINGS | ({} if self.durable else _FLEETING)
        settings["unix_socket_directories"] = str(self.sockets)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with _open_log(self.log) as log:
            self.process = subprocess.Popen(
                self.cluster.footing.command(
                    [self.cluster.programs / "postgres", "-D", self.cluster.folder, *options], signal.SIGINT
                ),
                cwd="/",
                env=server_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_ready(self, breathe: Callable[[], None]) -> None:
        """Return when connections are accepted, calling `breathe` in between.

        Raises: StartError when the server ends or takes two minutes.
        """
        assert self.process is not None
        deadline = time.monotonic() + _PATIENCE
        while not _says_ready(self.cluster.folder, self.process.pid):
            status = self.process.poll()
            if status is not None or time.monotonic() > deadline:
                why = "this machine refuses the way it ran before" if status == REFUSED else _reason(self.log)
                raise StartError(f"PostgreSQL does not start in {self.cluster.folder}: {why} (see {self.log}).")
            breathe()
            time.sleep(0.01)

    def stop(self) -> None:
        """Disconnect everybody, stop the server, and return when no process of it is left."""
        for number, grace in ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            if self.process and self.process.poll() is None:
                self.process.send_signal(number)
                try:
                    self.process.wait(grace)
                except subprocess.TimeoutExpired:
                    continue
            break
        end_survivors(self.cluster.folder)
        self.process = None
        with contextlib.suppress(OSError):  # Valkey's socket may still be there
            self.sockets.rmdir()

    def url(self, role: str) -> str:
        """Return the URL under which a role signs in."""
        return postgres_url(role, self.keys.passwords[role], self.sockets)


def open_postgres(place: Place, keys: Keys, *, durable: bool, only: Way | None = None) -> Postgres:
    """Return the server of a data directory, created if need be, not started; the caller holds the lock.

    Raises: StartError when the directory or the programs do not permit it.
    """
    sockets = socket_directory(place)
    existing = place.folder / "postgres"
    if existing.is_dir():
        end_survivors(existing)
    cluster = open_cluster(place, keys, only=only)
    if cluster.footing.way is Way.ACCOUNT:
        uid, gid = cluster.footing.file_owner
        sockets = cluster.folder.parent / "sockets"
        sockets.mkdir(mode=0o700, exist_ok=True)
        os.chown(sockets, uid, gid)
    return Postgres(cluster, sockets, keys, durable, place.log / "postgres.log")


def end_survivors(folder: Path) -> None:
    """End every process of a Postgres that still uses `folder`, then remove the note of its number.

    The caller holds the lock of the data directory, so that nothing may rightly be running there. Without /proc only
    the process that the note names is ended, and only if it is a postgres.
    """
    note = folder / "postmaster.pid"
    pid = _noted_pid(note)
    if Path("/proc/self/cwd").exists():
        if pid is not None and pid in processes.working_in(folder):
            leader = pid
            processes.end(lambda: [p for p in processes.working_in(folder) if p == leader], signal.SIGINT, 10.0)
        processes.end(lambda: processes.working_in(folder), signal.SIGQUIT, 2.0)
        note.unlink(missing_ok=True)
    elif pid is not None and _is_postgres(pid):
        leader = pid
        processes.end(lambda: [leader] if _is_postgres(leader) else [], signal.SIGINT, 10.0)


def _noted_pid(note: Path) -> int | None:
    try:
        first = note.read_text(encoding="utf-8", errors="replace").partition("\n")[0].strip()
    except OSError:
        return None
    return int(first) if first.isdecimal() and int(first) > 1 else None


def _is_postgres(pid: int) -> bool:
    answer = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return "postgres" in answer.stdout


def _says_ready(folder: Path, pid: int) -> bool:
    """Return whether the server's own note names this process and ends with the word ready, as pg_ctl reads it."""
    try:
        lines = (folder / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"


def _open_log(path: Path) -> BinaryIO:
    """Open a log for appending, after setting a large one aside."""
    try:
        if path.exists() and path.stat().st_size > _LOG_LIMIT:
            os.replace(path, path.with_suffix(".log.1"))
        return open(path, "ab", opener=lambda name, flags: os.open(name, flags, 0o600))
    except OSError as error:
        raise StartError(f"{path} cannot be written ({error.strerror}).") from error


def _reason(log: Path) -> str:
    """Return the last thing that stopped the server, from its log."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-40:]
    except OSError:
        return "no message"
    fatal = [line for line in lines if any(word in line for word in ("FATAL:", "PANIC:", "error:"))]
    last = (fatal or lines or ["no message"])[-1]
    return last.partition("FATAL:")[2].strip() or last.strip()
