"""The night meets somebody at work on the same card (domain.md §4.2, §10)."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Event
from uuid import UUID

import pytest
from django.db import connection

from clients import standing
from clients.classification import Reason, Status
from clients.models import Client, CreatedVia
from clients.standing import recompute, refresh
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = date(2026, 11, 21)
TOMORROW = TODAY + timedelta(1)


@pytest.fixture
def due(sonnenschein: Salon) -> UUID:
    """Return a card that tomorrow makes new, unless something happens."""
    with salon_scope(sonnenschein.pk):
        card = Client.objects.create(
            number=1,
            first_name="Anna",
            listed_on=TODAY - timedelta(900),
            created_via=CreatedVia.STAFF,
            last_visit_on=TODAY - timedelta(365),
            status=Status.RETURNING,
            status_reason=Reason.RECENT_VISIT,
            status_changes_on=TOMORROW,
            created_at=NOW,
            updated_at=NOW,
        )
        return card.pk


def _meet(salon: Salon, client_id: UUID) -> tuple[str, str]:
    """Let the night come while a visit is being saved; return the verdict that stands when both are done."""
    visited, night_waits = Event(), Event()
    backend: list[int] = []

    def desk() -> None:
        with salon_scope(salon.pk):
            Client.objects.filter(pk=client_id).update(last_visit_on=TOMORROW)
            refresh([client_id], today=TOMORROW)
            visited.set()
            assert night_waits.wait(10)
        connection.close()

    def night() -> None:
        assert visited.wait(10)
        with salon_scope(salon.pk):
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                backend.append(cursor.fetchone()[0])
            recompute(today=TOMORROW, after=None, limit=10)
        connection.close()

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(desk), pool.submit(night)]
        _until_it_waits(backend)
        night_waits.set()
        for one in both:
            one.result()
    with salon_scope(salon.pk):
        return Client.objects.values_list("status", "status_reason").get(pk=client_id)


def _until_it_waits(backend: list[int]) -> None:
    for _ in range(1000):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = ANY(%s)", [backend])
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("The night never met the desk.")


def test_a_visit_saved_meanwhile_counts(sonnenschein: Salon, due: UUID) -> None:
    assert _meet(sonnenschein, due) == (Status.RETURNING, Reason.RECENT_VISIT)


def test_without_the_lock_it_would_be_overwritten(
    sonnenschein: Salon, due: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the test above."""
    unlocked = standing._RECOMPUTE.replace("FOR NO KEY UPDATE OF card", "")
    assert unlocked != standing._RECOMPUTE
    monkeypatch.setattr(standing, "_RECOMPUTE", unlocked)
    assert _meet(sonnenschein, due) == (Status.NEW, Reason.LAPSED)
