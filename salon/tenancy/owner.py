"""The migrating role, for the length of a command (architecture.md §3: it never serves a request)."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection

from salon import environment
from salon.database_url import database_settings


@contextmanager
def owner_connection() -> Iterator[None]:
    """Let the default connection be that of `DATABASE_OWNER_URL` inside the block.

    Raises: ConfigurationError when that is not set, or names the role that serves.
    """
    # Apart from what serving processes read: they are not told the owner's address.
    environment.fill_from_file(settings.DATA_DIR / "owner-environment")
    owner = database_settings(environment.text("DATABASE_OWNER_URL"), prepared_statements=False)
    if owner["USER"] == settings.APP_ROLE:
        # Migrations take rights from the serving role: they must not take them from the owner.
        raise environment.ConfigurationError("DATABASE_URL and DATABASE_OWNER_URL must name two roles.")
    # Makes a data migration that row-level security would silently empty fail loudly, and one that waits behind a
    # long transaction give way to the traffic it would hold up.
    given = owner["OPTIONS"].get("options", "")
    owner["OPTIONS"]["options"] = f"{given} -c row_security=off -c lock_timeout=5s".strip()
    served = connection.settings_dict
    connection.close()
    # The name stays: in tests it is the test database's.
    connection.settings_dict = {**served, **owner, "NAME": served["NAME"], "OWNER": True}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = served
