"""One Valkey server for one data directory, reached by unix socket only."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from salon.embedded import processes
from salon.embedded.addresses import valkey_url
from salon.embedded.binaries import find_valkey
from salon.embedded.place import Place, socket_directory
from salon.embedded.trouble import StartError
from salon.embedded.unprivileged import own_footing

_PATIENCE = 60.0  # seconds


@dataclass(slots=True)
class Valkey:
    """A server that this process started; its main thread must live as long as the server."""

    program: Path
    folder: Path
    socket: Path
    durable: bool
    log: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return the URL under which Celery finds it."""
        return valkey_url(self.socket)

    def start(self) -> None:
        """Start the server without waiting for it, after ending what an earlier crash left."""
        processes.end(lambda: processes.working_in(self.folder), signal.SIGTERM, 5.0)
        self.socket.unlink(missing_ok=True)
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "save": "",
            "daemonize": "no",
            "logfile": str(self.log),
            "loglevel": "notice",
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        self.process = subprocess.Popen(
            own_footing().command([self.program, *options], signal.SIGTERM),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def wait_ready(self, breathe: Callable[[], None]) -> None:
        """Return when commands are answered, calling `breathe` in between.

        A file that Valkey cannot read is set aside once: the database remembers all work that is due.
        Raises: StartError when the server ends or takes a minute.
        """
        assert self.process is not None
        deadline = time.monotonic() + _PATIENCE
        set_aside = False
        while not _answers(self.socket):
            if self.process.poll() is not None and not set_aside and any(self.folder.iterdir()):
                set_aside = True
                os.replace(self.folder, self.folder.with_name(f"valkey.unreadable-{time.time_ns()}"))
                self.folder.mkdir(mode=0o700)
                self.start()
            elif self.process.poll() is not None or time.monotonic() > deadline:
                raise StartError(f"Valkey does not start in {self.folder} (see {self.log}).")
            breathe()
            time.sleep(0.01)

    def stop(self) -> None:
        """Let the server write what it holds and return when it is gone."""
        for number, grace in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0)):
            if self.process and self.process.poll() is None:
                self.process.send_signal(number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(grace)
        self.process = None
        self.socket.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # Postgres's sockets may still be there
            self.socket.parent.rmdir()


def open_valkey(place: Place, *, durable: bool) -> Valkey:
    """Return the server of a data directory, not started; the caller holds the lock.

    Raises: StartError when the directory or the program does not permit it.
    """
    folder = place.folder / "valkey"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StartError(f"{folder} is not a directory of ours ({error.strerror}): move it away.") from error
    return Valkey(find_valkey(), folder, socket_directory(place) / "valkey.sock", durable, place.log / "valkey.log")


def _answers(path: Path) -> bool:
    """Return whether a server behind the socket answers a PING."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(1.0)
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False
