"""The software refuses a role that row-level security does not bind (architecture.md §3)."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from salon import environment
from salon.database_url import database_settings
from salon.tenancy.owner import owner_connection


@pytest.mark.django_db(transaction=True)
def test_a_role_with_bypassrls_is_refused() -> None:
    served = connection.settings_dict
    owner = database_settings(environment.text("DATABASE_OWNER_URL"), prepared_statements=True)
    connection.close()
    connection.settings_dict = {**served, **owner, "NAME": served["NAME"]}
    try:
        with pytest.raises(ImproperlyConfigured, match="'owner' is a superuser or has BYPASSRLS"):
            connection.ensure_connection()
    finally:
        connection.close()
        connection.settings_dict = served


@pytest.mark.django_db(transaction=True)
def test_the_owner_serves_migrations_only_inside_its_block() -> None:
    def role() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            return str(cursor.fetchone()[0])

    assert role() == "app"
    with owner_connection():
        assert role() == "owner"
    assert role() == "app"
