"""What is typed and pressed in the drawer while an answer is on its way is neither lost nor refused (ui.md §2.2)."""

import re
from datetime import date, timedelta

from playwright.sync_api import Page, Route, expect

from tests.browser.booking_form import free_day, open_calendar
from tests.browser.conftest import OpenPage


def _held_answers(page: Page) -> list[Route]:
    """Return where the answers to buttons of the booking drawer wait from now on, until they are let go."""
    held: list[Route] = []
    page.route(
        "**/calendar/new/**", lambda route: held.append(route) if route.request.method == "POST" else route.continue_()
    )
    return held


def _let_go(page: Page, held: list[Route], nth: int) -> None:
    """Let the nth answer go once it has been asked for."""
    for _ in range(100):
        if len(held) >= nth:
            break
        page.wait_for_timeout(50)
    held[nth - 1].continue_()


def test_what_is_typed_while_an_answer_is_on_its_way_is_looked_for(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example")
    page = open_calendar(desk, f"?day={free_day()}")
    page.keyboard.press("n")
    expect(page.locator("#client-q")).to_be_focused()
    held = _held_answers(page)
    page.get_by_role("button", name="Laufkunde").click()
    page.locator("#service-q").focus()
    page.keyboard.type("bart", delay=5)
    # The hits for it come, and the answer to the button behind them.
    page.locator("#service-hits [role=option]").first.wait_for()
    assert len(held) == 1
    held[0].continue_()
    expect(page.locator(".booking-person")).to_be_visible()
    expect(page.locator("#service-q")).to_have_value("bart")
    expect(page.locator("#service-hits [role=option]").first).to_be_visible()


def test_what_is_typed_meanwhile_is_in_the_new_form_from_its_first_moment(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example")
    page = open_calendar(desk, f"?day={free_day()}")
    page.keyboard.press("n")
    page.locator("#service-q").wait_for()
    held = _held_answers(page)
    page.get_by_role("button", name="Laufkunde").click()
    page.locator("#booking").get_by_label("Notiz").fill("wichtig")
    page.evaluate(
        "addEventListener('htmx:afterSwap', () => { window.first ??= document.getElementById('id_note').value; })"
    )
    held[0].continue_()
    page.unroute_all()
    expect(page.locator(".booking-person")).to_contain_text("Laufkunde")
    assert page.evaluate("window.first") == "wichtig"
    expect(page.locator("#booking").get_by_label("Notiz")).to_have_value("wichtig")


def test_what_is_pressed_while_an_answer_is_on_its_way_waits_for_it(open_page: OpenPage) -> None:
    desk = open_page(width=820, touch=True)
    desk.sign_in("empfang@sonnenschein.example")
    page = open_calendar(desk, f"new/?day={free_day()}")
    held = _held_answers(page)
    page.get_by_role("button", name="Laufkunde").tap()
    # Services are offered before the answer is there, and one is taken.
    page.locator("#service-q").tap()
    page.locator("#service-hits [role=option]").filter(has_text="Bart").first.tap()
    assert len(held) == 1
    held[0].continue_()
    page.unroute_all()
    # Neither is lost.
    expect(page.locator(".booking-line")).to_contain_text("Bart")
    expect(page.locator(".booking-person")).to_contain_text("Laufkunde")


def test_hits_asked_for_while_an_answer_is_on_its_way_come(open_page: OpenPage) -> None:
    desk = open_page(width=820, touch=True)
    desk.sign_in("empfang@sonnenschein.example")
    page = open_calendar(desk, f"new/?day={free_day()}")
    held = _held_answers(page)
    page.get_by_role("button", name="Laufkunde").tap()
    asked: list[Route] = []
    # Not the method itself, which Playwright cannot mark.
    page.route("**/calendar/new/services/**", lambda route: asked.append(route), times=1)  # noqa: PLW0108
    page.locator("#service-q").tap()
    page.wait_for_timeout(200)
    assert (len(held), len(asked)) == (1, 1)
    held[0].continue_()
    expect(page.locator(".booking-person")).to_contain_text("Laufkunde")
    # What was asked for the old field is asked for the new one.
    expect(page.locator("#service-hits [role=option]").filter(has_text="Bart").first).to_be_visible()


def test_a_time_typed_at_last_does_not_stop_what_is_pressed_next(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example")
    page = open_calendar(desk, f"new/?day={free_day()}")
    page.get_by_role("button", name="Laufkunde").click()
    expect(page.locator(".booking-person")).to_be_visible()
    page.locator("#service-q").click()
    option = page.locator("#service-hits [role=option]").filter(has_text="Bart").first
    option.wait_for()
    held = _held_answers(page)
    page.get_by_label("Beginn").evaluate(
        "field => { field.value = '14:00'; field.dispatchEvent(new Event('change')); }"
    )
    option.click()
    # Longer than a typed time waits before it is looked at.
    page.wait_for_timeout(500)
    assert len(held) == 1
    held[0].continue_()
    page.unroute_all()
    expect(page.locator(".booking-line")).to_contain_text("Bart")
    expect(page.locator(".booking-line-when")).to_contain_text("14:00")


def test_what_is_pressed_just_before_another_day_is_looked_at_comes_along(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example")
    day = free_day()
    page = open_calendar(desk, f"?day={day}")
    page.keyboard.press("n")
    page.locator("#service-q").wait_for()
    held = _held_answers(page)
    page.get_by_role("button", name="Laufkunde").click()
    page.locator("#service-q").click()
    # A second button waits for the answer to the first.
    page.locator("#service-hits [role=option]").filter(has_text="Bart").first.click()
    assert len(held) == 1
    page.get_by_role("link", name="Tag vor").click()
    # Both are asked anew there: the first with what was entered, the second behind its answer.
    _let_go(page, held, 2)
    _let_go(page, held, 3)
    expect(page).to_have_url(re.compile(f"day={day + timedelta(days=1)}"))
    expect(page.locator(".booking-person")).to_contain_text("Laufkunde")
    expect(page.locator(".booking-line")).to_contain_text("Bart")
    expect(page.locator("#booking [name=day]")).to_have_value(str(day))


def test_a_place_clicked_while_an_answer_is_on_its_way_waits_for_it(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("empfang@sonnenschein.example")
    # A day that nobody has booked yet.
    day = date.today() + timedelta(weeks=91)  # noqa: DTZ011 - the server's clock is this machine's
    page = open_calendar(desk, f"?day={day + timedelta(days=(1 - day.weekday()) % 7)}")
    page.keyboard.press("n")
    note = page.locator("#booking").get_by_label("Notiz")
    note.fill("wichtig")
    column = page.locator(".col").first
    first = int(column.get_attribute("data-first") or 0)
    held = _held_answers(page)
    page.get_by_role("button", name="Laufkunde").click()
    column.locator(".col-body").click(position={"x": 60, "y": (11 * 12 - first) * 8 + 4})
    assert len(held) == 1
    held[0].continue_()
    page.unroute_all()
    expect(page.locator(".booking-person")).to_contain_text("Laufkunde")
    expect(column.locator(".draft")).to_contain_text("11:00")
    expect(note).to_have_value("wichtig")
