"""The lines of an import as people look through them, and those to be mended (domain.md §10)."""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from clients.importing.undoing import AS_IT_WAS
from clients.models import Client, ImportBatch, ImportRow, ImportState, Outcome
from salon import keyset

PAGE = 50


class Found(StrEnum):
    """What lines of any outcome are looked for by.

    Faulty cells left out; something that an undo has left; nothing but a name; notes that look like health data.
    """

    INCOMPLETE = "incomplete"
    KEPT = "kept"
    ONLY_NAME = "only_name"
    HEALTH = "health"


def lines_of(batch: ImportBatch, *, outcome: Outcome | Found, cursor: str | None = None) -> keyset.Page[ImportRow]:
    """Return one page of the lines with an outcome, or of which that is found.

    Raises: keyset.InvalidCursor.
    """
    rows = ImportRow.objects.filter(batch=batch)
    if outcome == Found.KEPT:
        rows = rows.exclude(kept_because="")
    elif outcome in {Found.ONLY_NAME, Found.HEALTH}:
        rows = rows.filter(plan__found__contains=[str(outcome)])
    else:
        rows = rows.filter(incomplete=True) if outcome == Found.INCOMPLETE else rows.filter(outcome=outcome)
    return keyset.page(rows, keyset.Order(("number",)), limit=PAGE, cursor=cursor)


def names_of(batch: ImportBatch, found: Found, count: int) -> list[str]:
    """Return what the clients of the first lines are called of which something is found."""
    rows = ImportRow.objects.filter(batch=batch, plan__found__contains=[str(found)]).order_by("number")[:count]
    return [row.plan.get("name", "") for row in rows.only("plan")]


def cards_of(rows: Sequence[ImportRow]) -> dict[UUID, Client]:
    """Return the cards that some lines speak of, by their ids, in one query; those not in use any more are left out."""
    ids = [row.card_id for row in rows if row.card_id]
    return Client.objects.listed().only("number", "first_name", "last_name").in_bulk(ids)


def faulty_lines(batch: ImportBatch, *, after: int, limit: int) -> list[ImportRow]:
    """Return the next lines behind one that can be mended and sent again: the faulty ones, and those without their
    faulty cells.

    These only once they are imported, as from then on they have cards to be named by: sent again without, they would
    make people twice.
    """
    faulty = Q(outcome=Outcome.FAULTY)
    if batch.state != ImportState.CHECKED:
        faulty |= Q(incomplete=True)
    return list(ImportRow.objects.filter(faulty, batch=batch, number__gt=after).order_by("number")[:limit])


def filled_since(batch: ImportBatch) -> ImportBatch | None:
    """Return the newest import that has changed cards which this one made, as long as it can be undone itself."""
    made = ImportRow.objects.filter(batch=batch, outcome=Outcome.CREATE, card_id__isnull=False).values("card_id")
    filled = ImportRow.objects.filter(outcome=Outcome.UPDATE, card_id__in=made, batch=OuterRef("pk"))
    writing = [ImportState.APPLYING, ImportState.APPLIED, ImportState.UNDOING]
    others = ImportBatch.objects.filter(Exists(filled), state__in=writing, forgotten_at=None).exclude(pk=batch.pk)
    return others.order_by("-uploaded_at", "-id").first()


def leaves_cards(batch: ImportBatch) -> bool:
    """Return whether the undo of an import has left cards as they were, which can be tried once more."""
    return bool(batch.kept) and ImportRow.objects.filter(batch=batch, kept_because__in=AS_IT_WAS).exists()
