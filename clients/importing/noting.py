"""What lines say that has no field of its own, as notes of a card: pure."""

from django.utils.translation import gettext_lazy as _

from clients.details import LABELS
from clients.importing.formats import TARGET_LABELS, Target
from salon.folding import tidy

BETWEEN_NOTES = "\n\n"


def written(target: str, cell: str) -> str:
    """Return what has no field of its own, as a note says it."""
    label = _("Phone") if target == Target.PHONE else LABELS.get(target) or TARGET_LABELS[Target(target)]
    return f"{label}: {tidy(cell)}"


def joined(*notes: str) -> str:
    """Return notes as one, each of them once."""
    return BETWEEN_NOTES.join(dict.fromkeys(note for note in notes if note))
