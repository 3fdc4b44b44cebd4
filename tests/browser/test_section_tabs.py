"""The tabs of a section stand in one row, however narrow the page is, and the page that is shown is in sight."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage

RULES = "/s/sonnenschein/marketing/rules/"


@pytest.mark.parametrize("width", [390, 1440])
def test_one_row_at_any_width(open_page: OpenPage, width: int) -> None:
    desk = open_page(width=width)
    desk.sign_in("anna@sonnenschein.example", RULES)
    row = desk.page.get_by_role("navigation", name="Marketing", exact=True)
    tabs = row.get_by_role("link")
    expect(tabs).to_have_count(6)
    tops = tabs.evaluate_all("tabs => new Set(tabs.map(tab => tab.offsetTop)).size")
    assert tops == 1
    # The last of them, beyond the edge of a phone.
    expect(tabs.last).to_have_attribute("aria-current", "page")
    expect(tabs.last).to_be_in_viewport(ratio=0.95)
    # By keyboard one comes to those that are out of sight.
    tabs.first.focus()
    expect(tabs.first).to_be_in_viewport(ratio=0.95)
    desk.settle()
    assert desk.violations() == []
