"""The way in and out; other tests come in with what the form has given once."""

from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD, OpenPage


def test_in_by_keyboard_after_a_mistake_and_out_again(open_page: OpenPage) -> None:
    desk = open_page()
    page = desk.page
    page.goto(f"{desk.base}/s/sonnenschein/clients/")
    page.wait_for_url("**/sign-in/**")
    page.get_by_label("E-Mail").fill("anna@sonnenschein.example")
    page.locator("input[type=password]").fill("nicht das Passwort")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.get_by_label("E-Mail")).to_have_value("anna@sonnenschein.example")
    assert desk.violations() == []
    page.locator("input[type=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    # Where she wanted to go.
    page.wait_for_url("**/s/sonnenschein/clients/")
    page.locator("details.menu").filter(has_text="Abmelden").locator("summary").click()
    page.get_by_role("button", name="Abmelden").click()
    page.wait_for_url("**/sign-in/**")
    page.goto(f"{desk.base}/s/sonnenschein/clients/")
    page.wait_for_url("**/sign-in/**")
