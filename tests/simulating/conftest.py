"""The till of a small salon, and whoever may look at its figures."""

import pytest

from salon.identity.roles import Actor
from salon.tenancy.models import Salon
from tests.checkout.till import MANAGER, Till, a_till


@pytest.fixture
def till(in_sonnenschein: Salon, front_desk: Actor) -> Till:
    """Somebody at it."""
    return a_till(front_desk, in_sonnenschein)


@pytest.fixture
def carla() -> Actor:
    """Somebody with the role MANAGER."""
    return MANAGER
