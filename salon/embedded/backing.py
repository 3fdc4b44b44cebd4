"""Postgres and Valkey together, as the variables that everything else reads."""

import json
import os
import secrets
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from salon.embedded import processes
from salon.embedded.addresses import Keys, load_keys, read_environment
from salon.embedded.place import Lock, Place, lock, prepare, read_record, write_private
from salon.embedded.postgres import Postgres, open_postgres
from salon.embedded.trouble import StartError
from salon.embedded.valkey import Valkey, open_valkey

_EPHEMERAL_PLACES = 8


@dataclass(frozen=True, slots=True)
class Outside:
    """What the environment says about servers that run elsewhere; empty where the embedded part is wanted."""

    database: str
    owner: str
    valkey: str
    migrate: bool

    def complete(self) -> None:
        """Check that the variables fit together.

        Raises: StartError when one is missing.
        """
        if self.owner and not self.database:
            raise StartError("DATABASE_OWNER_URL is set but DATABASE_URL is not: set both or neither.")
        if self.database and not self.owner and self.migrate:
            raise StartError(
                "DATABASE_URL is set but DATABASE_OWNER_URL is not: migrations need the owner role; "
                "set it, or SALON_MIGRATE=0 if something else migrates."
            )


def outside(environ: Mapping[str, str]) -> Outside:
    """Read which servers the environment names."""

    def given(name: str) -> str:
        return environ.get(name) or environ.get(f"{name}_FILE") or ""

    return Outside(
        given("DATABASE_URL"),
        given("DATABASE_OWNER_URL"),
        given("REDIS_URL"),
        environ.get("SALON_MIGRATE", "1") not in {"0", "no", "false", "off"},
    )


@dataclass(slots=True)
class Backing:
    """The servers of one data directory while this process holds its lock."""

    place: Place
    held: Lock
    keys: Keys
    mark: str
    postgres: Postgres | None
    valkey: Valkey | None
    record: dict[str, Any] = field(default_factory=dict)

    def note(self, **facts: object) -> None:
        """Save what a later start must know to clean up after this one."""
        self.record |= facts
        write_private(self.place.state, json.dumps(self.record, indent=2) + "\n")

    def start(self, breathe: Callable[[], None]) -> None:
        """Start what is embedded and return when it answers.

        Raises: StartError when it does not.
        """
        if self.postgres:
            self.postgres.start()
        if self.valkey:
            self.valkey.start()
        if self.postgres:
            self.postgres.wait_ready(breathe)
        if self.valkey:
            self.valkey.wait_ready(breathe)

    def variables(self) -> dict[str, str]:
        """Return the environment that reaches the servers; what was set from outside stays as it is."""
        found = {"SECRET_KEY": self.keys.secret_key} if not _is_set("SECRET_KEY") else {}
        if self.postgres:
            found["DATABASE_URL"] = self.postgres.url("app")
            found["DATABASE_OWNER_URL"] = self.postgres.url("owner")
        if self.valkey:
            found["REDIS_URL"] = self.valkey.url
        return found

    def stop(self) -> None:
        """Stop the servers, Postgres last, and give the directory free."""
        try:
            if self.valkey:
                self.valkey.stop()
            if self.postgres:
                self.postgres.stop()
            self.place.state.unlink(missing_ok=True)
        finally:
            self.held.release()


def open_backing(folder: Path, *, durable: bool = True, patience: float = 0.0) -> Backing | None:
    """Take a data directory, end what an earlier crash left there and open its servers; None while it is in use.

    Raises: StartError when the directory, the programs or the environment do not permit it.
    """
    elsewhere = outside(os.environ)
    elsewhere.complete()
    place = prepare(folder)
    held = lock(place, patience)
    if held is None:
        return None
    try:
        end_leftovers(place)
        keys = load_keys(place)
        mark = secrets.token_hex(16)
        postgres = None if elsewhere.database else open_postgres(place, keys, durable=durable)
        valkey = None if elsewhere.valkey else open_valkey(place, durable=durable)
    except BaseException:
        held.release()
        raise
    backing = Backing(place, held, keys, mark, postgres, valkey)
    me = processes.identify(os.getpid())
    backing.note(pid=os.getpid(), began=me.began if me else "", mark=mark)
    return backing


def end_leftovers(place: Place) -> int:
    """End what a supervisor that was killed left running, and return how many processes there were.

    Only what carries its mark or is provably the process it noted is touched. The caller holds the lock.
    """
    try:
        record = read_record(place.state)
    except StartError:
        record = {}
    ended = 0
    if mark := record.get("mark"):
        ended += processes.end(lambda: processes.marked(str(mark)), signal.SIGTERM, 3.0)
    for noted in record.get("programs", []):
        if processes.Identity(int(noted["pid"]), str(noted["began"])).is_alive:
            processes.signal_group(int(noted["pid"]), signal.SIGKILL)
            ended += 1
    place.state.unlink(missing_ok=True)
    forget_addresses(place)
    return ended


def forget_addresses(place: Place) -> None:
    """Remove the files by which other commands reach the servers."""
    place.environment.unlink(missing_ok=True)
    place.owner_environment.unlink(missing_ok=True)


@contextmanager
def backed(folder: Path, *, durable: bool) -> Iterator[dict[str, str]]:
    """Yield the variables of running servers: those of a supervisor that uses `folder`, else our own for as long.

    Raises: StartError when neither is to be had.
    """
    backing = open_backing(folder, durable=durable)
    if backing is None:
        place = Place(folder)
        variables = read_environment(place.environment) | read_environment(place.owner_environment)
        if not variables:
            raise StartError(
                f"{folder} is in use by another command: wait for it or pass --data with another directory."
            )
        yield variables
        return
    try:
        backing.start(lambda: None)
        yield backing.variables() | {processes.MARK: backing.mark}
    finally:
        backing.stop()


@contextmanager
def ephemeral(folder: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """Yield the first free of a few directories beside `folder` and the variables of fast, forgetful servers there.

    What a crash spoiled there is thrown away.
    Raises: StartError when all are in use or the servers do not start.
    """
    for number in range(1, _EPHEMERAL_PLACES + 1):
        candidate = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        backing = _open_forgetful(candidate)
        if backing is None:
            continue
        try:
            yield candidate, backing.variables() | {processes.MARK: backing.mark}
        finally:
            backing.stop()
        return
    raise StartError(f"{folder} and {_EPHEMERAL_PLACES - 1} directories beside it are in use: wait for one.")


def _open_forgetful(folder: Path) -> Backing | None:
    for attempt in (1, 2):
        try:
            backing = open_backing(folder, durable=False)
            if backing is None:
                return None
            try:
                backing.start(lambda: None)
            except StartError:
                backing.stop()
                raise
        except StartError:
            if attempt == 2:
                raise
            _forget(folder)
        else:
            return backing
    return None


def _forget(folder: Path) -> None:
    """Remove what an ephemeral directory keeps from one run to the next."""
    for name in ("postgres", "valkey"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("postgres.json", "keys.json"):
        (folder / name).unlink(missing_ok=True)


def _is_set(name: str) -> bool:
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))
