"""The inbox is searched while somebody types (ui.md §2.7)."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage

LIST = "/s/sonnenschein/marketing/messages/"


def test_by_client_and_by_words(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example", LIST)
    page = desk.page
    rows = page.locator("#inbox .thread-row")
    search = page.get_by_role("searchbox", name="Nachrichten nach Kundin oder Wörtern im Text durchsuchen")
    search.press_sequentially("petra")
    expect(page).to_have_url(re.compile(r"\?q=petra$"))
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Petra Lang")
    expect(search).to_be_focused()
    expect(page.locator("#inbox-said")).to_contain_text("1 Kund")
    search.fill("zentimeter SPITZEN")
    expect(page).to_have_url(re.compile("zentimeter"))
    expect(rows.first).to_contain_text("Petra Lang")
    desk.settle()
    assert desk.violations() == []
    search.fill("gibt es nirgends")
    expect(page.get_by_text("Keine Nachrichten zu „gibt es nirgends“ gefunden.")).to_be_visible()
    search.fill("petra")
    expect(rows).to_have_count(1)
    page.get_by_role("link", name="Ungelesen", exact=True).click()
    expect(page).to_have_url(re.compile("q=petra&filter=unread"))
    expect(search).to_have_value("petra")
    rows.get_by_role("link").click()
    expect(page.locator(".message").last).to_contain_text("Zentimeter")
    page.get_by_role("button", name="Als ungelesen markieren").click()
    expect(page.get_by_role("region", name="Ungelesen")).to_contain_text("Petra Lang")
    assert desk.complaints == []


def test_without_a_script(open_page: OpenPage) -> None:
    desk = open_page(javascript=False)
    desk.sign_in("empfang@sonnenschein.example", LIST)
    page = desk.page
    page.get_by_role("searchbox", name="Nachrichten nach Kundin").fill("petra")
    page.keyboard.press("Enter")
    expect(page.locator("#inbox .thread-row")).to_have_count(1)
