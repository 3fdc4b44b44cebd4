"""`manage.py migrate`, run as the role that owns the tables."""

from typing import Any

from django.core.management.commands import migrate

from salon.tenancy.owner import owner_connection


class Command(migrate.Command):
    """Django's migrate over the connection of DATABASE_OWNER_URL."""

    def handle(self, *args: Any, **options: Any) -> None:
        with owner_connection():
            super().handle(*args, **options)
