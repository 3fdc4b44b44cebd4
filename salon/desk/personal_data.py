"""Everything that is stored of one client, from every app (domain.md §2, Art. 15 and 20 DSGVO)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from clients.cards import lock_client
from clients.disclosing import Record, cards_of, data_of_client
from clients.models import Client
from salon.audit.models import AuditEntry
from salon.audit.recording import record
from salon.identity.roles import Actor, Permission


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
        sections = {**data_of_client(client), "history": _history(client)}
        record(
            actor=actor,
            action="client.data_disclosed",
            subject_kind="client",
            subject_id=client.pk,
            changes=[],
            now=now,
        )
    return PersonalData(client.number, now, sections)


def _history(client: Client) -> list[Record]:
    return [
        {
            "at": entry.at.isoformat(),
            "action": entry.action,
            "actor_kind": entry.actor_kind,
            "actor_name": entry.actor_name,
            "changes": entry.changes,
        }
        for entry in AuditEntry.objects.filter(subject_id__in=cards_of(client)).order_by("at", "id")
    ]
