"""A real mail server, a campaign, a clock that stands, and words in the language of the installation."""

from collections.abc import Iterator

import pytest
import time_machine
from django.conf import settings as installation
from django.utils import translation
from pytest_django import Settings

from marketing.models import Campaign
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import make_client
from tests.conftest import NOW
from tests.marketing.campaigning import agreed, draft, may_send
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


@pytest.fixture
def campaign(sonnenschein: Salon) -> Campaign:
    """A draft to everybody: two who have agreed, one who has not, one without an address."""
    with salon_scope(sonnenschein.pk):
        may_send()
        agreed("Anna", last_name="Ahrens")
        agreed("Berta", last_name="<b>Beck</b>")
        make_client("Clara", email="clara@x.example")
        make_client("Dora")
        return draft()
