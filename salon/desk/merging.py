"""Two cards of one person become one, in every app, and two again (domain.md §2)."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db import transaction

from bookings.merging import merge_bookings, undo_merge_of_bookings
from clients.merging import MergeErased, MergeNotNewest, get_merge, merge_clients, undo_merge_of_clients
from clients.models import Client, Merge
from clients.sure_pairs import hold, surely_one, titled
from loyalty.merging import merge_loyalty, undo_merge_of_loyalty
from marketing.merging import merge_marketing, undo_merge_of_marketing
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon

_NOTHING: Mapping[UUID, int] = {}
# The names under which a merge keeps what moved of other apps.
_BOOKINGS, _LOYALTY, _MARKETING = "bookings", "loyalty", "marketing"


def merge_cards(
    *,
    actor: Actor,
    salon: Salon,
    survivor_id: UUID,
    duplicate_id: UUID,
    now: datetime,
    wins: Collection[str] = (),
    versions: Mapping[UUID, int] = _NOTHING,
) -> Merge:
    """Let one card go into another with everything that hangs on it; `undo_merge` takes them apart again.

    `wins` names the fields (clients.combining.FIELDS) in which the duplicate's value is kept; `versions` of cards
    refuses those that were changed since they were read.
    Raises: NotAllowed, NotFound, MergedAway, InvalidInput, VersionConflict.
    """
    actor.require(Permission.CLIENTS_MERGE)
    with transaction.atomic():
        merge = merge_clients(
            actor=actor,
            salon=salon,
            survivor_id=survivor_id,
            duplicate_id=duplicate_id,
            wins=wins,
            versions=versions,
            now=now,
        )
        moved = merge_bookings(duplicate_id, survivor_id, today=salon.date_at(now), now=now)
        merge.moved = {
            **merge.moved,
            _LOYALTY: merge_loyalty(duplicate_id, survivor_id),
            _BOOKINGS: moved,
            _MARKETING: merge_marketing(duplicate_id, survivor_id, now=now),
        }
        merge.save(update_fields=["moved"])
    return merge


def undo_merge(*, actor: Actor, salon: Salon, merge_id: UUID, now: datetime) -> Merge:
    """Give both cards back what they had; of several merges into one card the newest first.

    Raises: NotAllowed, NotFound, MergeUndone, MergeNotNewest, MergeErased.
    """
    actor.require(Permission.CLIENTS_MERGE)
    with transaction.atomic():
        undone = undo_merge_of_clients(actor=actor, salon=salon, merge_id=merge_id, now=now)
        merge = undone.merge
        # Of a merge from before there were appointments, rewards or messages, nothing is kept.
        kept = undone.kept.get(_BOOKINGS, {})
        booked = undo_merge_of_bookings(kept, merge.duplicate_id, merge.survivor_id, today=salon.date_at(now), now=now)
        undo_merge_of_loyalty(undone.kept.get(_LOYALTY, {}), merge, booked, actor=actor, now=now)
        undo_merge_of_marketing(undone.kept.get(_MARKETING, {}), merge.duplicate_id, merge.survivor_id)
    return merge


def merge_sure(*, actor: Actor, salon: Salon, proposal_ids: Collection[UUID], now: datetime) -> list[Merge]:
    """Merge those of the open pairs that are surely one person's, each into its older card; the others are left.

    Of three cards of one person two go into the third. `undo_together` takes all of them apart again.
    Raises: NotAllowed.
    """
    actor.require(Permission.CLIENTS_MERGE)
    merges = []
    with transaction.atomic():
        for older_id, newer_id in hold(proposal_ids):
            # As they are by now: one of them may just have gone into another, or got what was on a third.
            cards = Client.objects.listed().in_bulk([older_id, newer_id])
            if len(cards) == 2 and surely_one(cards[older_id], cards[newer_id]):
                wins = titled(cards[older_id], cards[newer_id])
                merges.append(
                    merge_cards(
                        actor=actor, salon=salon, survivor_id=older_id, duplicate_id=newer_id, wins=wins, now=now
                    )
                )
    return merges


def undo_together(*, actor: Actor, salon: Salon, merge_id: UUID, now: datetime) -> list[Merge]:
    """Undo a merge and all that were made with it, at the same moment by the same person, as far as they can be.

    Raises: NotAllowed, NotFound.
    """
    actor.require(Permission.CLIENTS_MERGE)
    undone = []
    with transaction.atomic():
        one = get_merge(merge_id)
        together = Merge.objects.filter(merged_at=one.merged_at, actor_name=one.actor_name, undone_at=None)
        made = list(together.order_by("-pk").values_list("pk", "survivor_id", "duplicate_id"))
        cards = {card for _merge, *pair in made for card in pair}
        # In key order, before each merge takes its own.
        list(Client.objects.select_for_update(no_key=True).filter(pk__in=cards).order_by("pk").values_list("pk"))
        for merge_pk, _survivor, _duplicate in made:
            with suppress(MergeErased, MergeNotNewest):
                undone.append(undo_merge(actor=actor, salon=salon, merge_id=merge_pk, now=now))
    return undone
