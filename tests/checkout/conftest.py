"""The till of a small salon."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client as Browser

from clients.tokens import add_tokens
from salon.identity.models import User
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy.models import Salon
from tests.checkout.desk import Desk
from tests.checkout.till import MANAGER, Till, a_till


@pytest.fixture
def till(in_sonnenschein: Salon, front_desk: Actor) -> Till:
    """Somebody with the role STAFF at it."""
    return a_till(front_desk, in_sonnenschein)


@pytest.fixture
def office(till: Till) -> Till:
    """The same till with a manager at it, who may set prices."""
    return Till(MANAGER, till.salon, till.day, till.oil, till.shampoo)


@pytest.fixture
def desk(in_sonnenschein: Salon, stylist: User, browser_of: Callable[[User], Browser]) -> Desk:
    """A receptionist at the till's page."""
    till = a_till(Actor(ActorKind.USER, stylist.pk, stylist.name, PERMISSIONS[Role.STAFF]), in_sonnenschein)
    add_tokens(till.day.lena)
    return Desk(browser_of(stylist), till)


@pytest.fixture
def back_office(desk: Desk, manager: User, browser_of: Callable[[User], Browser]) -> Desk:
    """A manager at the same till's page."""
    manages = Actor(ActorKind.USER, manager.pk, manager.name, PERMISSIONS[Role.MANAGER])
    return Desk(browser_of(manager), replace(desk.till, actor=manages))
