"""An owner gives a booking site its key; whoever writes the site reads the documentation."""

import json
import urllib.error
import urllib.request
from secrets import token_hex

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage


def _status(base: str, key: str) -> int:
    request = urllib.request.Request(f"{base}/api/v1/salon", headers={"Authorization": f"Bearer {key}"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert json.loads(answer.read())["slug"] == "sonnenschein"
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code


def test_a_key_is_issued_shown_once_and_revoked(open_page: OpenPage) -> None:
    # Data are kept between runs.
    name = f"Online-Buchung {token_hex(4)}"
    desk = open_page()
    desk.sign_in("anna@sonnenschein.example")
    page = desk.page
    page.goto(f"{desk.base}/s/sonnenschein/settings/")
    page.get_by_role("link", name="API-Schlüssel").click()
    page.get_by_role("button", name="Schlüssel ausstellen").click()
    expect(page.locator("[name=name]")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Wofür ist er?").fill(name)
    page.get_by_label("Kundenkarten lesen").check()
    page.get_by_role("button", name="Schlüssel ausstellen").click()
    key = page.get_by_label("Neuer Schlüssel").input_value()
    assert _status(desk.base, key) == 200
    assert desk.violations() == []
    page.goto(page.url)
    expect(page.get_by_text(name)).to_be_visible()
    expect(page.get_by_label("Neuer Schlüssel")).to_have_count(0)
    page.get_by_role("button", name=f"Schlüssel {name} widerrufen").click()
    expect(page.get_by_text(f"Der Schlüssel „{name}“ ist widerrufen.")).to_be_visible()
    assert _status(desk.base, key) == 401


def test_the_documentation_leads_to_every_call(open_page: OpenPage) -> None:
    visitor = open_page(javascript=False)
    page = visitor.page
    page.goto(f"{visitor.base}/api/v1/docs/")
    page.get_by_role("link", name="POST Make a client card").click()
    heading = page.get_by_role("heading", name="Make a client card")
    expect(heading).to_be_in_viewport()
    expect(page.get_by_text("Idempotency-Key").first).to_be_visible()
