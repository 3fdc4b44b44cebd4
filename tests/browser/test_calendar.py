"""The calendar by mouse, finger and keyboard, and in two browsers at once (ui.md §2.1)."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.calendar_days import seed_days
from tests.browser.conftest import OpenPage, Watched
from tests.serving import manage

ROW = 8
HOUR = 12 * ROW
Days = Iterator[date]


@pytest.fixture(scope="session")
def days(base: str) -> Days:
    return iter(seed_days(date.today()))  # noqa: DTZ011 - any day far ahead will do


def _open(desk: Watched, day: date, query: str = "") -> Page:
    desk.sign_in("empfang@sonnenschein.example", f"/s/sonnenschein/calendar/?day={day}{query}")
    desk.settle()
    return desk.page


def _column(page: Page, number: int) -> Locator:
    return page.locator(".col").nth(number).locator(".col-body")


def _block(page: Page, column: int = 0) -> Locator:
    return _column(page, column).locator(".b")


def _middle(block: Locator, *, from_top: float = 10) -> tuple[float, float]:
    block.scroll_into_view_if_needed()
    box = block.bounding_box()
    assert box
    return box["x"] + box["width"] / 3, box["y"] + from_top


def _carry(page: Page, start: tuple[float, float], *, right: float = 0, down: float = 0) -> None:
    x, y = start
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right / 2, y + down / 2, steps=4)
    page.mouse.move(x + right, y + down, steps=4)


def test_a_click_on_a_free_place_opens_the_booking_there(open_page: OpenPage, days: Days) -> None:
    desk = open_page()
    page = _open(desk, next(days))
    x, y = _middle(_block(page))
    page.mouse.click(x, y - 6 * ROW)
    drawer = page.locator("#drawer [role=dialog]")
    expect(drawer).to_be_visible()
    page.wait_for_url(re.compile(r"at=09(%3A|:)30"))
    assert desk.violations() == []
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    # A block opens its appointment, and is marked while it is shown.
    _block(page).click()
    expect(drawer).to_be_visible()
    expect(_block(page)).to_have_attribute("aria-current", "true")
    page.wait_for_url(re.compile("appointment="))
    page.reload()
    expect(drawer).to_be_visible()


def test_drag_to_another_time_and_person_and_back(open_page: OpenPage, days: Days) -> None:
    desk = open_page()
    page = _open(desk, next(days))
    width = _column(page, 1).bounding_box()["x"] - _column(page, 0).bounding_box()["x"]  # type: ignore[index]
    _carry(page, _middle(_block(page)), right=width, down=HOUR)
    expect(page.locator(".ghost")).to_have_text("11:00–11:45 Bora")
    page.mouse.up()
    expect(_block(page, 0)).to_have_count(0)
    expect(_block(page, 1).first).to_contain_text("11:00")
    toast = page.locator("#toasts .toast").filter(has=page.get_by_role("button", name="Rückgängig"))
    expect(toast).to_contain_text("11:00–11:45")
    toast.get_by_role("button", name="Rückgängig").click()
    expect(_block(page, 0)).to_contain_text("10:00")
    expect(_block(page, 1)).to_have_count(1)


def test_escape_leaves_what_is_dragged_where_it_was(open_page: OpenPage, days: Days) -> None:
    desk = open_page()
    page = _open(desk, next(days))
    _carry(page, _middle(_block(page)), down=HOUR)
    page.keyboard.press("Escape")
    expect(page.locator(".ghost")).to_have_count(0)
    page.mouse.up()
    expect(_block(page)).to_contain_text("10:00")
    expect(page.locator("#toasts .toast")).to_have_count(0)


def test_the_lower_edge_makes_it_longer(open_page: OpenPage, days: Days) -> None:
    desk = open_page()
    page = _open(desk, next(days))
    _carry(page, _middle(_block(page), from_top=9 * ROW - 5), down=6 * ROW)
    expect(page.locator(".ghost")).to_have_text("10:00–11:15")
    page.mouse.up()
    expect(_block(page)).to_contain_text("10:00–11:15")


def test_a_refused_drop_goes_back_and_says_where_it_would_go(open_page: OpenPage, days: Days) -> None:
    desk = open_page()
    page = _open(desk, next(days))
    width = _column(page, 1).bounding_box()["x"] - _column(page, 0).bounding_box()["x"]  # type: ignore[index]
    _carry(page, _middle(_block(page)), right=width, down=4 * HOUR)
    page.mouse.up()
    refused = page.get_by_role("alertdialog")
    expect(refused).to_contain_text("14:00–14:45")
    expect(refused.get_by_role("button", name=re.compile(r"\d\d:\d\d"))).to_have_count(3)
    expect(_block(page, 0)).to_contain_text("10:00")
    assert desk.violations() == []
    page.keyboard.press("Escape")
    expect(refused).to_have_count(0)
    _carry(page, _middle(_block(page)), right=width, down=4 * HOUR)
    page.mouse.up()
    refused.get_by_role("button", name=re.compile(r"\d\d:\d\d")).first.click()
    expect(refused).to_have_count(0)
    expect(_block(page, 0)).to_have_count(0)


def test_move_by_keyboard(open_page: OpenPage, days: Days) -> None:
    desk = open_page()
    page = _open(desk, next(days))
    said = page.locator("#calendar-said")
    _block(page).focus()
    page.keyboard.press("m")
    expect(said).to_contain_text("wird verschoben")
    page.keyboard.press("ArrowDown")
    expect(said).to_have_text("10:15 · Anna")
    page.keyboard.press("Escape")
    expect(said).to_have_text("Der Termin bleibt, wo er war.")
    expect(_block(page)).to_be_focused()
    page.keyboard.press("m")
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Shift+ArrowUp"):
        page.keyboard.press(key)
    expect(said).to_have_text("10:25 · Bora")
    page.keyboard.press("Enter")
    expect(_block(page, 1).first).to_contain_text("10:25")
    expect(_block(page, 0)).to_have_count(0)
    # The keyboard goes on where it is now.
    expect(_block(page, 1).first).to_be_focused()


def test_keys(open_page: OpenPage, days: Days) -> None:
    desk = open_page()
    day = next(days)
    page = _open(desk, day)
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Tastenkürzel")
    expect(keys).to_contain_text("Neuer Termin")
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**?day={day + timedelta(days=1)}")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(f"**?day={day}")
    desk.settle()
    page.keyboard.press("n")
    expect(page.locator("#drawer [role=dialog]")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("main").focus()
    page.keyboard.press("t")
    expect(page.locator(".cal-bar [aria-current=date]").first).to_be_visible()


class _Finger:
    """One finger on the screen; Playwright itself can only tap."""

    def __init__(self, page: Page) -> None:
        self.session: Any = page.context.new_cdp_session(page)

    def _send(self, kind: str, *points: dict[str, float]) -> None:
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    def down(self, x: float, y: float) -> None:
        self._send("touchStart", {"x": x, "y": y})

    def move(self, x: float, y: float) -> None:
        self._send("touchMove", {"x": x, "y": y})

    def up(self) -> None:
        self._send("touchEnd")


def test_the_drawer_says_what_the_grid_shows_and_keeps_what_was_typed(open_page: OpenPage, days: Days) -> None:
    desk = open_page()
    page = _open(desk, next(days))
    title, note = page.locator("#drawer-title"), page.locator("#appointment-note")
    _block(page).click()
    expect(title).to_contain_text("10:00–10:45")
    address = page.url
    note.fill("bringt Kuchen mit")
    _carry(page, _middle(_block(page)), down=HOUR)
    page.mouse.up()
    expect(title).to_contain_text("11:00–11:45")
    expect(page.locator("#items-head + .booking-line")).to_contain_text("11:00–11:45")
    expect(note).to_have_value("bringt Kuchen mit")
    assert page.url == address
    page.get_by_role("button", name="Notiz speichern").click()
    expect(page.locator("#toasts")).to_contain_text("Die Notiz ist gespeichert.")
    expect(page.locator("#appointment [role=alert]")).to_have_count(0)
    desk.settle()
    _carry(page, _middle(_block(page)), down=-HOUR)
    page.mouse.up()
    expect(title).to_contain_text("10:00–10:45")
    page.locator("#toasts").get_by_role("button", name="Rückgängig").click()
    expect(title).to_contain_text("11:00–11:45")


def test_a_refusal_goes_once_the_appointment_is_not_what_it_was(open_page: OpenPage, days: Days) -> None:
    desk = open_page()
    page = _open(desk, next(days))
    _block(page).click()
    width = _column(page, 1).bounding_box()["x"] - _column(page, 0).bounding_box()["x"]  # type: ignore[index]
    _carry(page, _middle(_block(page)), right=width, down=4 * HOUR)
    page.mouse.up()
    refused = page.get_by_role("alertdialog")
    expect(refused).to_contain_text("14:00–14:45")
    page.locator("#appointment-note").fill("lieber später")
    page.get_by_role("button", name="Notiz speichern").click()
    expect(refused).to_have_count(0)


_BOTH = """
from datetime import date
from salon.catalogue.models import Service, StaffMember
from salon.tenancy.context import salon_scope
from salon.tenancy.directory import find_salon
from tests.bookings.salonday import at, make_appointment
salon = find_salon("sonnenschein")
with salon_scope(salon.pk):
    anna, bora = StaffMember.objects.working().in_order()[:2]
    service = Service.objects.get(name="Kalenderprobe")
    make_appointment((service, anna), (service, bora), starts_at=at(11, day=date.fromisoformat("{day}")))
"""


def test_every_part_that_goes_along_is_shown_where_it_would_stand(open_page: OpenPage, days: Days) -> None:
    day = next(days)
    manage("shell", "-v0", "-c", _BOTH.format(day=day))
    page = _open(open_page(), day)
    _carry(page, _middle(_block(page).nth(1)), down=-HOUR / 2)
    expect(_column(page, 0).locator(".ghost")).to_have_text("10:30–11:15 Anna")
    expect(_column(page, 1).locator(".ghost")).to_contain_text("11:15")
    page.keyboard.press("Escape")
    expect(page.locator(".ghost")).to_have_count(0)
    page.mouse.up()


def test_a_long_press_lifts_it(open_page: OpenPage, days: Days) -> None:
    desk = open_page(width=820, touch=True)
    page = _open(desk, next(days))
    finger = _Finger(page)
    x, y = _middle(_block(page))
    finger.down(x, y)
    expect(page.locator(".ghost")).to_have_count(1)
    for step in range(1, 9):
        finger.move(x, y + step * HOUR / 8)
    expect(page.locator(".ghost")).to_contain_text("11:00–11:45")
    finger.up()
    expect(_block(page)).to_contain_text("11:00")
    # A short touch that moves scrolls, and lifts nothing.
    x, y = _middle(_block(page))
    finger.down(x, y)
    finger.move(x, y + 40)
    page.wait_for_timeout(500)
    expect(page.locator(".ghost")).to_have_count(0)
    finger.up()
    expect(_block(page)).to_contain_text("11:00")


_SHORT = """
from datetime import date, timedelta
from salon.catalogue.models import StaffMember
from salon.tenancy.context import salon_scope
from salon.tenancy.directory import find_salon
from tests.bookings.salonday import at, make_appointment, make_service
salon = find_salon("sonnenschein")
with salon_scope(salon.pk):
    anna = StaffMember.objects.working().in_order().first()
    ten, quarter = make_service("Zehn {day}", 10), make_service("Viertel {day}", 15)
    begin = at(11, day=date.fromisoformat("{day}"))
    for after in (0, 60, 70, 120, 130, 140, 180, 210):
        service = ten if after < 180 else quarter
        make_appointment((service, anna), starts_at=begin + timedelta(minutes=after))
"""
# Which block answers at each pixel of the first column, from the first of Anna's short ones on; "" where none does.
_HIT = """body => {
  const box = body.getBoundingClientRect();
  const found = [];
  for (let y = 0; y < box.height; y += 1) {
    const block = document.elementFromPoint(box.left + box.width / 2, box.top + y)?.closest(".b");
    found.push(block ? block.getAttribute("href") : "");
  }
  return found;
}"""


@pytest.mark.parametrize(
    ("touch", "heights"),
    [
        (False, [24, 24, 24, 24, 16, 24, 24, 24]),
        (True, [44, 44, 36, 36, 16, 28, 36, 44]),
    ],
)
def test_short_ones_can_be_hit_and_hide_nothing(
    open_page: OpenPage, days: Days, heights: list[int], *, touch: bool
) -> None:
    day = next(days)
    manage("shell", "-v0", "-c", _SHORT.format(day=day))
    desk = open_page(width=820, touch=touch)
    desk.page.set_viewport_size({"width": 820, "height": 1400})
    page = _open(desk, day)
    short = _column(page, 0).locator(".b:is(.h2, .h3)")
    assert short.count() == len(heights)
    hit = _column(page, 0).evaluate(_HIT)
    for place, height in enumerate(heights):
        block = short.nth(place)
        href = block.get_attribute("href")
        assert hit.count(href) == height
        # All of what is seen of it is its own.
        row, rows = (
            block.evaluate(f"one => Number(getComputedStyle(one).getPropertyValue('--{name}'))") for name in "rh"
        )
        assert set(hit[int(row * ROW) : int((row + rows) * ROW)]) == {href}
    # A free quarter of an hour between two of them can still be booked.
    assert hit[int(row * ROW) - 3 * ROW : int(row * ROW)].count("") >= 2 * ROW


def test_two_browsers_see_each_other_within_five_seconds(open_page: OpenPage, days: Days) -> None:
    day = next(days)
    one, other = open_page(), open_page()
    here, there = _open(one, day), _open(other, day)
    _block(there, 1).focus()
    there.locator(".cal-scroll").evaluate("box => box.scrollTop = 40")
    scrolled = there.locator(".cal-scroll").evaluate("box => box.scrollTop")
    _carry(here, _middle(_block(here)), down=HOUR)
    here.mouse.up()
    expect(_block(here)).to_contain_text("11:00")
    expect(_block(there)).to_contain_text("11:00", timeout=5_500)
    # Neither the focus nor the place scrolled to is lost.
    expect(_block(there, 1)).to_be_focused()
    assert there.locator(".cal-scroll").evaluate("box => box.scrollTop") == scrolled


def test_an_unchanged_calendar_is_asked_for_without_being_sent(open_page: OpenPage, days: Days) -> None:
    desk = open_page()
    answers: list[int] = []
    desk.page.on("response", lambda answer: answers.append(answer.status) if "/poll/" in answer.url else None)
    page = _open(desk, next(days))
    page.wait_for_timeout(11_000)
    assert answers[:2] == [200, 304]


def test_a_phone_shows_one_person_and_the_next_by_a_tab(open_page: OpenPage, days: Days) -> None:
    desk = open_page(width=390, touch=True)
    page = _open(desk, next(days))
    tabs = page.get_by_role("navigation", name="Spalten").get_by_role("link")
    expect(tabs.nth(0)).to_have_attribute("aria-current", "true")
    expect(_block(page, 0)).to_be_in_viewport()
    expect(_block(page, 1)).not_to_be_in_viewport()
    tabs.nth(1).tap()
    expect(tabs.nth(1)).to_have_attribute("aria-current", "true")
    expect(_column(page, 1)).to_be_in_viewport()
    assert desk.violations() == []


def test_without_a_script_the_page_shows_and_its_links_work(open_page: OpenPage, days: Days) -> None:
    day = next(days)
    desk = open_page(javascript=False)
    page = _open(desk, day)
    expect(_block(page)).to_contain_text("10:00–10:45")
    page.get_by_role("link", name="Woche", exact=True).click()
    page.get_by_role("navigation", name="Wessen Woche").get_by_role("link", name="Anna").click()
    expect(page.locator(".col")).to_have_count(7)
    page.get_by_role("link", name="Tag", exact=True).click()
    _block(page).click()
    page.wait_for_url("**/calendar/appointments/*/")
    page.go_back()
    page.locator(".slot").first.click()
    page.wait_for_url(re.compile(rf"/calendar/new/\?day={day}"))
    # Whose columns are shown is remembered.
    page.goto(f"{desk.base}/s/sonnenschein/calendar/?day={day}")
    page.locator("summary[aria-label^=Team]").click()
    page.get_by_role("checkbox", name="Bora").uncheck()
    page.get_by_role("button", name="Anzeigen").click()
    expect(page.get_by_role("heading", name="Bora")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("heading", name="Bora")).to_have_count(0)
    page.get_by_text("4/5").click()
    page.get_by_role("button", name="Alle").click()
    expect(page.get_by_role("heading", name="Bora")).to_have_count(1)


def test_the_day_sheet_is_printed_without_what_the_screen_is_for(open_page: OpenPage, days: Days) -> None:
    day = next(days)
    page = _open(open_page(), day)
    page.emulate_media(media="print")
    # Whatever the window is, the date stands there in full.
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        heading = re.compile(rf"^Dienstag, {day.day}\. \S+ {day.year}$")
        expect(page.locator(".cal-date")).to_have_text(heading, use_inner_text=True)
        for block, begins in ((_block(page, 0), "10:00"), (_block(page, 1), "14:00")):
            expect(block).to_be_visible()
            expect(block).to_contain_text(begins)
            expect(block).to_contain_text("Kalenderprobe")
        for name in ("Anna", "Bora"):
            expect(page.get_by_role("heading", name=name)).to_be_visible()
        for left_out in (".rail", ".cal-new", ".cal-steps", ".segments", ".cal-axis", ".slot", ".cal-offline"):
            expect(page.locator(left_out).first).to_be_hidden()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")


def test_without_a_connection_the_calendar_says_that_it_may_be_old(open_page: OpenPage, days: Days) -> None:
    desk = open_page()
    page = _open(desk, next(days))
    notice = page.get_by_text("Keine Verbindung. Was Sie sehen, kann veraltet sein.")
    expect(notice).to_be_hidden()
    page.context.set_offline(True)
    # One answer that fails is nothing yet; two in a row are, ten seconds at most.
    expect(notice).to_be_visible()
    expect(_block(page)).to_contain_text("10:00")
    assert desk.violations() == []
    page.context.set_offline(False)
    expect(notice).to_be_hidden()
    assert desk.complaints
    assert all("ERR_INTERNET_DISCONNECTED" in one for one in desk.complaints)
    desk.complaints.clear()
