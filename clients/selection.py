"""What is done with many clients at once: those marked in the list, or all it has (ui.md §2.3)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from clients.categories import BATCH, assign_to_many, unassign_from_many
from clients.listing import MOST_HITS, ids_of_all
from clients.models import CategoryAssignment, Client
from salon.identity.roles import Actor, Permission


@dataclass(frozen=True, slots=True)
class Selection:
    """Clients by their ids; or with `ids` None all who fit what was typed and meet the condition."""

    ids: tuple[UUID, ...] | None
    typed: str = ""
    meeting: Q | None = None

    @property
    def empty(self) -> bool:
        """Whether nobody was marked."""
        return self.ids is not None and not self.ids


def selected_ids(selection: Selection, *, limit: int = MOST_HITS) -> list[UUID]:
    """Return the ids of the clients selected; of more than `limit` some."""
    if selection.ids is not None:
        return list(selection.ids[:limit])
    return ids_of_all(selection.typed, meeting=selection.meeting, limit=limit)


def assign_to_selection(*, actor: Actor, selection: Selection, category_ids: Collection[UUID], now: datetime) -> int:
    """Give all selected clients some categories; return how many of them had not had all.

    Raises: NotAllowed, CategoryGone.
    """
    return assign_to_many(actor=actor, client_ids=selected_ids(selection), category_ids=category_ids, now=now)


def unassign_from_selection(
    *, actor: Actor, selection: Selection, category_ids: Collection[UUID], now: datetime
) -> int:
    """Take some categories from all selected clients; return how many of them had any.

    Raises: NotAllowed, CategoryGone.
    """
    return unassign_from_many(actor=actor, client_ids=selected_ids(selection), category_ids=category_ids, now=now)


def take_back_assignment(*, actor: Actor, category_ids: Collection[UUID], assigned_at: datetime, now: datetime) -> int:
    """Take categories from those clients who got them at that very moment; return how many assignments that were.

    Who had them before keeps them.
    Raises: NotAllowed, CategoryGone.
    """
    actor.require(Permission.CLIENTS_WRITE)
    taken = 0
    with transaction.atomic():
        given: dict[UUID, list[UUID]] = {category_id: [] for category_id in sorted(category_ids)}
        rows = CategoryAssignment.objects.filter(category__in=given, assigned_at=assigned_at)
        for category_id, client_id in rows.values_list("category_id", "client_id"):
            given[category_id].append(client_id)
        # Category by category, the cards would be locked in another order than everybody's.
        for batch in batched(sorted({one for client_ids in given.values() for one in client_ids}), BATCH):
            cards = Client.objects.select_for_update(no_key=True).filter(pk__in=batch).order_by("pk")
            list(cards.values_list("pk", flat=True))
        for category_id, client_ids in given.items():
            taken += unassign_from_many(actor=actor, client_ids=client_ids, category_ids=[category_id], now=now)
    return taken
