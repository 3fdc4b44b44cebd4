"""Who stands beside a client in the list: from card to card without going back (ui.md §2.4)."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, Value

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
