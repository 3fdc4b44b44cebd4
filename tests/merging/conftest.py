"""The desk of Salon Sonnenschein."""

import pytest

from salon.tenancy.models import Salon
from tests.merging.desk import Desk


@pytest.fixture
def desk(in_sonnenschein: Salon) -> Desk:
    return Desk(in_sonnenschein)
