"""This app's part of a merge: messages and mailings go over to another card, and back again (domain.md §2).

Both cards are locked by then, so that nobody writes to either meanwhile. Answers find the card that is left by
themselves.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef

from marketing.models import Direction, Message, Recipient


@dataclass(frozen=True, slots=True)
class _Moved:
    """What one merge changed, as `Merge.moved` keeps it under this app's name: ids of rows that moved as they were."""

    messages: list[str] = field(default_factory=list)
    mailings: list[str] = field(default_factory=list)


def merge_marketing(duplicate_id: UUID, survivor_id: UUID, *, now: datetime) -> Mapping[str, Any]:
    """Let one card's messages and mailings be the other's; return what to keep for the way back.

    What both have got, or sent, stays where it is: once is enough.
    """
    hers = Message.objects.filter(client_id=survivor_id, direction=Direction.IN)
    twins = Exists(hers.exclude(message_id="").filter(message_id=OuterRef("message_id")))
    received = Message.objects.filter(client_id=duplicate_id, direction=Direction.IN)
    received.filter(twins, read_at=None).update(read_at=now)
    messages = Message.objects.filter(client_id=duplicate_id).exclude(twins, direction=Direction.IN)
    got = Recipient.objects.filter(client_id=survivor_id)
    mailings = (
        Recipient.objects.filter(client_id=duplicate_id)
        .exclude(Exists(got.filter(campaign_id=OuterRef("campaign_id"))))
        .exclude(Exists(got.filter(automation_id=OuterRef("automation_id"), occasion=OuterRef("occasion"))))
    )
    moved = _Moved(_ids(messages), _ids(mailings))
    _give(moved, duplicate_id, survivor_id)
    return asdict(moved)


def undo_merge_of_marketing(kept: Mapping[str, Any], duplicate_id: UUID, survivor_id: UUID) -> None:
    """Give the duplicate back what was hers, as far as the survivor still has it.

    What was written since the merge stays where it is.
    """
    _give(_Moved(**kept), survivor_id, duplicate_id)


def _give(moved: _Moved, from_id: UUID, to_id: UUID) -> None:
    Message.objects.filter(client_id=from_id, pk__in=moved.messages).update(client_id=to_id)
    Recipient.objects.filter(client_id=from_id, pk__in=moved.mailings).update(client_id=to_id)


def _ids(rows: Any) -> list[str]:
    return [str(pk) for pk in rows.order_by("pk").values_list("pk", flat=True)]
