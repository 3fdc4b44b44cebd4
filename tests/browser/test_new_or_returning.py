"""The owner looks whom another rule would touch, and then decides (ui.md §2.9)."""

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage


def test_a_rule_is_previewed_live_and_saved(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("anna@sonnenschein.example")
    page = desk.page
    page.goto(f"{desk.base}/s/sonnenschein/settings/")
    page.get_by_role("link", name="Neu oder wiederkehrend").click()
    strict, lenient = page.get_by_role("radio", name="Streng"), page.get_by_role("radio", name="Großzügig")
    expect(strict).to_be_checked()
    expect(page.get_by_role("heading", name="Wen beträfe ein Wechsel?")).to_be_visible()
    # What is chosen is previewed once the scripts are there.
    page.wait_for_load_state()

    strict.focus()
    page.keyboard.press("ArrowDown")
    expect(lenient).to_be_checked()
    expect(page.get_by_role("heading", name="Wen ein Wechsel zu „Großzügig“ beträfe")).to_be_visible()
    assert page.url.endswith("?policy=LENIENT")
    page.reload()
    expect(lenient).to_be_checked()

    page.get_by_role("button", name="Speichern").press("Enter")
    expect(page.get_by_text("Das gilt ab jetzt für jede Online-Buchung.")).to_be_visible()
    expect(page.locator(".policy", has=lenient).get_by_text("gilt zurzeit")).to_be_visible()
    # The world as the other tests know it.
    strict.check()
    page.get_by_role("button", name="Speichern").click()
    expect(page.locator(".policy", has=strict).get_by_text("gilt zurzeit")).to_be_visible()
