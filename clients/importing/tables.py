"""Reading an uploaded table: CSV in any usual encoding, XLSX, XLS and ODS, within bounds (domain.md §10).

A file of somebody else's is read in a process of its own, which may take only so much memory and time: whatever a
broken or hostile workbook does to its reader, the worker goes on. What is read comes line by line.
"""

import codecs
import csv
import io
import json
import resource
import select
import subprocess
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

MOST_BYTES = 25 * 1024 * 1024
MOST_ROWS = 100_000
MOST_COLUMNS = 200
# Among so many lines the headings are looked for, and among so many sheets the list.
TOP = 15
MOST_SHEETS = 30
LONGEST_CELL = 32_767
# A workbook is a zip: no more than so much may come out of it, nor much more than went in.
MOST_UNPACKED = 400 * 1024 * 1024
MOST_RATIO = 200
UNSUSPICIOUS = 16 * 1024 * 1024
MEMORY = 1536 * 1024 * 1024
SECONDS = 50
# How often whoever waits for the first line says so, in seconds.
SIGN_OF_LIFE = 10.0
# Before one of these an apostrophe in a CSV is our export's, which a spreadsheet needs, and no part of the text.
GUARDED = frozenset("=+-@\t\r\n＝＋－＠'")
_PDF = b"%PDF-"
# What is read behind the last line: in a cell, a quotation mark before it was never closed.
_END = "\x00end"
_CHUNK = 1024 * 1024
_GUESSED_FROM = 64 * 1024


class Unreadable(Exception):
    """The file cannot be read as a table: `code` says why, `line` where, if that is known."""

    def __init__(self, code: str, line: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.line = line


@dataclass(frozen=True, slots=True)
class Source:
    """How a file was read: `kind` csv, xlsx, xls or ods; encoding and delimiter of a CSV; which sheet."""

    kind: str
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line with at least one cell that is not empty; `number` as a spreadsheet counts."""

    number: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One of several sheets of a workbook: how many rows it has, and the first that are not empty."""

    name: str
    rows: int
    top: list[list[str]]


# Whoever is asked which of several sheets is read answers with its name.
Pick = Callable[[Sequence[Sheet]], str]


def _first(sheets: Sequence[Sheet]) -> str:
    return sheets[0].name


def kind_of(head: bytes) -> str:
    """Tell by its first bytes what a file is; everything that is no workbook counts as text."""
    if head.startswith(b"PK"):
        return "zip"
    return "xls" if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") else "csv"


@contextmanager
def open_table(path: Path, *, sheet: str = "", pick: Pick = _first) -> Iterator[tuple[Source, Iterator[Line]]]:
    """Read a file in this process, of a workbook that `sheet`; `pick` is asked where none is named and several are.

    Raises: Unreadable, also while the lines are read.
    """
    with path.open("rb") as file:
        kind = kind_of(file.read(8))
        file.seek(0)
        if path.stat().st_size > MOST_BYTES:
            raise Unreadable("too_large")
        source, lines = _text(file) if kind == "csv" else _workbook(file, kind, sheet, pick)
        yield source, _bounded(lines)


def _bounded(lines: Iterable[tuple[int, list[str]]]) -> Iterator[Line]:
    rows = -1
    for number, given in lines:
        cells = given
        while cells and not cells[-1].strip():
            cells.pop()
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > MOST_COLUMNS:
            raise Unreadable("too_many_columns", number)
        if any(len(cell) > LONGEST_CELL for cell in cells):
            raise Unreadable("cell_too_long", number)
        rows += 1
        if rows > MOST_ROWS:
            raise Unreadable("too_many_rows", number)
        yield Line(number, [_plain(cell) for cell in cells])
    if rows < 1:
        raise Unreadable("empty")


def _plain(cell: str) -> str:
    return cell.replace("\x00", "").strip()


def _without_apostrophe(cell: str) -> str:
    """Return a cell of a CSV without what our own export puts before anything a spreadsheet takes for a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in GUARDED else cell


def _text(file: BinaryIO) -> tuple[Source, Iterator[tuple[int, list[str]]]]:
    encoding = _encoding(file)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    delimiter = _delimiter(text.read(_GUESSED_FROM))
    text.seek(0)
    return Source("csv", encoding, delimiter), _csv(text, delimiter)


def _encoding(file: BinaryIO) -> str:
    head = file.read(4096)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _checked(file, "utf-16")
    if head.startswith(codecs.BOM_UTF8):
        return _checked(file, "utf-8-sig")
    if b"\x00" in head:
        # Text of two bytes a letter, without a mark at the beginning: every other byte of Latin letters is empty.
        even, odd = head[::2].count(0), head[1::2].count(0)
        try:
            return _checked(file, "utf-16-le" if odd > even else "utf-16-be")
        except Unreadable as error:
            raise Unreadable("not_a_table") from error
    if head.startswith(_PDF):
        raise Unreadable("not_a_table")
    for encoding in ("utf-8", "cp1252"):
        try:
            return _checked(file, encoding)
        except Unreadable:
            continue
    raise Unreadable("unknown_encoding")


def _checked(file: BinaryIO, encoding: str) -> str:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while chunk := file.read(_CHUNK):
            if "\x00" in decoder.decode(chunk):
                raise Unreadable("not_a_table")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise Unreadable("unknown_encoding") from error
    return encoding


def _delimiter(beginning: str) -> str:
    """Return the separator that splits the first lines into the most columns, all lines alike or most of them."""

    def fit(delimiter: str) -> tuple[bool, int]:
        try:
            rows = [row for row in csv.reader(io.StringIO(beginning, newline=""), delimiter=delimiter) if row][:20]
        except csv.Error:
            return False, 0
        # The last one may be cut off where the beginning ends.
        widths = Counter(len(row) for row in (rows[:-1] or rows))
        # Above the headings may stand a title.
        usual = max(widths, key=lambda width: (widths[width], width), default=0)
        return len(widths) == 1 and usual > 1, usual

    return max((";", ",", "\t"), key=fit)


def _csv(text: io.TextIOWrapper, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(LONGEST_CELL * 4)
    # The lines of the row in hand; a cell that never ends is refused by its size.
    raw: list[str] = []
    reader = csv.reader(_kept(chain(text, [_END]), raw), delimiter=delimiter, strict=False)
    begins = 1
    try:
        for row in reader:
            if row == [_END]:
                return
            if len(raw) > 1:
                # Over several lines a quotation mark that was forgotten closes at the next one that begins a cell.
                next(csv.reader(raw, delimiter=delimiter, strict=True))
            yield begins, [_without_apostrophe(cell) for cell in row]
            begins = reader.line_num + 1
            raw.clear()
    except csv.Error as error:
        raise Unreadable("broken_quotes", begins) from error


def _kept(lines: Iterable[str], kept: list[str]) -> Iterator[str]:
    for line in lines:
        kept.append(line)
        yield line


def _workbook(file: BinaryIO, kind: str, wanted: str, pick: Pick) -> tuple[Source, Iterator[tuple[int, list[str]]]]:
    if kind == "zip":
        kind = _checked_zip(file)
        file.seek(0)
    try:
        workbook = CalamineWorkbook.from_filelike(file)
        name = wanted or _sheet(workbook, pick)
        sheet = workbook.get_sheet_by_name(name)
    except (CalamineError, OSError, ValueError) as error:
        raise Unreadable("protected" if isinstance(error, PasswordError) else "broken_workbook") from error
    if sheet.total_width > MOST_COLUMNS * 5:
        raise Unreadable("too_many_columns")
    rows = sheet.iter_rows()
    return Source(kind, sheet=name), ((number, [_cell(one) for one in row]) for number, row in enumerate(rows, 1))


def _sheet(workbook: CalamineWorkbook, pick: Pick) -> str:
    tables = [one for one in workbook.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet]
    visible = [one.name for one in tables if one.visible == SheetVisibleEnum.Visible]
    names = visible or workbook.sheet_names
    if not names:
        raise Unreadable("empty")
    if len(names) == 1:
        return names[0]
    # A list has more than one row.
    sheets = [one for one in (_outline(workbook, name) for name in names[:MOST_SHEETS]) if one.rows > 1]
    return pick(sheets) if len(sheets) > 1 else (sheets[0].name if sheets else names[0])


def _outline(workbook: CalamineWorkbook, name: str) -> Sheet:
    sheet = workbook.get_sheet_by_name(name)
    if sheet.total_width > MOST_COLUMNS * 5:
        return Sheet(name, 0, [])
    rows = ([_cell(one).strip() for one in row[:MOST_COLUMNS]] for row in sheet.iter_rows())
    return Sheet(name, sheet.height, list(islice((row for row in rows if any(row)), TOP)))


def _checked_zip(file: BinaryIO) -> str:
    """Unpack everything once, keeping nothing: what the directory promises may be a lie."""
    size = file.seek(0, io.SEEK_END)
    unpacked = 0
    try:
        with zipfile.ZipFile(file) as packed:
            names = set(packed.namelist())
            if len(names) > 2000:
                raise Unreadable("zip_bomb")
            if sum(one.file_size for one in packed.infolist()) > MOST_UNPACKED:
                raise Unreadable("zip_bomb")
            for one in packed.infolist():
                with packed.open(one) as part:
                    while chunk := part.read(_CHUNK):
                        unpacked += len(chunk)
                        if unpacked > MOST_UNPACKED or unpacked > max(UNSUSPICIOUS, size * MOST_RATIO):
                            raise Unreadable("zip_bomb")
    # All that reading a damaged or crafted archive ends with: an unknown packing, an offset before the file, bad data.
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, EOFError, zlib.error) as error:
        raise Unreadable("broken_workbook") from error
    except RuntimeError as error:  # an encrypted part
        raise Unreadable("protected") from error
    if "mimetype" in names or "content.xml" in names:
        return "ods"
    if not any(name.startswith("xl/") for name in names):
        raise Unreadable("not_a_table")
    return "xlsx"


def _cell(value: object) -> str:
    """Return a cell as the text that somebody would have typed."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return "" if isinstance(value, timedelta) else str(value)


@contextmanager
def reading_apart(
    path: Path, *, sheet: str = "", pick: Pick = _first, waiting: Callable[[], None] = lambda: None
) -> Iterator[tuple[Source, Iterator[Line]]]:
    """Read a file in a process of its own, with bounded memory and time; otherwise as `open_table`.

    A workbook is taken in whole before its first line comes: meanwhile `waiting` is called again and again.
    Raises: Unreadable; whatever `waiting` and `pick` raise.
    """
    with subprocess.Popen(
        [sys.executable, "-m", "clients.importing.tables", str(path), sheet],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).resolve().parents[2],
    ) as reader:
        try:
            _await(reader, waiting)
            lines = _told(reader)
            told = next(lines)
            if isinstance(told, list):
                _answer(reader, pick([Sheet(*one) for one in told]))
                _await(reader, waiting)
                told = next(lines)
            yield Source(**told), (Line(number, cells) for number, cells in lines)
        finally:
            reader.kill()


def _await(reader: "subprocess.Popen[bytes]", waiting: Callable[[], None]) -> None:
    while reader.stdout and not select.select([reader.stdout], [], [], SIGN_OF_LIFE)[0]:
        waiting()


def _answer(reader: "subprocess.Popen[bytes]", name: str) -> None:
    if reader.stdin:
        reader.stdin.write(json.dumps(name).encode() + b"\n")
        reader.stdin.flush()


def _told(reader: "subprocess.Popen[bytes]") -> Iterator[Any]:
    for line in reader.stdout or ():
        told = json.loads(line)
        if "refused" in told:
            raise Unreadable(told["refused"], told["line"])
        if "end" in told:
            return
        yield told
    # The reader ended in the middle: out of memory or time, or torn down by what it read.
    raise Unreadable("too_complex" if reader.wait() in {-9, -24} else "broken_workbook")


def main() -> None:
    """Read the file named on the command line and write its lines to the standard output, as JSON.

    Of several sheets all are told first; which one is read stands on the command line, or is answered.
    """
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    out = sys.stdout

    def ask(sheets: Sequence[Sheet]) -> str:
        out.write(json.dumps([[one.name, one.rows, one.top] for one in sheets]) + "\n")
        out.flush()
        return str(json.loads(sys.stdin.readline()))

    try:
        with open_table(Path(sys.argv[1]), sheet=sys.argv[2], pick=ask) as (source, lines):
            out.write(json.dumps(asdict(source)) + "\n")
            for line in lines:
                out.write(json.dumps([line.number, line.cells]) + "\n")
            out.write('{"end": true}\n')
    except Unreadable as refusal:
        out.write(json.dumps({"refused": refusal.code, "line": refusal.line}) + "\n")
    except MemoryError:
        out.write(json.dumps({"refused": "too_complex", "line": 0}) + "\n")


if __name__ == "__main__":
    main()
