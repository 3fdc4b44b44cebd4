"""Browsers of a stylist and a manager, and a client."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from clients.models import Client
from salon.identity.models import User
from salon.tenancy.models import Salon
from tests.card.desk import add_client


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], stylist: User) -> Browser:
    return browser_of(stylist)


@pytest.fixture
def managing(browser_of: Callable[[User], Browser], manager: User) -> Browser:
    return browser_of(manager)


@pytest.fixture
def petra(sonnenschein: Salon) -> Client:
    return add_client(sonnenschein, mobile="0171 5550318", birthday="4.5.1980", city="Berlin")
