"""The lines of an import as people look through them, and those to be mended (domain.md §10)."""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from django.db.models import Q

from clients.models import Client, ImportBatch, ImportRow, ImportState, Outcome
from salon import keyset

PAGE = 50


class Found(StrEnum):
    """What lines of any outcome are looked for by: faulty cells left out, or something that an undo has left."""

    INCOMPLETE = "incomplete"
    KEPT = "kept"


def lines_of(batch: ImportBatch, *, outcome: Outcome | Found, cursor: str | None = None) -> keyset.Page[ImportRow]:
    """Return one page of the lines with an outcome, or of which that is found.

    Raises: keyset.InvalidCursor.
    """
    rows = ImportRow.objects.filter(batch=batch)
    if outcome == Found.KEPT:
        rows = rows.exclude(kept_because="")
    else:
        rows = rows.filter(incomplete=True) if outcome == Found.INCOMPLETE else rows.filter(outcome=outcome)
    return keyset.page(rows, keyset.Order(("number",)), limit=PAGE, cursor=cursor)


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
