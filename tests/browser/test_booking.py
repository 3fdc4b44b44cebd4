"""A receptionist's day in the drawer: books, moves, cancels and books again, without reading anything (ui.md §2.2)."""

import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.booking_form import CALENDAR, free_day, open_calendar
from tests.browser.conftest import OpenPage


def _book(page: Page, client: str, service: str) -> None:
    page.get_by_role("combobox", name="Kundin/Kunde").press_sequentially(client)
    page.locator("#client-hits [role=option]").filter(has_text="Frank Hofmann").first.click()
    expect(page.get_by_role("combobox", name=re.compile("^Dienstleistung"))).to_be_focused()
    page.keyboard.type(service)
    page.locator("#service-hits [role=option]").first.click()
    page.locator(".booking-line").wait_for()


def test_booked_moved_cancelled_taken_back_and_booked_again(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example")
    page = open_calendar(desk, f"?day={free_day()}")
    page.keyboard.press("n")
    _book(page, "hofmann fr", "facial")
    page.locator(".time").first.click()
    expect(page.get_by_text("Diese Zeit ist frei.")).to_be_visible()
    page.get_by_role("button", name="Buchen", exact=True).click()
    expect(page.get_by_text(re.compile("^Gebucht: "))).to_be_visible()
    expect(page.locator("#drawer .state")).to_have_text(re.compile("Gebucht"))
    expect(page).to_have_url(re.compile("appointment="))
    # The address leads back here.
    page.reload()
    expect(page.locator("#drawer").get_by_role("link", name="Frank Hofmann")).to_be_visible()
    booked = page.locator("#drawer-title").inner_text()

    page.locator("summary", has_text="Verschieben").click()
    page.get_by_role("button", name="Zeiten vorschlagen").click()
    page.locator(".times:last-child > .times-row > button.time").last.click()
    expect(page.locator("#toasts").get_by_text(re.compile("^Verschoben auf "))).to_be_visible()
    expect(page.locator("#drawer-title")).not_to_have_text(booked)
    page.locator("#toasts").get_by_role("button", name="Rückgängig").last.click()
    expect(page.locator("#drawer-title")).to_have_text(booked)

    page.locator("summary", has_text="Absagen").click()
    page.get_by_label("Grund").fill("krank")
    page.get_by_role("button", name="Absagen", exact=True).click()
    expect(page.locator("#drawer .state")).to_have_text(re.compile("Abgesagt"))
    page.get_by_role("button", name="Wieder buchen").click()
    expect(page.locator("#drawer .state")).to_have_text(re.compile("Gebucht"))

    page.get_by_role("link", name="In 4 Wochen").click()
    expect(page.get_by_role("button", name="Buchen", exact=True)).to_be_visible()
    expect(page.locator(".booking-line")).to_contain_text("Facial")
    conflict = page.locator("#conflict")
    if conflict.count():
        # Beside the rewards that she could have, it is only chosen.
        conflict.get_by_role("button").first.click()
        expect(page.get_by_text("Diese Zeit ist frei.")).to_be_visible()
    page.get_by_role("button", name="Buchen", exact=True).click()
    expect(page.get_by_text(re.compile("^Gebucht: "))).to_be_visible()
    # The calendar has gone along to that day; its drawer comes after it.
    expect(page.locator("#drawer .state")).to_have_text(re.compile("Gebucht"))
    page.keyboard.press("Escape")
    expect(page.locator("#drawer .drawer")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("appointment="))


def test_by_keyboard_alone(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example")
    page = open_calendar(desk, f"?day={free_day(24)}")
    page.keyboard.press("n")
    expect(page.locator("#client-q")).to_be_focused()
    page.keyboard.type("hofmann fr")
    page.locator("#client-hits [aria-selected=true]").wait_for()
    page.keyboard.press("Enter")
    expect(page.locator("#service-q")).to_be_focused()
    # Without a word the arrow offers everything, what he has most often first.
    page.keyboard.press("ArrowDown")
    page.locator("#service-hits [aria-selected=true]").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator(".booking-line").wait_for()
    expect(page.locator("#service-q")).to_be_focused()
    for _step in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.time')"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("#book")).to_be_focused()
    page.keyboard.press("Enter")
    # The calendar goes along to that day, and the keyboard with it.
    expect(page.locator("#drawer .state")).to_be_visible(timeout=15_000)
    page.wait_for_function("document.querySelector('#drawer').contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(page.locator("#drawer .drawer")).to_have_count(0)


def test_escape_closes_what_is_offered_first_and_a_popup_never_books(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example")
    page = open_calendar(desk, f"?day={free_day()}")
    page.keyboard.press("n")
    expect(page.locator("#client-q")).to_be_focused()
    page.keyboard.type("hof")
    page.locator("#client-hits [role=option]").first.wait_for()
    page.keyboard.press("Escape")
    expect(page.locator("#client-hits")).to_be_hidden()
    expect(page.locator("#client-q")).to_have_value("hof")
    page.keyboard.press("Escape")
    page.get_by_role("dialog").get_by_role("button", name="Verwerfen").click()
    expect(page.locator("#drawer .drawer")).to_have_count(0)


def test_what_was_entered_is_not_dropped_without_asking(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example")
    page = open_calendar(desk, f"?day={free_day()}")
    drawer, question = page.locator("#drawer .drawer"), page.locator("#discard")
    page.keyboard.press("n")
    expect(page.locator("#client-q")).to_be_focused()
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    expect(question).to_be_hidden()

    page.keyboard.press("n")
    page.get_by_role("button", name="Laufkunde").click()
    expect(page.locator("#service-q")).to_be_focused()
    page.keyboard.press("Escape")
    expect(question.get_by_role("button", name="Weiter eingeben")).to_be_focused()
    page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    expect(page.locator("#service-q")).to_be_focused()
    page.locator("#drawer [data-drawer-close]").click()
    question.get_by_role("button", name="Verwerfen").click()
    expect(drawer).to_have_count(0)

    # What came along with the address was not entered here.
    page.goto(f"{desk.base}{CALENDAR}?day={free_day()}&new=1&walk-in=1")
    expect(page.locator("#drawer .booking-person")).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    expect(question).to_be_hidden()


def test_a_booking_being_entered_comes_along_to_another_day_and_is_asked_for_elsewhere(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example")
    day = free_day()
    page = open_calendar(desk, f"?day={day}")
    question = page.locator("#discard")
    page.keyboard.press("n")
    page.get_by_role("button", name="Laufkunde").click()
    page.locator("#booking").get_by_label("Notiz").fill("wichtig")
    page.get_by_label("Beginn").fill("11:00")
    page.get_by_role("link", name="Tag vor").click()
    expect(page).to_have_url(re.compile(f"day={day + timedelta(days=1)}"))
    expect(page.locator("#booking").get_by_label("Notiz")).to_have_value("wichtig")
    expect(page.get_by_label("Beginn")).to_have_value("11:00")
    expect(page.locator("#booking [name=day]")).to_have_value(str(day))
    expect(page.locator(".booking-person")).to_contain_text("Laufkunde")

    # Anything else would take its place.
    page.locator(".cal-new").click()
    question.get_by_role("button", name="Weiter eingeben").click()
    page.get_by_role("link", name="Kunden", exact=True).click()
    question.get_by_role("button", name="Weiter eingeben").click()
    expect(page.locator("#booking").get_by_label("Notiz")).to_have_value("wichtig")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.once("dialog", stay)
    page.evaluate("location.reload()")
    page.wait_for_function("document.visibilityState === 'visible'")
    expect(page.locator("#booking").get_by_label("Notiz")).to_have_value("wichtig")
    assert asked == ["beforeunload"]

    page.get_by_role("link", name="Kunden", exact=True).click()
    question.get_by_role("button", name="Verwerfen").click()
    expect(page).to_have_url(re.compile("/clients/"))
    # Nothing of it turns up again.
    page.goto(f"{desk.base}{CALENDAR}?day={day}")
    desk.settle()
    expect(page.locator("#drawer .drawer")).to_have_count(0)


def test_a_new_client_and_a_time_that_is_taken(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example")
    day = free_day(27)
    for name in ("Nora Neuling", "Nils Neuling"):
        page = open_calendar(desk, f"?day={day}")
        page.keyboard.press("n")
        page.get_by_role("combobox", name="Kundin/Kunde").press_sequentially(name)
        page.locator("#client-hit-new").click()
        expect(page.get_by_label("Vorname")).to_be_focused()
        expect(page.get_by_label("Nachname")).to_have_value("Neuling")
        page.get_by_role("button", name="Karte anlegen").click()
        expect(page.locator(".booking-person")).to_contain_text(name)
        page.locator("#service-q").press_sequentially("shellac")
        page.locator("#service-hits [role=option]").first.click()
        page.locator(".booking-line select").select_option("Dilara")
        # A time of somebody else that is pressed before hers are there is none that she has.
        desk.settle()
        if name.startswith("Nora"):
            page.locator(".time").first.click()
            page.locator("#book").click()
            page.locator("#drawer .state").wait_for()
            start = page.locator("#drawer .booking-line-when").inner_text()[:5]
        else:
            page.get_by_label("Beginn").fill(start)
            expect(page.locator("#conflict")).to_contain_text("Nora Neuling")
            expect(page.locator("#book")).to_have_attribute("aria-disabled", "true")
            # Another time is only filled in: nothing is booked by looking for one.
            page.locator("#conflict").get_by_role("button").nth(1).click()
            expect(page.locator("#book")).not_to_have_attribute("aria-disabled", "true")
            desk.settle()
            page.locator("#book").click()
            expect(page.locator("#drawer .state")).to_be_visible()
            expect(page.locator("#drawer")).to_contain_text(name)


def test_a_walk_in_by_touch_on_a_phone(open_page: OpenPage) -> None:
    desk = open_page(width=390, touch=True, dark=True)
    desk.sign_in("empfang@sonnenschein.example")
    page = open_calendar(desk, f"new/?day={free_day(29)}")
    page.get_by_role("button", name="Laufkunde").tap()
    page.locator("#service-q").tap()
    page.locator("#service-hits [role=option]").filter(has_text="Bart").first.tap()
    page.locator(".time").first.tap()
    expect(page.get_by_text("Diese Zeit ist frei.")).to_be_visible()
    page.locator("#book").tap()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Uhr")
    assert "/appointments/" in page.url
    page.get_by_role("button", name="Ist da").tap()
    expect(page.locator(".state")).to_have_text(re.compile("da|Da"))


def test_without_a_script(open_page: OpenPage) -> None:
    desk = open_page(javascript=False)
    desk.sign_in("empfang@sonnenschein.example")
    page = desk.page
    page.goto(f"{desk.base}{CALENDAR}new/?day={free_day(31)}")
    page.locator("#client-q").fill("hofmann fr")
    page.locator("#client-q").press("Enter")
    page.locator("#client-hits button").first.click()
    page.locator("#service-q").fill("brauen")
    page.locator("#service-q").press("Enter")
    page.locator("#service-hits button").first.click()
    page.locator(".time").first.click()
    page.get_by_label(re.compile("Notiz")).fill("kommt zu zweit")
    page.get_by_role("button", name="Buchen", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Uhr")
    expect(page.get_by_text(re.compile("^Gebucht: "))).to_be_visible()
    expect(page.locator("#appointment-note")).to_have_value("kommt zu zweit")
    page.locator("summary", has_text="Absagen").click()
    page.get_by_role("button", name="Absagen", exact=True).click()
    page.locator("#toasts").get_by_role("button", name="Rückgängig").click()
    expect(page.locator(".state")).to_have_text(re.compile("Gebucht"))


def test_a_time_is_blocked_and_freed(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("carla@sonnenschein.example")
    # A day that nobody has booked yet.
    page = open_calendar(desk, f"?day={free_day(92 * 7)}")
    page.keyboard.press("n")
    page.get_by_role("link", name="Zeit blockieren").click()
    page.get_by_label("Von", exact=True).fill("17:00")
    page.get_by_label("Bis", exact=True).fill("17:30")
    page.get_by_label("Wofür").fill("Vertreterbesuch")
    page.get_by_role("button", name="Blockieren", exact=True).click()
    blocked = page.locator("a.blocked", has_text="Vertreterbesuch")
    expect(blocked).to_be_visible()
    expect(page.locator("#drawer .drawer")).to_have_count(0)
    blocked.click()
    page.get_by_role("button", name="Entfernen").click()
    expect(blocked).to_have_count(0)
    page.locator("#toasts").get_by_role("button", name="Rückgängig").click()
    expect(blocked).to_be_visible()


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (820, True), (390, False)])
def test_nothing_is_inaccessible(open_page: OpenPage, width: int, dark: bool) -> None:
    desk = open_page(width=width, dark=dark, touch=width < 1000)
    desk.sign_in("anna@sonnenschein.example")
    # A day of each one's own: a second appointment of one client at one time is not simply free.
    page = open_calendar(desk, f"?day={free_day(38 + 2 * [1440, 820, 390].index(width))}&new=1")
    page.locator("#drawer .drawer").wait_for()
    found = {"new": desk.violations()}
    _book(page, "hofmann fr", "facial")
    found["proposals"] = desk.violations("#drawer")
    page.locator("#book").click()
    page.locator("[aria-invalid=true]").first.wait_for()
    found["refused"] = desk.violations("#drawer")
    page.locator(".time").nth(1).click()
    page.locator(".booking-free").wait_for()
    page.locator("#book").click()
    page.locator("#drawer .state").wait_for()
    for part in page.locator("#drawer details.disclosure > summary").all():
        part.click()
    found["appointment"] = desk.violations("#drawer")
    assert {where: what for where, what in found.items() if what} == {}


def test_what_is_being_booked_stands_in_the_grid_and_goes_where_a_free_place_is_clicked(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example")
    # A day that nobody has booked yet.
    day = date.today() + timedelta(weeks=90)  # noqa: DTZ011 - as above
    day += timedelta(days=(1 - day.weekday()) % 7)
    page = open_calendar(desk, f"?day={day}")
    top = page.locator(".col-body").first.bounding_box()

    def click(column: int, hour: int) -> None:
        body = page.locator(".col-body").nth(column)
        first = int(page.locator(".col").nth(column).get_attribute("data-first") or 0)
        body.click(position={"x": 60, "y": (hour * 12 - first) * 8 + 4})

    click(0, 10)
    expect(page.locator(".col").nth(0).locator(".draft")).to_contain_text("10:00")
    # The drawer beside it does not move what was clicked.
    assert page.locator(".col-body").first.bounding_box()["y"] == top["y"]  # type: ignore[index]
    _book(page, "hofmann fr", "facial")
    draft = page.locator(".col").nth(0).locator(".draft")
    expect(draft).to_contain_text("10:00–11:00")
    expect(draft).to_contain_text("Frank Hofmann")
    # Another place: time and person change, client and services stay.
    click(3, 14)
    moved = page.locator(".col").nth(3).locator(".draft")
    expect(moved).to_contain_text("14:00–15:00")
    expect(page.locator(".draft")).to_have_count(1)
    expect(page.locator("#drawer")).to_contain_text("Frank Hofmann")
    expect(page.locator(".booking-line-when")).to_have_text("14:00–15:00 Uhr · Dilara")
    # What the fields say is what the lines say.
    page.get_by_label("Beginn").fill("15:00")
    expect(page.locator(".booking-line-when")).to_have_text("15:00–16:00 Uhr · Dilara")
    expect(moved).to_contain_text("15:00–16:00")
    page.keyboard.press("Escape")
    page.get_by_role("dialog").get_by_role("button", name="Verwerfen").click()
    expect(page.locator(".draft")).to_have_count(0)
    assert desk.complaints == []


def test_on_a_phone_one_message_at_a_time_and_two_lines_of_buttons(open_page: OpenPage) -> None:
    desk = open_page(width=390, touch=True)
    desk.sign_in("empfang@sonnenschein.example")
    page = open_calendar(desk, f"?day={free_day(36)}")
    page.locator("#calendar-hints > *").first.wait_for(state="attached")
    bar = page.locator(".cal-bar").bounding_box()
    assert bar
    assert bar["height"] < 3 * 44
    page.locator(".cal-new").tap()
    page.get_by_role("button", name="Laufkunde").tap()
    expect(page.get_by_role("combobox", name="Kundin/Kunde")).to_have_count(0)
    page.locator("#service-q").press_sequentially("herrenschnitt")
    page.locator("#service-hits [role=option]").first.tap()
    page.locator(".time").first.tap()
    page.locator("#book").tap()
    for step, told in (("Ist da", "Ist da"), ("Rückgängig", "Rückgängig gemacht")):
        page.get_by_role("button", name=step, exact=True).last.tap()
        expect(page.locator("#toasts .toast").last).to_contain_text(told)
        expect(page.locator("#toasts .toast:not(.warn)")).to_have_count(1)
