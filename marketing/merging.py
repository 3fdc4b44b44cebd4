"""This app's part of a merge: messages and mailings go over to another card, and back again (domain.md §2).

Both cards are locked by then, so that nobody writes to either meanwhile. Answers find the card that is left by
themselves.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef

from marketing.models import Direction, Message, Recipient, RecipientState

# Whose mail is written to nobody: neither in words nor on its way.
_UNWRITTEN = (RecipientState.WAITING, RecipientState.EXCLUDED)


@dataclass(frozen=True, slots=True)
class _Moved:
    """What one merge changed, as `Merge.moved` keeps it under this app's name: ids of rows that moved as they were.

    `waiting` are those of the mailings that were still to be written, and which address each had; merges from before
    it was kept have none.
    """

    messages: list[str] = field(default_factory=list)
    mailings: list[str] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)


def merge_marketing(duplicate_id: UUID, survivor_id: UUID, *, now: datetime) -> Mapping[str, Any]:
    """Let one card's messages and mailings be the other's; return what to keep for the way back.

    What both have got, or sent, stays where it is: once is enough.
    """
    hers = Message.objects.filter(client_id=survivor_id, direction=Direction.IN)
    twins = Exists(hers.exclude(message_id="").filter(message_id=OuterRef("message_id")))
    received = Message.objects.filter(client_id=duplicate_id, direction=Direction.IN)
    received.filter(twins, read_at=None).update(read_at=now)
    received.filter(twins, done_at=None).update(done_at=now)
    messages = Message.objects.filter(client_id=duplicate_id).exclude(twins, direction=Direction.IN)
    got = Recipient.objects.filter(client_id=survivor_id)
    mailings = (
        Recipient.objects.filter(client_id=duplicate_id)
        .exclude(Exists(got.filter(campaign_id=OuterRef("campaign_id"))))
        .exclude(Exists(got.filter(automation_id=OuterRef("automation_id"), occasion=OuterRef("occasion"))))
    )
    unwritten = mailings.filter(state=RecipientState.WAITING).values_list("pk", "address")
    moved = _Moved(_ids(messages), _ids(mailings), {str(pk): address for pk, address in unwritten})
    _give(moved.messages, moved.mailings, duplicate_id, survivor_id)
    return asdict(moved)


def undo_merge_of_marketing(kept: Mapping[str, Any], duplicate_id: UUID, survivor_id: UUID) -> None:
    """Give the duplicate back what was hers, as far as the survivor still has it.

    What was written since the merge stays where it is, a mail that waited then among it: it went to the survivor's
    address and speaks of her, whatever it was meant to be.
    """
    moved = _Moved(**kept)
    for pk, address in moved.waiting.items():
        # Who waits on, or was left out, may have been judged at the survivor's address.
        still = Recipient.objects.filter(pk=pk, client_id=survivor_id, state__in=_UNWRITTEN)
        still.update(client_id=duplicate_id, address=address)
    settled = [pk for pk in moved.mailings if pk not in moved.waiting]
    _give(moved.messages, settled, survivor_id, duplicate_id)


def _give(messages: Collection[str], mailings: Collection[str], from_id: UUID, to_id: UUID) -> None:
    Message.objects.filter(client_id=from_id, pk__in=messages).update(client_id=to_id)
    Recipient.objects.filter(client_id=from_id, pk__in=mailings).update(client_id=to_id)


def _ids(rows: Any) -> list[str]:
    return [str(pk) for pk in rows.order_by("pk").values_list("pk", flat=True)]
