"""The client list and its search, page by page (domain.md §2)."""

from collections.abc import Collection
from dataclasses import replace
from enum import StrEnum
from uuid import UUID

from django.db.models import Q, QuerySet

from clients.details import ClientDetails
from clients.models import CategoryAssignment, Client, SearchToken, TokenField
from clients.near_misses import near_cards
from clients.queries import Hit, parse_query
from clients.search import find
from clients.tokens import holders
from salon import keyset
from salon.folding import fold

PAGE = 30
COUNTED = 1000
# Of all of them so many are counted: most salons have no more, and reading them takes some milliseconds.
COUNTED_OF_ALL = 10_000
# More than any salon has: what a search for all hits stops at.
MOST_HITS = 10_000_000


class Sort(StrEnum):
    """What the list can be ordered by."""

    NAME = "name"
    NUMBER = "number"
    LISTED_ON = "listed_on"
    LAST_VISIT = "last_visit"
    VISITS = "visits"
    POINTS = "points"


# Each as somebody wants it first: names from A, visits from the latest.
ORDERS = {
    Sort.NAME: keyset.Order(("sort_key", "id")),
    Sort.NUMBER: keyset.Order(("number",)),
    Sort.LISTED_ON: keyset.Order(("listed_on", "id"), descending=True),
    Sort.LAST_VISIT: keyset.Order(("last_success_key", "id"), descending=True),
    Sort.VISITS: keyset.Order(("visits_in_all", "id"), descending=True),
    Sort.POINTS: keyset.Order(("points", "id"), descending=True),
}


def order_of(sort: Sort, *, reverse: bool = False) -> keyset.Order:
    """Return an order of the list, or the other way round."""
    order = ORDERS[sort]
    return replace(order, descending=order.descending != reverse)


def list_clients(
    *,
    sort: Sort,
    cursor: str | None,
    reverse: bool = False,
    limit: int = PAGE,
    meeting: keyset.Meeting | None = None,
    among: QuerySet[Client] | None = None,
) -> keyset.Page[Client]:
    """Return one page of the open salon's clients, or of those `among` them, or of those `meeting` a condition.

    Raises: keyset.InvalidCursor.
    """
    clients = Client.objects.listed() if among is None else among
    return keyset.page(clients, order_of(sort, reverse=reverse), limit=limit, cursor=cursor, meeting=meeting)


def search_clients(
    text: str, *, limit: int, after: Hit | None = None, meeting: Q | None = None
) -> tuple[list[Client], Hit | None]:
    """Return the cards that fit what was typed, best first, and where to go on if there are more.

    Nothing typed (or nothing but punctuation) finds nothing. Of those found, only the ones `meeting` a condition.
    """
    query = parse_query(text)
    if query is None:
        return [], None
    hits = find(query, after=after, limit=limit + 1, meeting=meeting or None)
    more = hits[limit - 1] if len(hits) > limit else None
    return in_order([hit.client_id for hit in hits[:limit]]), more


def near_clients(text: str, *, besides: list[Client], limit: int) -> list[Client]:
    """Return up to `limit` more cards than those found, of names one slip away from what was typed.

    Without room for any nothing is asked.
    """
    return in_order(near_cards(text, besides={one.pk for one in besides}, limit=limit)) if limit > 0 else []


def in_order(client_ids: list[UUID]) -> list[Client]:
    """Return the cards with these ids, in this order; one that is gone by now is left out."""
    clients = Client.objects.in_bulk(client_ids)
    return [clients[client_id] for client_id in client_ids if client_id in clients]


def counted(text: str = "", *, meeting: Q | None = None) -> int:
    """Return up to how many clients `count_clients` counts."""
    return COUNTED if text or meeting else COUNTED_OF_ALL


def count_clients(text: str = "", *, meeting: Q | None = None) -> int | None:
    """Return how many clients there are, fit what was typed and meet a condition; None beyond those that are counted
    (an exact count would read them all)."""
    most = counted(text, meeting=meeting)
    if text:
        query = parse_query(text)
        count = len(find(query, limit=most + 1, meeting=meeting or None)) if query else 0
    else:
        count = Client.objects.listed().filter(meeting or Q())[: most + 1].count()
    return count if count <= most else None


def category_names(client_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """Return the names of the categories of each of these cards, in order; as the list shows them, without the rest."""
    found: dict[UUID, list[str]] = {}
    given = CategoryAssignment.objects.filter(client_id__in=client_ids, category__deleted_at=None)
    named = given.values_list("category__name_key", "client_id", "category__name")
    for _key, client_id, name in sorted(named if client_ids else ()):
        found.setdefault(client_id, []).append(name)
    return found


def ids_of_all(text: str = "", *, meeting: Q | None = None, limit: int = MOST_HITS) -> list[UUID]:
    """Return every card that fits what was typed and meets a condition, in no order; of more than `limit` some."""
    if not text:
        return list(Client.objects.listed().filter(meeting or Q()).values_list("pk", flat=True)[:limit])
    query = parse_query(text)
    return [hit.client_id for hit in find(query, limit=limit, meeting=meeting or None)] if query else []


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


def sharing_address(email: str) -> set[UUID]:
    """Return the cards in use with just this e-mail address, however it is written."""
    if not email:
        return set()
    cards = Client.objects.listed().filter(pk__in=holders([(TokenField.EMAIL, fold(email))]), email__iexact=email)
    return set(cards.values_list("pk", flat=True))
