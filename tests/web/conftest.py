"""A receptionist at the form of a new appointment."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from clients.tokens import add_tokens
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import SalonDay, a_salon_day
from tests.web.booking_desk import Desk


@pytest.fixture
def day(sonnenschein: Salon) -> SalonDay:
    with salon_scope(sonnenschein.pk):
        found = a_salon_day()
        add_tokens(found.lena)
        return found


@pytest.fixture
def desk(stylist: User, browser_of: Callable[[User], Browser]) -> Desk:
    return Desk(browser_of(stylist))
