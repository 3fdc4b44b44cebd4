"""A receptionist's first job: save a client and find her again."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage


def test_a_client_with_an_umlaut_is_created_and_found_without_it(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example")
    page = desk.page
    page.get_by_role("link", name="Neuer Kunde").first.click()
    expect(page.get_by_label("Vorname")).to_be_focused()
    page.keyboard.type("Bärbel")
    page.get_by_label("Nachname").fill("Größenwahn")
    page.get_by_label("Mobil").fill("0171 99 88 776")
    page.keyboard.press("Enter")
    page.wait_for_url("**/clients/*-*/")
    expect(page.get_by_role("heading", name="Bärbel Größenwahn")).to_be_visible()

    page.keyboard.press("/")
    page.keyboard.type("grossenw")
    page.get_by_role("option", name="Bärbel Größenwahn").wait_for()
    # What is found for the last letter takes the place of what the first ones had found.
    desk.settle()
    page.keyboard.press("ArrowDown")
    # Her card is where she was already, so its address says nothing.
    with page.expect_navigation(url="**/clients/*-*/"):
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Bärbel Größenwahn")).to_be_visible()

    other = open_page()
    other.sign_in("emre@barbier-am-dom.example")
    for typed in ("grossenw", "99 88 776"):
        other.page.goto(f"{desk.base}/s/barbier-am-dom/clients/?q={typed}")
        expect(other.page.get_by_text("Niemand gefunden")).to_be_visible()
    answer = other.page.goto(page.url)
    assert answer is not None
    assert answer.status == 404


def test_typing_narrows_the_list(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example")
    page = desk.page
    page.goto(f"{desk.base}/s/sonnenschein/clients/")
    # The list is ready to be typed into when it arrives.
    expect(page.locator("#list-search input[type=search]")).to_be_focused()
    page.keyboard.type("hofmann fr")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.get_by_role("link", name="Frank Hofmann")).to_be_visible()
    expect(page).to_have_url(re.compile(r"q=hofmann(\+|%20)fr"))
    page.get_by_role("link", name="Frank Hofmann").click()
    expect(page.get_by_role("heading", name="Frank Hofmann")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("searchbox", name="Kunden").or_(page.locator("input[name=q]").last)).to_have_value(
        "hofmann fr"
    )


def test_errors_stand_beside_the_field(open_page: OpenPage) -> None:
    desk = open_page(width=820, touch=True)
    desk.sign_in("empfang@sonnenschein.example")
    page = desk.page
    page.goto(f"{desk.base}/s/sonnenschein/clients/new/")
    page.get_by_label("Vorname").fill("Test")
    page.get_by_label("Mobil").fill("12")
    page.get_by_role("button", name="anlegen").click()
    mobile = page.get_by_label("Mobil")
    expect(mobile).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("Das kann keine Telefonnummer sein.")).to_be_visible()
    expect(page.get_by_label("Vorname")).to_have_value("Test")


def test_two_browsers_editing_one_card(open_page: OpenPage) -> None:
    first, second = open_page(), open_page()
    for desk, email in ((first, "empfang@sonnenschein.example"), (second, "carla@sonnenschein.example")):
        desk.sign_in(email)
        desk.page.goto(f"{desk.base}/s/sonnenschein/clients/?q=gesine+grenze")
        desk.page.get_by_role("link", name="Gesine Grenze").click()
        desk.page.get_by_role("link", name="Bearbeiten").click()
    first.page.get_by_label("Ort").fill("Potsdam")
    first.page.get_by_role("button", name="Speichern").click()
    first.page.wait_for_url("**/clients/*-*/")
    second.page.get_by_label("Ort").fill("Bernau")
    second.page.get_by_role("button", name="Speichern").click()
    expect(second.page.get_by_text("Potsdam")).to_be_visible()
    second.page.get_by_role("button", name="Meine Eingaben").click()
    second.page.wait_for_url("**/clients/*-*/")
    expect(second.page.get_by_text("Bernau").first).to_be_visible()


def test_it_works_without_javascript(open_page: OpenPage) -> None:
    desk = open_page(javascript=False)
    desk.sign_in("empfang@sonnenschein.example")
    page = desk.page
    page.goto(f"{desk.base}/s/sonnenschein/clients/new/")
    page.get_by_label("Vorname").fill("Ohne")
    page.get_by_label("Nachname").fill("Skript")
    page.get_by_role("button", name="anlegen").click()
    expect(page.get_by_role("heading", name="Ohne Skript")).to_be_visible()
    page.goto(f"{desk.base}/s/sonnenschein/search/?q=skript")
    expect(page.get_by_role("link", name="Ohne Skript").first).to_be_visible()


def test_keyboard_alone(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example")
    page = desk.page
    page.keyboard.press("c")
    page.wait_for_url("**/clients/new/")
    expect(page.get_by_label("Vorname")).to_be_focused()
    page.keyboard.type("Tasta")
    page.keyboard.press("Tab")
    page.keyboard.type("Tur")
    page.keyboard.press("Enter")
    # Keys work once the scripts are there, which is later than the heading.
    page.wait_for_url("**/clients/*-*/")
    expect(page.get_by_role("heading", name="Tasta Tur")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
