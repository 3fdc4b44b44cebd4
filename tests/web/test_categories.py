"""Client categories in the browser: the panel, the dialogs, and the page that manages them (domain.md §3)."""

import json
from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from clients.categories import categories_of, change_assignments, create_category, delete_category
from clients.details import ClientDetails
from clients.editing import create_client
from clients.labels import CategoryDetails
from clients.models import Category, Client, CreatedVia
from clients.web.discounts import discount_text, percent_text
from salon.identity.models import User
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from tests.conftest import NOW

HTMX = {"HX-Request": "true"}
PAGE = "/s/sonnenschein/settings/categories/"
ACTOR = system_actor("Tests")


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], stylist: User) -> Browser:
    return browser_of(stylist)


@pytest.fixture
def manages(browser_of: Callable[[User], Browser], manager: User) -> Browser:
    return browser_of(manager)


@pytest.fixture
def card(sonnenschein: Salon) -> Client:
    with salon_scope(sonnenschein.pk):
        details = ClientDetails("Petra", "Lang")
        return create_client(
            actor=ACTOR, salon=sonnenschein, details=details, created_via=CreatedVia.STAFF, now=NOW
        ).client


def _url(card: Client, what: str = "") -> str:
    return f"/s/sonnenschein/clients/{card.pk}/categories/{what}"


def _make(salon: Salon, name: str, **given: object) -> Category:
    with salon_scope(salon.pk):
        return create_category(actor=ACTOR, details=CategoryDetails(name, **given), now=NOW)  # type: ignore[arg-type]


def _give(salon: Salon, card: Client, *made: Category) -> None:
    with salon_scope(salon.pk):
        change_assignments(actor=ACTOR, client_id=card.pk, added=[one.pk for one in made], now=NOW)


def _names(salon: Salon, card: Client) -> list[str]:
    with salon_scope(salon.pk):
        return [category.name for category in categories_of([card.pk])[card.pk]]


def _stored(salon: Salon, category_id: UUID) -> Category:
    with salon_scope(salon.pk):
        return Category.objects.get(pk=category_id)


def test_the_card_lists_what_the_client_has(browser: Browser, sonnenschein: Salon, card: Client) -> None:
    _give(sonnenschein, card, _make(sonnenschein, "VIP"), _make(sonnenschein, "Rentner", discount_percent="12.5"))
    html = browser.get(f"/s/sonnenschein/clients/{card.pk}/").content.decode()
    panel = html[html.index('id="categories"') :]
    assert panel.index("Rentner") < panel.index("VIP")
    assert "12,5\u00a0% auf Dienstleistungen und Artikel, nicht auf Sonderangebote" in panel
    assert f'href="{_url(card)}"' in panel


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, ""),
        ({"discount_percent": "10"}, "10\u00a0% auf Dienstleistungen und Artikel, nicht auf Sonderangebote"),
        (
            {"discount_percent": "100", "discount_on": "SERVICES"},
            "100\u00a0% auf Dienstleistungen, nicht auf Sonderangebote",
        ),
        (
            {"discount_percent": "2.50", "discount_on": "PRODUCTS", "discount_special_offers": True},
            "2,5\u00a0% auf Artikel, auch auf Sonderangebote",
        ),
    ],
)
def test_a_discount_in_words(sonnenschein: Salon, given: dict[str, object], text: str) -> None:
    made = _make(sonnenschein, "X", **given)
    assert discount_text(made) == text
    assert percent_text(made.discount_percent) == text.partition("\u00a0")[0]


def test_the_dialog_shows_all_and_what_she_has(browser: Browser, sonnenschein: Salon, card: Client) -> None:
    vip = _make(sonnenschein, "VIP")
    _make(sonnenschein, "Nägel", description="Bucht Maniküre")
    _give(sonnenschein, card, vip)
    answer = browser.get(_url(card), headers=HTMX)
    assert [(one.name, one.assigned) for one in answer.context["options"]] == [("Nägel", False), ("VIP", True)]
    html = answer.content.decode()
    assert 'data-words="nagel bucht manikure"' in html
    assert html.count("<dialog") == 3
    assert "<html" not in html
    assert "HX-Request" in answer["Vary"]


def test_several_are_assigned_at_once(browser: Browser, sonnenschein: Salon, card: Client) -> None:
    made = [_make(sonnenschein, name) for name in ("VIP", "Kinder", "Gold")]
    answer = browser.post(_url(card, "assign/"), {"category": [one.pk for one in made[:2]]}, headers=HTMX)
    assert answer.status_code == 200
    assert [one.name for one in answer.context["panel"].categories] == ["Kinder", "VIP"]
    assert answer["HX-Trigger"] == '{"card-changed": {}}'
    assert "toast" not in answer.content.decode()
    again = browser.post(_url(card, "assign/"), {"category": [made[0].pk]}, headers=HTMX)
    assert (again.status_code, "HX-Trigger" in again) == (200, False)


def test_removing_can_be_undone(browser: Browser, sonnenschein: Salon, card: Client) -> None:
    vip, gold = _make(sonnenschein, "VIP"), _make(sonnenschein, "Gold")
    _give(sonnenschein, card, vip, gold)
    answer = browser.post(_url(card, "remove/"), {"category": [vip.pk, gold.pk]}, headers=HTMX)
    assert _names(sonnenschein, card) == []
    assert "2 Kategorien entfernt." in answer.content.decode()
    undo_url = answer.context["undo_url"]
    assert browser.post(undo_url, headers=HTMX).status_code == 200
    assert _names(sonnenschein, card) == ["Gold", "VIP"]


def test_removing_and_undoing_without_a_script(browser: Browser, sonnenschein: Salon, card: Client) -> None:
    vip = _make(sonnenschein, "VIP")
    _give(sonnenschein, card, vip)
    answer = browser.post(_url(card, "remove/"), {"category": [vip.pk]})
    assert (answer.status_code, answer["Location"]) == (302, f"/s/sonnenschein/clients/{card.pk}/")
    html = browser.get(answer["Location"]).content.decode()
    assert "1 Kategorie entfernt." in html
    undo_url = f"{_url(card, 'assign/')}?category={vip.pk}"
    assert f'action="{undo_url}"' in html
    browser.post(undo_url)
    assert _names(sonnenschein, card) == ["VIP"]


def test_a_category_deleted_meanwhile_is_told(browser: Browser, sonnenschein: Salon, card: Client) -> None:
    vip, gold = _make(sonnenschein, "VIP"), _make(sonnenschein, "Gold")
    _give(sonnenschein, card, gold)
    with salon_scope(sonnenschein.pk):
        delete_category(actor=ACTOR, category_id=vip.pk, now=NOW)
    for sent in ([vip.pk], [gold.pk, new_id()]):
        answer = browser.post(_url(card, "assign/"), {"category": sent}, headers=HTMX)
        assert answer.status_code == 422
        assert "Diese Kategorie gibt es nicht (mehr)." in answer.content.decode()
        assert [one.name for one in answer.context["panel"].categories] == ["Gold"]
    assert browser.post(_url(card, "assign/"), {"category": "nonsense"}).status_code == 404


def test_a_new_one_stands_marked_in_the_list(browser: Browser, sonnenschein: Salon, card: Client) -> None:
    vip = _make(sonnenschein, "VIP")
    answer = browser.post(_url(card, "new/"), {"name": "Braut", "marked": [vip.pk]}, headers=HTMX)
    assert answer.status_code == 200
    assert [(one.name, one.marked) for one in answer.context["options"]] == [("Braut", True), ("VIP", True)]
    assert '"category-made"' in answer["HX-Trigger-After-Swap"]
    html = answer.content.decode()
    assert html.count('aria-selected="true"') == 2
    assert 'value="Braut"' not in html
    assert _names(sonnenschein, card) == []


def test_a_refused_new_one_keeps_what_was_typed(manages: Browser, sonnenschein: Salon, card: Client) -> None:
    _make(sonnenschein, "VIP")
    given = {"name": "vip", "description": "d", "discount_percent": "120", "discount_special_offers": "on"}
    answer = manages.post(_url(card, "new/"), given, headers=HTMX)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"discount_percent"}
    answer = manages.post(_url(card, "new/"), {**given, "discount_percent": "12,5 %"}, headers=HTMX)
    assert answer.context["form"].errors == {"name": ["Es gibt schon eine Kategorie mit diesem Namen."]}
    html = answer.content.decode()
    assert 'value="12,5 %"' in html
    assert "<html" not in html
    with salon_scope(sonnenschein.pk):
        assert Category.objects.count() == 1


def test_who_may_not_grant_discounts_is_not_asked_for_one(browser: Browser, sonnenschein: Salon, card: Client) -> None:
    html = browser.get(_url(card), headers=HTMX).content.decode()
    assert "discount_percent" not in html
    assert "Rabatte vergeben" in html
    browser.post(_url(card, "new/"), {"name": "Rentner", "discount_percent": "10"}, headers=HTMX)
    with salon_scope(sonnenschein.pk):
        assert Category.objects.get().discount_percent is None


def test_the_page_without_a_script(browser: Browser, sonnenschein: Salon, card: Client) -> None:
    vip, gold, kids = (_make(sonnenschein, name) for name in ("VIP", "Gold", "Kinder"))
    _give(sonnenschein, card, vip, gold)
    html = browser.get(_url(card)).content.decode()
    assert html.count('type="checkbox" id="category-') == 3
    assert html.count(" checked") == 2
    # Somebody else gives her one meanwhile: it was not shown as hers, so it stays.
    other = _make(sonnenschein, "Anders")
    _give(sonnenschein, card, other)
    answer = browser.post(_url(card), {"shown": [vip.pk, gold.pk], "category": [gold.pk, kids.pk]})
    assert (answer.status_code, answer["Location"]) == (302, f"/s/sonnenschein/clients/{card.pk}/")
    assert _names(sonnenschein, card) == ["Anders", "Gold", "Kinder"]


def test_a_new_one_without_a_script_comes_back_marked(browser: Browser, sonnenschein: Salon, card: Client) -> None:
    refused = browser.post(_url(card, "new/"), {"name": ""})
    assert refused.status_code == 422
    assert "<html" in refused.content.decode()
    answer = browser.post(_url(card, "new/"), {"name": "Braut"})
    with salon_scope(sonnenschein.pk):
        made = Category.objects.get()
    assert answer["Location"] == f"{_url(card)}?marked={made.pk}"
    assert " checked" in browser.get(answer["Location"]).content.decode()


# ---- The page that manages them ----


def test_the_page_lists_all_with_their_clients(manages: Browser, sonnenschein: Salon, card: Client) -> None:
    vip = _make(sonnenschein, "VIP", discount_percent="10")
    _give(sonnenschein, card, vip)
    html = manages.get(PAGE).content.decode()
    assert f'href="/s/sonnenschein/clients/?category={vip.pk}"' in html
    assert "1 Kunde</a>" in html
    assert '<a class="back" href="/s/sonnenschein/settings/">' in html
    assert "10\u00a0% auf Dienstleistungen und Artikel" in html


def test_one_is_made_changed_deleted_and_restored(manages: Browser, sonnenschein: Salon) -> None:
    given = {"name": "Rentner", "discount_percent": "10", "discount_on": "SERVICES", "discount_special_offers": "on"}
    assert manages.post(f"{PAGE}new/", given)["Location"] == PAGE
    with salon_scope(sonnenschein.pk):
        made = Category.objects.get()
    assert made.details == CategoryDetails("Rentner", "", "10.00", "SERVICES", True)
    html = manages.get(f"{PAGE}{made.pk}/").content.decode()
    assert 'value="10"' in html
    assert manages.post(f"{PAGE}{made.pk}/", {**given, "name": "Senioren", "version": "1"})["Location"] == PAGE
    assert _stored(sonnenschein, made.pk).name == "Senioren"
    manages.post(f"{PAGE}{made.pk}/delete/")
    html = manages.get(PAGE).content.decode()
    assert "„Senioren“ ist gelöscht" in html
    assert html.count(f'action="{PAGE}{made.pk}/restore/"') == 2
    manages.post(f"{PAGE}{made.pk}/restore/")
    assert _stored(sonnenschein, made.pk).deleted_at is None


def test_who_saves_behind_somebody_else_is_told(manages: Browser, sonnenschein: Salon) -> None:
    made = _make(sonnenschein, "VIP")
    assert manages.post(f"{PAGE}{made.pk}/", {"name": "Gold", "version": "1"}).status_code == 302
    answer = manages.post(f"{PAGE}{made.pk}/", {"name": "Silber", "version": "1"})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Gold" in html
    assert 'value="Silber"' in html
    assert _stored(sonnenschein, made.pk).name == "Gold"
    assert answer.context["form"].data["version"] == "2"
    assert manages.post(f"{PAGE}{made.pk}/", {"name": "Silber", "version": "2"}).status_code == 302
    assert _stored(sonnenschein, made.pk).name == "Silber"


def test_restoring_beside_one_of_the_same_name(manages: Browser, sonnenschein: Salon) -> None:
    old = _make(sonnenschein, "VIP")
    manages.post(f"{PAGE}{old.pk}/delete/")
    _make(sonnenschein, "vip")
    manages.post(f"{PAGE}{old.pk}/restore/")
    assert "Es gibt schon eine Kategorie mit diesem Namen." in manages.get(PAGE).content.decode()
    assert _stored(sonnenschein, old.pk).deleted_at is not None


def test_staff_manage_the_plain_ones(browser: Browser, sonnenschein: Salon) -> None:
    plain, granting = _make(sonnenschein, "VIP"), _make(sonnenschein, "Rentner", discount_percent="10")
    html = browser.get(PAGE).content.decode()
    assert f"{PAGE}{plain.pk}/delete/" in html
    assert f"{PAGE}{granting.pk}/" not in html
    # Nor are they led to settings that refuse them.
    assert 'class="back"' not in html
    for path in (f"{granting.pk}/delete/", f"{granting.pk}/restore/", "templates/"):
        assert browser.post(f"{PAGE}{path}").status_code == 403
    assert browser.post(f"{PAGE}{granting.pk}/", {"name": "X"}).status_code == 403
    assert browser.post(f"{PAGE}{plain.pk}/", {"name": "Gold", "discount_percent": "10"}).status_code == 302
    assert _stored(sonnenschein, plain.pk).details == CategoryDetails("Gold")
    assert _stored(sonnenschein, granting.pk).details == CategoryDetails("Rentner", discount_percent="10.00")


def test_a_salon_without_categories_takes_the_templates(manages: Browser, sonnenschein: Salon) -> None:
    assert f'action="{PAGE}templates/"' in manages.get(PAGE).content.decode()
    manages.post(f"{PAGE}templates/")
    with salon_scope(sonnenschein.pk):
        assert Category.objects.count() == 15
    assert f'action="{PAGE}templates/"' not in manages.get(PAGE).content.decode()


@pytest.mark.parametrize("path", [PAGE, "dialog"])
def test_pages_ask_the_same_for_few_and_many(manages: Browser, sonnenschein: Salon, card: Client, path: str) -> None:
    counts = []
    # The first request remembers the salon.
    manages.get(PAGE)
    for rows in (2, 20):
        for place in range(rows):
            _give(sonnenschein, card, _make(sonnenschein, f"{rows} {place}"))
        with CaptureQueriesContext(connection) as queries:
            assert manages.get(_url(card) if path == "dialog" else path, headers=HTMX).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 15


@pytest.mark.parametrize(("entered", "written"), [(" 12.50 %", "12,5"), ("100", "100"), ("", "")])
def test_the_calculator_writes_a_discount_as_the_form_does(manages: Browser, entered: str, written: str) -> None:
    answer = manages.post("/s/sonnenschein/clients/categories/percent/", {"percent": entered}, headers=HTMX)
    assert answer.status_code == 200
    assert json.loads(answer["HX-Trigger"]) == {"discount-granted": {"percent": written}}


@pytest.mark.parametrize(
    ("entered", "why"),
    [
        ("abc", "Geben Sie einen Prozentsatz ein, etwa 10 oder 12,5."),
        ("0", "mehr als 0 und höchstens 100 Prozent"),
        ("101", "mehr als 0 und höchstens 100 Prozent"),
        ("12,555", "Höchstens zwei Nachkommastellen."),
    ],
)
def test_the_calculator_refuses_where_it_is_entered(manages: Browser, entered: str, why: str) -> None:
    answer = manages.post("/s/sonnenschein/clients/categories/percent/", {"percent": entered}, headers=HTMX)
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert f'value="{entered}"' in answer.content.decode()
    assert "HX-Trigger" not in answer
