"""No violation of accessibility or policy, no console error, nothing cut off, on every screen (ui.md §4)."""

import os
from collections.abc import Iterable

import pytest

from tests.browser.conftest import OpenPage, Watched

SALON = "/s/sonnenschein/"
SCREENS = [(1440, False), (390, True)]
if os.environ.get("SOAK"):
    SCREENS = [(width, dark) for width in (390, 820, 1440) for dark in (False, True)]
SIGNED_OUT = ("/sign-in/", "/password/reset/", "/password/reset/sent/", "/invitation/nobody-knows-this/", "/nowhere/")
# By area: each is a test of its own, so that several processes share them.
SIGNED_IN = {
    "calendar": (
        "calendar/",
        "calendar/?view=week",
        "calendar/sheet/",
        "calendar/waiting/",
        "calendar/waiting/new/",
        "calendar/new/",
        "calendar/blocked/new/",
    ),
    "clients": (
        "clients/",
        "clients/?q=b",
        "clients/?q=nobodyhere",
        "clients/?sort=listed_on",
        "clients/?status=NEW&last_visit=ago&days=90&sort=visits&dir=asc",
        "clients/filter/",
        "clients/columns/",
        "clients/new/",
    ),
    "client file": ("clients/import/", "clients/exports/", "clients/duplicates/"),
    "elsewhere": ("checkout/", "checkout/new/", "reports/", "search/?q=grenze", "styleguide/", "nowhere/"),
    "settings": (
        "settings/",
        "settings/salon/",
        "settings/members/",
        "settings/new-or-returning/?policy=LENIENT",
        "settings/api-keys/",
        "settings/night/",
        "settings/mails/",
        "settings/booking-rules/",
        "settings/till/",
        "settings/calendar-feeds/",
        "settings/categories/",
        "settings/categories/new/",
    ),
    "messages": (
        "marketing/messages/",
        "marketing/messages/templates/",
        "marketing/messages/templates/new/",
        "marketing/pictures/",
    ),
    "segments": (
        "marketing/automations/",
        "marketing/automations/birthday/",
        "marketing/automations/birthday/recipients/",
        "marketing/segments/",
        "marketing/segments/new/",
        "marketing/segments/new/?segment=new",
        "clients/?segment=lapsing",
    ),
    "campaigns": (
        "marketing/campaigns/",
        "marketing/campaigns/new/",
    ),
    "treatcard": (
        "marketing/treatcard/",
        "marketing/treatcard/services/",
        "marketing/treatcard/services/new/",
        "marketing/treatcard/products/",
        "marketing/treatcard/products/new/",
        "marketing/treatcard/simulator/",
        "marketing/treatcard/evaluation/",
        "marketing/rules/",
    ),
    "catalogue": (
        "settings/services/",
        "settings/services/new/",
        "settings/catalogue-groups/new/?kind=PRODUCT",
        "settings/products/",
        "settings/products/new/",
        "settings/offers/",
        "settings/team/",
        "settings/team/new/",
        "settings/closures/",
    ),
}
ON_SCREENS = pytest.mark.parametrize(("width", "dark"), SCREENS)


def _enter(open_page: OpenPage, width: int, dark: bool) -> Watched:
    visitor = open_page(width=width, dark=dark, touch=width < 1000)
    visitor.sign_in("anna@sonnenschein.example", SALON)
    return visitor


def _wrong_at(visitor: Watched, paths: Iterable[str]) -> dict[str, list[str]]:
    """Visit pages and return what is wrong with each; nothing where all is well."""
    found = {}
    for path in paths:
        visitor.page.goto(visitor.base + path)
        visitor.settle()
        if violations := visitor.violations():
            found[path] = violations
    return found


@ON_SCREENS
def test_signed_out(open_page: OpenPage, width: int, dark: bool) -> None:
    visitor = open_page(width=width, dark=dark, touch=width < 1000)
    assert _wrong_at(visitor, (*SIGNED_OUT, "/api/v1/docs/")) == {}


@pytest.mark.parametrize("area", SIGNED_IN)
@ON_SCREENS
def test_signed_in(open_page: OpenPage, width: int, dark: bool, area: str) -> None:
    visitor = _enter(open_page, width, dark)
    assert _wrong_at(visitor, (SALON + path for path in SIGNED_IN[area])) == {}


@ON_SCREENS
def test_what_has_an_id(open_page: OpenPage, width: int, dark: bool) -> None:
    visitor = _enter(open_page, width, dark)
    page = visitor.page

    def first(path: str, link: str) -> str:
        page.goto(visitor.base + SALON + path)
        return str(page.locator(link).first.get_attribute("href"))

    card = first("clients/?q=frank+hofmann", "#client-rows a[href*='/clients/']")
    member = first("settings/team/", "#team a.good-link")
    service = first("settings/services/", "#goods a.good-link")
    thread = first("marketing/messages/", ".thread-link")
    template = first("marketing/messages/templates/", ".thread-link")
    mail = first("settings/mails/", ".mail-link")
    of_card = (f"{card}{part}" for part in ("", "points/", "rewards/", "edit/", "merge/", "erase/"))
    assert _wrong_at(visitor, (*of_card, thread, template, mail, member, f"{member}hours/", service)) == {}


@ON_SCREENS
def test_a_refused_form(open_page: OpenPage, width: int, dark: bool) -> None:
    visitor = _enter(open_page, width, dark)
    visitor.page.goto(f"{visitor.base}{SALON}clients/new/")
    visitor.page.get_by_role("button", name="anlegen").click()
    visitor.page.locator("[aria-invalid=true]").first.wait_for()
    assert visitor.violations() == []


def test_a_missing_asset_is_a_complaint(open_page: OpenPage) -> None:
    visitor = open_page()
    visitor.page.goto(f"{visitor.base}/nowhere/")
    assert visitor.complaints == []
    for tag, source in (("script", "src"), ("link", "href")):
        with visitor.page.expect_event("console"):
            visitor.page.evaluate(
                "([tag, source]) => document.head.append(Object.assign(document.createElement(tag), "
                "{rel: 'stylesheet', [source]: '/static/missing'}))",
                [tag, source],
            )
    assert len(visitor.complaints) == 2
    assert all("/static/missing" in complaint for complaint in visitor.complaints)
    visitor.complaints.clear()


def test_english_is_complete_too(open_page: OpenPage) -> None:
    visitor = open_page()
    visitor.sign_in("anna@sonnenschein.example")
    page = visitor.page
    token = page.locator("input[name=csrfmiddlewaretoken]").first.get_attribute("value")
    answer = page.request.post(
        f"{visitor.base}/language/",
        form={"language": "en", "next": "/s/sonnenschein/clients/", "csrfmiddlewaretoken": token or ""},
        headers={"Referer": visitor.base},
    )
    assert answer.ok
    page.goto(f"{visitor.base}/s/sonnenschein/clients/")
    assert page.locator("html").get_attribute("lang") == "en"
    page.get_by_role("heading", name="Clients").wait_for()
    page.request.post(
        f"{visitor.base}/language/",
        form={"language": "de", "next": "/", "csrfmiddlewaretoken": token or ""},
        headers={"Referer": visitor.base},
    )
