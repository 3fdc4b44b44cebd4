"""What every change of the catalogue leaves behind: an audit entry, and one number counted up."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection

from salon.audit.recording import Change, record
from salon.identity.roles import Actor
from salon.tenancy.context import current_salon_id


def told(
    *,
    actor: Actor,
    action: str,
    subject_id: UUID,
    old: Mapping[str, object],
    new: Mapping[str, object],
    now: datetime,
) -> None:
    """Record what has changed from `old` to `new`, and count the catalogue's version up.

    `action` reads `thing.what_happened`. The last statement of an operation: it holds one row of the salon until the
    transaction ends, so that whoever comes second waits for nobody who waits for her.
    """
    changes = [
        Change(name, _text(old.get(name)), _text(new.get(name)))
        for name in {**old, **new}
        if _text(old.get(name)) != _text(new.get(name))
    ]
    subject_kind = action.partition(".")[0]
    record(actor=actor, action=action, subject_kind=subject_kind, subject_id=subject_id, changes=changes, now=now)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO catalogue_catalogueversion AS known (salon_id, version) VALUES (%s, 1) "
            "ON CONFLICT (salon_id) DO UPDATE SET version = known.version + 1",
            [current_salon_id()],
        )


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or None
    return None if value is None or value == "" else str(value)
