"""The test database: made and emptied by the owner, used by the tests as the role `app` (architecture.md §3)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any, LiteralString

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from psycopg import sql

from salon import environment
from salon.tenancy.owner import owner_connection

# What a database of migrated tables is called that databases of tests are copies of: `…_<what the migrations are>`.
_TEMPLATE = "salon_migrated_"
# Who makes or copies it holds this lock of the server's; any number that nothing else takes.
_LOCK = 20261122


@contextmanager
def test_database(*, suffix: str | None) -> Iterator[None]:
    """Make the test database as owner, a copy of one that is migrated once for all processes of a run, and point the
    default connection at it as `app`."""
    served = connection.settings_dict
    name = f"test_{served['NAME']}" + (f"_{suffix}" if suffix else "")
    with owner_connection():
        _copy_migrated(name)
    # Names of new threads' connections come from the settings; this one's from its own copy.
    served["NAME"] = settings.DATABASES["default"]["NAME"] = name
    yield
    connection.close()
    with _server() as server:
        _drop(server, name)


def _copy_migrated(name: str) -> None:
    template = f"{_TEMPLATE}{_fingerprint()}"
    with _server() as server:
        server.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        found = server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [_TEMPLATE]).fetchall()
        if (template,) not in found:
            for (old,) in found:
                _drop(server, old)
            _migrate(server, name)
            server.execute(_naming("ALTER DATABASE {} RENAME TO {}", name, template))
        _drop(server, name)
        server.execute(_naming("CREATE DATABASE {} TEMPLATE {}", name, template))


def _migrate(server: psycopg.Connection[tuple[Any, ...]], name: str) -> None:
    _drop(server, name)
    server.execute(_naming("CREATE DATABASE {}", name))
    given, connection.settings_dict["NAME"] = connection.settings_dict["NAME"], name
    try:
        call_command("migrate", verbosity=0)
    finally:
        # Nothing that is open can be renamed or copied.
        connection.close()
        connection.settings_dict["NAME"] = given


def _drop(server: psycopg.Connection[tuple[Any, ...]], name: str) -> None:
    server.execute(_naming("DROP DATABASE IF EXISTS {} WITH (FORCE)", name))


def _naming(statement: LiteralString, *names: str) -> sql.Composed:
    return sql.SQL(statement).format(*map(sql.Identifier, names))


def _server() -> psycopg.Connection[tuple[Any, ...]]:
    return psycopg.connect(environment.text("DATABASE_OWNER_URL"), autocommit=True)


def _fingerprint() -> str:
    """Return what tells these migrations from others."""
    told = blake2b(digest_size=8)
    for path in sorted(settings.BASE_DIR.glob("**/migrations/*.py")):
        told.update(path.read_bytes())
    return told.hexdigest()


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


def forget_salons() -> None:
    """Empty every table of the salons, for fixtures whose rows outlast a test."""
    with owner() as direct:
        direct.execute("TRUNCATE tenancy_salon CASCADE")


def count_rows() -> None:
    """Let the database know of its tables what there is to know."""
    with owner() as direct:
        direct.execute("ANALYZE")


def forget_counts() -> None:
    """Let the database know nothing of its tables: what was counted for another test outlasts its rows."""
    with owner() as direct:
        direct.execute(
            "SELECT pg_clear_attribute_stats(schemaname, tablename, attname, inherited) FROM pg_stats"
            " WHERE schemaname = 'public'"
        )
        direct.execute(
            "SELECT pg_clear_relation_stats(schemaname, tablename) FROM pg_tables WHERE schemaname = 'public'"
        )
