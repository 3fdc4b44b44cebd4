"""Salons whose night is due, and steps of the tests."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from salon.tenancy.models import Salon
from tests.night.running import THREE
from tests.work import night_steps
from tests.work.night_steps import FIRST, SECOND, THIRD


@pytest.fixture
def sonnenschein(sonnenschein: Salon) -> Salon:
    """Return the salon, whose night is due at THREE."""
    return made_due(sonnenschein)


@pytest.fixture
def dom(dom: Salon) -> Salon:
    return made_due(dom)


def made_due(salon: Salon) -> Salon:
    salon.next_night_at = THREE
    salon.save(update_fields=["next_night_at"])
    return salon


@pytest.fixture(autouse=True)
def steps(settings: Settings) -> Iterator[None]:
    settings.NIGHT_STEPS = (FIRST, SECOND, THIRD)
    yield
    night_steps.calls.clear()
    night_steps.doing.clear()
