"""Advisory locks by name: held until the transaction ends, taken in one order everywhere."""

from collections.abc import Iterable
from hashlib import sha256

from salon.rows import execute


def lock_number(name: str) -> int:
    """Return the 64-bit number that Postgres knows a lock by."""
    return int.from_bytes(sha256(name.encode()).digest()[:8], signed=True)


def take_locks(names: Iterable[str]) -> None:
    """Wait for every one of these locks; the open transaction holds them to its end."""
    numbers = sorted(map(lock_number, names))
    if not numbers:
        return
    # One statement: the function is called for one row after the other, in the order of the array.
    execute("SELECT pg_advisory_xact_lock(number) FROM unnest(%s::bigint[]) AS number", [numbers])
