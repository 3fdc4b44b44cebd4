"""The test database: made and emptied by the owner, used by the tests as the role `app` (architecture.md §3)."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any, LiteralString
from uuid import uuid4

import psycopg
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import TransactionTestCase
from psycopg import sql

from salon import environment
from salon.tenancy.owner import owner_connection

# What a database of migrated tables is called that databases of tests are copies of: `…_<what the migrations are>`.
_TEMPLATE = "salon_migrated_"
# Who makes or copies it holds this lock of the server's; any number that nothing else takes.
_LOCK = 20261122
# What tells a run of one process from others.
_ALONE = uuid4().hex


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
    while _emptiers:
        _emptiers.popitem()[1].close()
    with _server() as server:
        _drop(server, name)


@contextmanager
def filled_once(kind: str, fill: Callable[[], None]) -> Iterator[None]:
    """Point the default connection at a database that `fill` fills once for all processes of a run, as owner: what
    tests do there they must undo."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or _ALONE
    prefix = f"test_{kind}_"
    name = prefix + blake2b(run.encode(), digest_size=8).hexdigest()
    with _server() as server:
        server.execute("SELECT pg_advisory_lock(%s)", [_LOCK + 1])
        found = server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix]).fetchall()
        if (name,) not in found:
            for (old,) in found:
                _drop(server, old)
            unfinished = f"{name}_unfinished"
            with owner_connection():
                _copy_migrated(unfinished)
            with _standing_in(unfinished), owner_connection():
                fill()
            server.execute(_naming("ALTER DATABASE {} RENAME TO {}", unfinished, name))
    with _standing_in(name):
        yield


@contextmanager
def _standing_in(name: str) -> Iterator[None]:
    """Let the default connection, that of new threads too, be one to another database."""
    given = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = name
    try:
        yield
    finally:
        # Nothing that is open can be renamed or copied.
        connection.close()
        connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = given


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
    with _standing_in(name):
        call_command("migrate", verbosity=0)


def _drop(server: psycopg.Connection[tuple[Any, ...]], name: str) -> None:
    server.execute(_naming("DROP DATABASE IF EXISTS {} WITH (FORCE)", name))


def _naming(statement: LiteralString, *names: str) -> sql.Composed:
    return sql.SQL(statement).format(*map(sql.Identifier, names))


def _server() -> psycopg.Connection[tuple[Any, ...]]:
    return psycopg.connect(environment.text("DATABASE_OWNER_URL"), autocommit=True)


def _fingerprint() -> str:
    """Return what tells these migrations from others."""
    told = blake2b(digest_size=8)
    for app in apps.get_app_configs():
        for path in sorted(Path(app.path).glob("migrations/*.py")):
            told.update(path.read_bytes())
    return told.hexdigest()


def empty_after(_test: TransactionTestCase) -> None:
    """Empty tables over a connection of the owner that the software cannot reach: `app` has no right to.

    Django's own way makes a new file of every table and index, and then permissions that nobody asks for.
    """
    direct = _emptier()
    with direct.transaction():
        guarded: dict[str, bool] = dict(direct.execute(_TABLES).fetchall())
        if not _emptied_row_by_row(direct, guarded):
            direct.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(map(sql.Identifier, guarded))))


# What empties each database, from test to test: a new connection would first have to read the catalogue anew.
_emptiers: dict[str, psycopg.Connection[tuple[Any, ...]]] = {}


def _emptier() -> psycopg.Connection[tuple[Any, ...]]:
    name = connection.settings_dict["NAME"]
    if name not in _emptiers or _emptiers[name].closed:
        _emptiers[name] = psycopg.connect(environment.text("DATABASE_OWNER_URL"), dbname=name, autocommit=True)
    return _emptiers[name]


_FEW = 500
# With whether they have triggers of their own, as what is only added to.
_TABLES = """
SELECT c.relname, EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal)
FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
  AND c.relname NOT IN ('django_migrations', 'django_content_type', 'auth_permission')
"""


def _emptied_row_by_row(direct: psycopg.Connection[tuple[Any, ...]], guarded: dict[str, bool]) -> bool:
    counting = sql.SQL("SELECT {name}, count(*) FROM (SELECT FROM {table} LIMIT {few}) AS counted")
    counted = sql.SQL(" UNION ALL ").join(
        counting.format(name=sql.Literal(name), table=sql.Identifier(name), few=sql.Literal(_FEW + 1))
        for name in guarded
    )
    filled = {name: count for name, count in direct.execute(counted).fetchall() if count}
    if not filled or sum(filled.values()) > _FEW:
        return not filled
    with_triggers = [name for name in filled if guarded[name]]
    for name in with_triggers:
        direct.execute(_naming("ALTER TABLE {} DISABLE TRIGGER USER", name))
    # In one statement, at whose end references are checked.
    deleting = sql.SQL("{step} AS (DELETE FROM {table})")
    steps = sql.SQL(", ").join(
        deleting.format(step=sql.Identifier(f"step_{number}"), table=sql.Identifier(name))
        for number, name in enumerate(filled)
    )
    direct.execute(sql.SQL("WITH {} SELECT").format(steps))
    for name in with_triggers:
        direct.execute(_naming("ALTER TABLE {} ENABLE TRIGGER USER", name))
    return True


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
