"""The migrating role, for the length of a command (architecture.md §3: it never serves a request)."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from salon import environment
from salon.database_url import database_settings


@contextmanager
def owner_connection() -> Iterator[None]:
    """Let the default connection be that of `DATABASE_OWNER_URL` inside the block.

    Raises: ConfigurationError when that is not set.
    """
    owner = database_settings(environment.text("DATABASE_OWNER_URL"), prepared_statements=False)
    # Makes a data migration that row-level security would silently empty fail loudly.
    owner["OPTIONS"]["options"] = "-c row_security=off"
    served = connection.settings_dict
    connection.close()
    # The name stays: in tests it is the test database's.
    connection.settings_dict = {**served, **owner, "NAME": served["NAME"], "OWNER": True}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = served
