"""Frank, 350 points, and the rewards of seed 004."""

import pytest

from salon.identity.roles import Actor
from salon.tenancy.models import Salon
from tests.prompt.frank import Treat, a_treat


@pytest.fixture
def treat(in_sonnenschein: Salon, front_desk: Actor) -> Treat:
    return a_treat(in_sonnenschein, front_desk)
