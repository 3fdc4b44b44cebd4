"""Where exported files lie: the storage `exports`, never served as it is, and the scratch files of their writing."""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import gettempdir, mkstemp
from uuid import UUID, uuid4

from django.core.files import File
from django.core.files.storage import Storage, storages

# A file that no export names may be one whose writer is about to name it.
_SOON = timedelta(hours=1)
_SCRATCH = "salon-export-"


def _storage() -> Storage:
    return storages["exports"]


@contextmanager
def scratch_file() -> Iterator[Path]:
    """Yield an empty file of this machine that only this process may read, and remove it."""
    handle, name = mkstemp(prefix=_SCRATCH)
    os.close(handle)
    path = Path(name)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def store(path: Path, *, salon_id: UUID, suffix: str) -> str:
    """Put a finished file into the storage under a name nobody can guess, and return the name.

    Raises: OSError; nothing is left then.
    """
    name = f"{salon_id}/{uuid4().hex}.{suffix}"
    try:
        with path.open("rb") as content:
            return _storage().save(name, File(content))
    except OSError:
        delete(name)
        raise


def open_file(name: str) -> "File[bytes]":
    """Open a stored file.

    Raises: FileNotFoundError.
    """
    return _storage().open(name)


def delete(name: str) -> None:
    """Remove a stored file, if it is there."""
    _storage().delete(name)


def delete_unnamed(salon_id: UUID, *, named: Collection[str], now: datetime) -> None:
    """Remove a salon's stored files that are not among `named`: what killed workers left."""
    storage, folder = _storage(), str(salon_id)
    try:
        _folders, found = storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in (f"{folder}/{one}" for one in found):
        try:
            if name not in named and storage.get_modified_time(name) < now - _SOON:
                storage.delete(name)
        except FileNotFoundError:
            # Deleted meanwhile with its export.
            continue


def delete_scratch(*, now: datetime) -> None:
    """Remove this machine's scratch files that no writer can be at any more."""
    for path in Path(gettempdir()).glob(f"{_SCRATCH}*"):
        try:
            if path.stat().st_mtime < (now - _SOON).timestamp():
                path.unlink()
        except OSError:
            # Another worker has removed it, or it belongs to another user.
            continue
