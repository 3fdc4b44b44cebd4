"""The address a client wrote from, which is not the card's: hers from now on, if the team says so (domain.md §9.4)."""

from datetime import datetime
from uuid import UUID

from clients.details import ChangedDetails
from clients.editing import Saved, update_client
from clients.models import Client
from marketing.models import Direction, Message
from salon.errors import NotFound
from salon.identity.roles import Actor
from salon.tenancy.models import Salon


def is_elsewhere(message: Message, client: Client) -> bool:
    """Return whether a client wrote a message from an address that her card does not have, so far."""
    told = message.direction == Direction.IN and message.address != ""
    return told and message.address.casefold() != client.email.casefold()


def elsewhere(client: Client) -> Message | None:
    """Return the last message that a client wrote, if it came from an address that her card does not have."""
    hers = Message.objects.filter(client_id=client.pk, direction=Direction.IN, automatic=False)
    last = hers.order_by("-created_at", "-id").first()
    return last if last and is_elsewhere(last, client) else None


def adopt_address(*, actor: Actor, salon: Salon, client_id: UUID, message_id: UUID, seen: str, now: datetime) -> Saved:
    """Let a client's card have the address that she wrote a message from, in place of the one that was `seen` on it.

    It is a change of the card like any other: a consent to news stays with the old address.
    Raises: NotAllowed, NotFound, ConflictingChange, InvalidInput.
    """
    message = (
        Message.objects.filter(pk=message_id, client_id=client_id, direction=Direction.IN).exclude(address="").first()
    )
    if message is None:
        raise NotFound
    changes: ChangedDetails = {"email": message.address}
    return update_client(actor=actor, salon=salon, client_id=client_id, changes=changes, seen={"email": seen}, now=now)
