"""This app's part of what is disclosed to a client: what was written to her and by her, which mailings she got or not,
and why (domain.md §2, Art. 15, 20 DSGVO)."""

from base64 import b64encode
from collections.abc import Collection
from itertools import count
from uuid import UUID

from django.db.models import Prefetch, Q
from django.db.models.functions import Lower

from clients.disclosing import Record
from clients.models import Client
from marketing.as_sent import letter_as_sent
from marketing.models import Message, MessagePicture, Recipient, UndeliverableAddress

# Every table here that refers to cards, and the section that tells of it; a test compares the list with the models.
SECTIONS: dict[str, str] = {"Message": "messages", "Recipient": "mailings", "UndeliverableAddress": "undeliverable"}


def marketing_of_client(client_ids: Collection[UUID]) -> dict[str, list[Record]]:
    """Return all that was written to these cards and by them, every mailing that they were chosen for, and where mails
    to them came back from, oldest first."""
    messages = Message.objects.filter(client_id__in=client_ids).order_by("created_at", "id")
    messages = messages.prefetch_related(Prefetch("pictures", MessagePicture.objects.order_by("number")))
    number = count(1)
    addresses = Client.objects.filter(pk__in=client_ids).values_list(Lower("email"))
    # Whoever shares the address, and whosever mail it was that came back.
    theirs = Q(client_id__in=client_ids) | Q(address__in=addresses)
    mailings = Recipient.objects.filter(client_id__in=client_ids).select_related("campaign", "automation")
    return {
        "messages": [
            {
                "at": one.created_at.isoformat(),
                "direction": one.direction,
                "address": one.address,
                "subject": one.subject,
                "text": one.text,
                "automatic": one.automatic,
                "other_address": one.other_address,
                "attachments": one.attachments,
                "pictures": [_picture(sent, next(number)) for sent in one.pictures.all()],
                "author": one.actor_name,
                "read_at": one.read_at.isoformat() if one.read_at else None,
                "done_at": one.done_at.isoformat() if one.done_at else None,
            }
            for one in messages
        ],
        "mailings": [_mailing(one) for one in mailings.order_by("created_at", "id")],
        "undeliverable": [
            {"at": one.at.isoformat(), "address": one.address, "said": one.said}
            for one in UndeliverableAddress.objects.filter(theirs).order_by("at", "id")
        ],
    }


def _picture(sent: MessagePicture, number: int) -> Record:
    """Return a picture that she has sent; `file` is what it is called here, `name` what she called it."""
    content = b64encode(sent.content).decode()
    return {"file": f"{number:03}.{sent.kind}", "name": sent.name, "content": content}


def _mailing(one: Recipient) -> Record:
    letter = letter_as_sent(one, unsubscribe_url=None)
    return {
        "at": one.created_at.isoformat(),
        "campaign": one.campaign.name if one.campaign else None,
        "automation": one.automation.occasion if one.automation else None,
        "occasion": one.occasion.isoformat() if one.occasion else None,
        "subject": letter.subject if letter else _subject(one),
        "text": letter.text if letter else None,
        "address": one.address,
        "state": one.state,
        "reason": one.reason,
        "sent_at": one.sent_at.isoformat() if one.sent_at else None,
        "unsubscribed_at": one.unsubscribed_at.isoformat() if one.unsubscribed_at else None,
        "answered_at": one.answered_at.isoformat() if one.answered_at else None,
    }


def _subject(one: Recipient) -> str:
    mailing = one.campaign or one.automation
    return mailing.subject if mailing else ""
