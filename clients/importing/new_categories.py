"""The categories that an import would make, and which of the salon's own each may mean (domain.md §3, §10)."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection

from clients.importing.planning import MADE
from clients.labels import CategoryDetails
from clients.models import Category, ImportBatch
from salon.folding import words
from salon.tenancy.context import current_salon_id

# More than these are no categories, but a column taken for them by mistake.
MOST_SHOWN = 100
# What German and English put behind a word for many of them, or for a woman.
_ENDING = re.compile(r"(?<=\w{4})(?:innen|in|nen|en|er|e|n|s)$")


@dataclass(frozen=True, slots=True)
class NewCategory:
    """A category that an import would make: on how many lines it stands, and what else it may mean."""

    name: str
    lines: int
    near: str


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
        key = CategoryDetails(name=name).name_key
        first, before = counted.get(key, (name, 0))
        counted[key] = (first, before + lines)
    stored = list(Category.objects.filter(deleted_at=None).order_by("name_key").values_list("name", flat=True))
    names = [*stored, *(name for name, _lines in counted.values())]
    return [NewCategory(name, lines, nearest(name, names)) for name, lines in counted.values()]


def nearest(name: str, others: Collection[str]) -> str:
    """Return the first of some other names that means the same but for case, number and the like, if one does."""
    return next((other for other in others if other != name and _bare(other) == _bare(name)), "")


def _bare(name: str) -> str:
    return "".join(_ENDING.sub("", word) for word in words(name)) or name
