"""Whoever sets the Treatcard up."""

import pytest

from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role


@pytest.fixture
def carla() -> Actor:
    """Somebody with the role MANAGER."""
    return Actor(ActorKind.USER, None, "Carla Neumann", PERMISSIONS[Role.MANAGER])
