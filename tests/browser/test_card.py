"""The client card by hand: facts changed where they stand, two browsers at one card (ui.md §2.4)."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, Watched


def _at_card(desk: Watched, name: str, email: str = "empfang@sonnenschein.example") -> Page:
    desk.sign_in(email)
    page = desk.page
    page.goto(f"{desk.base}/s/sonnenschein/search/?q={name.replace(' ', '+')}")
    page.locator("main a.hit", has_text=name).first.click()
    page.wait_for_url("**/clients/*-*/")
    return page


def _arrive(page: Page, name: str) -> None:
    """Wait for the card of that name and for its scripts, which are there later than its heading."""
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
    page.wait_for_load_state()


def _settle(*pages: Page) -> None:
    """Wait for what a change has set going, or closing the page would break it off with a complaint."""
    for page in pages:
        page.wait_for_load_state("networkidle")


def _focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.closest('[id^=fact-]')?.id"))


def test_facts_are_changed_by_keyboard_alone(open_page: OpenPage) -> None:
    desk = open_page()
    page = _at_card(desk, "Greta Grenze")
    fact = page.locator("#fact-landline")
    fact.get_by_role("link").first.focus()
    page.keyboard.press("Enter")
    field = page.get_by_role("textbox", name="Festnetz")
    expect(field).to_be_focused()
    # Esc leaves everything as it was, with the focus where it came from.
    page.keyboard.type("12")
    page.keyboard.press("Escape")
    expect(field).to_have_count(0)
    assert _focused(page) == "fact-landline"
    page.keyboard.press("Enter")
    expect(field).to_be_focused()
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Das kann keine Telefonnummer sein.")).to_be_visible()
    expect(field).to_be_focused()
    expect(field).to_have_value("12")
    assert desk.violations() == []
    field.fill("030 901820")
    page.keyboard.press("Enter")
    expect(fact).to_contain_text("030 901820")
    assert _focused(page) == "fact-landline"
    # The history has heard of it without a reload.
    expect(page.locator("#history")).to_contain_text("Festnetz geändert")
    _settle(page)


def test_who_referred_her_is_picked_while_typing(open_page: OpenPage) -> None:
    desk = open_page()
    page = _at_card(desk, "Gustav Grenze")
    page.locator("#fact-referral a").first.click()
    picker = page.get_by_role("combobox", name="Empfohlen von")
    expect(picker).to_be_focused()
    # As slowly as people type: what is offered meanwhile takes nothing away from what stands in the field.
    page.keyboard.type("frank hof", delay=250)
    expect(picker).to_have_value("frank hof")
    expect(page.get_by_role("option", name=re.compile("Frank Hofmann"))).to_be_visible()
    assert desk.violations() == []
    page.keyboard.press("Enter")
    expect(picker).to_have_value(re.compile(r"Frank Hofmann \(\d+\)"))
    page.keyboard.press("Enter")
    expect(page.locator("#fact-referral").get_by_role("link", name="Karte öffnen: Frank Hofmann")).to_be_visible()
    page.locator("#fact-referral a").first.click()
    page.get_by_role("button", name="Empfehlung entfernen").click()
    page.keyboard.press("Enter")
    expect(page.locator("#fact-referral")).to_contain_text("ergänzen")
    _settle(page)


def test_two_browsers_at_one_fact(open_page: OpenPage) -> None:
    first, second = open_page(), open_page()
    one = _at_card(first, "Gesine Grenze")
    two = _at_card(second, "Gesine Grenze", "carla@sonnenschein.example")
    for page in (one, two):
        page.locator("#fact-landline a").first.click()
        expect(page.get_by_role("textbox", name="Festnetz")).to_be_focused()
    one.keyboard.type("030 111111")
    one.keyboard.press("Enter")
    expect(one.locator("#fact-landline")).to_contain_text("030 111111")
    two.keyboard.type("030 222222")
    two.keyboard.press("Enter")
    told = two.locator("#fact-landline").get_by_role("alert")
    expect(told).to_contain_text("030 111111")
    expect(two.get_by_role("textbox", name="Festnetz")).to_have_value("030 222222")
    assert second.violations() == []
    told.get_by_role("button", name="Meine Eingabe behalten").click()
    expect(two.locator("#fact-landline a").first).to_contain_text("030 222222")
    # The first one, who comes later now, takes what is saved.
    one.locator("#fact-landline a").first.click()
    one.get_by_role("textbox", name="Festnetz").fill("030 333333")
    one.keyboard.press("Enter")
    expect(one.locator("#fact-landline a").first).to_contain_text("030 333333")
    _settle(one, two)


def test_a_name_changed_in_the_head(open_page: OpenPage) -> None:
    desk = open_page(width=390, touch=True)
    page = _at_card(desk, "Gesine Grenze")
    page.get_by_role("link", name="Namen ändern").click()
    first = page.get_by_role("textbox", name="Vorname")
    expect(first).to_be_focused()
    first.fill("Gesa")
    page.get_by_role("button", name="Speichern").first.click()
    expect(page.get_by_role("heading", level=1, name="Gesa Grenze")).to_be_visible()
    page.get_by_role("link", name="Namen ändern").click()
    page.get_by_role("textbox", name="Vorname").fill("Gesine")
    page.get_by_role("button", name="Speichern").first.click()
    expect(page.get_by_role("heading", level=1, name="Gesine Grenze")).to_be_visible()
    _settle(page)


def test_what_a_change_leaves_as_it_was_stays_to_be_pressed(open_page: OpenPage) -> None:
    desk = open_page()
    page = _at_card(desk, "Greta Grenze")
    actions = page.locator("#card-actions")
    actions.evaluate("(one) => (one.stays = true)")
    with page.expect_response(re.compile("/clients/")):
        page.evaluate("htmx.trigger(document.body, 'card-changed')")
    _settle(page)
    assert actions.evaluate("(one) => one.stays")


def test_a_treatcard_is_generated_and_replaced(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example")
    page = desk.page
    page.goto(f"{desk.base}/s/sonnenschein/clients/new/")
    page.get_by_label("Vorname").fill("Tilda")
    page.get_by_label("Nachname").fill("Treatcard")
    page.get_by_role("button", name="anlegen").click()
    _arrive(page, "Tilda Treatcard")
    card = page.locator("#treatcard")
    card.get_by_text("Treatcard zuordnen").click()
    expect(card.get_by_role("textbox")).to_be_focused()
    card.get_by_role("button", name="Nummer erzeugen").click()
    expect(card.locator(".treatcard-number")).to_have_text(re.compile(r"TC-\d{5}"))
    card.get_by_text("Verlorene Karte ersetzen").click()
    expect(card.get_by_role("textbox")).to_be_focused()
    page.keyboard.type("neu 77")
    page.keyboard.press("Enter")
    expect(card.locator(".treatcard-number")).to_have_text("NEU77")
    expect(page.locator("#history")).to_contain_text("Treatcard-Nummer geändert")
    assert desk.violations() == []
    _settle(page)


def test_from_card_to_card_by_arrow_keys(open_page: OpenPage) -> None:
    desk = open_page()
    page = _at_card(desk, "Greta Grenze")
    page.locator("h1").click()
    page.keyboard.press("ArrowRight")
    _arrive(page, "Gustav Grenze")
    page.keyboard.press("ArrowLeft")
    _arrive(page, "Greta Grenze")
    # Not while somebody types.
    page.locator("#fact-email a").first.click()
    expect(page.get_by_role("textbox", name="E-Mail")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", level=1, name="Greta Grenze")).to_be_visible()
    _settle(page)


def test_the_history_is_filtered_and_back_leads_back(open_page: OpenPage) -> None:
    desk = open_page()
    page = _at_card(desk, "Greta Grenze")
    page.locator("#fact-gender a").first.click()
    page.get_by_role("combobox", name="Geschlecht").select_option("FEMALE")
    page.get_by_role("button", name="Speichern").click()
    expect(page.locator("#history")).to_contain_text("Geschlecht geändert")
    chip = page.locator("#history-details")
    chip.click()
    expect(chip).to_have_attribute("aria-current", "true")
    expect(page.locator("#history")).not_to_contain_text("Karte angelegt")
    assert "history=details" in page.url
    # What happens now keeps to the filter.
    page.locator("#fact-gender a").first.click()
    page.get_by_role("combobox", name="Geschlecht").select_option("DIVERSE")
    page.get_by_role("button", name="Speichern").click()
    expect(page.locator("#history")).to_contain_text("divers")
    expect(page.locator("#history")).not_to_contain_text("Karte angelegt")
    page.reload()
    expect(page.locator("#history")).not_to_contain_text("Karte angelegt")
    page.locator("#history-all").click()
    expect(page.locator("#history")).to_contain_text("Karte angelegt")
    _settle(page)


def test_without_javascript_the_pencil_leads_to_the_form(open_page: OpenPage) -> None:
    desk = open_page(javascript=False)
    page = _at_card(desk, "Gustav Grenze")
    page.locator("#fact-address a").first.click()
    page.get_by_label("Ort", exact=True).fill("Werder")
    page.get_by_label("Empfohlen von").fill("Frank Hofmann")
    page.get_by_role("button", name="Speichern").click()
    expect(page.locator("#fact-address")).to_contain_text("Werder")
    expect(page.locator("#fact-referral")).to_contain_text("Frank Hofmann")
    page.locator("#treatcard summary").click()
    page.locator("#treatcard input[name=number]").fill("ohne skript 1")
    page.get_by_role("button", name="Speichern").last.click()
    expect(page.locator(".treatcard-number")).to_have_text("OHNESKRIPT1")


def test_tips_at_the_edge_stay_within_a_narrow_window(open_page: OpenPage) -> None:
    desk = open_page(width=390)
    page = _at_card(desk, "Greta Grenze")
    _settle(page)
    page.get_by_role("link", name="E-Mail schreiben").last.hover()
    assert desk.violations() == []


def test_a_long_address_breaks_behind_its_at(open_page: OpenPage) -> None:
    page = _at_card(open_page(), "Frank Hofmann")
    lines = page.locator("#fact-email .fact-value > span").evaluate(
        """shown => {
            const range = document.createRange();
            range.selectNodeContents(shown.childNodes[0]);
            return range.getClientRects().length;
        }"""
    )
    expect(page.locator("#fact-email")).to_contain_text("frank.hofmann@mail.example")
    assert lines == 1
    _settle(page)
