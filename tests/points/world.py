"""Cards with Treatcards, and what is booked for them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from clients.models import Cause, Client, PointsEntry
from clients.points import post
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy.models import new_id
from tests.bookings.salonday import make_client
from tests.conftest import NOW

MANAGER = Actor(ActorKind.USER, None, "Carla", PERMISSIONS[Role.MANAGER])


def holder(name: str = "Lena", points: int = 0, **given: Any) -> Client:
    """Return a client with a Treatcard, and points on it."""
    client = make_client(name, treatcard_number=f"TC-{name}".upper(), **given)
    book(client, points)
    return client


def book(
    client: Client, points: int, cause: Cause = Cause.EARNED, at: datetime = NOW, cause_id: UUID | None = None
) -> PointsEntry | None:
    """Book points, for something new if nothing is named."""
    return post(client=client, points=points, cause=cause, cause_id=cause_id or new_id(), actor=MANAGER, now=at)


def balance(client: Client) -> int:
    """Return what the card says."""
    return Client.objects.values_list("points", flat=True).get(pk=client.pk)


def ledger(client: Client) -> list[tuple[str, int, int]]:
    """Return cause, points and balance of each entry."""
    rows = PointsEntry.objects.filter(client=client).order_by("number")
    return [(one.cause, one.points, one.balance_after) for one in rows]
