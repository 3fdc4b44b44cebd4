"""`GET clients` narrowed by category and status, as the list in the browser is."""

from uuid import UUID

import pytest

from clients.categories import assign_to_many, create_category, delete_category
from clients.labels import CategoryDetails
from clients.models import Client
from salon.api.scopes import Scope
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.api.conftest import NOBODY, Caller, IssueKey, problem, wrong
from tests.conftest import NOW


@pytest.fixture
def vip(api: Caller, sonnenschein: Salon, front_desk: Actor) -> str:
    """Make four clients, the first and the third of whom are VIP and the third and fourth new."""
    for name in ("Ada", "Bea", "Cleo", "Dora"):
        assert api.post("clients", {"first_name": name, "email": f"{name}@mail.example"}).status_code == 201
    with salon_scope(sonnenschein.pk):
        cards = list(Client.objects.order_by("number"))
        Client.objects.filter(number__in=(3, 4)).update(status="NEW")
        category = create_category(actor=front_desk, details=CategoryDetails(name="VIP"), now=NOW)
        ids = [cards[0].pk, cards[2].pk]
        assign_to_many(actor=front_desk, client_ids=ids, category_ids=[category.pk], now=NOW)
    return str(category.pk)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("category={vip}", [1, 3]),
        ("status=NEW", [3, 4]),
        ("status=RETURNING", [1, 2]),
        ("category={vip}&status=NEW", [3]),
        ("category={vip}&email=ada@mail.example", [1]),
        ("status=NEW&email=ada@mail.example", []),
        ("category=01a20072-0384-7631-a04e-e350277f5d90", []),
        ("search=mail&status=NEW", [3, 4]),
        ("search=dora&category={vip}", []),
    ],
)
def test_filters(api: Caller, vip: str, query: str, numbers: list[int]) -> None:
    found = api.get(f"clients?{query.format(vip=vip)}").json()["results"]
    assert sorted(client["number"] for client in found) == numbers


def test_clients_of_a_segment(api: Caller, vip: str, sonnenschein: Salon, api_key: IssueKey) -> None:
    condition = {"field": "category", "operator": "in", "values": [vip]}
    rule = {"match": "ALL", "parts": [condition]}
    segment = api.post("segments", {"name": "Treue", "rule": rule}).json()["id"]
    for query, numbers in (
        (f"segment={segment}", [1, 3]),
        ("segment=everybody", [1, 2, 3, 4]),
        ("segment=lapsed", []),
        (f"segment={segment}&status=NEW", [3]),
        (f"segment={segment}&search=mail", [1, 3]),
        (f"segment={segment}&email=ada@mail.example", [1]),
    ):
        found = api.get(f"clients?{query}").json()["results"]
        assert sorted(client["number"] for client in found) == numbers, query
    page = api.get(f"clients?segment={segment}&limit=1").json()
    assert [client["number"] for client in api.get(page["next"]).json()["results"]] == [3]
    reader = Caller(api_key(sonnenschein, Scope.CLIENTS_READ))
    problem(reader.get("clients?segment=lapsed"), 403, "missing_scope")
    api("DELETE", f"segments/{segment}")
    for unknown in (segment, NOBODY, "nix"):
        assert wrong(api.get(f"clients?segment={unknown}")) == {"segment": "not_found"}


@pytest.mark.parametrize("more", ["", "&limit=1", "&search=mail", "&status=NEW"])
def test_a_deleted_category_is_nobodys(
    api: Caller, vip: str, sonnenschein: Salon, front_desk: Actor, more: str
) -> None:
    with salon_scope(sonnenschein.pk):
        delete_category(actor=front_desk, category_id=UUID(vip), now=NOW)
    page = api.get(f"clients?category={vip}{more}").json()
    assert page == {"results": [], "next": None, "previous": None}


def test_pages_keep_their_filters(api: Caller, vip: str) -> None:
    page = api.get(f"clients?category={vip}&limit=1").json()
    assert [client["number"] for client in page["results"]] == [1]
    following = api.get(page["next"]).json()
    assert ([client["number"] for client in following["results"]], following["next"]) == ([3], None)


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("category=vip", {"category": "invalid"}),
        ("status=OLD", {"status": "invalid_choice"}),
        ("status=", {"status": "blank"}),
        ("search=a&status=NEW&email=ada@mail.example", {"email": "not_combinable"}),
    ],
)
def test_filters_that_are_refused(api: Caller, query: str, errors: dict[str, str]) -> None:
    assert wrong(api.get(f"clients?{query}")) == errors
