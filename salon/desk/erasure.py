"""Erasing everything that can be told of one client, in every app (domain.md §2, Art. 17 DSGVO)."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from bookings.checkout.erasing import erase_sales
from bookings.erasing import erase_bookings
from bookings.models import Sale
from bookings.thanking import thanked_for
from clients.erasing import Erased, erase_clients
from loyalty.erasing import erase_loyalty
from marketing.erasing import erase_marketing
from salon.audit.recording import Change, record_many
from salon.audit.redaction import redact
from salon.identity.roles import Actor, Permission
from salon.mail.outbox import forget_mails_to
from salon.tenancy.models import Salon


def erase_card(
    *,
    actor: Actor,
    salon: Salon,
    client_id: UUID,
    now: datetime,
    version: int | None = None,
    confirmation: str | None = None,
) -> Erased:
    """Erase a client for good: the card, those that went into it, and every word about them in ledgers and answers.

    What they have booked and not begun is cancelled. What stays is a card's number, what was done for it when and
    by whom, what it was charged, and who has changed it when. Exports written before hold the data until they
    expire. `confirmation` is the name or number that somebody typed, None where nobody types.
    Raises: NotAllowed, NotFound, MergedAway, VersionConflict, InvalidInput.
    """
    actor.require(Permission.CLIENTS_ERASE)
    with transaction.atomic():
        erased = erase_clients(
            actor=actor,
            salon=salon,
            client_id=client_id,
            version=version,
            confirmation=confirmation,
            now=now,
            # What she paid beforehand may go back, and with it what they were given for it.
            others=thanked_for(Sale.objects.filter(client_id=client_id)),
        )
        erase_bookings(actor=actor, client_ids=erased.numbers, now=now)
        erase_sales(actor=actor, salon=salon, client_ids=erased.numbers, now=now)
        erase_loyalty(client_ids=erased.numbers)
        erase_marketing(client_ids=erased.numbers, traces=erased.traces)
        forget_mails_to(erased.numbers)
        redact(erased.numbers, erased.traces)
        changes = {card_id: [Change("number", str(number), None)] for card_id, number in erased.numbers.items()}
        record_many(actor=actor, action="client.erased", subject_kind="client", changes=changes, now=now)
    return erased
