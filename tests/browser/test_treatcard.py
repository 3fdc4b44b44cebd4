"""An owner sets the Treatcard up: rates, rewards, a price that moves, rewards archived and brought back."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, Watched

SALON = "/s/barbier-am-dom/"
TREATCARD = f"{SALON}marketing/treatcard/"


def _add(desk: Watched, place: int) -> str:
    """Make the so many-th service that is none yet a reward, by its dialog, and return its name."""
    page = desk.page
    page.get_by_role("link", name="Dienstleistungs-Prämie hinzufügen").first.click()
    dialog = page.get_by_role("dialog", name="Dienstleistungs-Prämie hinzufügen")
    item = dialog.get_by_label("Dienstleistung", exact=True)
    expect(item).to_be_focused()
    item.select_option(index=place)
    name = item.locator("option:checked").inner_text().partition(" · ")[0]
    standard = item.locator("option:checked").get_attribute("data-standard")
    # What it usually costs is there at once; the button brings it back after something else was typed.
    points = dialog.get_by_label("Punkte", exact=True)
    expect(points).to_have_value(str(standard))
    points.fill("0")
    dialog.get_by_role("button", name="Speichern").click()
    expect(points).to_be_focused()
    expect(dialog.get_by_text("Bitte zwischen 1 und 1.000.000 Punkten eingeben.")).to_be_visible()
    dialog.get_by_role("button", name="Standard verwenden").click()
    expect(points).to_have_value(str(standard))
    expect(dialog.get_by_role("radio", name="Nur beim ersten Mal")).to_be_checked()
    desk.settle()
    assert desk.violations() == []
    dialog.get_by_role("button", name="Speichern").click()
    expect(page.get_by_text(f"„{name}“ ist jetzt eine Prämie.")).to_be_visible()
    return name


def _rate(page: Page, name: str, typed: str) -> None:
    field = page.get_by_label(name, exact=True)
    field.press("ControlOrMeta+a")
    field.press_sequentially(typed)


def test_set_up_in_minutes(open_page: OpenPage) -> None:  # noqa: PLR0915 - one story
    desk = open_page()
    desk.sign_in("emre@barbier-am-dom.example", SALON)
    page = desk.page
    # The example follows what is typed, key by key.
    page.get_by_role("link", name="Marketing").click()
    page.get_by_role("navigation", name="Marketing").get_by_role("link", name="Treatcard").click()
    example = page.locator("[data-total]")
    expect(example).to_have_text("200 Punkte")
    _rate(page, "Punkte für Dienstleistungen", "1,5")
    expect(example).to_have_text("250 Punkte")
    _rate(page, "Punkte für Artikel", "0")
    expect(example).to_have_text("150 Punkte")
    expect(page.get_by_text("Artikel geben keine.")).to_be_visible()
    _rate(page, "Punkte für Artikel", "2.5")
    expect(example).to_have_text("275 Punkte")
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_text("Das gilt für alles, was ab jetzt bezahlt wird")).to_be_visible()
    expect(page.get_by_label("Punkte für Artikel", exact=True)).to_have_value("2,5")
    page.get_by_text("Bisherige Einstellungen").click()
    expect(page.get_by_text("gilt zurzeit")).to_be_visible()
    desk.settle()
    assert desk.violations() == []

    page.get_by_role("link", name="Dienstleistungs-Prämien").click()
    expect(page.get_by_role("link", name="Dienstleistungs-Prämien")).to_have_attribute("aria-current", "page")
    rows = page.locator(".reward-row")
    many = rows.count() + 2
    names = [_add(desk, 1), _add(desk, 2)]
    expect(rows).to_have_count(many)

    # What is marked is archived, and a click brings it back.
    archive = page.get_by_role("button", name="Archivieren")
    expect(archive).to_have_attribute("aria-disabled", "true")
    page.get_by_role("checkbox", name="Alle").check()
    expect(page.get_by_text(f"{many} markiert")).to_be_visible()
    archive.click()
    expect(page.get_by_text(f"{many} Prämien sind archiviert")).to_be_visible()
    expect(rows).to_have_count(0)
    page.get_by_role("button", name="Rückgängig").click()
    expect(rows).to_have_count(many)

    # A price moves: the row says so, and one click takes the new standard.
    page.goto(f"{desk.base}{SALON}settings/services/")
    page.get_by_role("link", name=names[0], exact=True).click()
    page.get_by_label("Preis", exact=True).fill("33,33")
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_text(f"„{names[0]}“ ist gespeichert.")).to_be_visible()
    page.goto(f"{desk.base}{TREATCARD}services/")
    expect(page.get_by_text("auf 33,33")).to_be_visible()
    desk.settle()
    assert desk.violations() == []
    page.get_by_role("button", name="467 Punkte übernehmen").click()
    expect(page.get_by_text(f"„{names[0]}“ kostet jetzt 467 Punkte.")).to_be_visible()
    expect(page.get_by_text("auf 33,33")).to_have_count(0)

    # A reward is changed by keyboard alone; Escape leaves everything as it was.
    row = page.get_by_role("link", name=names[1], exact=True)
    row.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=names[1])
    expect(dialog.get_by_label("Punkte", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(row).to_be_focused()
    row.press("Enter")
    dialog.get_by_label("Punkte", exact=True).fill("123")
    page.keyboard.press("Enter")
    expect(page.get_by_text("123 Punkte")).to_be_visible()
