"""The software refuses a role that row-level security does not bind (architecture.md §3)."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from salon import environment
from salon.database_url import database_settings
from salon.tenancy.owner import owner_connection
from salon.tenancy.postgresql.base import why_unbound
from tests import database


@pytest.mark.django_db(transaction=True)
def test_a_role_with_bypassrls_is_refused() -> None:
    served = connection.settings_dict
    owner = database_settings(environment.text("DATABASE_OWNER_URL"), prepared_statements=True)
    connection.close()
    connection.settings_dict = {**served, **owner, "NAME": served["NAME"]}
    try:
        with pytest.raises(ImproperlyConfigured, match="'owner' has BYPASSRLS and owns salons' tables, so"):
            connection.ensure_connection()
    finally:
        connection.close()
        connection.settings_dict = served


@pytest.mark.django_db(transaction=True)
def test_every_reason_is_told() -> None:
    with database.owner() as direct:
        assert why_unbound(direct) == ("owner", ["has BYPASSRLS", "owns salons' tables"])
    connection.ensure_connection()
    assert why_unbound(connection.connection) == ("app", [])


@pytest.mark.django_db(transaction=True)
def test_the_server_does_not_start_as_such_a_role() -> None:
    """`prepare` and the web server connect before anybody is served."""
    url = environment.text("DATABASE_OWNER_URL")
    for command in (["manage.py", "prepare", "--no-static"], ["-c", "import salon.wsgi"]):
        ended = subprocess.run(
            [sys.executable, *command], env={**os.environ, "DATABASE_URL": url, "DEMO": "0"}, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert ended.returncode != 0
        assert "has BYPASSRLS" in ended.stderr


def test_the_owner_is_another_role_than_the_one_that_serves(settings: Any) -> None:
    settings.APP_ROLE = "owner"
    with pytest.raises(environment.ConfigurationError, match="must name two roles"), owner_connection():
        pytest.fail("The serving role migrates.")


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
