"""Wherever few are found, cards whose name is one slip away stand below (domain.md §2)."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from clients.details import ClientDetails
from clients.editing import create_client
from clients.models import Client, CreatedVia
from salon.identity.models import User
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW

NEAR = "Ähnliche Namen"
HTMX = {"HX-Request": "true"}


def _card(salon: Salon, first: str, last: str) -> Client:
    with salon_scope(salon.pk):
        given = ClientDetails(first_name=first, last_name=last)
        made = create_client(
            actor=system_actor("test"), salon=salon, details=given, created_via=CreatedVia.STAFF, now=NOW
        )
        return made.client


@pytest.fixture
def frank(sonnenschein: Salon) -> Client:
    _card(sonnenschein, "Vera", "Hofmann")
    return _card(sonnenschein, "Frank", "Hoffmann")


@pytest.fixture
def page(browser_of: Callable[[User], Browser], manager: User, frank: Client) -> Callable[..., str]:
    desk = browser_of(manager)

    def get(name: str, *ids: Any, htmx: bool = False, **query: str) -> str:
        url = reverse(name, args=["sonnenschein", *ids])
        return desk.get(url, query, headers=HTMX if htmx else {}).content.decode()

    return get


@pytest.mark.parametrize("htmx", [True, False])
def test_the_global_search(page: Callable[..., str], frank: Client, htmx: bool) -> None:
    nobody = page("search", q="hofmann frank", htmx=htmx)
    assert "Nichts gefunden" in nobody
    assert nobody.index(NEAR) < nobody.index(str(frank.pk))
    few = page("search", q="Hofmann", htmx=htmx)
    assert "Nichts gefunden" not in few
    assert few.index("Vera Hofmann") < few.index(NEAR) < few.index(str(frank.pk))
    assert NEAR not in page("search", q="hoffmann frank", htmx=htmx)


def test_the_clients_of_a_booking(page: Callable[..., str], frank: Client) -> None:
    nobody = page("booking_clients", client_q="hofmann frank", new="")
    # What Enter takes is what was typed: the new client stands first.
    assert "Niemand gefunden" in nobody
    assert nobody.index('value="new-client"') < nobody.index(NEAR) < nobody.index(f"client:{frank.pk}")
    assert re.search(rf'value="client:{frank.pk}" data-near', nobody)
    few = page("booking_clients", client_q="Hofmann", new="")
    assert "Niemand gefunden" not in few
    assert few.index("Vera Hofmann") < few.index('value="new-client"') < few.index(f"client:{frank.pk}")
    assert few.count("data-near") == 1
    assert NEAR not in page("booking_clients", client_q="Hof", new="")


def test_the_client_list(page: Callable[..., str], frank: Client) -> None:
    for typed, meant in (("hofmann frank", "Hoffmann frank"), ("Hofmann", "Hoffmann")):
        html = page("clients:list", q=typed)
        assert "Meinten Sie" in html
        assert f">{meant}</a>" in html
    assert "Meinten Sie" not in page("clients:list", q="Hof")
    assert "Meinten Sie" not in page("clients:list")


def test_a_card_to_merge_with(page: Callable[..., str], sonnenschein: Salon, frank: Client) -> None:
    mine = _card(sonnenschein, "Franziska", "Hofmann")
    found = page("client_merge", mine.pk, q="Hofmann")
    assert found.index("Vera Hofmann") < found.index(NEAR) < found.index(f"with={frank.pk}")
    # Nobody is merged with herself.
    assert NEAR not in page("client_merge", frank.pk, q="Vera Hofmann")
    assert NEAR not in page("client_merge", frank.pk, q="Hofmann")
