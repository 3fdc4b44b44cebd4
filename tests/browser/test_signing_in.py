"""The way in and out; other tests come in with what the form has given once."""

import re

from playwright.sync_api import Page, expect

from tests.browser.booking_form import free_day, open_calendar
from tests.browser.conftest import PASSWORD, OpenPage, Watched


def test_in_by_keyboard_after_a_mistake_and_out_again(open_page: OpenPage) -> None:
    desk = open_page()
    page = desk.page
    page.goto(f"{desk.base}/s/sonnenschein/clients/")
    page.wait_for_url("**/sign-in/**")
    page.get_by_label("E-Mail").fill("anna@sonnenschein.example")
    page.locator("input[type=password]").fill("nicht das Passwort")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.get_by_label("E-Mail")).to_have_value("anna@sonnenschein.example")
    assert desk.violations() == []
    page.locator("input[type=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    # Where she wanted to go.
    page.wait_for_url("**/s/sonnenschein/clients/")
    page.locator("details.menu").filter(has_text="Abmelden").locator("summary").click()
    page.get_by_role("button", name="Abmelden").click()
    page.wait_for_url("**/sign-in/**")
    page.goto(f"{desk.base}/s/sonnenschein/clients/")
    page.wait_for_url("**/sign-in/**")


def _half_booked(desk: Watched) -> Page:
    """Write a note into a new booking that has a client and a service, and lose the session there."""
    desk.sign_in("empfang@sonnenschein.example")
    page = open_calendar(desk, f"?day={free_day(27)}")
    page.keyboard.press("n")
    page.get_by_role("button", name="Laufkunde").click()
    page.locator("#service-q").press_sequentially("bart")
    page.locator("#service-hits [role=option]").first.click()
    page.locator(".booking-line").wait_for()
    page.locator(".time").first.click()
    expect(page.get_by_text("Diese Zeit ist frei.")).to_be_visible()
    page.locator("#booking textarea").last.fill("Notiz wichtig")
    desk.settle()
    page.context.clear_cookies()
    return page


def in_another_tab(page: Page, email: str, reads: str = "Ihre Sitzung ist abgelaufen.") -> None:
    """Follow the message to the sign-in, read something there, and sign in."""
    with page.expect_popup() as opened:
        page.get_by_role("status").get_by_role("link", name="Anmelden").click()
    other = opened.value
    expect(other.get_by_text(reads)).to_be_visible()
    other.get_by_label("E-Mail").fill(email)
    other.locator("input[type=password]").fill(PASSWORD)
    other.keyboard.press("Enter")
    other.wait_for_url("**/s/**")


def test_a_booking_outlives_the_session(open_page: OpenPage) -> None:
    desk = open_page(width=820)
    page = _half_booked(desk)
    # Told by what the calendar asks by itself, already.
    told = page.locator("#toasts").get_by_text("Sie sind abgemeldet.")
    expect(told).to_be_visible()
    page.get_by_role("button", name="Buchen", exact=True).click()
    desk.settle()
    expect(told).to_be_visible()
    expect(page.locator(".booking-line")).to_contain_text("Bart")
    in_another_tab(page, "empfang@sonnenschein.example")
    page.bring_to_front()
    expect(page.get_by_text("Sie sind wieder angemeldet")).to_be_visible()
    expect(told).to_have_count(0)
    page.get_by_role("button", name="Buchen", exact=True).click()
    expect(page.get_by_text(re.compile("^Gebucht: "))).to_be_visible()
    expect(page.locator("#drawer")).to_contain_text("Notiz wichtig")
    assert all("401" in one for one in desk.complaints), desk.complaints
    desk.complaints.clear()


def test_what_was_entered_is_nothing_to_somebody_else(open_page: OpenPage) -> None:
    desk = open_page()
    page = _half_booked(desk)
    expect(page.locator("#toasts").get_by_text("Sie sind abgemeldet.")).to_be_visible()
    in_another_tab(page, "anna@sonnenschein.example")
    page.bring_to_front()
    # The page is loaded anew, by now hers; its address may open an empty form.
    expect(page.locator(".top-user .menu-head")).to_contain_text("anna@sonnenschein.example")
    expect(page.locator(".booking-line")).to_have_count(0)
    assert all("401" in one for one in desk.complaints), desk.complaints
    desk.complaints.clear()


def test_a_page_without_entries_gives_way_to_the_sign_in(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example")
    page = open_calendar(desk, "")
    page.context.clear_cookies()
    page.wait_for_url("**/sign-in/**")
    expect(page.get_by_text("Ihre Sitzung ist abgelaufen.")).to_be_visible()
    assert all("401" in one for one in desk.complaints), desk.complaints
    desk.complaints.clear()
