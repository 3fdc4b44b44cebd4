"""What people decide in the preview about lines that may not be meant as they stand (domain.md §2, §10)."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from clients.importing.batches import locked, start_checking
from clients.models import HealthNotes, ImportBatch, ImportState, OnlyNames
from salon.errors import FieldError, InvalidInput
from salon.identity.roles import Actor, Permission


def decide(*, actor: Actor, batch_id: UUID, only_names: str, health_notes: str, now: datetime) -> ImportBatch:
    """Say what becomes of lines with nothing but a name and of notes that look like health data, and have every line
    checked again.

    Raises: NotAllowed, NotFound, WrongMoment, InvalidInput.
    """
    actor.require(Permission.CLIENTS_IMPORT)
    offered = {"only_names": (only_names, OnlyNames.values), "health_notes": (health_notes, HealthNotes.values)}
    if wrong := [field for field, (value, values) in offered.items() if value not in values]:
        raise InvalidInput(
            [FieldError(field, "invalid_choice", _("Choose one of the values offered.")) for field in wrong]
        )
    with transaction.atomic():
        batch = locked(batch_id, ImportState.CHECKED)
        batch.only_names, batch.health_notes = only_names, health_notes
        start_checking(batch, actor, now)
    return batch
