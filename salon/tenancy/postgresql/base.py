"""The database wrapper of every connection the software opens."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Postgres as a role that owns nothing and bypasses nothing; only `owner_connection` may lift that."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect, and check the role once per connection.

        Raises: ImproperlyConfigured for a superuser or a role with BYPASSRLS, which tenancy does not bind.
        """
        connection = super().get_new_connection(conn_params)
        if self.settings_dict.get("OWNER"):
            return connection
        row = connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)"
        ).fetchone()
        connection.rollback()
        if row:
            connection.close()
            raise ImproperlyConfigured(
                f"The database role {row[0]!r} is a superuser or has BYPASSRLS, so salons would see each other's data. "
                "Let DATABASE_URL name a role without either."
            )
        return connection
