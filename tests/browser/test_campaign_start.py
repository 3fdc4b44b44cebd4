"""What a campaign begins with in the browser: what is entered already goes along to another text."""

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage


def test_what_is_entered_goes_along_to_another_text(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("anna@sonnenschein.example")
    page = desk.page
    page.goto(desk.base + "/s/sonnenschein/marketing/campaigns/new/")
    name, text = page.locator("#id_name"), page.locator(".beginnings summary")
    # What nobody entered follows the text.
    page.get_by_role("link", name="Wir vermissen Sie").click()
    expect(name).to_have_value("Wir vermissen Sie")
    name.fill("Mein Sommerfest")
    page.get_by_role("radio", name="VIP").check()
    text.click()
    page.get_by_role("link", name="Betriebsferien").click()
    expect(text.locator("strong")).to_contain_text("Betriebsferien")
    expect(name).to_have_value("Mein Sommerfest")
    expect(page.get_by_role("radio", name="VIP")).to_be_checked()
    desk.settle()
    assert desk.violations() == []
