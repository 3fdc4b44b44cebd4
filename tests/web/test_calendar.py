"""The calendar page (ui.md §2.1): what it shows, in how many statements and bytes."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import DAY, SalonDay, a_salon_day, at, make_appointment
from tests.conftest import NOW

PAGE = "/s/sonnenschein/calendar/"


@pytest.fixture(autouse=True)
def _on_that_day(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], stylist: User) -> Browser:
    return browser_of(stylist)


@pytest.fixture
def desk(sonnenschein: Salon) -> SalonDay:
    with salon_scope(sonnenschein.pk):
        return a_salon_day()


def _page(browser: Browser, query: str = f"day={DAY}") -> str:
    answer = browser.get(f"{PAGE}?{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_queries(browser: Browser, desk: SalonDay, sonnenschein: Salon) -> None:
    counts = []
    for hours in (range(9, 11), range(11, 18)):
        with salon_scope(sonnenschein.pk):
            for hour in hours:
                make_appointment((desk.cut, desk.anna), starts_at=at(hour), client=desk.lena)
        for query in (f"day={DAY}", f"day={DAY}&view=week", f"day={DAY}&view=week&who={desk.anna.pk}"):
            _page(browser, query)
            with CaptureQueriesContext(connection) as captured:
                _page(browser, query)
            counts.append(len(captured))
    assert set(counts) == {12}
