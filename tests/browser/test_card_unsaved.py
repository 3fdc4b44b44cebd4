"""What is typed on a card or in its form is not lost unasked; its panels lead on by themselves (ui.md §2.4)."""

import re
from secrets import token_hex

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, Watched


def _new_card(desk: Watched, name: str) -> Page:
    desk.sign_in("carla@sonnenschein.example", "/s/sonnenschein/clients/new/")
    page = desk.page
    page.get_by_label("Vorname").fill(name)
    page.get_by_label("Vorname").press("Enter")
    page.wait_for_url("**/clients/*-*/")
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    page.wait_for_load_state()
    return page


def _away(page: Page) -> None:
    page.get_by_role("navigation").get_by_role("link", name="Kunden", exact=True).first.click()


@pytest.mark.parametrize("place", ["form", "fact"])
def test_who_leaves_what_is_typed_is_asked(open_page: OpenPage, place: str) -> None:
    desk = open_page()
    page = _new_card(desk, f"Ungesichert {token_hex(3)}")
    if place == "form":
        page.locator("#master-data").get_by_role("link", name="Bearbeiten", exact=True).click()
        page.wait_for_url("**/edit/")
        page.wait_for_load_state()
    else:
        page.locator("#fact-address a").first.click()
    here = page.url
    street = page.get_by_label("Straße", exact=True)
    street.fill("Lindenallee 4")
    _away(page)
    question = page.get_by_role("dialog", name="Eingaben verwerfen?")
    expect(question).to_be_visible()
    assert desk.violations("dialog[open]") == []
    question.get_by_role("button", name="Weiter eingeben").click()
    expect(question).to_be_hidden()
    expect(street).to_have_value("Lindenallee 4")
    assert page.url == here
    # Saved, it asks no more; nor does what was left as it was.
    street.press("Enter")
    expect(page.locator("#fact-address")).to_contain_text("Lindenallee 4")
    desk.settle()
    page.locator("#fact-landline a").first.click()
    expect(page.get_by_role("textbox", name="Festnetz")).to_be_focused()
    _away(page)
    page.wait_for_url("**/clients/")


def test_who_says_so_leaves_it(open_page: OpenPage) -> None:
    desk = open_page()
    page = _new_card(desk, f"Verworfen {token_hex(3)}")
    page.locator("#fact-landline a").first.click()
    page.get_by_role("textbox", name="Festnetz").fill("030 1")
    _away(page)
    page.get_by_role("dialog", name="Eingaben verwerfen?").get_by_role("button", name="Verwerfen").click()
    page.wait_for_url("**/clients/")


def test_a_category_to_be_removed_stays_so_while_another_comes(open_page: OpenPage) -> None:
    desk = open_page()
    page = _new_card(desk, f"Gestrichen {token_hex(3)}")
    panel = page.get_by_role("region", name="Kundenkategorien")
    for name in ("VIP", "Kinder"):
        panel.get_by_role("link", name="Hinzufügen").click()
        page.get_by_role("option", name=name).dblclick()
        expect(panel.locator(".category-name", has_text=name)).to_be_visible()
        if name == "VIP":
            panel.get_by_text("VIP", exact=True).click()
            panel.get_by_role("button", name="VIP entfernen").click()
    expect(panel.locator(".category.going")).to_have_text(re.compile("VIP"))
    _away(page)
    page.get_by_role("dialog", name="Eingaben verwerfen?").get_by_role("button", name="Weiter eingeben").click()
    panel.get_by_role("button", name="Speichern").click()
    expect(panel.locator(".category-name")).to_have_text(["Kinder"])
    desk.settle()


def test_a_discount_is_refused_where_it_is_entered(open_page: OpenPage) -> None:
    desk = open_page()
    page = _new_card(desk, f"Rabatt {token_hex(3)}")
    page.get_by_role("region", name="Kundenkategorien").get_by_role("link", name="Hinzufügen").click()
    page.get_by_role("button", name="Neue Kategorie").click()
    page.get_by_role("button", name="Rabatt vergeben").click()
    calculator = page.get_by_role("dialog", name="Rabatt", exact=True)
    field = calculator.get_by_label("Prozent")
    field.fill("101")
    field.press("Enter")
    expect(calculator.get_by_text("höchstens 100 Prozent")).to_be_visible()
    expect(field).to_be_focused()
    assert desk.violations("dialog#category-calculator") == []
    field.fill("10")
    field.press("Enter")
    expect(calculator).to_be_hidden()
    expect(page.get_by_label("Rabatt in Prozent")).to_have_value("10")


def test_a_note_is_written_and_left_by_keyboard(open_page: OpenPage) -> None:
    desk = open_page()
    page = _new_card(desk, f"Notiz {token_hex(3)}")
    notes = page.locator("#notes")
    notes.get_by_text("Notiz schreiben").click()
    text = notes.get_by_role("textbox", name="Notiz")
    expect(text).to_be_focused()
    page.keyboard.type("nimmt Kaffee schwarz")
    expect(text).to_have_value("nimmt Kaffee schwarz")
    notes.get_by_role("link", name="Abbrechen").click()
    expect(text).to_be_hidden()
    expect(notes.locator("summary")).to_be_focused()
    page.keyboard.press("Enter")
    expect(text).to_be_focused()
    expect(text).to_have_value("")


def test_health_data_from_the_consent_to_its_withdrawal(open_page: OpenPage) -> None:
    desk = open_page()
    page = _new_card(desk, f"Allergie {token_hex(3)}")
    item = page.locator("#consent .consent-item").filter(has_text="Gesundheitsdaten")
    item.get_by_text("Einwilligung erfassen").click()
    item.get_by_role("button", name="Hat eingewilligt").click()
    text = page.get_by_role("textbox", name="Allergien und Gesundheit")
    expect(text).to_be_focused()
    expect(text).to_be_in_viewport()
    page.keyboard.type("PPD-Allergie")
    page.locator("#health").get_by_role("button", name="Speichern").click()
    expect(page.locator("#health .note-text")).to_have_text("PPD-Allergie")
    # Asked before anything is deleted, and what it would be.
    item.get_by_role("button", name="Zurückziehen").click()
    expect(item.get_by_role("alert")).to_contain_text("PPD-Allergie")
    expect(item.get_by_role("alert")).to_be_focused()
    assert desk.violations("#consent") == []
    item.get_by_role("link", name="Abbrechen").click()
    expect(item.get_by_role("button", name="Zurückziehen: Gesundheitsdaten")).to_be_visible()
    expect(page.locator("#health .note-text")).to_have_text("PPD-Allergie")
    item.get_by_role("button", name="Zurückziehen").click()
    item.get_by_role("button", name="Zurückziehen und löschen").click()
    expect(page.locator("#health")).to_be_hidden()
    desk.settle()
