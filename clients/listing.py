"""The client list and its search, page by page (domain.md §2)."""

from enum import StrEnum
from uuid import UUID

from django.db.models import QuerySet

from clients.details import ClientDetails
from clients.models import Client, SearchToken, TokenField
from clients.search import Hit, find, parse_query
from salon import keyset
from salon.folding import fold

PAGE = 30
COUNTED = 1000


class Sort(StrEnum):
    """What the list can be ordered by."""

    NAME = "name"
    NUMBER = "number"
    LISTED_ON = "listed_on"


ORDERS = {
    Sort.NAME: keyset.Order(("sort_key", "id")),
    Sort.NUMBER: keyset.Order(("number",)),
    Sort.LISTED_ON: keyset.Order(("listed_on", "id"), descending=True),
}


def list_clients(
    *, sort: Sort, cursor: str | None, limit: int = PAGE, among: QuerySet[Client] | None = None
) -> keyset.Page[Client]:
    """Return one page of the open salon's clients, or of those `among` them.

    Raises: keyset.InvalidCursor.
    """
    clients = Client.objects.listed() if among is None else among
    return keyset.page(clients, ORDERS[sort], limit=limit, cursor=cursor)


def search_clients(text: str, *, limit: int, after: Hit | None = None) -> tuple[list[Client], Hit | None]:
    """Return the cards that fit what was typed, best first, and where to go on if there are more.

    Nothing typed (or nothing but punctuation) finds nothing.
    """
    query = parse_query(text)
    if query is None:
        return [], None
    hits = find(query, after=after, limit=limit + 1)
    more = hits[limit - 1] if len(hits) > limit else None
    return in_order([hit.client_id for hit in hits[:limit]]), more


def in_order(client_ids: list[UUID]) -> list[Client]:
    """Return the cards with these ids, in this order."""
    clients = Client.objects.in_bulk(client_ids)
    return [clients[client_id] for client_id in client_ids]


def count_clients() -> int | None:
    """Return how many clients the open salon has, None beyond a thousand (an exact count would read them all)."""
    count = Client.objects.listed().order_by("id")[: COUNTED + 1].count()
    return count if count <= COUNTED else None


def sharing_contact(details: ClientDetails, *, limit: int = 5) -> list[Client]:
    """Return cards that share phone or e-mail with accepted details, oldest number first."""
    contacts = {(TokenField.PHONE, phone.removeprefix("+")) for phone in (details.mobile, details.landline) if phone}
    if details.email:
        contacts.add((TokenField.EMAIL, fold(details.email)))
    found: set[UUID] = set()
    for field, token in contacts:
        found |= set(
            SearchToken.objects.filter(field=field, token=token).values_list("client_id", flat=True)[: limit * 2]
        )
    phones = {phone for phone in (details.mobile, details.landline) if phone}
    return [
        client
        for client in sorted(Client.objects.in_bulk(list(found)).values(), key=lambda client: client.number)
        if phones & {client.mobile, client.landline} or details.email.casefold() == client.email.casefold() != ""
    ][:limit]
