"""The data directory of one installation, the lock on it, and the short directory for its sockets."""

import fcntl
import hashlib
import json
import os
import stat
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from salon.embedded.trouble import StartError

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Place:
    """A data directory that exists, is ours and can be written."""

    folder: Path

    @property
    def log(self) -> Path:
        """Return the directory of the log files."""
        return self.folder / "log"

    @property
    def environment(self) -> Path:
        """Return the file from which other commands of this checkout learn the addresses."""
        return self.folder / "environment"

    @property
    def owner_environment(self) -> Path:
        """Return the file that holds the owner's address, which nothing that serves may read."""
        return self.folder / "owner-environment"

    @property
    def state(self) -> Path:
        """Return the file that says which supervisor uses this directory and what it started."""
        return self.folder / "run.json"

    def short_key(self) -> str:
        """Return twelve characters that stand for this directory."""
        return hashlib.sha256(os.fsencode(os.path.realpath(self.folder))).hexdigest()[:12]


def data_directory() -> Path:
    """Return where this checkout keeps its data: `SALON_DATA_DIR`, else `.data`."""
    return Path(os.environ.get("SALON_DATA_DIR") or CHECKOUT / ".data").absolute()


def prepare(folder: Path) -> Place:
    """Create the data directory if it is missing.

    Raises: StartError when it cannot be made or written.
    """
    place = Place(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        place.log.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (FileExistsError, NotADirectoryError) as error:
        raise StartError(
            f"{error.filename or folder} is not a directory: move it away or set SALON_DATA_DIR."
        ) from error
    except OSError as error:
        raise StartError(
            f"The data directory {folder} cannot be written ({error.strerror}): "
            "give it to this user or set SALON_DATA_DIR."
        ) from error
    return place


class Lock:
    """The right to run something in a data directory, held until released or until this process ends."""

    __slots__ = ("_descriptor",)

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the directory free."""
        os.close(self._descriptor)


def lock(place: Place, patience: float = 0.0) -> Lock | None:
    """Take the lock of a data directory within `patience` seconds; None while somebody else keeps it."""
    deadline = time.monotonic() + patience
    descriptor = os.open(place.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(descriptor)
                return None
            time.sleep(0.1)
        else:
            return Lock(descriptor)


def socket_directory(place: Place) -> Path:
    """Return a private directory outside the checkout whose path is short enough for a socket.

    Raises: StartError when every candidate belongs to somebody else.
    """
    for attempt in range(10):
        folder = Path(f"/tmp/salon-{place.short_key()}" + (f"-{attempt}" if attempt else ""))
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
                continue
        except OSError as error:
            raise StartError(f"No directory for sockets can be made in /tmp ({error.strerror}).") from error
        return folder
    raise StartError(f"/tmp/salon-{place.short_key()} and its like belong to somebody else: remove them.")


def write_private(path: Path, content: str) -> None:
    """Replace a file atomically by one that only its owner reads."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_record(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; empty when there is no file.

    Raises: StartError when the file holds something else.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (ValueError, OSError) as error:
        raise StartError(f"{path} is damaged ({error}): move it away and start again.") from error
    if not isinstance(record, dict):
        raise StartError(f"{path} is damaged (no JSON object): move it away and start again.")
    return record
