"""The faulty lines of an import with their reasons, as a file to be mended and sent again.

With them those that were taken over without their faulty cells: each with the number of its card, which it then fills.
"""

import csv
import io
from collections.abc import Iterator
from itertools import chain
from tempfile import NamedTemporaryFile
from uuid import UUID

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import translation
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from rustpy_xlsxwriter import FastExcel, Format

from clients.importing import batches
from clients.importing.formats import CARD_MADE, Target
from clients.importing.lines import cards_of, faulty_lines
from clients.importing.tables import GUARDED
from clients.models import ImportBatch, ImportRow, ImportState, Outcome
from clients.web.import_forms import column_names
from clients.web.import_words import problem_words
from salon.identity.roles import Permission
from salon.tenancy.context import salon_scope
from salon.web.access import SalonRequest, requires

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_AT_ONCE = 500


@requires(Permission.CLIENTS_IMPORT)
@require_GET
def faulty(request: SalonRequest, import_id: UUID) -> HttpResponseBase:
    """Send the faulty lines as CSV."""
    batch = batches.get_batch(import_id)
    lines = _csv_lines(request.salon.pk, batch, translation.get_language())
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, _file_name(batch, "csv"))
    return response


@requires(Permission.CLIENTS_IMPORT)
@require_GET
def faulty_workbook(request: SalonRequest, import_id: UUID) -> HttpResponseBase:
    """Send them as a workbook, in which every cell is text: it says what the line said, and no formula."""
    batch = batches.get_batch(import_id)
    sheet_of = _Sheet(batch)
    headings = [_Heading(heading) for heading in sheet_of.headings]
    file = NamedTemporaryFile(suffix=".xlsx")  # noqa: SIM115 - the answer closes it, which deletes it
    lines = chain.from_iterable(sheet_of.parts())
    # The headings are those of the first record.
    first = next(lines, [""] * len(headings))
    records = (dict(zip(headings, line, strict=True)) for line in chain([first], lines))
    sheet = FastExcel(file.name, output_format="xlsx").freeze(row=1)
    sheet.sheet(
        _("Faulty lines"),
        records,
        column_widths=[*[18.0] * (len(headings) - 1), 60.0],
        header_format=Format().set_bold(),
        autofilter=True,
    ).save()
    return FileResponse(file, as_attachment=True, filename=_file_name(batch, "xlsx"), content_type=WORKBOOK)


class _Heading(str):
    """A heading as a key, which is another one in each column: a file may have two columns of one name."""

    __slots__ = ()
    __eq__ = object.__eq__
    __hash__ = object.__hash__


def _file_name(batch: ImportBatch, suffix: str) -> str:
    return f"{batch.file_name.rpartition('.')[0] or batch.file_name} – {_('faulty lines')}.{suffix}"


class _Sheet:
    """The columns of a file of faulty lines, and what stands below them."""

    def __init__(self, batch: ImportBatch) -> None:
        self.batch = batch
        self.width = len(batch.header)
        # Where the file had no column for the numbers of cards, there is one before its own.
        self.own = Target.NUMBER not in batch.targets and batch.state == ImportState.APPLIED and batch.incomplete > 0
        self.at = 0 if self.own else next((at for at, one in enumerate(batch.targets) if one == Target.NUMBER), None)

    @property
    def headings(self) -> list[str]:
        """What stands above the columns."""
        number = [str(CARD_MADE)] if self.own else []
        return [*number, *column_names(self.batch.header), _("Reason")]

    def parts(self) -> Iterator[list[list[str]]]:
        """Yield the lines, some at a time, each as wide as the headings."""
        after: int | None = 0
        while after is not None:
            part, after = self.part(after)
            if part:
                yield part

    def part(self, after: int) -> tuple[list[list[str]], int | None]:
        """Return some lines behind one, and behind which there may be more."""
        rows = faulty_lines(self.batch, after=after, limit=_AT_ONCE)
        cards = cards_of([row for row in rows if row.outcome != Outcome.FAULTY])
        numbers = {row.number: str(cards[row.card_id].number) for row in rows if row.card_id and row.card_id in cards}
        return [self._cells(row, numbers.get(row.number, "")) for row in rows], rows[-1].number if rows else None

    def _cells(self, row: ImportRow, number: str) -> list[str]:
        cells = [*[""] * self.own, *row.cells, *[""] * (self.width - len(row.cells))]
        if number and self.at is not None:
            cells[self.at] = number
        problems = [*row.plan.get("problems", []), *row.plan.get("left_out", [])]
        return [*cells, " ".join(map(problem_words, problems))]


def _csv_lines(salon_id: UUID, batch: ImportBatch, language: str | None) -> Iterator[bytes]:
    # Runs while the answer is sent: outside the scope and the language of the request.
    sheet = _Sheet(batch)
    with translation.override(language):
        yield "\ufeff".encode() + _csv_line(sheet.headings)
    after: int | None = 0
    while after is not None:
        with salon_scope(salon_id), translation.override(language):
            lines, after = sheet.part(after)
        yield b"".join(map(_csv_line, lines))


def _csv_line(cells: list[str]) -> bytes:
    # A spreadsheet takes what begins so for a formula; the import takes the apostrophe off again.
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerow([f"'{cell}" if cell[:1] in GUARDED else cell for cell in cells])
    return out.getvalue().encode()
