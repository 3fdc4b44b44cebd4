"""The database wrapper of every connection the software opens."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql import base, features
from django.db.backends.utils import CursorWrapper

_MIGHT = """
SELECT r.rolname, r.rolsuper, r.rolbypassrls,
    EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relrowsecurity),
    EXISTS (SELECT FROM pg_roles m WHERE (m.rolsuper OR m.rolbypassrls) AND m.oid <> r.oid
        AND pg_has_role(r.oid, m.oid, 'MEMBER') AND NOT r.rolsuper)
FROM pg_roles r WHERE r.rolname = current_user
"""
# Statements whose cursors a connection keeps: those that are said in words of our own are fewer.
_MOST_KEPT = 200
_REASONS = ("is a superuser", "has BYPASSRLS", "owns salons' tables", "is a member of a role that bypasses")


def why_unbound(connection: Any) -> tuple[str, list[str]]:
    """Return the role of a psycopg connection, and every reason why row-level security does not bind it."""
    name, *found = connection.execute(_MIGHT).fetchone()
    return name, [reason for reason, holds in zip(_REASONS, found, strict=True) if holds]


class DatabaseFeatures(features.DatabaseFeatures):
    """What Django may use of Postgres."""

    # None of our columns is virtual; Django would ask the server for its version, in checks that need no database.
    supports_virtual_generated_columns = False


class DatabaseWrapper(base.DatabaseWrapper):
    """Postgres as a role that owns nothing and bypasses nothing; only `owner_connection` may lift that."""

    features_class = DatabaseFeatures
    _kept: dict[str, tuple[Any, str]]

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect, and check the role once per connection.

        Raises: ImproperlyConfigured for a role that row-level security does not bind, or that could lift it.
        """
        connection = super().get_new_connection(conn_params)
        self._kept = {}
        if self.settings_dict.get("OWNER"):
            return connection
        role, reasons = why_unbound(connection)
        connection.rollback()
        if reasons:
            connection.close()
            raise ImproperlyConfigured(
                f"The database role {role!r} {' and '.join(reasons)}, so salons would see each other's data. "
                "Let DATABASE_URL name a role without any of that."
            )
        return connection

    def statement(self, sql: str) -> tuple[CursorWrapper, str]:
        """Return the cursor that this connection keeps for a statement, and the text to hand to it.

        psycopg finds out anew for every cursor how to write values and read rows of each type, which takes longer than
        to do it; a cursor that is given the very text of the last time knows. It is to be read before the next use.
        """
        self.close_if_health_check_failed()
        self.ensure_connection()
        found = self._kept.get(sql)
        if found is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            with self.wrap_database_errors:
                found = self._kept[sql] = self.create_cursor(), sql
        cursor, text = found
        return self._prepare_cursor(cursor), text  # type: ignore[attr-defined]
