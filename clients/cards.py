"""Reading one client card, and locking it, whatever became of it (domain.md §2)."""

from uuid import UUID

from django.utils.translation import gettext_lazy as _

from clients.models import CardState, Client
from salon.errors import DomainError, NotFound
from salon.rows import read
from salon.tenancy.context import current_salon_id


class MergedAway(NotFound):
    """The card went into another one: `survivor_id`."""

    code = "client_merged"
    message = _("This card was merged into another one.")

    def __init__(self, survivor_id: UUID) -> None:
        super().__init__()
        self.survivor_id = survivor_id
        self.members = {"survivor": str(survivor_id)}


class ConflictingChange(DomainError):
    """Somebody else changed the same fields since they were read: `fields`, and `client` as it is now."""

    code = "conflicting_change"
    message = _("Somebody else has changed this in the meantime.")

    def __init__(self, client: Client, names: list[str]) -> None:
        super().__init__()
        self.client = client
        self.fields = names


def get_client(client_id: UUID) -> Client:
    """Return a card of the open salon that is in use.

    Raises: MergedAway for a card that went into another, NotFound.
    """
    return in_use(Client.objects.select_related("referred_by", "preferred_staff").filter(pk=client_id).first())


def lock_client(client_id: UUID) -> Client:
    """Return a card as `get_client` does, locked until the open transaction ends.

    Raises: MergedAway, NotFound.
    """
    values = {"salon": current_salon_id(), "id": client_id}
    found = read(Client, " WHERE salon_id = %(salon)s AND id = %(id)s FOR NO KEY UPDATE", values)
    return in_use(found[0] if found else None)


def in_use(client: Client | None) -> Client:
    """Return the card if it is one that is in use.

    Raises: MergedAway, NotFound.
    """
    if client is not None and client.state == CardState.MERGED and client.merged_into_id:
        raise MergedAway(client.merged_into_id)
    if client is None or client.state != CardState.LISTED:
        raise NotFound
    return client
