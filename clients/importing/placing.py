"""Where in a file the table is: on which sheet of a workbook, and below which line of headings (domain.md §10)."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from clients.importing.batches import locked, samples_of, start_reading
from clients.importing.formats import Target, guess_contacts, recognise
from clients.importing.mapping import guess_day_order, lost_zeros
from clients.importing.tables import TOP, Line
from clients.models import ImportBatch, ImportRow, ImportState
from salon.errors import FieldError, InvalidInput
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon

_DAYS = frozenset({Target.BIRTHDAY, Target.LISTED_ON, Target.FIRST_VISIT_ON, Target.LAST_VISIT_ON, Target.CONSENT_ON})


def top_of(batch: ImportBatch) -> list[Line]:
    """Return the first lines of a file, whatever they are taken for."""
    lines = [Line(number, cells) for number, cells in batch.above]
    if not batch.without_headings:
        # It is kept as wide as the widest line.
        filled = max((at for at, cell in enumerate(batch.header, 1) if cell), default=0)
        lines.append(Line(batch.first_line, batch.header[:filled]))
    rows = ImportRow.objects.filter(batch=batch).order_by("number").values_list("number", "cells")
    return [*lines, *(Line(number, cells) for number, cells in rows[: max(TOP - len(lines), 0)])]


def read_sheet(*, actor: Actor, batch_id: UUID, sheet: str, now: datetime) -> ImportBatch:
    """Let a worker read another sheet of the workbook instead.

    Raises: NotAllowed, NotFound, WrongMoment, InvalidInput (`sheet`).
    """
    actor.require(Permission.CLIENTS_IMPORT)
    with transaction.atomic():
        batch = locked(batch_id, ImportState.MAPPING)
        if not batch.stored_as or sheet not in [name for name, _rows in batch.sheets]:
            raise InvalidInput([FieldError("sheet", "invalid_choice", _("Choose one of the values offered."))])
        ImportRow.objects.filter(batch=batch).delete()
        batch.sheet, batch.above, batch.header, batch.lines = sheet, [], [], 0
        start_reading(batch, actor, now)
    return batch


def place_headings(*, actor: Actor, batch_id: UUID, salon: Salon, line: int | None) -> ImportBatch:
    """Say which line holds the headings, None for none; what stands above them is no client.

    What the columns mean is guessed anew. Raises: NotAllowed, NotFound, WrongMoment, InvalidInput (`heading_line`).
    """
    actor.require(Permission.CLIENTS_IMPORT)
    with transaction.atomic():
        batch = locked(batch_id, ImportState.MAPPING)
        top = top_of(batch)
        if not top or line not in {None, *(one.number for one in top[:-1])}:
            raise InvalidInput([FieldError("heading_line", "invalid_choice", _("Choose one of the values offered."))])
        above = [one for one in top if line is not None and one.number < line]
        below = [one for one in top if line is None or one.number > line]
        ImportRow.objects.filter(batch=batch, number__lte=top[-1].number).delete()
        ImportRow.objects.bulk_create(ImportRow(batch=batch, number=one.number, cells=one.cells) for one in below)
        batch.above = [[one.number, one.cells] for one in above]
        batch.without_headings = line is None
        batch.first_line = top[0].number if line is None else line
        batch.header = next((one.cells for one in top if one.number == line), [])
        batch.lines = batch.done = ImportRow.objects.filter(batch=batch).count()
        guess_columns(batch, salon)
        batch.save()
    return batch


def guess_columns(batch: ImportBatch, salon: Salon) -> None:
    """Propose what the columns below the headings mean, and how their cells are written."""
    samples = samples_of(batch)
    widest = max(len(batch.header), *(len(cells) for cells in samples))
    batch.header = [*batch.header, *[""] * (widest - len(batch.header))]
    batch.format, targets = recognise(batch.header)
    if batch.without_headings:
        targets = guess_contacts(samples, widest)
    batch.targets = [target.value for target in targets]
    batch.day_order = guess_day_order(_cells(samples, targets, _DAYS))
    batch.short_postcodes = lost_zeros(_cells(samples, targets, {Target.POSTAL_CODE}), salon.country)


def _cells(samples: list[list[str]], targets: list[Target], wanted: "frozenset[Target] | set[Target]") -> list[str]:
    return [
        cell for cells in samples for cell, target in zip(cells, targets, strict=False) if target in wanted and cell
    ]
