"""The calendar and its form of a new appointment, as tests in a browser open them."""

from datetime import date, timedelta

from playwright.sync_api import Page

from tests.browser.conftest import Watched

CALENDAR = "/s/sonnenschein/calendar/"


def free_day(after: int = 20) -> date:
    """Return a working day far enough away to be half empty."""
    day = date.today() + timedelta(days=after)  # noqa: DTZ011 - the server's clock is this machine's
    return day + timedelta(days=1) if day.isoweekday() == 7 else day


def enter_walk_in(page: Page, service: str) -> None:
    """Enter a service for nobody in particular in a new booking, by the keys that open it."""
    page.keyboard.press("n")
    page.get_by_role("button", name="Laufkunde").click()
    page.locator("#service-q").press_sequentially(service)
    page.locator("#service-hits [role=option]").first.click()


def open_calendar(desk: Watched, path: str) -> Page:
    """Open an address of the calendar, and wait until all of it is there."""
    desk.page.goto(f"{desk.base}{CALENDAR}{path}")
    desk.settle()
    return desk.page
