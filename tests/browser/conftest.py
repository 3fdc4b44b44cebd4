"""Headless Chromium against the real server over the demo world."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from salon.embedded.browser import chromium as find_chromium
from tests.browser.world import own_world
from tests.marketing.letterbox import DOMAIN
from tests.serving import running_server

PASSWORD = "treatcard-demo"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # What runs on a page runs a few times, axe above all: translated at once, and nothing swept up in between.
    "--js-flags=--always-sparkplug --min-semi-space-size=32 --max-semi-space-size=64",
]
# Told by the server on purpose where a test asks for it, and by Chromium on the console.
EXPECTED = ("status of 401", "status of 404", "status of 410", "status of 422", "status of 403", "status of 429")
ASSETS = "/static/"
PATIENCE = 15_000  # milliseconds, on a machine that does other things too


@pytest.fixture(scope="session")
def base() -> Iterator[str]:
    """Serve a fresh demo world."""
    # One browser keeps no second process busy, and every process begun loads all there is.
    with own_world(STYLEGUIDE="1", INBOUND_DOMAIN=DOMAIN), running_server(workers=1) as address:
        yield address


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        # The one that `make test` has found stands in CHROMIUM.
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(QUIET))
        yield browser
        browser.close()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What somebody's browser keeps once she has signed in, and where she came to."""

    cookies: list[Any]
    landed: str


@pytest.fixture(scope="session")
def signed_in(base: str) -> dict[str, SignedIn]:
    """Keep who has signed in already, by e-mail: the form is filled in once for all tests."""
    return {}


# Text that is just appearing has no contrast yet. What turns for ever is not waited for.
_STILL = """() => document.getAnimations()
  .filter((one) => one.effect.getComputedTiming().endTime !== Infinity).forEach((one) => one.finish())"""


@dataclass
class Watched:
    """A page, and what its console and its policy complained about."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)
    signed_in: dict[str, SignedIn] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)  # addresses of pages and of what scripts fetch
    under_way: set[Request] = field(default_factory=set)

    def listen(self) -> None:
        self.page.on("request", self._request)
        self.page.on("requestfinished", self._over)
        self.page.on("requestfailed", self._over)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _request(self, request: Request) -> None:
        self.under_way.add(request)
        if request.resource_type in {"document", "fetch", "xhr"} and not urlsplit(request.url).path.startswith(ASSETS):
            self.asked.add(request.url)

    def _over(self, request: Request) -> None:
        self.under_way.discard(request)

    def _console(self, message: ConsoleMessage) -> None:
        where = message.location["url"].partition("#")[0]
        # A script or an icon that is missing answers 404 too.
        told = where in self.asked and any(one in message.text for one in EXPECTED)
        if message.type in {"error", "warning"} and not told:
            self.complaints.append(f"{message.text} ({where})")

    def sign_in(self, email: str, at: str = "") -> None:
        """Be signed in and stand where one comes to, or at another address of the software."""
        if email not in self.signed_in:
            self.fill_in_sign_in(email, PASSWORD)
            self.page.wait_for_url("**/s/**")
            self.signed_in[email] = SignedIn(self.page.context.cookies(), self.page.url)
        else:
            self.page.context.add_cookies(self.signed_in[email].cookies)
            at = at or self.signed_in[email].landed.removeprefix(self.base)
        if at:
            self.page.goto(self.base + at)

    def fill_in_sign_in(self, email: str, password: str) -> None:
        self.page.goto(f"{self.base}/sign-in/")
        self.page.get_by_label("E-Mail").fill(email)
        self.page.locator("input[type=password]").fill(password)
        self.page.keyboard.press("Enter")

    def settle(self) -> None:
        """Wait until the page stands, its scripts have run and nothing that they asked for is under way."""
        self.page.wait_for_load_state()
        until = time.monotonic() + 15
        calm = 0
        while calm < 2:
            assert time.monotonic() < until, f"still under way: {[one.url for one in self.under_way]}"
            self.page.wait_for_timeout(20)
            calm = 0 if self.under_way else calm + 1

    def violations(self, within: str | None = None) -> list[str]:
        """Return what axe finds once nothing moves any more, and whether the page overflows sideways.

        `within`: the part of a page that has changed since all of it was looked at.
        """
        self.page.evaluate(_STILL)
        seen = Axe().run(self.page, context=within).response["violations"]
        found = [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in seen]
        if self.page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"):
            found.append("overflows sideways")
        return found


OpenPage = Callable[..., Watched]


@pytest.fixture
def open_page(base: str, chromium: Browser, signed_in: dict[str, SignedIn]) -> Iterator[OpenPage]:
    """Return a maker of pages in contexts of their own; fails a test whose pages complained."""
    opened: list[tuple[BrowserContext, Watched]] = []

    def make(*, width: int = 1440, dark: bool = False, javascript: bool = True, touch: bool = False) -> Watched:
        context = chromium.new_context(
            viewport={"width": width, "height": 900 if width > 500 else 844},
            color_scheme="dark" if dark else "light",
            java_script_enabled=javascript,
            has_touch=touch,
            locale="de-DE",
            timezone_id="Europe/Berlin",
        )
        context.set_default_timeout(PATIENCE)
        watched = Watched(context.new_page(), base, signed_in=signed_in)
        watched.listen()
        opened.append((context, watched))
        return watched

    yield make
    complaints = [complaint for _context, watched in opened for complaint in watched.complaints]
    for context, _watched in opened:
        context.close()
    assert complaints == []
