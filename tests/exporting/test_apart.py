"""A process of its own writes while this one reads the rows (architecture.md §4)."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from itertools import count
from pathlib import Path
from threading import get_ident

import pytest
from python_calamine import CalamineWorkbook

from salon.desk import apart
from salon.desk.apart import WriterLost, write_apart
from salon.desk.workbook import Cell, Column, Kind, Table

COLUMNS = (
    Column("Nr.", Kind.COUNT, 8),
    Column("Name", Kind.TEXT, 20),
    Column("Seit", Kind.DATE, 12),
    Column("Umsatz", Kind.MONEY, 12),
)
ROW: tuple[Cell, ...] = (1, "Bärbel =1+1 ＝ 👩‍🦰", date(2024, 2, 29), 12.5)
# Several times what goes over at once.
MANY = 3_500


def _table(rows: Iterator[tuple[Cell, ...]]) -> Table:
    return Table("Kunden", COLUMNS, rows)


def _numbered(numbers: Iterator[int]) -> Iterator[tuple[Cell, ...]]:
    return ((number, *ROW[1:]) for number in numbers)


def _children() -> set[str]:
    return set(Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split())


def test_all_rows_are_written_in_order(tmp_path: Path) -> None:
    write_apart("XLSX", _table(_numbered(iter(range(MANY)))), tmp_path / "file.xlsx")
    heads, *rows = CalamineWorkbook.from_path(tmp_path / "file.xlsx").get_sheet_by_name("Kunden").to_python()
    assert heads == ["Nr.", "Name", "Seit", "Umsatz"]
    assert rows == [[number, *ROW[1:]] for number in range(MANY)]


def test_days_texts_and_what_is_missing_stay_what_they_are(tmp_path: Path) -> None:
    rows: list[tuple[Cell, ...]] = [(1, None, "03.05.", 0.0), (2, "", date(1901, 1, 1), None), (3, "x", None, 7)]
    write_apart("CSV", _table(iter(rows)), tmp_path / "file.csv")
    assert (tmp_path / "file.csv").read_text(encoding="utf-8-sig").splitlines() == [
        "Nr.;Name;Seit;Umsatz",
        "1;;03.05.;0,00",
        "2;;01.01.1901;",
        "3;x;;7",
    ]


@pytest.mark.parametrize("file_format", ["XLSX", "CSV"])
def test_nothing_to_write_is_a_file_of_headings(tmp_path: Path, file_format: str) -> None:
    write_apart(file_format, _table(iter([])), tmp_path / "file")
    assert (tmp_path / "file").stat().st_size > 20


def test_rows_are_taken_where_the_database_is(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    def rows() -> Iterator[tuple[Cell, ...]]:
        seen.append((os.getpid(), get_ident()))
        yield ROW

    write_apart("XLSX", _table(rows()), tmp_path / "file.xlsx")
    assert seen == [(os.getpid(), get_ident())]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
@pytest.mark.parametrize("file_format", ["XLSX", "CSV"])
def test_a_full_disk_is_told_with_its_number(file_format: str) -> None:
    with pytest.raises(OSError, match=r".") as failure:
        write_apart(file_format, _table(_numbered(iter(range(MANY)))), Path("/dev/full"))
    assert failure.value.errno == errno.ENOSPC


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
def test_a_writer_that_has_ended_ends_the_reading() -> None:
    numbers = count()
    with pytest.raises(OSError, match=r"."):
        write_apart("CSV", _table(_numbered(numbers)), Path("/dev/full"))
    assert next(numbers) < 100_000


def test_rows_that_fail_leave_no_writer_behind(tmp_path: Path) -> None:
    before = _children()

    def rows() -> Iterator[tuple[Cell, ...]]:
        yield from _numbered(iter(range(MANY)))
        raise LookupError("Somebody else has the work.")

    with pytest.raises(LookupError):
        write_apart("XLSX", _table(rows()), tmp_path / "file.xlsx")
    assert _children() == before
    assert not (tmp_path / "file.xlsx").exists()


def test_a_killed_writer_is_told(tmp_path: Path) -> None:
    def rows() -> Iterator[tuple[Cell, ...]]:
        (writer,) = _children() - before
        os.kill(int(writer), signal.SIGKILL)
        yield ROW

    before = _children()
    with pytest.raises(WriterLost, match="-9"):
        write_apart("XLSX", _table(rows()), tmp_path / "file.xlsx")


def test_a_writer_whose_reader_is_gone_finishes_no_file(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    sent = "import sys; from pathlib import Path; from salon.desk.apart import *; from salon.desk.apart import _send"
    half = f'{sent}; _send(sys.stdout.buffer, ("XLSX", "Kunden", [("Nr.", "COUNT", 8.0)], {str(path)!r}))'
    content = subprocess.run([sys.executable, "-c", half], capture_output=True, check=True).stdout
    writer = subprocess.run([sys.executable, "-m", apart.__name__], input=content, capture_output=True, check=False)
    assert (writer.returncode, writer.stderr) == (os.EX_NOINPUT, b"")
    assert not path.exists()
