"""An answer comes in and finds its client (domain.md §9.4)."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import structlog

from clients.cards import MergedAway, lock_client
from clients.models import Client
from marketing.answered import keep_answered
from marketing.incoming import Incoming
from marketing.messages import RECEIVED, record_message
from marketing.models import Direction, Message
from marketing.photos import keep_photos, photos_in, room_for
from marketing.reply_addresses import whose
from marketing.returning import take_back_mail
from salon.errors import DomainError, NotFound, refusing
from salon.identity.roles import ActorKind, system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import ReplyAddress

log = structlog.get_logger()


class Outcome(StrEnum):
    """What became of a mail that came in; nothing of it is anything that its sender could mend."""

    KEPT = "kept"
    KNOWN = "known already"
    NOBODY = "for nobody"
    RETURNED = "tells of a mail that was not delivered"
    GONE = "her card is gone"


class _AlreadyReceived(DomainError):
    """The same mail came in before."""

    code = "already_received"


def receive(incoming: Incoming, *, now: datetime) -> Outcome:
    """Put an answer to the client by whose address it came; to be called outside of any salon.

    A card that went into another one gives it to that; of an erased one nothing is kept. The same mail comes in once,
    however often it is brought. What a program has answered by itself is kept and waits for nobody; what a mail server
    tells of a mail that it could not deliver is kept at that mail, and is no answer.
    """
    address = next(filter(None, map(whose, incoming.recipients)), None)
    outcome = Outcome.NOBODY if address is None else _keep(incoming, address, now)
    log.info("mail_received", outcome=outcome.name)
    return outcome


def _keep(incoming: Incoming, address: ReplyAddress, now: datetime) -> Outcome:
    # Before her card is locked: it takes its time.
    photos = photos_in(incoming)
    with salon_scope(address.salon_id):
        try:
            client = _lock(address.client_id)
            cards = {address.client_id, client.pk}
            if incoming.bounce:
                take_back_mail(client, incoming.bounce, client_ids=cards, now=now)
                return Outcome.RETURNED
            kept = room_for(photos, client.pk)
            places = {photo.place for photo in kept}
            message = Message(
                client_id=client.pk,
                direction=Direction.IN,
                subject=incoming.subject,
                text=incoming.text,
                address=incoming.sender,
                message_id=incoming.message_id,
                automatic=incoming.automatic,
                other_address=incoming.sender.casefold() != client.email.casefold(),
                attachments=[name for place, name in enumerate(incoming.attachments) if place not in places],
                read_at=now if incoming.automatic else None,
                done_at=now if incoming.automatic else None,
                actor_kind=ActorKind.SYSTEM,
                created_at=now,
            )
            with refusing({"marketing_message_once": _AlreadyReceived()}):
                message.save(force_insert=True)
            keep_photos(message, kept, incoming.attachments)
        except NotFound:
            return Outcome.GONE
        except _AlreadyReceived:
            return Outcome.KNOWN
        record_message(message, system_actor(""), RECEIVED, now)
        keep_answered(message, incoming.in_reply_to, client_ids=cards)
    return Outcome.KEPT


def _lock(client_id: UUID) -> Client:
    """Return the card that is left of one, locked.

    Raises: NotFound.
    """
    while True:
        try:
            return lock_client(client_id)
        except MergedAway as merged:
            client_id = merged.survivor_id
