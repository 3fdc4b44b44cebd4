"""This app's part of an erasure: what was written to and by somebody goes, and the way in for her answers (domain.md
§2, Art. 17 DSGVO).

That a card which is a number got a mail, or did not, and when, stays: a campaign's figures are made of it.
"""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q

from clients.listing import sharing_address
from marketing import reply_addresses
from marketing.models import Message, Recipient, RecipientReason, RecipientState, UndeliverableAddress


def erase_marketing(*, client_ids: Collection[UUID], traces: Collection[str] = ()) -> None:
    """Delete every message of these clients, whose cards are locked, the addresses that mails went to or came back
    from, and what these said to them; `traces` are what they could be found by, their addresses among it."""
    _forget_marks(client_ids, traces)
    Message.objects.filter(client_id__in=client_ids).delete()
    mailings = Recipient.objects.filter(client_id__in=client_ids)
    mailings.filter(state=RecipientState.WAITING).update(state=RecipientState.EXCLUDED, reason=RecipientReason.GONE)
    mailings.update(address="", error="", said=None)
    reply_addresses.forget(client_ids)


def _forget_marks(client_ids: Collection[UUID], traces: Collection[str]) -> None:
    """Delete that mails come back from these clients' addresses; of one that others have, it is theirs from now on."""
    theirs = Q(client_id__in=client_ids) | Q(address__in={one.lower() for one in traces})
    for mark in UndeliverableAddress.objects.filter(theirs):
        others = sharing_address(mark.address) - set(client_ids)
        if others:
            UndeliverableAddress.objects.filter(pk=mark.pk).update(client_id=min(others))
        else:
            mark.delete()
