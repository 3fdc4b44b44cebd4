"""The demo: the same for the same day, kept fresh, and gone without a trace (domain.md §11)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone

from bookings.models import AppointmentItem
from clients.details import ClientDetails
from clients.editing import create_client
from clients.models import Client, CreatedVia
from salon.api.keys import issue_key
from salon.audit.recording import record
from salon.demo import world
from salon.demo.models import DemoWorld
from salon.demo.shops import SHOPS
from salon.identity.models import User
from salon.identity.roles import Actor, Role, system_actor
from salon.tenancy import directory
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.tenancy.owner import owner_connection
from tests.conftest import NOW

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> Salon:
    """Build a small demo: as many clients as there are stories, and some."""
    small = [replace(shop, clients=40, weeks=8) for shop in SHOPS]
    monkeypatch.setattr(world, "SHOPS", small)
    with owner_connection():
        assert world.ensure_demo(NOW)
    salon = directory.find_salon("sonnenschein")
    assert salon is not None
    return salon


def _cards(salon: Salon) -> list[tuple[int, ClientDetails, str]]:
    """Return numbers and details of all cards, with the preferred person's name instead of her id."""
    with salon_scope(salon.pk):
        return [
            (
                client.number,
                client.details.with_changes(preferred_staff=""),
                client.preferred_staff.name if client.preferred_staff else "",
            )
            for client in Client.objects.select_related("preferred_staff").order_by("number")
        ]


def _calendar(salon: Salon) -> list[tuple[Any, ...]]:
    with salon_scope(salon.pk):
        rows = AppointmentItem.objects.order_by("starts_at", "staff__name", "appointment__created_at", "position")
        return list(
            rows.values_list(
                "starts_at",
                "staff__name",
                "service__name",
                "appointment__client__number",
                "appointment__state",
                "appointment__created_at",
                "appointment__client_status_reason",
            )
        )


def test_the_next_card_gets_the_next_number(demo: Salon, front_desk: Actor) -> None:
    with salon_scope(demo.pk):
        saved = create_client(
            actor=front_desk, salon=demo, details=ClientDetails("Neu"), created_via=CreatedVia.STAFF, now=NOW
        )
    assert saved.client.number == 41


@pytest.mark.parametrize(("_slug", "email", "_name", "_role"), world.TEAM)
def test_everybody_can_sign_in(demo: Salon, _slug: str, email: str, _name: str, _role: str) -> None:
    answer = Browser().post("/sign-in/", {"email": email, "password": world.PASSWORD})
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"/s/{_slug}/")


def test_it_is_the_same_world_every_time(demo: Salon) -> None:
    before = _cards(demo), _calendar(demo)
    with owner_connection():
        world.rebuild_demo(NOW)
    again = directory.find_salon("sonnenschein")
    assert again is not None
    assert again.pk != demo.pk
    assert (_cards(again), _calendar(again)) == before
    assert len(before[1]) > 100


def test_nothing_of_the_old_world_stands_in_the_way(demo: Salon) -> None:
    """A key that was used, a user who works elsewhere too: the demo is rebuilt all the same."""
    anna = User.objects.get(email="anna@sonnenschein.example")
    elsewhere = directory.add_salon(name="Anderswo", slug="anderswo")
    directory.add_membership(salon_id=elsewhere.pk, user_id=anna.pk, role=Role.STAFF)
    with salon_scope(demo.pk):
        later = timezone.now() + timedelta(days=1)
        issued = issue_key(
            actor=system_actor("test"), name="Seite", scopes=["clients:write"], expires_at=later, now=timezone.now()
        )
    answer = Browser().post(
        "/api/v1/clients",
        {"first_name": "Neu"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {issued.secret}", "Idempotency-Key": "one"},
    )
    assert answer.status_code == 201
    with owner_connection():
        world.rebuild_demo(timezone.now())
    rebuilt = directory.find_salon("sonnenschein")
    assert rebuilt is not None
    assert len(_cards(rebuilt)) == 40
    assert {one.salon.slug for one in directory.entrances(anna.pk)} == {"sonnenschein", "anderswo"}


def test_an_untouched_demo_is_rebuilt_after_a_week(demo: Salon) -> None:
    """What the night writes by itself is no touch."""
    built_at = DemoWorld.objects.get().built_at
    with salon_scope(demo.pk):
        client_id = Client.objects.get(number=1).pk
        night = system_actor("Nachtlauf")
        record(
            actor=night,
            action="client.status_changed",
            subject_kind="client",
            subject_id=client_id,
            changes=[],
            now=NOW,
        )
    with owner_connection():
        world.ensure_demo(built_at + timedelta(days=7))
        assert directory.find_salon("sonnenschein") == demo
        world.ensure_demo(built_at + timedelta(days=7, seconds=1))
    rebuilt = directory.find_salon("sonnenschein")
    assert rebuilt is not None
    assert rebuilt != demo
    assert len(_cards(rebuilt)) == 40


def test_a_demo_somebody_worked_in_stays(demo: Salon, front_desk: Actor) -> None:
    built_at = DemoWorld.objects.get().built_at
    with salon_scope(demo.pk):
        create_client(
            actor=front_desk, salon=demo, details=ClientDetails("Meins"), created_via=CreatedVia.STAFF, now=NOW
        )
    with owner_connection():
        world.ensure_demo(built_at + timedelta(days=30))
    assert len(_cards(demo)) == 41


def test_a_salon_of_ones_own_gets_no_demo(sonnenschein: Salon) -> None:
    with owner_connection():
        assert not world.ensure_demo(NOW)
    assert not User.objects.exists()
