"""Lena's appointment on the day that the calendar shows."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser

from bookings.models import Appointment
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import SalonDay, a_salon_day, make_appointment
from tests.conftest import NOW

PAGE = "/s/sonnenschein/calendar/"
HTMX = {"HX-Request": "true"}


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


@pytest.fixture
def cut(desk: SalonDay, sonnenschein: Salon) -> Appointment:
    """Lena, at ten, with Anna."""
    with salon_scope(sonnenschein.pk):
        return make_appointment((desk.cut, desk.anna), client=desk.lena)
