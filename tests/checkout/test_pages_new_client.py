"""A new client's card made at the till, without leaving the sale (domain.md §2, ui.md §2.5)."""

import re
from collections.abc import Callable, Iterator

import pytest
from django.test import Client as Browser

from bookings.models import Sale
from clients.models import Client
from clients.tokens import add_tokens, replace_tokens
from salon.identity.models import User
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from tests.checkout.desk import START, Desk
from tests.checkout.till import a_till, product, shown


@pytest.fixture
def desk(sonnenschein: Salon, stylist: User, browser_of: Callable[[User], Browser]) -> Iterator[Desk]:
    """A receptionist at the till, in the scope of its salon."""
    with salon_scope(sonnenschein.pk):
        till = a_till(Actor(ActorKind.USER, stylist.pk, stylist.name, PERMISSIONS[Role.STAFF]), sonnenschein)
        add_tokens(till.day.lena)
        yield Desk(browser_of(stylist), till)


NEW = {"first_name": "Pia", "last_name": "Neu", "mobile": "0151 2345678", "email": "pia@example.com"}


def _cards() -> list[tuple[str, str, str]]:
    return list(Client.objects.order_by("number").values_list("first_name", "last_name", "mobile"))


@pytest.mark.parametrize("htmx", [True, False])
def test_a_new_client_is_made_at_the_till(desk: Desk, *, htmx: bool) -> None:
    desk.at(desk.till.open(product(desk.till.oil, 2), client_id=None))
    before = shown(desk.sale)
    answer = desk.press("find", htmx=htmx, client_q="Pia Neu")
    page = answer.content.decode()
    assert "Niemand gefunden für „Pia Neu“." in page
    assert 'name="act" value="new-client"' in page
    page = desk.press("new-client", htmx=htmx, client_q="Pia Neu").content.decode()
    assert 'value="Pia"' in page
    assert 'value="Neu"' in page
    assert 'name="act" value="find"' not in page
    card_id = str(new_id())
    for _time in range(2):
        # A form that comes twice makes one card.
        answer = desk.press("create-client", htmx=htmx, card_id=card_id, **NEW)
        assert answer.status_code == (200 if htmx else 302)
    assert _cards()[-1] == ("Pia", "Neu", "+491512345678")
    assert Client.objects.filter(first_name="Pia").count() == 1
    assert (str(desk.sale.client_id), shown(desk.sale)) == (card_id, before)
    assert "Pia Neu" in desk.see()


@pytest.mark.parametrize("begun", [True, False])
def test_a_doubtful_phone_is_told_at_the_till(desk: Desk, *, begun: bool) -> None:
    odd = {**NEW, "mobile": "0171 234567", "card_id": str(new_id())}
    if begun:
        desk.at(desk.till.open(product(desk.till.oil), client_id=None))
        page = desk.done("create-client", **odd)
    else:
        page = desk.browser.post(f"{START}new/", {"act": "create-client", **odd}, follow=True).text
    assert re.search(r'class="toast warn">.*Karte angelegt: Pia Neu\. [^<]*stimmt sie\?', page, re.DOTALL)


def test_what_is_wrong_with_a_new_client_is_told_beside_its_field(desk: Desk) -> None:
    desk.at(desk.till.open(product(desk.till.oil), client_id=None))
    cards = _cards()
    page = desk.refused("create-client", card_id=str(new_id()), **{**NEW, "email": "pia@", "first_name": "Pia Ö"})
    assert 'value="pia@"' in page
    assert 'value="Pia Ö"' in page
    assert 'aria-invalid="true"' in page
    assert (_cards(), desk.sale.client_id) == (cards, None)


def test_a_card_that_may_exist_is_offered_at_the_till(desk: Desk) -> None:
    desk.at(desk.till.open(product(desk.till.oil), client_id=None))
    lena = desk.till.day.lena
    lena.mobile = "+491512345678"
    lena.save(update_fields=["mobile"])
    replace_tokens(lena)
    cards, given = _cards(), {"card_id": str(new_id()), **NEW}
    page = desk.refused("create-client", **given)
    assert "Diese Karte gibt es vielleicht schon:" in page
    assert f'value="client:{lena.pk}"' in page
    assert 'value="pia@example.com"' in page
    assert _cards() == cards
    # The one, or the other.
    desk.done(f"client:{lena.pk}", **given)
    assert (desk.sale.client_id, _cards()) == (lena.pk, cards)
    desk.done("no-client")
    desk.done("create-client:anyway", **given)
    assert (str(desk.sale.client_id), len(_cards())) == (given["card_id"], len(cards) + 1)


def test_no_card_is_left_where_the_sale_is_paid_meanwhile(desk: Desk) -> None:
    desk.at(desk.till.open(product(desk.till.oil), client_id=None))
    desk.till.pay(desk.sale)
    cards = _cards()
    page = desk.refused("create-client", card_id=str(new_id()), **NEW)
    assert "Dieser Verkauf ist schon bezahlt" in page
    assert _cards() == cards


def test_an_empty_till_makes_a_card_too(desk: Desk) -> None:
    page = desk.browser.post(f"{START}new/", {"act": "new-client", "client_q": "0151 2345678"}).content.decode()
    assert 'value="0151 2345678"' in page
    answer = desk.browser.post(f"{START}new/", {"act": "create-client", "card_id": str(new_id()), "first_name": ""})
    assert answer.status_code == 422
    answer = desk.browser.post(f"{START}new/", {"act": "create-client", "card_id": str(new_id()), **NEW})
    pia = Client.objects.get(first_name="Pia")
    assert (answer.status_code, answer["Location"]) == (302, f"{START}new/?client={pia.pk}")
    assert Sale.objects.count() == 0
    assert "Pia Neu" in desk.browser.get(answer["Location"]).content.decode()
