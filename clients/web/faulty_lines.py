"""The faulty lines of an import with their reasons, as a file to be mended and sent again.

With them those that were taken over without their faulty cells.
"""

import csv
import io
from collections.abc import Iterator
from itertools import chain
from tempfile import NamedTemporaryFile
from uuid import UUID

from django.db.models import Q
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import translation
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from rustpy_xlsxwriter import FastExcel, Format

from clients.importing import batches
from clients.importing.tables import GUARDED
from clients.models import ImportBatch, ImportRow, Outcome
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
    headings = [_Heading(heading) for heading in _headings(batch)]
    file = NamedTemporaryFile(suffix=".xlsx")  # noqa: SIM115 - the answer closes it, which deletes it
    lines = chain.from_iterable(_parts(batch))
    # The headings are those of the first record.
    first = next(lines, [""] * len(headings))
    records = (dict(zip(headings, line, strict=True)) for line in chain([first], lines))
    sheet = FastExcel(file.name, output_format="xlsx").freeze(row=1)
    sheet.sheet(
        _("Faulty lines"),
        records,
        column_widths=[*[18.0] * len(batch.header), 60.0],
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


def _headings(batch: ImportBatch) -> list[str]:
    return [*column_names(batch.header), _("Reason")]


def _parts(batch: ImportBatch) -> Iterator[list[list[str]]]:
    """Yield the faulty lines, some at a time, each as wide as the headings."""
    after, width = 0, len(batch.header)
    while True:
        found = _behind(batch, after)
        if not found:
            return
        after = found[-1].number
        yield [_cells(row, width) for row in found]


def _behind(batch: ImportBatch, after: int) -> list[ImportRow]:
    told = Q(outcome=Outcome.FAULTY) | Q(incomplete=True)
    rows = ImportRow.objects.filter(told, batch=batch, number__gt=after)
    return list(rows.order_by("number")[:_AT_ONCE])


def _cells(row: ImportRow, width: int) -> list[str]:
    cells = [*row.cells, *[""] * (width - len(row.cells))]
    problems = [*row.plan.get("problems", []), *row.plan.get("left_out", [])]
    return [*cells, " ".join(map(problem_words, problems))]


def _csv_lines(salon_id: UUID, batch: ImportBatch, language: str | None) -> Iterator[bytes]:
    # Runs while the answer is sent: outside the scope and the language of the request.
    with translation.override(language):
        yield "\ufeff".encode() + _csv_line(_headings(batch))
    after = 0
    while True:
        with salon_scope(salon_id), translation.override(language):
            found = _behind(batch, after)
            part = b"".join(_csv_line(_cells(row, len(batch.header))) for row in found)
        if not found:
            return
        after = found[-1].number
        yield part


def _csv_line(cells: list[str]) -> bytes:
    # A spreadsheet takes what begins so for a formula; the import takes the apostrophe off again.
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerow([f"'{cell}" if cell[:1] in GUARDED else cell for cell in cells])
    return out.getvalue().encode()
