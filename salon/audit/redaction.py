"""Taking the words about an erased person out of what is otherwise written once (architecture.md §3)."""

from collections.abc import Collection
from uuid import UUID

from django.db import connection


def redact(client_ids: Collection[UUID], traces: Collection[str] = ()) -> None:
    """Empty what the ledgers of the open salon say of erased cards; who changed them, and when, stays. Stored answers
    of the API that hold one of the traces (ids, addresses, phone numbers) tell no more than that somebody is erased.

    Raises: ProgrammingError when one of them is not erased: the database's own function refuses.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT redact_erased_clients(%s::uuid[], %s::text[])", [list(client_ids), sorted(traces)])
