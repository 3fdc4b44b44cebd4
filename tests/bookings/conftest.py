"""The front desk of a small salon with an empty calendar."""

import pytest

from salon.identity.roles import Actor
from salon.tenancy.models import Salon
from tests.bookings.acting import Desk
from tests.bookings.salonday import a_salon_day


@pytest.fixture
def desk(in_sonnenschein: Salon, front_desk: Actor) -> Desk:
    return Desk(front_desk, in_sonnenschein, a_salon_day())
