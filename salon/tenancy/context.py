"""The one entrance into a salon's data (architecture.md §3)."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from django.db import connection, transaction

_current: ContextVar[UUID | None] = ContextVar("salon_id", default=None)


class NoSalon(RuntimeError):
    """Salon data was touched outside a salon_scope."""


class ForeignSalon(RuntimeError):
    """A salon_scope was opened inside that of another salon."""


def current_salon_id() -> UUID:
    """Return the salon whose scope is open.

    Raises: NoSalon outside any scope.
    """
    salon_id = _current.get()
    if salon_id is None:
        raise NoSalon("No salon_scope is open.")
    return salon_id


@contextmanager
def salon_scope(salon_id: UUID) -> Iterator[None]:
    """Open one salon's rows to this thread for the length of a transaction (or savepoint) of its own.

    Raises: ForeignSalon inside the scope of another salon.
    """
    outer = _current.get()
    if outer is not None and outer != salon_id:
        raise ForeignSalon(f"The scope of salon {outer} is open; {salon_id} cannot open inside it.")
    nested = connection.in_atomic_block
    with transaction.atomic():
        if nested:
            _set(salon_id)
        else:
            _begin(salon_id)
        token = _current.set(salon_id)
        try:
            yield
            # A released savepoint keeps a transaction-local setting: give the outer block back what it had.
            # (A rolled-back one restores it, as does the end of the transaction.)
            if nested and not connection.needs_rollback:
                _set(outer)
        finally:
            _current.reset(token)


def _begin(salon_id: UUID) -> None:
    """Begin the transaction with the salon open in it: one way to the database instead of two, in every request."""
    with connection.wrap_database_errors:
        # Until the transaction's end psycopg is not to begin one of its own.
        connection.connection.autocommit = True
        connection.connection.execute(f"BEGIN; SET LOCAL app.salon_id = '{salon_id}'", prepare=False)


def _set(salon_id: UUID | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.salon_id', %s, true)", [str(salon_id or "")])
