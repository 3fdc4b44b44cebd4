"""An owner tries rates and rewards out, and looks at what her Treatcard has come to."""

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage

TREATCARD = "/s/sonnenschein/marketing/treatcard/"


def test_a_draft_is_tried_out_and_nothing_is_saved(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("carla@sonnenschein.example", TREATCARD)
    page = desk.page
    page.get_by_role("link", name="Simulator").click()
    expect(page.get_by_role("heading", name="Nach den Regeln von heute")).to_be_visible()
    points = page.locator(".tile-figure").first
    before = int(points.inner_text().replace(".", ""))
    assert before > 0

    page.get_by_label("Punkte für Dienstleistungen").fill("2,5")
    page.get_by_label("Punkte für Nassrasur").fill("viele")
    page.get_by_role("button", name="Berechnen").click()
    expect(page.get_by_text("Geben Sie eine ganze Zahl ein.")).to_be_visible()
    expect(page.get_by_label("Punkte für Dienstleistungen")).to_have_value("2,5")
    page.get_by_label("Punkte für Nassrasur").fill("300")
    page.get_by_role("checkbox", name="Glossing").uncheck()
    page.get_by_role("button", name="Berechnen").click()
    expect(page.get_by_role("heading", name="Entwurf gegen heute")).to_be_visible()
    assert int(points.inner_text().replace(".", "")) > before
    expect(page.get_by_text(f"heute {before:,}".replace(",", "."))).to_be_visible()
    page.get_by_text("Als Tabelle").click()
    expect(page.get_by_role("columnheader", name="Entwurf").first).to_be_visible()
    expect(page.get_by_role("rowheader", name="350 → 300 Punkte")).to_be_visible()
    expect(page.get_by_role("rowheader", name="nicht im Entwurf")).to_be_visible()
    assert desk.violations() == []

    # It has an address of its own, and the rules are as they were.
    page.reload()
    expect(page.get_by_label("Punkte für Nassrasur")).to_have_value("300")
    page.get_by_role("link", name="Von vorn").click()
    expect(page.get_by_label("Punkte für Nassrasur")).to_have_value("350")
    page.get_by_role("link", name="Auswertung", exact=True).click()
    expect(page.get_by_role("heading", name="Offene Punkte nach Alter")).to_be_visible()
    assert desk.violations() == []


def test_a_draft_is_adopted_with_one_click(open_page: OpenPage) -> None:
    desk = open_page(width=820, touch=True)
    desk.sign_in("carla@sonnenschein.example", f"{TREATCARD}simulator/")
    page = desk.page
    # There and back: other tests live in the same world.
    for typed, told in (("2,5", "2 → 2,5"), ("2", "2,5 → 2")):
        page.goto(f"{desk.base}{TREATCARD}simulator/")
        page.get_by_label("Punkte für Artikel").fill(typed)
        page.get_by_role("button", name="Berechnen").click()
        expect(page.locator("#adopt")).to_contain_text(f"Punkte für Artikel {told}")
        assert desk.violations() == []
        page.get_by_role("button", name="Diese Sätze übernehmen").click()
        expect(page.locator("#toasts")).to_contain_text(f"Übernommen: Punkte für Artikel {told}.")
        expect(page.get_by_label("Punkte für Artikel")).to_have_value(typed)
