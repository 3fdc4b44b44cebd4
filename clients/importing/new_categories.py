"""The categories that an import would make, and which of the salon's own each may mean (domain.md §3, §10)."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from clients.importing.batches import locked, start_checking
from clients.importing.plans import MADE
from clients.labels import CategoryDetails
from clients.models import Category, ImportBatch, ImportState
from salon.errors import FieldError, InvalidInput
from salon.folding import words
from salon.identity.roles import Actor, Permission
from salon.tenancy.context import current_salon_id

# More than these are no categories, but a column taken for them by mistake.
MOST_SHOWN = 100
# What German and English put behind a word for many of them, or for a woman.
_ENDING = re.compile(r"(?<=\w{4})(?:innen|in|nen|en|er|e|n|s)$")


@dataclass(frozen=True, slots=True)
class NewCategory:
    """A category that an import would make: on how many lines it stands, and what else it may mean.

    One of which somebody has said what it means is made no more; on how many lines it stands is then not known.
    """

    name: str
    lines: int
    near: str
    meant: str = ""


def to_be_made(batch: ImportBatch) -> list[NewCategory]:
    """Return the categories that an import would make as it was checked, those on most lines first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT remark->>1, count(*) FROM clients_importrow line, "
            "jsonb_array_elements(line.plan->'remarks') remark "
            "WHERE line.salon_id = %s AND line.batch_id = %s AND remark->>0 = 'categories' AND remark->>2 = %s "
            "GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %s",
            [current_salon_id(), batch.pk, MADE, MOST_SHOWN],
        )
        told: list[tuple[str, int]] = cursor.fetchall()
    # Spellings that differ in case or accents become one category, called as on most lines.
    counted: dict[str, tuple[str, int]] = {}
    for name, lines in told:
        key = _key(name)
        first, before = counted.get(key, (name, 0))
        counted[key] = (first, before + lines)
    names = [*stored_names(), *(name for name, _lines in counted.values())]
    said = [NewCategory(name, 0, "", meant) for name, meant in batch.meant_categories.values()]
    return [*said, *(NewCategory(name, lines, nearest(name, names)) for name, lines in counted.values())]


def stored_names() -> list[str]:
    """Return what the categories of the open salon are called."""
    return list(Category.objects.filter(deleted_at=None).order_by("name_key").values_list("name", flat=True))


def say_what_is_meant(*, actor: Actor, batch_id: UUID, meant: Mapping[str, str], now: datetime) -> ImportBatch:
    """Say of categories of a file, by their names there, which other ones they mean, and have every line checked again.

    What was said before holds no more. Raises: NotAllowed, NotFound, WrongMoment, InvalidInput (`meant`).
    """
    actor.require(Permission.CLIENTS_IMPORT)
    with transaction.atomic():
        batch = locked(batch_id, ImportState.CHECKED)
        made = to_be_made(batch)
        keys = {_key(one.name) for one in made}
        said = {_key(name): [name, other] for name, other in meant.items()}
        offered = {*stored_names(), *(one.name for one in made if _key(one.name) not in said)}
        if not said.keys() <= keys or any(other not in offered for _name, other in said.values()):
            raise InvalidInput([FieldError("meant", "invalid_choice", _("Choose one of the values offered."))])
        batch.meant_categories = said
        start_checking(batch, actor, now)
    return batch


def _key(name: str) -> str:
    return CategoryDetails(name=name).name_key


def nearest(name: str, others: Collection[str]) -> str:
    """Return the first of some other names that means the same but for case, number and the like, if one does."""
    return next((other for other in others if other != name and _bare(other) == _bare(name)), "")


def _bare(name: str) -> str:
    return "".join(_ENDING.sub("", word) for word in words(name)) or name
