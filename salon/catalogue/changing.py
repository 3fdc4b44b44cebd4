"""What every change of the catalogue leaves behind: an audit entry of what was and what is."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from salon.audit.models import AuditEntry
from salon.audit.recording import Change, record
from salon.identity.roles import Actor
from salon.locks import take_locks
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
    """Record what has changed from `old` to `new`; `action` reads `thing.what_happened`."""
    changes = [
        Change(name, _text(old.get(name)), _text(new.get(name)))
        for name in {**old, **new}
        if _text(old.get(name)) != _text(new.get(name))
    ]
    subject_kind = action.partition(".")[0]
    record(actor=actor, action=action, subject_kind=subject_kind, subject_id=subject_id, changes=changes, now=now)


def as_it_was(*, action: str, subject_id: UUID) -> dict[str, str]:
    """Return what something was that was removed, field by field, as `told` has recorded it; nothing: it never was."""
    entries = AuditEntry.objects.filter(subject_kind=action.partition(".")[0], subject_id=subject_id, action=action)
    entry = entries.order_by("at", "id").last()
    changes: list[dict[str, str | None]] = entry.changes if entry else []
    return {str(change["field"]): change["old"] or "" for change in changes}


def wait_for_others(subject_id: UUID) -> None:
    """Wait until nobody else brings back the same removed thing: there is no row of it to be locked."""
    take_locks({f"catalogue restore {current_salon_id()} {subject_id}"})


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or None
    return None if value is None or value == "" else str(value)
