"""`/healthz` and `/readyz` (quality.md §4)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client as Browser

import salon.celery  # noqa: F401 - the broker's settings, as every server has loaded them
from tests import database


@pytest.fixture
def no_broker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # The name under which Celery looks for another broker than the settings'.
    monkeypatch.setenv("CELERY_BROKER_URL", f"redis+socket://{tmp_path}/nothing.sock")


@pytest.fixture
def no_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", str(tmp_path))
    yield
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_ready_with_database_and_broker() -> None:
    answer = Browser().get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


@pytest.mark.django_db(transaction=True)
def test_without_broker_it_is_degraded_but_serves(no_broker: None) -> None:
    answer = Browser().get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "degraded"})


@pytest.mark.django_db(transaction=True)
def test_without_database_it_is_unavailable(no_database: None) -> None:
    answer = Browser().get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "unavailable", "reason": "no database"})


@pytest.mark.django_db(transaction=True)
def test_the_process_lives_without_database_and_broker(no_database: None, no_broker: None) -> None:
    answer = Browser().get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")


@pytest.mark.django_db(transaction=True)
def test_a_database_lost_later_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert Browser().get("/readyz").status_code == 200
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", str(tmp_path))
    assert Browser().get("/readyz").status_code == 503
    monkeypatch.undo()
    connection.close()
    assert Browser().get("/readyz").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_pending_migrations_make_it_unavailable() -> None:
    newest = MigrationRecorder.Migration.objects.filter(app="clients").latest("id")
    with database.owner() as owner:
        owner.execute("DELETE FROM django_migrations WHERE id = %s", [newest.pk])
    try:
        answer = Browser().get("/readyz")
    finally:
        with database.owner() as owner:
            owner.execute(
                "INSERT INTO django_migrations (id, app, name, applied) OVERRIDING SYSTEM VALUE "
                "VALUES (%s, %s, %s, %s)",
                [newest.pk, newest.app, newest.name, newest.applied],
            )
    assert (answer.status_code, answer.json()) == (503, {"status": "unavailable", "reason": "migrations pending"})
    assert Browser().get("/readyz").status_code == 200
