"""The client list narrowed to a category, page by page, and what the database looks at for it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client as Browser

from clients import filters
from clients.categories import create_category
from clients.details import ClientDetails
from clients.labels import CategoryDetails
from clients.listing import list_clients
from clients.models import Category, CategoryAssignment, Client
from clients.web.list_query import list_query
from salon.identity.models import User
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.database import owner
from tests.marketing.watching import rows_looked_at

LIST = "/s/sonnenschein/clients/"
CARDS, EVERY = 1200, 30


def _fill(salon: Salon, actor: Actor, many: int, every: int) -> str:
    """Make cards that all have one category, and some of them another, whose id is returned."""
    with salon_scope(salon.pk):
        common, rare = (
            create_category(actor=actor, details=CategoryDetails(name=name), now=NOW) for name in ("Stamm", "VIP")
        )
        cards = []
        for number in range(1, many + 1):
            card = Client(number=number, listed_on=NOW.date(), created_via="IMPORT", created_at=NOW, updated_at=NOW)
            card.details = ClientDetails(first_name="Anna", last_name=f"{number:05}")
            cards.append(card)
        Client.objects.bulk_create(cards)
        _give(common, cards)
        _give(rare, cards[every - 1 :: every])
        return str(rare.pk)


def _give(category: Category, cards: list[Client]) -> None:
    CategoryAssignment.objects.bulk_create(
        CategoryAssignment(client=card, category=category, assigned_at=NOW) for card in cards
    )


@pytest.mark.django_db
@pytest.mark.parametrize("few", [3, 2000])
@pytest.mark.parametrize("walked", [3, 1000])
def test_pages_hold_every_client_of_a_category_once(
    browser_of: Callable[[User], Browser],
    stylist: User,
    sonnenschein: Salon,
    front_desk: Actor,
    few: int,
    walked: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rare = _fill(sonnenschein, front_desk, 45, 5)
    monkeypatch.setattr("clients.web.list.list_clients", partial(list_clients, limit=4))
    monkeypatch.setattr("salon.keyset.WALKED", walked)
    monkeypatch.setattr(filters, "FEW", few)
    browser, url, pages = browser_of(stylist), f"{LIST}?category={rare}&sort=number", []
    while url:
        page = browser.get(url).context["page"]
        pages.append([int(row.number) for row in page.clients])
        url = page.next_url
    assert pages == [[5, 10, 15, 20], [25, 30, 35, 40], [45]]


@pytest.mark.django_db(transaction=True)
def test_a_small_category_is_read_once_and_not_looked_up_for_each_card(sonnenschein: Salon, front_desk: Actor) -> None:
    rare = _fill(sonnenschein, front_desk, CARDS, EVERY)
    # Counted as they are: what other tests have left behind in the counts is no plan of a salon.
    with owner() as direct:
        direct.execute("ANALYZE clients_client, clients_categoryassignment")
    seen: list[tuple[Any, Any]] = []

    def watch(execute: Callable[..., Any], sql: Any, values: Any, many: bool, context: dict[str, Any]) -> Any:
        seen.append((sql, values))
        return execute(sql, values, many, context)

    with salon_scope(sonnenschein.pk):
        query = list_query(QueryDict(f"category={rare}"), today=NOW.date())
        with connection.execute_wrapper(watch):
            page = list_clients(sort=query.sort, cursor=None, meeting=query.along, among=query.among)
        assert [card.number for card in page.rows] == [EVERY * place for place in range(1, 31)]
        # A card on the way goes through three steps of the plan, and no look-up of its own.
        assert sum(rows_looked_at(*one) for one in seen) <= 3 * CARDS
