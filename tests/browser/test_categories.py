"""Seed 001's ten steps, once by mouse and once by keyboard alone; and without a script."""

import re
from secrets import token_hex

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage, Watched


def _card(desk: Watched, name: str) -> Page:
    """Open the card of a new client: step 1."""
    desk.sign_in("carla@sonnenschein.example")
    page = desk.page
    page.goto(f"{desk.base}/s/sonnenschein/clients/new/")
    page.get_by_label("Vorname").fill(name)
    page.get_by_label("Vorname").press("Enter")
    # Keys and dialogs work once the scripts are there, which is later than the heading.
    page.wait_for_url("**/clients/*-*/")
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    return page


def _panel(page: Page) -> Locator:
    return page.get_by_role("region", name="Kundenkategorien")


def _accessible(desk: Watched) -> None:
    """Nothing is wrong with the page once what opens has opened."""
    desk.page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished))")
    assert desk.violations() == []


def _listed(page: Page) -> Locator:
    return _panel(page).locator(".category-name")


def test_the_ten_steps_by_mouse(open_page: OpenPage) -> None:  # noqa: PLR0915 - one story
    desk = open_page()
    page = _card(desk, f"Maus {token_hex(3)}")
    made = f"Ruhestand {token_hex(3)}"
    # 2: the panel stands at the right of the card; 3: its Add lists all categories.
    panel = _panel(page)
    box, window = panel.bounding_box(), page.viewport_size
    assert box
    assert window
    assert box["x"] > window["width"] / 2
    panel.get_by_role("link", name="Hinzufügen").click()
    picker = page.get_by_role("dialog", name="Kundenkategorien auswählen")
    expect(picker.get_by_role("option")).not_to_have_count(0)
    expect(picker.get_by_role("option", name="VIP")).to_be_visible()
    choose = picker.get_by_role("button", name="Auswählen")
    expect(choose).to_have_attribute("aria-disabled", "true")
    _accessible(desk)
    # The search leaves what fits, in any writing.
    picker.get_by_role("searchbox").fill("NAEGEL")
    expect(picker.get_by_role("option")).to_have_count(1)
    picker.get_by_role("searchbox").fill("")
    # 4 and 5: Add at the left of the dialog asks for the particulars of a new one.
    picker.get_by_role("option", name="VIP").click()
    picker.get_by_role("button", name="Neue Kategorie").click()
    new = page.get_by_role("dialog", name="Neue Kategorie")
    new.get_by_label("Name").fill(made)
    new.get_by_label("Kurze Beschreibung").fill("Im Ruhestand")
    # 6: the calculator grants the discount.
    new.get_by_role("button", name="Rabatt vergeben").click()
    calculator = page.get_by_role("dialog", name="Rabatt", exact=True)
    calculator.get_by_label("Prozent").fill("12,5")
    _accessible(desk)
    calculator.get_by_role("button", name="OK").click()
    expect(new.get_by_label("Rabatt in Prozent")).to_have_value("12,5")
    # 7: whether special offers, too; saved, it stands in the list, marked beside what was marked before.
    new.get_by_label("Auch auf Sonderangebote").check()
    _accessible(desk)
    new.get_by_role("button", name="Speichern").click()
    expect(new).to_be_hidden()
    expect(picker.get_by_role("option", name=made)).to_have_attribute("aria-selected", "true")
    expect(picker.get_by_role("option", name="VIP")).to_have_attribute("aria-selected", "true")
    # 8 and 9: marked ones are assigned with Choose, a single one with a double click.
    choose.click()
    expect(picker).to_have_count(0)
    expect(_listed(page)).to_have_text([made, "VIP"])
    expect(panel.get_by_text("12,5\u00a0% auf Dienstleistungen und Artikel, auch auf Sonderangebote")).to_be_visible()
    expect(panel.get_by_role("link", name="Hinzufügen")).to_be_focused()
    panel.get_by_role("link", name="Hinzufügen").click()
    expect(picker.get_by_role("option", name=made)).to_have_attribute("aria-disabled", "true")
    picker.get_by_role("option", name="Kinder").dblclick()
    expect(_listed(page)).to_have_text(["Kinder", made, "VIP"])
    # 10: mark, cross, Save; whoever leaves without saving has changed nothing.
    for saved in (False, True):
        for name in ("Kinder", "VIP"):
            panel.get_by_text(name, exact=True).click()
        panel.get_by_role("button", name="VIP entfernen").click()
        expect(panel.locator(".category-gone:visible")).to_have_count(2)
        if saved:
            _accessible(desk)
            panel.get_by_role("button", name="Speichern").click()
            expect(_listed(page)).to_have_text([made])
        else:
            page.reload()
            expect(_listed(page)).to_have_text(["Kinder", made, "VIP"])
    page.get_by_role("button", name="Rückgängig").click()
    expect(_listed(page)).to_have_text(["Kinder", made, "VIP"])
    expect(page.locator(".toast")).to_have_count(0)
    page.reload()
    expect(_listed(page)).to_have_text(["Kinder", made, "VIP"])


def _tab_to(page: Page, target: Locator) -> None:
    for _ in range(80):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {target}")


def test_the_ten_steps_by_keyboard(open_page: OpenPage) -> None:  # noqa: PLR0915 - one story
    desk = open_page()
    page = _card(desk, f"Taste {token_hex(3)}")
    made = f"Schule {token_hex(3)}"
    keys, panel = page.keyboard, _panel(page)
    add = panel.get_by_role("link", name="Hinzufügen")
    _tab_to(page, add)
    keys.press("Enter")
    picker = page.get_by_role("dialog", name="Kundenkategorien auswählen")
    expect(picker.get_by_role("searchbox")).to_be_focused()
    # Esc closes, and the focus is back where it was.
    keys.press("Escape")
    expect(picker).to_have_count(0)
    expect(add).to_be_focused()
    keys.press("Enter")
    expect(picker.get_by_role("searchbox")).to_be_focused()
    # Arrows walk the list, space marks.
    keys.press("ArrowDown")
    first = picker.get_by_role("option").first
    expect(first).to_be_focused()
    keys.press("Space")
    expect(first).to_have_attribute("aria-selected", "true")
    keys.press("Space")
    expect(first).to_have_attribute("aria-selected", "false")
    keys.press("End")
    expect(picker.get_by_role("option").last).to_be_focused()
    keys.press("Home")
    keys.press("ArrowUp")
    expect(picker.get_by_role("searchbox")).to_be_focused()
    # A new one, with a discount from the calculator.
    keys.type(made)
    expect(picker.get_by_role("option")).to_have_count(0)
    _tab_to(page, picker.get_by_role("button", name="Neue Kategorie"))
    keys.press("Enter")
    new = page.get_by_role("dialog", name="Neue Kategorie")
    expect(new.get_by_label("Name")).to_be_focused()
    expect(new.get_by_label("Name")).to_have_value(made)
    _tab_to(page, new.get_by_role("button", name="Rabatt vergeben"))
    keys.press("Enter")
    entry = page.get_by_label("Prozent", exact=True)
    expect(entry).to_be_focused()
    keys.type("120")
    keys.press("Enter")
    expect(entry).to_have_attribute("aria-invalid", "true")
    expect(entry).to_be_focused()
    keys.press("ControlOrMeta+a")
    keys.type("12")
    keys.press("Enter")
    applies = new.get_by_label("Der Rabatt gilt für")
    expect(applies).to_be_focused()
    new.get_by_label("Rabatt in Prozent").fill("120")
    applies.focus()
    keys.press("Tab")
    keys.press("Space")
    keys.press("Enter")
    # What is wrong is told at its field, which has the focus, and everything typed is kept.
    percent = new.get_by_label("Rabatt in Prozent")
    expect(percent).to_be_focused()
    expect(percent).to_have_attribute("aria-invalid", "true")
    expect(new.get_by_label("Auch auf Sonderangebote")).to_be_checked()
    percent.press("ControlOrMeta+a")
    keys.type("15")
    keys.press("Enter")
    expect(new).to_be_hidden()
    option = picker.get_by_role("option", name=made)
    expect(option).to_be_focused()
    expect(option).to_have_attribute("aria-selected", "true")
    # Enter assigns.
    keys.press("Enter")
    expect(_listed(page)).to_have_text([made])
    expect(add).to_be_focused()
    # Without a mark Enter assigns the one it stands on.
    keys.press("Enter")
    expect(picker.get_by_role("searchbox")).to_be_focused()
    keys.type("kosmet")
    keys.press("Enter")
    expect(picker.get_by_role("option", name=re.compile("^Kosmetik"))).to_be_focused()
    keys.press("Enter")
    expect(_listed(page)).to_have_text(["Kosmetik", made])
    # Mark with space, strike through with the cross, save.
    mark = panel.get_by_role("checkbox", name=re.compile("^Kosmetik"))
    page.keyboard.press("Shift+Tab")
    for _ in range(10):
        if mark.evaluate("element => element === document.activeElement"):
            break
        page.keyboard.press("Shift+Tab")
    keys.press("Space")
    expect(mark).to_be_checked()
    keys.press("Tab")
    expect(panel.get_by_role("button", name="Kosmetik entfernen")).to_be_focused()
    keys.press("Enter")
    expect(panel.locator(".category-gone:visible")).to_have_text("wird entfernt")
    expect(panel.get_by_role("button", name="Speichern")).to_be_focused()
    keys.press("Enter")
    expect(_listed(page)).to_have_text([made])


def test_by_touch_on_a_phone(open_page: OpenPage) -> None:
    desk = open_page(width=390, dark=True, touch=True)
    page = _card(desk, f"Finger {token_hex(3)}")
    panel = _panel(page)
    panel.get_by_role("link", name="Hinzufügen").tap()
    picker = page.get_by_role("dialog", name="Kundenkategorien auswählen")
    for name in ("Barber", "Kinder"):
        picker.get_by_role("option", name=name).tap()
    _accessible(desk)
    picker.get_by_role("button", name="Auswählen").tap()
    expect(_listed(page)).to_have_text(["Barber", "Kinder"])
    panel.get_by_text("Barber", exact=True).tap()
    panel.get_by_role("button", name="Barber entfernen").tap()
    panel.get_by_role("button", name="Speichern").tap()
    expect(_listed(page)).to_have_text(["Kinder"])


def test_without_a_script(open_page: OpenPage) -> None:
    desk = open_page(javascript=False)
    page = _card(desk, f"Ohne {token_hex(3)}")
    made = f"Braut {token_hex(3)}"
    _panel(page).get_by_role("link", name="Hinzufügen").click()
    page.get_by_label("VIP").check()
    page.get_by_role("button", name="Speichern").click()
    expect(_listed(page)).to_have_text(["VIP"])
    _panel(page).get_by_role("link", name="Hinzufügen").click()
    page.get_by_role("link", name="Neue Kategorie").click()
    page.get_by_label("Name", exact=True).fill(made)
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_label(made)).to_be_checked()
    page.get_by_role("button", name="Speichern").click()
    expect(_listed(page)).to_have_text([made, "VIP"])
    page.get_by_role("checkbox", name="VIP").check()
    page.get_by_role("button", name="Markierte entfernen").click()
    expect(_listed(page)).to_have_text([made])
    page.get_by_role("button", name="Rückgängig").click()
    expect(_listed(page)).to_have_text([made, "VIP"])


def test_the_page_of_settings(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("carla@sonnenschein.example")
    page, made = desk.page, f"Presse {token_hex(3)}"
    page.goto(f"{desk.base}/s/sonnenschein/settings/")
    page.get_by_role("link", name="Kundenkategorien").click()
    page.get_by_role("link", name="Neue Kategorie").click()
    page.get_by_label("Name", exact=True).fill(made)
    page.get_by_label("Rabatt in Prozent").fill("5")
    page.get_by_label("Der Rabatt gilt für").select_option("PRODUCTS")
    page.get_by_role("button", name="Speichern").click()
    row = page.get_by_role("listitem").filter(has_text=made)
    expect(row.get_by_text("5\u00a0% auf Artikel, nicht auf Sonderangebote")).to_be_visible()
    row.get_by_role("link", name="bearbeiten").click()
    page.get_by_label("Kurze Beschreibung").fill("Schreibt über uns")
    page.get_by_role("button", name="Speichern").click()
    expect(row.get_by_text("Schreibt über uns")).to_be_visible()
    row.get_by_role("button", name="löschen").click()
    expect(page.get_by_text(f"„{made}“ ist gelöscht")).to_be_visible()
    page.get_by_role("button", name="Rückgängig").click()
    expect(row.get_by_role("link", name="bearbeiten")).to_be_visible()
