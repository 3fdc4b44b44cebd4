"""Who stands beside a client in the list: from card to card without going back (ui.md §2.4)."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet, Value

from clients.listing import ORDERS, Sort
from clients.models import Client
from salon import keyset


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


def neighbours(client: Client, *, sort: Sort = Sort.NAME, among: QuerySet[Client] | None = None) -> Neighbours:
    """Return the cards before and behind one in a list, by key and in one statement.

    `among`: the unordered cards of that list, by default every one in use; the card itself need not be among them.
    """
    cards = Client.objects.listed() if among is None else among
    sides = [
        keyset.beyond(cards, ORDERS[sort], client, backward=backward)
        .annotate(backward=Value(backward))
        .values_list("backward", "id", "first_name", "last_name")[:1]
        for backward in (True, False)
    ]
    found = {row[0]: Neighbour(row[1], f"{row[2]} {row[3]}".strip()) for row in sides[0].union(sides[1], all=True)}
    return Neighbours(found.get(True), found.get(False))
