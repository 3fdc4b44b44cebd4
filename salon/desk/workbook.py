"""Writing a table of any length as a workbook or as CSV, in constant memory (architecture.md §4).

A text can never become a formula, whatever it starts with: in a workbook its cell is typed as text; in CSV, which
knows no types, an apostrophe goes in front (quality.md §3), which our import takes away again. Phones need none there:
they are written as they are dialled, for whoever else reads the file.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from rustpy_xlsxwriter import FastExcel, Format

from salon.phone import dialled

if TYPE_CHECKING:
    from django.utils.functional import Promise

Cell = str | int | float | date | None


class Kind(Enum):
    """What a column holds; decides how its cells are written."""

    TEXT = "text"
    # Text that a spreadsheet would take for a number: postcodes, card numbers.
    DIGITS = "digits"
    # The same, in E.164.
    PHONE = "phone"
    DATE = "date"
    COUNT = "count"
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, what it holds, and how wide it is in characters."""

    heading: "Promise | str"
    kind: Kind
    width: float


# The apostrophe itself is among them, so that taking one away always gives back the text.
_PERILOUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")
_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_FAILURE = re.compile(r"(?:os error|code:) (\d+)")
# Counts need none, and each cell with a format takes time.
_TEXTUAL = frozenset({Kind.DIGITS, Kind.PHONE})
_NUMBER_FORMATS = {Kind.MONEY: "#,##0.00", Kind.DATE: "dd.mm.yyyy"}


@dataclass(frozen=True, slots=True)
class Table:
    """What is written: the sheet's title, its columns, and rows with a cell for each of them."""

    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Cell]]


def write_xlsx(table: Table, path: Path) -> None:
    """Write a workbook of one sheet: headings bold, frozen and with a filter; phones and the like as text.

    Raises: OSError when there is no room for it; whatever the rows raise.
    """
    headings = [str(column.heading) for column in table.columns]
    digits = [heading for heading, column in zip(headings, table.columns, strict=True) if column.kind in _TEXTUAL]
    sheet = FastExcel(path, output_format="xlsx").freeze(row=1)
    sheet.sheet(
        table.title,
        _records(headings, table.rows),
        column_widths=[column.width for column in table.columns],
        column_formats={
            heading: Format().set_num_format(_NUMBER_FORMATS[column.kind])
            for heading, column in zip(headings, table.columns, strict=True)
            if column.kind in _NUMBER_FORMATS
        },
        header_format=Format().set_bold(),
        autofilter=True,
        ignore_errors=digits,
    )
    try:
        sheet.save()
    except BaseException as error:
        # The library panics where its scratch file, in the directory for temporary files, finds no room; and it knows
        # the number of a failure only in words.
        panic = type(error).__name__ == "PanicException"
        if (panic or isinstance(error, OSError)) and (number := _FAILURE.search(str(error))):
            raise OSError(int(number[1]), str(error)) from error
        raise


def _records(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[dict[str, Cell]]:
    # One for all rows: the writer is done with it when it asks for the next, and a new one for each takes longer.
    record: dict[str, Cell] = dict.fromkeys(headings)
    none = True
    for row in rows:
        none = False
        record.update(zip(headings, row, strict=True))
        yield record
    if none:
        # The headings are those of the first record.
        yield record


def write_csv(table: Table, path: Path) -> None:
    """Write CSV as German spreadsheets open it: UTF-8 with its mark, semicolons, `21.11.2026`, `12,50`.

    Raises: OSError when there is no room for it; whatever the rows raise.
    """
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(str(column.heading) for column in table.columns)
        written = [_as_dialled if column.kind is Kind.PHONE else _as_text for column in table.columns]
        writer.writerows([write(cell) for write, cell in zip(written, row, strict=True)] for row in table.rows)


def _as_text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            return f"'{cell}" if cell.startswith(_PERILOUS) else cell
        case date():
            return f"{cell:%d.%m.%Y}"
        case float():
            return f"{cell:.2f}".replace(".", ",")
    return str(cell)


def _as_dialled(cell: Cell) -> str:
    return dialled(cell) if isinstance(cell, str) and _E164.fullmatch(cell) else _as_text(cell)
