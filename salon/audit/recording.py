"""Writing and reading the audit trail."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from salon.audit.models import AuditEntry
from salon.identity.roles import Actor
from salon.rows import insert
from salon.tenancy.context import current_salon_id


@dataclass(frozen=True, slots=True)
class Change:
    """One field's value before and after, as text or None."""

    field: str
    old: str | None
    new: str | None


def record(
    *,
    actor: Actor,
    action: str,
    subject_kind: str,
    subject_id: UUID,
    changes: Iterable[Change],
    now: datetime,
    client_id: UUID | None = None,
) -> None:
    """Write one entry in the transaction of the change it tells of (domain.md §8).

    `action` reads `thing.what_happened`, as in `client.updated`. Where the subject is something of a client's,
    `client_id` is hers: it stands in her history.
    """
    entry = AuditEntry(
        at=now,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        action=action,
        subject_kind=subject_kind,
        subject_id=subject_id,
        client_id=client_id,
        changes=[asdict(change) for change in changes],
    )
    insert([entry])


def record_many(
    *,
    actor: Actor,
    action: str,
    subject_kind: str,
    changes: Mapping[UUID, Iterable[Change]],
    now: datetime,
    client_id: UUID | None = None,
    clients: Mapping[UUID, UUID] | None = None,
) -> None:
    """Write an entry as `record` does for each of many things, which `changes` has by their ids.

    All of them are `client_id`'s, or each is the client's that `clients` has.
    """
    if not changes:
        return
    texts = [json.dumps([asdict(change) for change in found]) for found in changes.values()]
    whose = [clients[subject_id] if clients else client_id for subject_id in changes]
    with connection.cursor() as cursor:
        # Thousands at a time: three arrays are read faster than as many rows of values.
        cursor.execute(
            "INSERT INTO audit_auditentry (id, salon_id, at, actor_kind, actor_id, actor_name, action, subject_kind, "
            "subject_id, client_id, changes) SELECT uuidv7(), %s, %s, %s, %s::uuid, %s, %s, %s, told.subject_id, "
            "told.client_id, told.changes::jsonb FROM unnest(%s::uuid[], %s::uuid[], %s::text[]) "
            "AS told (subject_id, client_id, changes)",
            [
                *(current_salon_id(), now, str(actor.kind), actor.id, actor.name, action, subject_kind),
                *(list(changes), whose, texts),
            ],
        )
