"""Every table is bound to its salon by the database, or stands in the directory with a reason (architecture.md §3)."""

import os
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from salon.tenancy.directory import DIRECTORY_TABLES
from salon.tenancy.models import Salon
from salon.tenancy.owner import owner_connection
from tests import database

# With what hangs on them that is every app in `make soak`, and two of them otherwise: to plan the way takes minutes.
UNDONE = ("catalogue", "clients", "audit", "api") if os.environ.get("SOAK") else ("bookings", "desk")


def _rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def test_every_table_forces_row_level_security_or_is_allowed_not_to(db: None) -> None:
    tables: dict[str, bool] = dict(
        _rows(
            "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity FROM pg_class c JOIN pg_namespace n "
            "ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')"
        )
    )
    assert {name for name, forced in tables.items() if not forced} == set(DIRECTORY_TABLES)
    assert all(DIRECTORY_TABLES.values())


def test_every_policy_compares_the_salon_and_fails_without_one(db: None) -> None:
    for table, condition, check in _rows("SELECT tablename, qual, with_check FROM pg_policies"):
        assert condition == "(salon_id = (current_setting('app.salon_id'::text))::uuid)", table
        assert check is None, table


def test_app_owns_nothing_and_bypasses_nothing(db: None) -> None:
    assert _rows(
        "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
    ) == [(False, False, False, False)]
    assert _rows("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole") == [(0,)]
    truncatable = (
        "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
        "AND has_table_privilege(oid, 'TRUNCATE')"
    )
    assert _rows(truncatable) == [(0,)]


def test_every_reference_between_salon_tables_names_the_salon(db: None) -> None:
    """A plain foreign key would let one salon point at another's row: row-level security does not cover it."""
    bound = {name for (name,) in _rows("SELECT relname FROM pg_class WHERE relforcerowsecurity")}
    for table, target, columns in _rows(
        "SELECT c.conrelid::regclass::text, c.confrelid::regclass::text, "
        "(SELECT array_agg(attname::text) FROM pg_attribute WHERE attrelid = c.conrelid AND attnum = ANY (c.conkey)) "
        "FROM pg_constraint c WHERE contype = 'f'"
    ):
        if table in bound:
            # Into directory tables too: nothing else keeps their rows of other salons out.
            assert "salon_id" in columns, (table, target)


def test_every_relation_of_a_salon_model_is_a_constraint_of_the_database(db: None) -> None:
    """`db_constraint=False` is only right where SalonKey or SalonReference stands in its place."""
    keys = {
        (table, column)
        for table, columns in _rows(
            "SELECT c.conrelid::regclass::text, "
            "(SELECT array_agg(attname::text) FROM pg_attribute WHERE attrelid = c.conrelid AND attnum = ANY (conkey)) "
            "FROM pg_constraint c WHERE contype = 'f'"
        )
        for column in (columns if len(columns) == 1 else [one for one in columns if one != "salon_id"])
    }
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if field.many_to_one or field.one_to_one:
                assert (model._meta.db_table, field.column) in keys, field


# Of these the first column is unique among all salons (docs/adr/0011).
BY_CLIENT = {"clients_searchtoken_by_client"}


def test_indexes_of_salon_tables_begin_with_the_salon(db: None) -> None:
    bound = {name for (name,) in _rows("SELECT relname FROM pg_class WHERE relforcerowsecurity")}
    for table, index, first, primary in _rows(
        "SELECT t.relname, i.relname, a.attname, x.indisprimary FROM pg_index x "
        "JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid "
        "JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]"
    ):
        if table in bound and not (primary and first == "id"):
            assert first == ("client_id" if index in BY_CLIENT else "salon_id"), index


@pytest.mark.django_db(transaction=True)
def test_migrations_of_tenancy_go_back_and_forth(django_db_blocker: object) -> None:
    """Constraints are carried both ways: after down and up again the database is what it was."""

    def shape() -> list[tuple[Any, ...]]:
        with database.owner() as direct:
            return direct.execute(
                "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
                "WHERE connamespace = 'public'::regnamespace UNION ALL "
                "SELECT tablename, policyname, qual FROM pg_policies UNION ALL "
                "SELECT table_name, privilege_type, grantee FROM information_schema.table_privileges "
                "WHERE table_schema = 'public' AND table_name <> 'django_migrations' UNION ALL "
                "SELECT event_object_table, trigger_name, action_statement FROM information_schema.triggers "
                "ORDER BY 1, 2, 3"
            ).fetchall()

    before = shape()
    with owner_connection():
        MigrationExecutor(connection).migrate([(app, None) for app in UNDONE])
    assert not any(row[0] == "bookings_appointmentitem" for row in shape())
    call_command("migrate", verbosity=0)
    assert shape() == before
    assert Salon.objects.count() == 0
