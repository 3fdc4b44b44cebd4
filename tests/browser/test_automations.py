"""An owner turns an automation on: the text beside the mail, then the switch."""

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage

AUTOMATIONS = "/s/sonnenschein/marketing/automations/"


def test_turning_one_on(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("anna@sonnenschein.example", AUTOMATIONS)
    page = desk.page
    page.get_by_role("link", name="Geburtstag", exact=True).click()
    mail = page.frame_locator(".preview iframe:not(.coming)")
    expect(mail.get_by_role("paragraph").filter(has_text="bald ist Ihr Geburtstag")).to_be_visible()
    # The mail follows what is typed, and nothing of it is saved before somebody says so.
    page.get_by_label("Text", exact=True).fill("{{greeting}},\n\nalles **Gute**!")
    expect(mail.get_by_role("paragraph").filter(has_text="alles Gute!")).to_be_visible()
    # So do the lines above it, and the length of the subject is that of what she reads.
    page.get_by_label("Betreff").fill("Bald, {{first_name|Sie}}!")
    lines = page.locator("#preview-lines")
    page.get_by_label("So bekommt sie dieser Kunde").fill("frank hofmann")
    expect(page.locator("#preview-hits [role=option]").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(lines).to_contain_text("Bald, Frank!")
    expect(page.locator("#subject-count")).to_have_text("Länge: 12")
    page.get_by_role("button", name="Handy").click()
    expect(mail.get_by_role("paragraph").filter(has_text="alles Gute!")).to_be_visible()
    desk.settle()
    assert desk.violations() == []
    # Who is chosen stays so, also where all that was typed is gone.
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(lines).to_contain_text("Frank Hofmann")
    expect(lines).to_contain_text("Ihr Geburtstag naht, Frank")
    # What cannot go out is said while it is typed; what is refused is what the mail beside it says.
    body = page.get_by_label("Text", exact=True)
    body.fill("Ganz neu, {{nix}}")
    expect(page.locator("#id_body_error")).to_contain_text("{{nix}}")
    expect(body).to_have_attribute("aria-invalid", "true")
    body.fill("Ganz neu, {{treatcard}}")
    expect(page.locator("#id_body_error")).to_be_hidden()
    expect(body).not_to_have_attribute("aria-invalid", "true")
    expect(page.locator("#gaps")).to_contain_text("Treatcard-Nummer nicht bekannt bei")
    days = page.get_by_label("Tage vor dem Geburtstag")
    days.fill("400")
    page.get_by_role("button", name="Speichern", exact=True).click()
    expect(page.get_by_text("Zwischen 0 und 60 Tagen.")).to_be_visible()
    expect(mail.get_by_role("paragraph").filter(has_text="Ganz neu")).to_be_visible()
    days.fill("1")
    expect(page.locator(".days-sentence")).to_have_text("Tag vor dem Geburtstag")
    page.get_by_label("Tag vor dem Geburtstag").fill("0")
    page.get_by_role("button", name="Speichern", exact=True).click()
    expect(page.get_by_text("Am Geburtstag selbst")).to_be_visible()
    switch = page.get_by_role("switch", name="Geburtstag")
    expect(switch).to_have_attribute("aria-checked", "false")
    switch.click()
    expect(page.get_by_text("„Geburtstag“ ist eingeschaltet.")).to_be_visible()
    expect(page.get_by_role("switch", name="Geburtstag")).to_have_attribute("aria-checked", "true")
    desk.settle()
    assert desk.violations() == []


def test_the_preview_is_found_on_a_phone(open_page: OpenPage) -> None:
    phone = open_page(width=390, touch=True)
    phone.sign_in("anna@sonnenschein.example", f"{AUTOMATIONS}birthday/")
    page = phone.page
    page.get_by_role("link", name="Vorschau", exact=True).tap()
    expect(page.get_by_role("heading", name="Vorschau")).to_be_in_viewport()
    page.get_by_role("link", name="Zurück zum Text").tap()
    expect(page.get_by_label("Text", exact=True)).to_be_in_viewport()
