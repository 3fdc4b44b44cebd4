"""A real mail server, a clock that stands, and words in the language of the installation."""

from collections.abc import Iterator

import pytest
import time_machine
from django.conf import settings as installation
from django.utils import translation
from pytest_django import Settings

from tests.conftest import NOW
from tests.marketing.mailserver import Inbox, inbox, send_to


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    """Let words be those of the installation, whatever a request of another test asked for."""
    with translation.override(installation.LANGUAGE_CODE):
        yield


@pytest.fixture
def arriving(settings: Settings) -> Iterator[Inbox]:
    with inbox() as (received, port):
        send_to(settings, port)
        yield received


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller
