"""The client list by mouse and keyboard: filters, marking many, a category for them and back."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage

LIST = "/s/sonnenschein/clients/"


def test_filters_are_chips_and_addresses(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example")
    page = desk.page
    page.goto(desk.base + LIST)
    page.get_by_role("link", name="Filter").click()
    drawer = page.get_by_role("dialog", name="Kunden filtern")
    expect(drawer).to_be_visible()
    assert desk.violations() == []
    # The list gives way to the drawer: no column reaches beyond its panel.
    assert page.locator(".list-panel").evaluate("panel => panel.scrollWidth <= panel.clientWidth")
    drawer.get_by_label("Status").select_option("NEW")
    drawer.get_by_role("button", name="Kunden anzeigen").click()
    page.wait_for_url(f"**{LIST}?status=NEW")
    expect(page.locator("tbody .c-status", has_text="Wiederkehrend")).to_have_count(0)
    page.get_by_role("link", name="Name").click()
    page.wait_for_url(re.compile(r"status=NEW&sort=name&dir=desc"))
    expect(page.locator("th[aria-sort=descending]")).to_have_text("Name")
    # Typing searches among those who meet the filter.
    page.locator("#list-search input[type=search]").fill("a")
    expect(page.locator("th[aria-sort]")).to_have_count(0)
    assert "status=NEW" in page.url
    page.reload()
    page.get_by_role("link", name=re.compile("Status: Neu")).click()
    page.wait_for_url(re.compile(r"\?q=a"))
    expect(page.get_by_role("list", name="Eingeschaltete Filter")).to_have_count(0)
    page.go_back()
    expect(page.get_by_role("link", name=re.compile("Status: Neu"))).to_be_visible()


def test_a_category_for_several_by_keyboard_and_back(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example")
    page = desk.page
    page.goto(desk.base + LIST + "?sort=number")
    boxes = page.locator("input[name=client]")
    boxes.nth(1).focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("1 markiert")).to_be_visible()
    boxes.nth(4).click(modifiers=["Shift"])
    expect(page.get_by_text("4 markiert")).to_be_visible()
    page.get_by_role("button", name="Kategorie zuweisen").focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="Kategorie zuweisen")
    expect(drawer.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("nagel")
    page.keyboard.press("Enter")
    expect(drawer.get_by_label("Nägel")).to_be_checked()
    drawer.get_by_role("button", name="Zuweisen").click()
    expect(page.get_by_text("Kategorie bekommen")).to_be_visible()
    page.get_by_role("button", name="Rückgängig").click()
    expect(page.get_by_text("zurückgenommen")).to_be_visible()


def test_marks_stay_on_other_pages_and_while_searching(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example")
    page = desk.page
    page.goto(desk.base + LIST + "?sort=number")
    first = page.locator("tbody input[name=client]").first
    name = first.get_attribute("aria-label") or ""
    first.check()
    page.get_by_role("link", name="Weiter").click()
    expect(page.get_by_role("link", name="Zurück")).to_be_visible()
    expect(page.get_by_text("1 markiert")).to_be_visible()
    page.locator("tbody input[name=client]").nth(2).check()
    expect(page.get_by_text("2 markiert")).to_be_visible()
    search = page.locator("#list-search input[type=search]")
    search.fill("zzzz nobody")
    expect(page.get_by_text("Niemand gefunden")).to_be_visible()
    search.fill(name)
    expect(page.get_by_role("checkbox", name=name, exact=True)).to_be_checked()
    expect(page.get_by_text("2 markiert")).to_be_visible()
    assert desk.violations() == []
    page.get_by_role("button", name="Kategorie zuweisen").click()
    drawer = page.get_by_role("dialog", name="Kategorie zuweisen")
    expect(drawer).to_contain_text("2 ")
    assert drawer.locator("input[name=client]").count() == 2
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Markierung aufheben").click()
    expect(page.locator(".bulk")).to_be_hidden()
    search.fill("")
    expect(page.locator("tbody input[name=client]:checked")).to_have_count(0)


def test_marks_stay_in_another_order_and_among_other_filters(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example")
    page = desk.page
    page.goto(desk.base + LIST + "?sort=number")
    said = page.locator("[data-picked]")
    for status in ("Neu", "Wiederkehrend"):
        row = page.locator("tbody tr", has=page.locator(".c-status", has_text=re.compile(rf"^\s*{status}\s*$"))).first
        row.locator("input[name=client]").check()
    expect(said).to_have_text("2 markiert")
    page.get_by_role("link", name="Nr.", exact=True).click()
    page.wait_for_url(re.compile("sort=number&dir=desc"))
    expect(said).to_have_text("2 markiert, nicht auf dieser Seite")
    page.get_by_role("link", name="Nr.", exact=True).click()
    page.wait_for_url(re.compile(r"sort=number$"))
    expect(said).to_have_text("2 markiert")
    # One of the two does not meet the filter: nothing is done with her unseen.
    page.get_by_role("link", name="Filter").click()
    drawer = page.get_by_role("dialog", name="Kunden filtern")
    drawer.get_by_label("Status").select_option("NEW")
    drawer.get_by_role("button", name="Kunden anzeigen").click()
    page.wait_for_url(re.compile("status=NEW"))
    expect(said).to_have_text("2 markiert, 1 davon nicht auf dieser Seite")
    assert desk.violations() == []
    page.get_by_role("link", name=re.compile("Status: Neu")).click()
    page.wait_for_url(re.compile(r"sort=number$"))
    expect(page.locator("tbody input[name=client]:checked")).to_have_count(2)
    # The way back from elsewhere brings them back; whoever comes anew begins anew.
    page.goto(desk.base + "/s/sonnenschein/calendar/")
    page.go_back()
    expect(said).to_have_text("2 markiert")
    page.goto(desk.base + "/s/sonnenschein/calendar/")
    page.goto(desk.base + LIST + "?sort=number")
    expect(page.locator("tbody input[name=client]:checked")).to_have_count(0)
    # What was done with them is done.
    page.locator("tbody input[name=client]").first.check()
    page.get_by_role("button", name="Kategorie zuweisen").click()
    drawer = page.get_by_role("dialog", name="Kategorie zuweisen")
    drawer.get_by_label("Nägel").check()
    drawer.get_by_role("button", name="Zuweisen").click()
    expect(page.locator("#toasts")).not_to_be_empty()
    expect(page.locator("tbody input[name=client]:checked")).to_have_count(0)


def test_all_are_marked_in_any_order_but_not_among_other_filters(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example")
    page = desk.page
    page.goto(desk.base + LIST)
    page.locator("tbody input[name=client]").first.check()
    page.locator("input[name=all]").check()
    said = page.locator("[data-picked]")
    expect(said).to_have_text("alle markiert")
    page.get_by_role("link", name="Nr.", exact=True).click()
    page.wait_for_url(re.compile("sort=number"))
    expect(said).to_have_text("alle markiert")
    page.get_by_role("link", name="Weiter").click()
    expect(page.get_by_role("link", name="Zurück")).to_be_visible()
    expect(said).to_have_text("alle markiert")
    page.locator("#list-search input[type=search]").fill("a")
    page.wait_for_url(re.compile("q=a"))
    expect(said).to_have_text(re.compile("^1 markiert"))


def test_it_works_without_javascript(open_page: OpenPage) -> None:
    desk = open_page(javascript=False)
    desk.sign_in("empfang@sonnenschein.example")
    page = desk.page
    page.goto(desk.base + LIST)
    page.get_by_role("link", name="Filter").click()
    page.get_by_label("Geburtstag im").select_option("5")
    page.get_by_role("button", name="Kunden anzeigen").click()
    expect(page.get_by_role("link", name=re.compile("Geburtstag im Mai"))).to_be_visible()
    expect(page.get_by_role("button", name="Kategorie zuweisen")).to_be_hidden()
    page.locator("input[name=client]").first.check()
    page.get_by_role("button", name="Kategorie zuweisen").click()
    page.get_by_label("VIP").check()
    page.get_by_role("button", name="Zuweisen").click()
    expect(page.locator("#toasts")).not_to_be_empty()
    page.get_by_role("link", name="Spalten").click()
    page.get_by_label("Ort").check()
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_role("columnheader", name="Ort")).to_be_attached()


def test_a_campaign_to_those_marked(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("anna@sonnenschein.example")
    page = desk.page
    page.goto(desk.base + LIST + "?sort=number")
    boxes = page.locator("input[name=client]")
    # What cannot be done is said beside the buttons, and all stays marked.
    first = boxes.first.get_attribute("value")
    boxes.first.evaluate("box => { box.value = crypto.randomUUID(); }")
    boxes.first.check()
    page.get_by_role("button", name="Kampagne").click()
    refusal = page.locator("#bulk-refusal")
    expect(refusal).to_have_text("Markieren Sie zuerst Kunden in der Liste.")
    expect(page.get_by_text("1 markiert")).to_be_visible()
    assert desk.violations() == []
    boxes.first.evaluate("(box, value) => { box.value = value; }", first)
    boxes.nth(3).check()
    expect(refusal).to_be_empty()
    # Two of them wait for a text, and open in the editor.
    expect(page.get_by_text("2 markiert")).to_be_visible()
    page.get_by_role("button", name="Kampagne").dblclick()
    page.wait_for_url("**/new/?draft=*")
    page.get_by_role("button", name="E-Mail schreiben").click()
    page.wait_for_url("**/edit/")
    group, name = page.get_by_label("Zielgruppe", exact=True), page.locator("#id_name")
    expect(group.locator("option:checked")).to_have_text("2 ausgewählte Kunden")
    expect(name).to_have_value("2 ausgewählte Kunden")
    # Another one chosen can be taken back, and the name that nobody typed goes along.
    group.select_option("Alle Kunden")
    expect(name).to_have_value("Alle Kunden")
    group.select_option("2 ausgewählte Kunden")
    expect(name).to_have_value("2 ausgewählte Kunden")
    expect(page.get_by_role("heading", level=1)).to_have_text("2 ausgewählte Kunden")
    expect(page.locator("#audience")).to_contain_text("von 2 Kunden")
    desk.settle()
    assert desk.violations() == []
    page.get_by_role("button", name="Prüfen und senden").click()
    page.wait_for_url("**/send/")
    expect(page.locator("dl.facts").first).to_contain_text("2 ausgewählte Kunden")
    expect(page.get_by_text("von 2 Kunden").first).to_be_visible()
