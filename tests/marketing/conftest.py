"""Words are those that the installation begins with, whatever a request of another test asked for."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.utils import translation


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    with translation.override(settings.LANGUAGE_CODE):
        yield
