"""`manage.py migrate`, run as the role that owns the tables."""

from typing import Any

from django.core.management.commands import migrate
from django.db import connection

from salon.locks import lock_number
from salon.tenancy.owner import owner_connection


class Command(migrate.Command):
    """Django's migrate over the connection of DATABASE_OWNER_URL."""

    def handle(self, *args: Any, **options: Any) -> None:
        with owner_connection(), connection.cursor() as cursor:
            # Two jobs at once: the second waits here, however long the first takes, and finds nothing left to do.
            cursor.execute("SET lock_timeout = 0")
            cursor.execute("SELECT pg_advisory_lock(%s)", [lock_number("migrate")])
            cursor.execute("RESET lock_timeout")
            super().handle(*args, **options)
