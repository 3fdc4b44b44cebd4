"""The till of a small salon."""

import pytest

from salon.identity.roles import Actor
from salon.tenancy.models import Salon
from tests.checkout.till import MANAGER, Till, a_till


@pytest.fixture
def till(in_sonnenschein: Salon, front_desk: Actor) -> Till:
    """Somebody with the role STAFF at it."""
    return a_till(front_desk, in_sonnenschein)


@pytest.fixture
def office(till: Till) -> Till:
    """The same till with a manager at it, who may set prices."""
    return Till(MANAGER, till.salon, till.day, till.oil, till.shampoo)
