"""A receptionist with a tablet, an owner with a phone: rows to tap, figures before lists, long names (ui.md §3)."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage

SALON = "/s/sonnenschein/"
LONG = "Oberbürgermeisterkandidatinnen-Donaudampfschifffahrtsgesellschaft"
ADDRESS = f"maximiliane.{'konstantinopolitanische' * 2}@{'donaudampfschifffahrt' * 2}.example"


def _tap_at_the_end(page: Page, row: Locator) -> None:
    """Touch a row where it says something else than its link."""
    row.scroll_into_view_if_needed()
    box = row.bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + box["width"] - 12, box["y"] + box["height"] / 2)


def test_a_day_at_the_till_on_a_tablet(open_page: OpenPage) -> None:
    desk = open_page(width=820, touch=True)
    desk.sign_in("empfang@sonnenschein.example", f"{SALON}checkout/new/")
    page = desk.page
    page.locator("#goods-q").click()
    page.locator("#goods-q").press_sequentially("bürste")
    page.locator("#goods-hits [data-query=bürste] [role=option]").first.click()
    page.locator(".till-take").click()
    expect(page.locator(".till-due")).to_contain_text("Bezahlt")
    sale = page.url
    page.goto(f"{desk.base}{SALON}checkout/")
    desk.settle()
    # Who is to pay stands first, then what came in, then everything that was sold.
    places = [page.locator(head).bounding_box() for head in ("#taken-head", "#sold-head")]
    assert places[0]
    assert places[1]
    assert places[0]["y"] < places[1]["y"]
    row = page.locator(".tillday-past .linked-row").filter(
        has=page.locator(f"a[href='{sale.removeprefix(desk.base)}']")
    )
    _tap_at_the_end(page, row)
    page.wait_for_url(sale)


def test_the_statement_of_a_card_is_tapped_by_the_row(open_page: OpenPage) -> None:
    phone = open_page(width=390, dark=True, touch=True)
    # Somebody whose points came of what she bought, and with whom no other test deals.
    phone.sign_in("anna@sonnenschein.example", f"{SALON}clients/?sort=points")
    page = phone.page
    page.locator("main a[href*='/clients/0']").nth(1).click()
    page.wait_for_url("**/clients/*-*/**")
    phone.settle()
    # Nothing that can be tapped on the card's head breaks into a line of its own.
    tops = [one.bounding_box() for one in page.locator("#card-actions > *").all()]
    assert len({round(box["y"]) for box in tops if box}) == 2
    _tap_at_the_end(page, page.locator(".points-latest .linked-row").first)
    page.wait_for_url("**/checkout/*-*/")


def test_a_message_to_somebody_with_a_long_name(open_page: OpenPage) -> None:
    phone = open_page(width=390, touch=True)
    phone.sign_in("anna@sonnenschein.example", f"{SALON}clients/new/")
    page = phone.page
    page.get_by_label("Vorname").fill("Maximiliane-Konstantinopolitanische")
    page.get_by_label("Nachname").fill(LONG)
    page.locator("#id_email").fill(ADDRESS)
    page.locator("#id_email").press("Enter")
    page.wait_for_url("**/clients/*-*/")
    phone.settle()
    page.locator("#card-actions").get_by_role("link", name="Nachricht").click()
    drawer = page.locator("#drawer")
    expect(drawer.get_by_label("Betreff")).to_be_visible()
    phone.settle()
    beyond = """(drawer) => [...drawer.querySelectorAll("*")]
      .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 || one.scrollWidth > one.clientWidth + 1)
      .filter((one) => getComputedStyle(one).display !== "inline" && !one.closest(".visually-hidden"))
      .map((one) => one.className)"""
    assert drawer.evaluate(beyond) == []
    expect(drawer.get_by_role("button", name="Nachricht senden")).to_be_in_viewport()
    assert phone.violations() == []


def test_consent_follows_the_address(open_page: OpenPage) -> None:
    phone = open_page(width=390, dark=True, touch=True)
    phone.sign_in("empfang@sonnenschein.example", f"{SALON}clients/?consent=yes")
    page = phone.page
    page.locator("table.clients .row-link").last.click()
    page.wait_for_url("**/clients/*-*/**")
    phone.settle()
    news = page.locator("#consent .consent-item").first
    expect(news.locator(".badge")).to_have_text("eingewilligt")
    field = page.locator("#fact-email")
    old = field.locator(".fact-value > span").first.inner_text().partition(",")[0].replace("\n", "").strip()
    for address, said in (("neue.adresse@web.example", "für eine andere Adresse"), (old, "eingewilligt")):
        field.locator(".fact-value").click()
        typed = field.get_by_role("textbox")
        typed.fill(address)
        typed.press("Enter")
        # At once: what the field says and what the panel says are one answer.
        expect(news.locator(".badge")).to_have_text(said)
        expect(field.locator(".fact-fresh")).to_be_focused()
        phone.settle()
        assert phone.violations("#consent") == []
    page.reload()
    expect(news.locator(".badge")).to_have_text("eingewilligt")
