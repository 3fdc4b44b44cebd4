"""This app's part of an erasure: what was written to and by somebody goes, and the way in for her answers (domain.md
§2, Art. 17 DSGVO).

That a card which is a number got a mail, or did not, and when, stays: a campaign's figures are made of it.
"""

from collections.abc import Collection
from uuid import UUID

from marketing import reply_addresses
from marketing.models import Message, Recipient, RecipientReason, RecipientState, UndeliverableAddress


def erase_marketing(*, client_ids: Collection[UUID]) -> None:
    """Delete every message of these clients, whose cards are locked, the addresses that mails went to or came back
    from, and what these said to them."""
    UndeliverableAddress.objects.filter(client_id__in=client_ids).delete()
    Message.objects.filter(client_id__in=client_ids).delete()
    mailings = Recipient.objects.filter(client_id__in=client_ids)
    mailings.filter(state=RecipientState.WAITING).update(state=RecipientState.EXCLUDED, reason=RecipientReason.GONE)
    mailings.update(address="", error="", said=None)
    reply_addresses.forget(client_ids)
