"""Everything that is stored of one client, from every app (domain.md §2, Art. 15 and 20 DSGVO)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from bookings.disclosing import bookings_of_client
from clients.cards import lock_client
from clients.disclosing import Record, cards_of, data_of_client
from loyalty.disclosing import loyalty_of_client
from marketing.disclosing import marketing_of_client
from salon.audit.models import AuditEntry
from salon.audit.recording import record
from salon.identity.roles import Actor, Permission
from salon.mail.outbox import mails_to


@dataclass(frozen=True, slots=True)
class PersonalData:
    """All data of one client on one day: records by section, each a list, oldest first."""

    number: int
    collected_at: datetime
    sections: dict[str, list[Record]]


def data_of_person(*, actor: Actor, client_id: UUID, now: datetime) -> PersonalData:
    """Collect everything that is stored of a client, and record that somebody did.

    Raises: NotAllowed, NotFound, MergedAway.
    """
    actor.require(Permission.CLIENTS_ERASE)
    with transaction.atomic():
        # Held, so that all sections tell of one moment.
        client = lock_client(client_id)
        cards = cards_of(client.pk)
        sections = {
            **data_of_client(client),
            **bookings_of_client(cards),
            **loyalty_of_client(cards),
            **marketing_of_client(cards),
            "mails": _mails(cards),
            "history": _history(cards),
        }
        record(
            actor=actor,
            action="client.data_disclosed",
            subject_kind="client",
            subject_id=client.pk,
            changes=[],
            now=now,
        )
    return PersonalData(client.number, now, {name: _told(records) for name, records in sections.items()})


def _told(value: Any) -> Any:
    """Return what is stored as the contract has it: whatever is empty is null."""
    match value:
        case "":
            return None
        case list():
            return [_told(one) for one in value]
        case dict():
            return {key: _told(one) for key, one in value.items()}
    return value


def _mails(card_ids: list[UUID]) -> list[Record]:
    return [
        {
            "at": mail.created_at.isoformat(),
            "recipient": mail.recipient,
            "subject": mail.subject,
            # A link that is hers alone is in her own mailbox; here somebody in the salon could follow it.
            "text": "" if mail.writer in settings.LETTERS_WITH_SECRETS else mail.text,
            "state": mail.state,
            "sent_at": mail.sent_at.isoformat() if mail.sent_at else None,
        }
        for mail in mails_to(card_ids)
    ]


def _history(card_ids: list[UUID]) -> list[Record]:
    own = Q(subject_id__in=card_ids) | Q(client_id__in=card_ids)
    return [
        {
            "at": entry.at.isoformat(),
            "action": entry.action,
            "subject_kind": entry.subject_kind,
            "subject_id": str(entry.subject_id),
            "actor_kind": entry.actor_kind,
            "actor_name": entry.actor_name,
            "changes": entry.changes,
        }
        for entry in AuditEntry.objects.filter(own).order_by("at", "id")
    ]
