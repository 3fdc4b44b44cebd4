"""The demo: the same for the same day, kept fresh, and gone without a trace (domain.md §11)."""

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from clients.cards import create_client
from clients.details import ClientDetails
from clients.listing import search_clients
from clients.models import Client, CreatedVia, SearchToken
from clients.search import tokens_of
from salon.api.keys import issue_key
from salon.audit.recording import record
from salon.demo import world
from salon.demo.models import DemoWorld
from salon.identity.models import User
from salon.identity.roles import Actor, Role, system_actor
from salon.tenancy import directory
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.tenancy.owner import owner_connection
from tests.conftest import NOW

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def demo() -> Salon:
    with owner_connection():
        assert world.ensure_demo(NOW)
    salon = directory.find_salon("sonnenschein")
    assert salon is not None
    return salon


def _cards(salon: Salon) -> list[tuple[int, ClientDetails]]:
    with salon_scope(salon.pk):
        return [(client.number, client.details) for client in Client.objects.order_by("number")]


def test_the_clients_of_the_stories_are_there(demo: Salon) -> None:
    cards = _cards(demo)
    assert len(cards) == 400
    by_name = {f"{details.first_name} {details.last_name}": details for _number, details in cards}
    assert by_name["Sarah Smith"].email == "sarahsmith@gmail.com"
    assert "Frank Hofmann" in by_name
    assert sum(details.last_name == "Grenze" for _number, details in cards) == 3
    with salon_scope(demo.pk):
        listed = {client.listed_on for client in Client.objects.filter(last_name="Grenze")}
    assert listed == {(NOW - timedelta(days=3 * 365)).date()}


def test_cards_are_found_as_if_they_had_been_typed_in(demo: Salon) -> None:
    with salon_scope(demo.pk):
        assert search_clients("hofmann fr", limit=5)[0][0].full_name == "Frank Hofmann"
        frank = Client.objects.get(last_name="Hofmann", first_name="Frank")
        stored = set(SearchToken.objects.filter(client=frank).values_list("field", "token"))
        assert stored == {(int(field), token) for field, token in tokens_of(frank.details, frank.number, "TC35000014")}


def test_the_next_card_gets_the_next_number(demo: Salon, front_desk: Actor) -> None:
    with salon_scope(demo.pk):
        saved = create_client(
            actor=front_desk, salon=demo, details=ClientDetails("Neu"), created_via=CreatedVia.STAFF, now=NOW
        )
    assert saved.client.number == 401


def test_one_day_decides_at_the_boundary(demo: Salon) -> None:
    with salon_scope(demo.pk):
        verdicts = {
            client.first_name: (client.status, client.status_reason)
            for client in Client.objects.filter(last_name="Grenze")
        }
        frank = Client.objects.get(last_name="Hofmann", first_name="Frank")
    assert verdicts == {
        "Greta": ("RETURNING", "RECENT_VISIT"),
        "Gustav": ("RETURNING", "RECENT_VISIT"),
        "Gesine": ("NEW", "LAPSED"),
    }
    assert (frank.carried_points, frank.treatcard_number) == (350, "TC35000014")


@pytest.mark.parametrize(("_slug", "email", "_name", "_role"), world.TEAM)
def test_everybody_can_sign_in(demo: Salon, _slug: str, email: str, _name: str, _role: str) -> None:
    answer = Browser().post("/sign-in/", {"email": email, "password": world.PASSWORD})
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"/s/{_slug}/")


def test_it_is_the_same_world_every_time(demo: Salon) -> None:
    before = _cards(demo)
    with owner_connection():
        world.rebuild_demo(NOW)
    again = directory.find_salon("sonnenschein")
    assert again is not None
    assert again.pk != demo.pk
    assert _cards(again) == before


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
    assert len(_cards(rebuilt)) == 400
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
    assert len(_cards(rebuilt)) == 400


def test_a_demo_somebody_worked_in_stays(demo: Salon, front_desk: Actor) -> None:
    built_at = DemoWorld.objects.get().built_at
    with salon_scope(demo.pk):
        create_client(
            actor=front_desk, salon=demo, details=ClientDetails("Meins"), created_via=CreatedVia.STAFF, now=NOW
        )
    with owner_connection():
        world.ensure_demo(built_at + timedelta(days=30))
    assert len(_cards(demo)) == 401


def test_a_salon_of_ones_own_gets_no_demo(sonnenschein: Salon) -> None:
    with owner_connection():
        assert not world.ensure_demo(NOW)
    assert not User.objects.exists()
