"""The demo world, built once for all tests that only look at it."""

from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from salon.demo import world
from salon.tenancy import directory
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests import database
from tests.conftest import NOW


@pytest.fixture(scope="module")
def demo_world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Salon]:
    """Stand in the demo as built on the day of the tests, which nobody changes."""
    with django_db_blocker.unblock(), database.filled_once("demo", _build):
        salon = directory.find_salon("sonnenschein")
        assert salon is not None
        yield salon


def _build() -> None:
    world.build_demo(NOW)
    # Without statistics the database joins thousands of appointments row by row.
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@pytest.fixture
def demo(demo_world: Salon, db: None) -> Iterator[Salon]:
    """Open the scope of Salon Sonnenschein of the demo."""
    with salon_scope(demo_world.pk):
        yield demo_world
