"""What stands in a form that is sent the plain way outlives the session and the network, too."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.conftest import OpenPage, Watched
from tests.browser.test_signing_in import in_another_tab

SALON = "/s/sonnenschein/"
OWNER = "anna@sonnenschein.example"
SIGNED_OUT = "Sie sind abgemeldet."
AGAIN = "Sie sind wieder angemeldet"
WELCOME = "Schön, dass Sie da sind."
ASKED = "**/signed-in/**"


def _at(desk: Watched, path: str, email: str = OWNER) -> Page:
    desk.sign_in(email, f"{SALON}{path}")
    desk.settle()
    return desk.page


def _posts(page: Page) -> list[Request]:
    found: list[Request] = []
    page.on("request", lambda one: found.append(one) if one.method == "POST" else None)
    return found


def _lose_and_come_back(desk: Watched, press: Callable[[], None], email: str = OWNER) -> list[Request]:
    """Press with no session left, sign in again in another tab, and press once more; return what was sent then."""
    page = desk.page
    page.context.clear_cookies()
    sent, here = _posts(page), page.url
    press()
    expect(page.locator("#toasts").get_by_text(SIGNED_OUT)).to_be_visible()
    assert (page.url, sent) == (here, [])
    in_another_tab(page, email, WELCOME)
    page.bring_to_front()
    expect(page.get_by_text(AGAIN)).to_be_visible()
    press()
    page.wait_for_load_state()
    return sent


def test_a_settings_form_outlives_the_session(open_page: OpenPage) -> None:
    desk = open_page(width=820)
    page = _at(desk, "settings/till/")
    foot = page.locator("#id_receipt_foot")
    before = foot.input_value()
    foot.fill("Danke und bis bald")
    sent = _lose_and_come_back(desk, page.get_by_role("button", name="Speichern").click)
    expect(page.locator("#toasts")).to_contain_text("Gespeichert")
    expect(foot).to_have_value("Danke und bis bald")
    assert len(sent) == 1
    foot.fill(before)
    page.get_by_role("button", name="Speichern").click()
    expect(page.locator("#toasts")).to_contain_text("Gespeichert")


def test_a_sale_not_begun_yet_outlives_the_session_and_its_button_arrives(open_page: OpenPage) -> None:
    desk = open_page()
    page = _at(desk, "checkout/new/", "empfang@sonnenschein.example")
    menu = page.locator(".till-amount", has_text="Trinkgeld").locator("summary")
    menu.click()
    tip = page.locator("#tip-amount")
    tip.fill("6,40")

    def add() -> None:
        # A menu closes as soon as somebody clicks elsewhere.
        if not tip.is_visible():
            menu.click()
        expect(tip).to_have_value("6,40")
        tip.press("Enter")

    sent = _lose_and_come_back(desk, add, "empfang@sonnenschein.example")
    expect(page.locator(".till-line")).to_contain_text("Trinkgeld")
    (one,) = [one for one in sent if one.is_navigation_request()]
    assert "act=tip" in (one.post_data or "")


def test_a_file_outlives_the_session(open_page: OpenPage, tmp_path: Path) -> None:
    desk = open_page()
    page = _at(desk, "clients/import/")
    file = tmp_path / "kunden.csv"
    file.write_text("Vorname;Nachname\nIda;Wiederda\n")
    page.locator("input[type=file]").set_input_files(file)
    _lose_and_come_back(desk, page.get_by_role("button", name="Hochladen und ansehen").click)
    page.wait_for_url("**/import/*-*/")
    expect(page.get_by_text("kunden.csv").first).to_be_visible()


def test_a_form_is_nothing_to_somebody_else(open_page: OpenPage) -> None:
    desk = open_page()
    page = _at(desk, "settings/till/")
    page.locator("#id_receipt_foot").fill("Nur für mich")
    page.context.clear_cookies()
    page.get_by_role("button", name="Speichern").click()
    in_another_tab(page, "carla@sonnenschein.example", WELCOME)
    page.bring_to_front()
    expect(page.locator(".top-user .menu-head")).to_contain_text("carla@sonnenschein.example")
    expect(page.get_by_text("Nur für mich")).to_have_count(0)


def test_a_button_alone_gives_way_to_the_sign_in(open_page: OpenPage) -> None:
    desk = open_page()
    page = _at(desk, "clients/")
    page.context.clear_cookies()
    page.locator("form[action*=export] button").first.evaluate("one => one.click()")
    page.wait_for_url("**/sign-in/**")
    # The page itself is where one comes back to: what was pressed cannot be opened.
    assert page.url.endswith("next=/s/sonnenschein/clients/")


def test_without_the_network_a_form_stays_as_it_is(open_page: OpenPage) -> None:
    desk = open_page(width=390)
    page = _at(desk, "settings/till/")
    foot = page.locator("#id_receipt_foot")
    kept = foot.input_value()
    foot.fill("Danke und bis bald")
    save = page.get_by_role("button", name="Speichern")
    page.context.set_offline(True)
    save.click()
    expect(page.locator("#toasts")).to_contain_text("Keine Verbindung. Ihre Eingaben sind noch da")
    expect(save).not_to_have_attribute("aria-busy", "true")
    expect(foot).to_have_value("Danke und bis bald")
    assert desk.violations("#toasts") == []
    page.context.set_offline(False)
    foot.fill(kept)
    save.click()
    expect(page.locator("#toasts")).to_contain_text("Gespeichert")
    assert all("ERR_INTERNET_DISCONNECTED" in one for one in desk.complaints), desk.complaints
    desk.complaints.clear()


def test_two_presses_send_a_form_once(open_page: OpenPage) -> None:
    desk = open_page()
    page = _at(desk, "settings/till/")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(ASKED, hold)
    sent = _posts(page)
    save = page.get_by_role("button", name="Speichern")
    save.click()
    expect(save).to_have_attribute("aria-busy", "true")
    page.locator("#id_deposit_hours").press("Enter")
    page.wait_for_timeout(100)
    assert (len(held), sent) == (1, [])
    held[0].continue_()
    expect(page.locator("#toasts")).to_contain_text("Gespeichert")
    assert len(sent) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_cannot_say_takes_no_entries_along(open_page: OpenPage, status: int) -> None:
    desk = open_page()
    page = _at(desk, "settings/till/")
    page.route(ASKED, lambda route: route.fulfill(status=status))
    foot = page.locator("#id_receipt_foot")
    foot.fill("Danke und bis bald")
    page.get_by_role("button", name="Speichern").click()
    expect(page.locator("#toasts [data-said]")).to_be_visible()
    expect(foot).to_have_value("Danke und bis bald")
    desk.complaints.clear()
