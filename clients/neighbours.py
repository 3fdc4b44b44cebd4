"""Who stands beside a client in the list: from card to card without going back (ui.md §2.4)."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, Value

from clients.listing import COUNTED, ORDERS, Sort, in_order
from clients.models import Client
from clients.queries import parse_query
from clients.search import find
from salon import keyset

# So many hits are read to find a card among them, before all that are counted.
NEAR = 100


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The card before or behind another one."""

    id: UUID
    full_name: str


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The cards around one, None at an end of the list."""

    previous: Neighbour | None
    next: Neighbour | None


def neighbours(client: Client, *, order: keyset.Order = ORDERS[Sort.NAME], meeting: Q | None = None) -> Neighbours:
    """Return the cards before and behind one in a list, by key and in one statement.

    `order` and `meeting` are those of the list; the card itself need not meet the condition (any more).
    """
    cards = Client.objects.listed().filter(meeting or Q())
    sides = [
        keyset.beyond(cards, order, client, backward=backward)
        .annotate(backward=Value(backward))
        .values_list("backward", "id", "first_name", "last_name")[:1]
        for backward in (True, False)
    ]
    found = {row[0]: Neighbour(row[1], f"{row[2]} {row[3]}".strip()) for row in sides[0].union(sides[1], all=True)}
    return Neighbours(found.get(True), found.get(False))


def neighbours_among_hits(client: Client, typed: str, *, meeting: Q | None = None) -> Neighbours:
    """Return the cards before and behind one among the hits of a search, as far as hits are counted; none where the
    card is no hit (any more)."""
    query = parse_query(typed)
    if query is None:
        return Neighbours(None, None)
    for limit in (NEAR, COUNTED):
        hits = [hit.client_id for hit in find(query, limit=limit, meeting=meeting or None)]
        # What stands behind the last one read is not known yet.
        if client.pk in hits[: limit - 1] or len(hits) < limit:
            break
    if client.pk not in hits:
        return Neighbours(None, None)
    place = hits.index(client.pk)
    before, behind = hits[:place][-1:], hits[place + 1 :][:1]
    beside = {one.pk: Neighbour(one.pk, one.full_name) for one in in_order([*before, *behind])}
    return Neighbours(*(beside.get(side[0]) if side else None for side in (before, behind)))
