"""How a program is run so that it is not root: Postgres refuses to be."""

import os
import pwd
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

_LIFELINE = str(Path(__file__).with_name("lifeline.py"))
# `nobody` comes last: in a user namespace it is also the owner of everything unknown.
_PREFERRED_ACCOUNTS = ("postgres", "daemon", "nobody")


class Way(StrEnum):
    """By which means a program runs without being root."""

    DIRECT = "direct"
    NAMESPACE = "namespace"
    CAPABILITIES = "capabilities"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Footing:
    """One way with the account it uses; `uid` and `gid` are this process's own for `DIRECT`."""

    way: Way
    uid: int
    gid: int

    @property
    def file_owner(self) -> tuple[int, int]:
        """Return the user and group that own, seen from here, what the program writes."""
        if self.way in {Way.DIRECT, Way.NAMESPACE}:
            return os.geteuid(), os.getegid()
        return self.uid, self.gid

    def command(self, program: Sequence[str | Path], death_signal: int) -> list[str]:
        """Return the command line that runs `program` this way and sends it `death_signal` if this process ends.

        To be started by this process's main thread: Linux counts the end of a thread as the end of the parent.
        """
        return [
            sys.executable,
            "-I",
            "-S",
            _LIFELINE,
            str(os.getpid()),
            str(int(death_signal)),
            self.way.value,
            str(self.uid),
            str(self.gid),
            *(str(part) for part in program),
        ]


def own_footing() -> Footing:
    """Return the footing of this process itself."""
    return Footing(Way.DIRECT, os.geteuid(), os.getegid())


def footings() -> list[Footing]:
    """Return every way worth trying for Postgres, best first; empty when root finds no other account."""
    if os.geteuid() != 0:
        return [own_footing()]
    account = _ordinary_account()
    if account is None:
        return []
    ways = [Way.NAMESPACE, Way.CAPABILITIES, Way.ACCOUNT] if sys.platform == "linux" else [Way.ACCOUNT]
    return [Footing(way, account.pw_uid, account.pw_gid) for way in ways]


def _ordinary_account() -> pwd.struct_passwd | None:
    """Return an account that exists and is not root: initdb looks its own name up."""
    accounts = {entry.pw_name: entry for entry in pwd.getpwall() if entry.pw_uid != 0 and entry.pw_gid != 0}
    for name in _PREFERRED_ACCOUNTS:
        if name in accounts:
            return accounts[name]
    return next(iter(accounts.values()), None)
