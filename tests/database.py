"""The test database: made and emptied by the owner, used by the tests as the role `app` (architecture.md §3)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test.utils import setup_databases, teardown_databases

from salon import environment
from salon.tenancy.owner import owner_connection


@contextmanager
def test_database(*, keep: bool, suffix: str | None) -> Iterator[None]:
    """Create and migrate the test database as owner, then point the default connection at it as `app`."""
    served = connection.settings_dict
    if suffix:
        served["TEST"]["NAME"] = f"test_{served['NAME']}_{suffix}"
    with owner_connection():
        created = setup_databases(verbosity=0, interactive=False, keepdb=keep, serialized_aliases=set())
        name = connection.settings_dict["NAME"]
        # Names of new threads' connections come from the settings; this one's from its own copy.
        settings.DATABASES["default"]["NAME"] = name
    served["NAME"] = name
    yield
    connection.close()
    if not keep:
        with owner_connection():
            teardown_databases(created, verbosity=0)


def flush_as_owner(self: DatabaseOperations, sql_list: Sequence[str]) -> None:
    """Empty tables over a connection of the owner that the software cannot reach: `app` has no right to."""
    with owner() as direct:
        for sql in sql_list:
            direct.execute(sql)


@contextmanager
def owner() -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """Open the test database as its owner, for what the software itself may not do."""
    url = environment.text("DATABASE_OWNER_URL")
    with psycopg.connect(url, dbname=connection.settings_dict["NAME"]) as direct:
        yield direct
