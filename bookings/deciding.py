"""What a salon decides once for all, kept in one row of rules: read, changed, and told in the audit."""

from dataclasses import asdict, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from bookings.models import BookingRules, SalesRules
from salon.audit.recording import Change, record
from salon.identity.roles import Actor
from salon.tenancy.context import current_salon_id

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def rules_in[Rules: DataclassInstance](kind: type[Rules], stored: BookingRules | SalesRules) -> Rules:
    """Return what a row says, as a value with fields of the same names."""
    return kind(**{field.name: getattr(stored, field.name) for field in fields(kind)})


def decide(
    model: type[BookingRules | SalesRules], rules: "DataclassInstance", *, subject: str, actor: Actor, now: datetime
) -> bool:
    """Let rules that were checked hold from now on; return whether that changes anything."""
    salon_id = current_salon_id()
    with transaction.atomic():
        model.objects.get_or_create(salon_id=salon_id)
        stored = model.objects.select_for_update(no_key=True).get(salon_id=salon_id)
        before, after = asdict(rules_in(type(rules), stored)), asdict(rules)
        changed = {name: value for name, value in after.items() if value != before[name]}
        if not changed:
            return False
        for name, value in changed.items():
            setattr(stored, name, value)
        stored.save(update_fields=list(changed))
        record(
            actor=actor,
            action=f"{subject}.changed",
            subject_kind=subject,
            subject_id=salon_id,
            changes=[Change(name, _text(before[name]), _text(value)) for name, value in changed.items()],
            now=now,
        )
    return True


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return None if value == "" else str(value)
