"""An owner turns an automation on: the text beside the mail, then the switch."""

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage

AUTOMATIONS = "/s/sonnenschein/marketing/automations/"


def test_turning_one_on(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("anna@sonnenschein.example", AUTOMATIONS)
    page = desk.page
    page.get_by_role("link", name="Geburtstag", exact=True).click()
    mail = page.frame_locator("#automation-preview iframe:not(.coming)")
    expect(mail.get_by_role("paragraph").filter(has_text="bald ist Ihr Geburtstag")).to_be_visible()
    # The mail follows what is typed, and nothing of it is saved before somebody says so.
    page.get_by_label("Text", exact=True).fill("{{greeting}},\n\nalles **Gute**!")
    expect(mail.get_by_role("paragraph").filter(has_text="alles Gute!")).to_be_visible()
    page.get_by_label("Tage vor dem Geburtstag").fill("0")
    page.get_by_role("button", name="Speichern", exact=True).click()
    expect(page.get_by_text("Am Geburtstag selbst")).to_be_visible()
    switch = page.get_by_role("switch", name="Geburtstag")
    expect(switch).to_have_attribute("aria-checked", "false")
    switch.click()
    expect(page.get_by_text("„Geburtstag“ ist eingeschaltet.")).to_be_visible()
    expect(page.get_by_role("switch", name="Geburtstag")).to_have_attribute("aria-checked", "true")
    desk.settle()
    assert desk.violations() == []
