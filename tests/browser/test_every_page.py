"""No violation of accessibility or policy, no console error, nothing cut off, on every screen (ui.md §4)."""

import os

import pytest

from tests.browser.conftest import OpenPage

SCREENS = [(1440, False), (390, True)]
if os.environ.get("SOAK"):
    SCREENS = [(width, dark) for width in (390, 820, 1440) for dark in (False, True)]
SIGNED_OUT = ("/sign-in/", "/password/reset/", "/password/reset/sent/", "/invitation/nobody-knows-this/", "/nowhere/")
SIGNED_IN = (
    "calendar/",
    "calendar/?view=week",
    "calendar/waiting/",
    "calendar/waiting/new/",
    "calendar/new/",
    "calendar/blocked/new/",
    "clients/",
    "clients/?q=b",
    "clients/?q=nobodyhere",
    "clients/?sort=listed_on",
    "clients/?status=NEW&last_visit=ago&days=90&sort=visits&dir=asc",
    "clients/filter/",
    "clients/columns/",
    "clients/new/",
    "clients/import/",
    "clients/exports/",
    "clients/duplicates/",
    "checkout/",
    "marketing/",
    "reports/",
    "search/?q=grenze",
    "settings/",
    "settings/members/",
    "settings/new-or-returning/?policy=LENIENT",
    "settings/api-keys/",
    "settings/night/",
    "settings/booking-rules/",
    "settings/calendar-feeds/",
    "settings/services/",
    "settings/services/new/",
    "settings/catalogue-groups/new/?kind=PRODUCT",
    "settings/products/",
    "settings/products/new/",
    "settings/offers/",
    "settings/team/",
    "settings/team/new/",
    "settings/closures/",
    "settings/categories/",
    "settings/categories/new/",
    "styleguide/",
    "nowhere/",
)


@pytest.mark.parametrize(("width", "dark"), SCREENS)
def test_signed_out(open_page: OpenPage, width: int, dark: bool) -> None:
    visitor = open_page(width=width, dark=dark, touch=width < 1000)
    found = {}
    for path in (*SIGNED_OUT, "/api/v1/docs/"):
        visitor.page.goto(visitor.base + path)
        visitor.page.wait_for_load_state("networkidle")
        if violations := visitor.violations():
            found[path] = violations
    assert found == {}


@pytest.mark.parametrize(("width", "dark"), SCREENS)
def test_signed_in(open_page: OpenPage, width: int, dark: bool) -> None:
    visitor = open_page(width=width, dark=dark, touch=width < 1000)
    visitor.sign_in("anna@sonnenschein.example")
    page, found = visitor.page, {}
    page.goto(f"{visitor.base}/s/sonnenschein/clients/?q=frank+hofmann")
    card = page.locator("#client-rows a[href*='/clients/']").first.get_attribute("href")
    of_card = (str(card), *(f"{card}{part}/" for part in ("edit", "merge", "erase")))
    page.goto(f"{visitor.base}/s/sonnenschein/settings/team/")
    member = str(page.locator("#team a.good-link").first.get_attribute("href"))
    page.goto(f"{visitor.base}/s/sonnenschein/settings/services/")
    service = str(page.locator("#goods a.good-link").first.get_attribute("href"))
    of_team = (member, f"{member}hours/", service)
    paths = [*(f"/s/sonnenschein/{path}" for path in SIGNED_IN), *of_card, *of_team]
    for path in paths:
        page.goto(visitor.base + path)
        page.wait_for_load_state("networkidle")
        if violations := visitor.violations():
            found[path] = violations
    page.goto(f"{visitor.base}/s/sonnenschein/clients/new/")
    page.get_by_role("button", name="anlegen").click()
    page.locator("[aria-invalid=true]").first.wait_for()
    if violations := visitor.violations():
        found["refused form"] = violations
    assert found == {}


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
