"""The builder of a segment by mouse, by finger and by keyboard (ui.md §2.7)."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage

NEW = "/s/sonnenschein/marketing/segments/new/"
SENTENCE = re.compile(
    "zur Kategorie Farbkundin gehören und die ohne gebuchten Termin innerhalb der nächsten 300 Tage wieder als neu"
    " gelten würden"
)


def outcome(page: Page) -> int:
    """Return how many are meant, once what is asked for is there."""
    expect(page.locator("#outcome .outcome-sentence")).to_have_text(SENTENCE)
    return int(page.locator("#outcome .outcome-count strong").inner_text().replace(".", ""))


def typed_wrong(page: Page, days: Locator) -> None:
    """See that what is not right is said at its field while it is typed, and taken back with it."""
    wrong = page.locator("#part-0 .field-error")
    days.fill("99999")
    expect(wrong).to_be_visible()
    expect(days).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Speichern").click()
    refused = page.get_by_role("alert").filter(has_text="Bitte sehen Sie die markierte Stelle an.")
    expect(refused).to_be_visible()
    days.fill("30")
    expect(wrong).to_be_hidden()
    expect(refused).to_have_count(0)
    expect(days).not_to_have_attribute("aria-invalid", "true")


def test_colour_and_about_to_lapse_by_mouse(open_page: OpenPage) -> None:
    owner = open_page()
    owner.sign_in("anna@sonnenschein.example", NEW)
    page = owner.page
    page.get_by_label("Name", exact=True).fill("Farbe, bald weg (Maus)")
    page.locator(".rule-add summary").click()
    page.locator("button[value='add::lapsing']").click()
    days = page.locator("input[name='value:0.0']")
    expect(days).to_be_focused()
    expect(days).to_have_value("30")
    days.fill("")
    expect(page.locator("#outcome")).to_contain_text("Noch offen, zählt noch nicht mit")
    typed_wrong(page, days)
    days.fill("300")
    page.locator(".rule-add summary").click()
    # All of the menu stands inside it, and inside the window.
    menu = page.locator(".rule-add > .menu-panel")
    assert menu.evaluate("(panel) => panel.scrollWidth <= panel.clientWidth")
    assert menu.evaluate("(panel) => panel.getBoundingClientRect().right <= innerWidth")
    page.get_by_role("button", name="Kategorie", exact=True).click()
    page.get_by_role("checkbox", name="Farbkundin", exact=True).check(force=True)
    # The second is dragged before the first.
    grip, first = page.locator("[data-grip]").nth(1), page.locator("#part-0")
    box, top = grip.bounding_box(), first.bounding_box()
    assert box is not None
    assert top is not None
    page.mouse.move(box["x"] + 8, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + 8, box["y"] - 20)
    page.mouse.move(top["x"] + 40, top["y"] + 2)
    expect(page.locator("#part-0.drop-before")).to_have_count(1)
    page.mouse.up()
    expect(page.locator("#part-0 .rule-field")).to_have_text("Kategorie")
    meant = outcome(page)
    assert meant > 0
    expect(page.locator("#segment-said")).to_contain_text(str(meant))
    assert owner.violations() == []
    page.get_by_role("button", name="Speichern").click()
    tile = page.locator(".segment-tile", has_text="Farbe, bald weg (Maus)")
    expect(tile.locator(".segment-count")).to_have_text(re.compile(rf"^{meant} Person(en)?$"))
    tile.get_by_role("link", name="in der Kundenliste zeigen").click()
    expect(page.get_by_role("link", name=re.compile("Zielgruppe: Farbe, bald weg"))).to_be_visible()
    expect(page.locator("#client-rows tbody tr")).to_have_count(meant)
    page.go_back()
    tile.locator("summary").click()
    tile.get_by_role("button", name="Löschen").click()
    expect(tile).to_have_count(0)
    page.locator("#toasts").get_by_role("button", name="Rückgängig").click()
    expect(tile).to_have_count(1)
    assert owner.complaints == []


def test_the_same_by_keyboard(open_page: OpenPage) -> None:
    owner = open_page()
    owner.sign_in("anna@sonnenschein.example", NEW)
    page, press = owner.page, owner.page.keyboard.press
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("Farbe, bald weg (Tasten)")
    page.locator(".rule-add summary").focus()
    press("Enter")
    page.locator("button[value='add::lapsing']").focus()
    press("Enter")
    expect(page.locator("input[name='value:0.0']")).to_be_focused()
    page.keyboard.type("300")
    page.locator(".rule-add summary").focus()
    press("Enter")
    page.get_by_role("button", name="Kategorie", exact=True).focus()
    press("Enter")
    expect(page.locator("#part-1 input[type=checkbox]").first).to_be_focused()
    page.get_by_role("checkbox", name="Farbkundin", exact=True).focus()
    press("Space")
    press("Alt+ArrowUp")
    expect(page.locator("#part-0 .rule-field")).to_have_text("Kategorie")
    expect(page.locator("#part-0 [data-move=down]")).to_be_focused()
    press("Alt+ArrowDown")
    expect(page.locator("#part-1 .rule-field")).to_have_text("Kategorie")
    press("Alt+ArrowUp")
    expect(page.locator("#part-0 .rule-field")).to_have_text("Kategorie")
    expect(page.locator("#part-0 [data-move=down]")).to_be_focused()
    meant = outcome(page)
    assert meant > 0
    # Enter in a field saves, whatever buttons stand before the one that does.
    page.get_by_label("Name", exact=True).focus()
    press("Enter")
    expect(page.locator(".segment-tile", has_text="(Tasten)")).to_have_count(1)
    assert owner.complaints == []


def test_on_a_phone(open_page: OpenPage) -> None:
    owner = open_page(width=390, touch=True)
    owner.sign_in("anna@sonnenschein.example", f"{NEW}?segment=lapsing")
    page = owner.page
    page.get_by_role("button", name="Bedingungsgruppe", exact=True).tap()
    expect(page.locator("#part-1 .rule-add summary")).to_be_focused()
    page.locator("#part-1 .rule-add summary").tap()
    page.locator("button[value='add:1:blocked']").tap()
    expect(page.locator("#part-1-0")).to_be_visible()
    page.locator("#part-1 .rule-ask select").first.select_option("none")
    # Counted to the end: nothing comes in its place any more.
    expect(page.locator(".outcome-sentence")).to_contain_text("auf die Folgendes nicht zutrifft: (die gesperrt sind)")
    # The number stands once: in the panel, or in a bar while that is out of sight.
    bar = page.locator("#outcome-bar")
    expect(bar).to_contain_text("Kund")
    page.locator(".outcome-count").scroll_into_view_if_needed()
    page.mouse.wheel(0, 300)
    expect(bar).to_be_hidden()
    page.evaluate("scrollTo(0, 0)")
    page.set_viewport_size({"width": 390, "height": 500})
    expect(bar).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    small = page.evaluate(
        """[...document.querySelectorAll('#segment-form :is(button, select, summary, input, .outcome-examples a)')]
        .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 43.5)
        .map((one) => one.outerHTML.slice(0, 80))"""
    )
    assert small == []
    assert owner.violations() == []
    page.get_by_role("button", name="Bedingungsgruppe entfernen").tap()
    expect(page.locator("#part-1")).to_have_count(0)
    assert owner.complaints == []


def test_reception_narrows_the_list_to_a_segment(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example", "/s/sonnenschein/clients/")
    page = desk.page
    page.locator("#list-filter").click()
    page.get_by_label("Zielgruppe").select_option(label="Droht abzuwandern")
    assert desk.violations("#drawer") == []
    page.get_by_role("button", name="Kunden anzeigen").click()
    expect(page.get_by_role("link", name=re.compile("Zielgruppe: Droht abzuwandern"))).to_be_visible()
    page.locator("#list-filter").click()
    expect(page.get_by_label("Zielgruppe")).to_have_value("lapsing")
    assert desk.complaints == []


def test_what_can_be_asked_is_found_by_typing(open_page: OpenPage) -> None:
    owner = open_page()
    owner.sign_in("anna@sonnenschein.example", NEW)
    page, press = owner.page, owner.page.keyboard.press
    adds = page.locator(".rule-add summary")
    adds.focus()
    press("Enter")
    search = page.get_by_role("searchbox", name="Welche Bedingung: Liste eingrenzen")
    expect(search).to_be_focused()
    # Umlauts as anybody writes them.
    items = page.locator(".rule-add .menu-item:visible")
    page.keyboard.press("Control+a")
    page.keyboard.type("uberf")
    expect(items).to_have_text([re.compile("überfällig", re.IGNORECASE)])
    page.keyboard.press("Control+a")
    page.keyboard.type("besuch")
    shown = items.count()
    assert 1 < shown < 10
    expect(page.locator(".rule-add [data-hits]")).to_contain_text("esuch")
    assert owner.violations() == []
    press("ArrowDown")
    expect(items.first).to_be_focused()
    press("ArrowDown")
    expect(items.nth(1)).to_be_focused()
    # What is typed there goes on in the field.
    page.keyboard.type("x")
    expect(search).to_have_value("besuchx")
    expect(page.get_by_text("Keine Bedingung heißt so.")).to_be_visible()
    press("Enter")
    expect(page.locator("#part-0")).to_have_count(0)
    page.keyboard.press("Control+a")
    page.keyboard.type("katego")
    press("Enter")
    expect(page.locator("#part-0 .rule-field")).to_have_text("Kategorie")
    # The next time it opens whole.
    adds.click()
    expect(page.get_by_role("searchbox", name="Welche Bedingung: Liste eingrenzen")).to_have_value("")
    expect(items.nth(15)).to_be_visible()
    press("Escape")
    expect(adds).to_be_focused()
    assert owner.complaints == []


def test_a_group_is_dragged_and_a_condition_into_it(open_page: OpenPage) -> None:
    owner = open_page(width=820)
    owner.sign_in("anna@sonnenschein.example", f"{NEW}?segment=lapsing")
    page = owner.page
    page.get_by_role("button", name="Bedingungsgruppe", exact=True).click()
    grip = page.locator("#part-1 > .rule-group > .rule-ask [data-grip]")
    box, first = grip.bounding_box(), page.locator("#part-0").bounding_box()
    assert box is not None
    assert first is not None
    page.mouse.move(box["x"] + 8, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + 8, box["y"] - 20)
    page.mouse.move(first["x"] + 8, first["y"] + 2)
    page.mouse.up()
    expect(page.locator("#part-0.of-group")).to_be_visible()
    # By keyboard into the group above it, and out of it again.
    field = page.locator("#part-1 button[data-move=up]")
    field.focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("#part-0-0")).to_be_visible()
    page.locator("#part-0-0 button[data-move=down]").focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator("#part-1 .rule-field")).to_be_visible()
    expect(page.locator("#part-0-0")).to_have_count(0)
    assert owner.complaints == []


def test_how_many_are_meant_stands_once(open_page: OpenPage) -> None:
    owner = open_page(width=820)
    owner.sign_in("anna@sonnenschein.example", f"{NEW}?segment=lapsing")
    page = owner.page
    expect(page.locator("#outcome-bar")).to_contain_text("Kund")
    number = page.locator(".outcome-count strong")
    low = number.evaluate("(one) => Math.round(one.getBoundingClientRect().bottom)")
    for height in range(low - 60, low + 140, 20):
        page.set_viewport_size({"width": 820, "height": height})
        page.wait_for_timeout(100)
        seen = page.evaluate(
            """[...document.querySelectorAll('.outcome-count strong, #outcome-bar strong')].filter((one) => {
              const box = one.getBoundingClientRect();
              return document.elementFromPoint(box.left + 2, box.top + box.height / 2) === one;
            }).length"""
        )
        assert seen == 1, height
