"""A booking on another day than the one looked at: the calendar goes along to the time that is chosen (ui.md §2.2)."""

import re
from datetime import timedelta

from playwright.sync_api import expect

from tests.browser.booking_form import enter_walk_in, free_day, open_calendar
from tests.browser.conftest import OpenPage


def test_the_calendar_goes_along_to_a_time_chosen_on_another_day(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example")
    day = free_day()
    page = open_calendar(desk, f"?day={day}")
    enter_walk_in(page, "facial")
    page.locator("#booking").get_by_label("Notiz").fill("am Fenster")
    page.evaluate("window.same = true")
    page.locator(".times").nth(1).locator("> .times-row > button.time").first.click()

    # It shows that day, with the draft in it; nothing in the drawer is lost, not even the place of the keyboard.
    expect(page.locator("#booking [name=day]")).not_to_have_value(str(day))
    chosen = page.locator("#booking [name=day]").input_value()
    assert chosen > str(day)
    expect(page.locator(f".col[data-day='{chosen}'] .draft")).to_contain_text("Facial")
    expect(page.locator(".draft")).to_be_in_viewport()
    expect(page).to_have_url(re.compile(f"day={chosen}&.*new=1"))
    expect(page.locator(".cal-date")).to_contain_text(chosen[:4])
    expect(page.locator("#booking").get_by_label("Notiz")).to_have_value("am Fenster")
    expect(page.locator("#book")).to_be_focused()
    assert page.evaluate("window.same")
    # Its own steps lead on from there, and so does what is asked for every few seconds.
    assert chosen in (page.locator("[data-calendar]").get_attribute("data-poll") or "")
    with page.expect_response(re.compile(f"poll/.*day={chosen}")):
        page.evaluate("document.dispatchEvent(new Event('calendar-changed'))")
    expect(page.locator(".draft")).to_have_count(1)
    page.locator("#book").click()
    expect(page.locator("#toasts").get_by_text(re.compile("^Gebucht: "))).to_be_visible()
    expect(page.locator(f".col[data-day='{chosen}'] .b[aria-current=true]")).to_be_visible()
    assert page.evaluate("window.same")
    assert desk.violations() == []


def test_who_goes_to_another_day_herself_is_not_taken_away_from_it(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example")
    day = free_day()
    page = open_calendar(desk, f"?day={day}")
    enter_walk_in(page, "facial")
    page.locator(".time").first.click()
    expect(page.locator("#book")).to_be_focused()
    page.get_by_role("link", name="Tag vor").click()
    there = day + timedelta(days=1)
    expect(page).to_have_url(re.compile(f"day={there}"))
    expect(page.locator(".booking-line")).to_contain_text("Facial")
    page.get_by_role("button", name="Andere Zeiten vorschlagen").click()
    page.locator(".time").first.wait_for()
    expect(page).to_have_url(re.compile(f"day={there}"))
    # A time of the form's own day takes it back there.
    page.locator(".times").first.locator("> .times-row > button.time").last.click()
    expect(page.locator(f".col[data-day='{day}'] .draft")).to_contain_text("Facial")
