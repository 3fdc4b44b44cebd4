"""Taking back what an import wrote into ledgers, which nobody can delete from: by entries of its own."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Exists, OuterRef

from clients.models import (
    Cause,
    Client,
    ConsentEntry,
    ConsentPurpose,
    ConsentSource,
    Decision,
    ImportRow,
    PointsEntry,
)
from clients.points import Posting, post_all
from salon.identity.roles import Actor


@dataclass(frozen=True, slots=True)
class Undoing:
    """Who takes an import back, and when; `today` is the salon's day."""

    actor: Actor
    now: datetime
    today: date


def withdraw_points(work: Undoing, rows: Collection[ImportRow], cards: Sequence[Client] = ()) -> set[UUID]:
    """Take back the balances with which these lines opened the ledgers of points; return the cards that have used
    theirs since, which keep it."""
    opened = PointsEntry.objects.filter(
        client__in=[row.card_id for row in rows], cause=Cause.OPENING, cause_id__in={row.batch_id for row in rows}
    )
    later = PointsEntry.objects.filter(client_id=OuterRef("client_id"), number__gt=OuterRef("number"))
    entries = list(opened.annotate(used=Exists(later)).order_by("client_id"))
    postings = [
        Posting(one.client_id, -one.points, Cause.WITHDRAWN, one.cause_id, reason=one.reason)
        for one in entries
        if not one.used
    ]
    post_all(postings, cards=cards, actor=work.actor, now=work.now)
    return {one.client_id for one in entries if one.used}


def withdraw_consents(work: Undoing, card_ids: Collection[UUID]) -> None:
    """Write into the ledgers of these cards that the consent to news which a file brought was taken back."""
    ConsentEntry.objects.bulk_create(
        ConsentEntry(
            client_id=card_id,
            purpose=ConsentPurpose.EMAIL_MARKETING,
            decision=Decision.UNDONE,
            source=ConsentSource.IMPORT,
            at=work.now,
            actor_kind=work.actor.kind,
            actor_id=work.actor.id,
            actor_name=work.actor.name,
        )
        for card_id in card_ids
    )
