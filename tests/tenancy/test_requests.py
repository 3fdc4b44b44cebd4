"""Ten thousand requests of five salons over one connection: no foreign row, ever (quality.md §3)."""

import os
from collections.abc import Callable
from random import Random

import pytest
from django.db import connection
from django.test import Client as Browser

from clients.details import ClientDetails
from clients.editing import create_client
from clients.models import CreatedVia
from salon.identity.models import Membership, User
from salon.identity.roles import Actor, Role
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW

REQUESTS = 10_000 if os.environ.get("SOAK") else 2_000
# Each over one connection from its first request to its last; all in one row, or in a few that processes share.
ROWS = 1 if os.environ.get("SOAK") else 4


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("row", range(ROWS))
def test_interleaved_requests_see_their_own_salon_only(
    front_desk: Actor, browser_of: Callable[[User], Browser], monkeypatch: pytest.MonkeyPatch, row: int
) -> None:
    # The request-finished signal of the test client closes connections; a server keeps them.
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", None)
    browsers: list[tuple[Salon, Browser]] = []
    for index in range(5):
        salon = Salon.objects.create(name=f"Salon {index}", slug=f"salon-{index}")
        user = User.objects.create(email=f"user{index}@salon.example", name="User")
        Membership.objects.create(user=user, salon=salon, role=Role.STAFF)
        with salon_scope(salon.pk):
            details = ClientDetails("Berta", f"Markeofsalon{index}")
            create_client(actor=front_desk, salon=salon, details=details, created_via=CreatedVia.STAFF, now=NOW)
        browsers.append((salon, browser_of(user)))
    connection.ensure_connection()
    backend = connection.connection.info.backend_pid
    random = Random(row)
    for _ in range(REQUESTS // ROWS):
        salon, browser = random.choice(browsers)
        other = random.choice(browsers)[0]
        if random.random() < 0.1 and other != salon:
            assert browser.get(f"/s/{other.slug}/search/?q=Berta").status_code == 404
            continue
        answer = browser.get(f"/s/{salon.slug}/search/?q=Berta", headers={"HX-Request": "true"}).content
        assert answer.count(b"Markeofsalon") == answer.count(b"Markeofsalon" + salon.slug[-1:].encode()) > 0
    assert connection.connection.info.backend_pid == backend
