"""Reading uploaded tables: every usual writing is understood, nothing else harms (domain.md §10, quality.md §3)."""

import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clients.importing import tables
from clients.importing.tables import Line, Source, Unreadable, open_table, reading_apart
from tests.importing.files import SHORE, table
from tests.importing.workbooks import sparse_sheet, workbook

ROWS = (("Vorname", "Ort"), ("Jörg", "Köln"), ("Zoë", "Łódź – „Süd“"))


def _read(path: Path, content: bytes) -> tuple[Source, list[Line]]:
    file = path / "file"
    file.write_bytes(content)
    with open_table(file) as (source, lines):
        return source, list(lines)


def _cells(path: Path, content: bytes) -> list[list[str]]:
    return [line.cells for line in _read(path, content)[1]]


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize(
    ("encoding", "told"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"), ("utf-16-le", "utf-16-le"),
     ("utf-16-be", "utf-16-be")],
)  # fmt: skip
def test_csv_in_every_usual_writing(tmp_path: Path, delimiter: str, encoding: str, told: str) -> None:
    source, lines = _read(tmp_path, table(*ROWS, delimiter=delimiter, encoding=encoding))
    assert source == Source("csv", told, delimiter)
    assert [tuple(line.cells) for line in lines] == list(ROWS)
    assert [line.number for line in lines] == [1, 2, 3]


def test_windows_1252_is_told(tmp_path: Path) -> None:
    rows = (("Vorname", "Ort"), ("Jörg", "Köln"), ("Anaïs", "10 € – „Süd“"))
    source, lines = _read(tmp_path, table(*rows, encoding="cp1252"))
    assert source.encoding == "cp1252"
    assert lines[2].cells == ["Anaïs", "10 € – „Süd“"]


def test_lines_are_counted_as_a_spreadsheet_does(tmp_path: Path) -> None:
    content = b'Name;Notiz\n\n;;\nAnna;"erste\nzweite"\nBen;x\n'
    lines = _read(tmp_path, content)[1]
    assert [(line.number, line.cells) for line in lines] == [
        (1, ["Name", "Notiz"]), (4, ["Anna", "erste\nzweite"]), (6, ["Ben", "x"]),
    ]  # fmt: skip


def test_the_apostrophe_of_our_own_csv_goes(tmp_path: Path) -> None:
    assert _cells(tmp_path, table(("Name",), ("'=1+1",), ("'+49",), ("'Tach",), ("O'Hara",))) == [
        ["Name"], ["=1+1"], ["+49"], ["'Tach"], ["O'Hara"],
    ]  # fmt: skip


def test_a_workbook_is_read_as_typed(tmp_path: Path) -> None:
    content = workbook(
        [
            ["Name", "Geburtstag", "Telefon", "PLZ", "Summe", "Ja"],
            ["Anna", ("date", 33198), 1715550318, "01067", ("formula", "1+1", "2"), 1.5],
        ]
    )
    source, lines = _read(tmp_path, content)
    assert (source.kind, source.sheet) == ("xlsx", "Kunden")
    assert lines[1].cells == ["Anna", "1990-11-21", "1715550318", "01067", "2", "1.5"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"Vorname;Nachname\n", "empty"),
        (b"\n\n;;\n", "empty"),
        (b"PK\x03\x04 no zip at all", "broken_workbook"),
        (workbook([["A"], ["b"]])[:-40], "broken_workbook"),
        (workbook([["A"], ["b"]], sheet="<worksheet><sheetData><row><c"), "broken_workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "broken_workbook"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" * 9, "not_a_table"),
        (b"Vorname\nJ\x81rg\n", "unknown_encoding"),
        (("A;" * 201 + "\n1\n").encode(), "too_many_columns"),
        (b"A\n" + b"x" * 32_768 + b"\n", "cell_too_long"),
        (b'A\n"' + b"x\n" * 200_000, "broken_quotes"),
        (b'A;B\n1;2\n"offen;kaputt;x', "broken_quotes"),
        (b'A;B\n"offen;2\nPetra;"Lang"\n3;4\n', "broken_quotes"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x08\x02" + bytes(range(1, 256)) * 4, "not_a_table"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(1, 256)), "not_a_table"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "not_a_table"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        _read(tmp_path, content)
    assert refusal.value.code == code


def test_a_quote_that_is_not_closed_names_its_line(tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as refusal:
        _read(tmp_path, b'A;B\n1;2\n"offen;2\nPetra;"Lang"\n3;4\n')
    assert refusal.value.line == 3


def test_quotes_inside_a_cell_and_several_lines_in_one_are_no_fault(tmp_path: Path) -> None:
    assert _cells(tmp_path, b'A;B\nSalon "Foo";"sagt ""ja""\nund geht"\n"Foo" Bar;2') == [
        ["A", "B"], ['Salon "Foo"', 'sagt "ja"\nund geht'], ["Foo Bar", "2"],
    ]  # fmt: skip


def test_too_many_lines_and_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_ROWS", 3)
    assert len(_cells(tmp_path, b"A\n1\n2\n3\n")) == 4
    with pytest.raises(Unreadable, match="too_many_rows"):
        _cells(tmp_path, b"A\n1\n2\n3\n4\n")
    monkeypatch.setattr(tables, "MOST_BYTES", 9)
    assert _cells(tmp_path, b"A\n1\n2\n3\n")
    with pytest.raises(Unreadable, match="too_large"):
        _cells(tmp_path, b"A\n1\n2\n3\n\n\n")


def test_a_zip_bomb_is_refused_before_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "CalamineWorkbook", None)
    # 60 kB that become 60 MB.
    bomb = workbook([["A"], ["b"]], extra={"xl/sharedStrings.xml": b"<sst>" + b"0" * 60_000_000})
    assert len(bomb) < 100_000
    with pytest.raises(Unreadable, match="zip_bomb"):
        _read(tmp_path, bomb)


def test_a_zip_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    honest = workbook([["A"], ["b"]], extra={"xl/sharedStrings.xml": b"0" * 60_000_000})
    with zipfile.ZipFile(tmp_path / "file", "w") as packed:
        packed.writestr("x", b"")
    # What the directory says of the part becomes ten bytes.
    lied = honest.replace((60_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lied != honest
    with pytest.raises(Unreadable) as refusal:
        _read(tmp_path, lied)
    assert refusal.value.code in {"broken_workbook", "zip_bomb"}


def test_a_hostile_workbook_ends_its_reader_not_us(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(workbook([], sheet=sparse_sheet()))
    with pytest.raises(Unreadable) as refusal, reading_apart(tmp_path / "file") as (_source, lines):
        list(lines)
    assert refusal.value.code in {"broken_workbook", "too_complex", "too_many_columns"}


def test_reading_apart_is_reading(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(SHORE.encode("cp1252"))
    with open_table(tmp_path / "file") as (source, lines), reading_apart(tmp_path / "file") as (other, same):
        assert (source, list(lines)) == (other, list(same))
    (tmp_path / "file").write_bytes(b"A\n")
    with pytest.raises(Unreadable, match="empty"), reading_apart(tmp_path / "file") as (_source, lines):
        list(lines)


@settings(
    max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(content=st.binary(max_size=400) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_a_table_or_refused(tmp_path: Path, content: bytes) -> None:
    if tables.kind_of(content) != "csv":
        return
    try:
        lines = _cells(tmp_path, content)
    except Unreadable:
        return
    assert len(lines) > 1
    assert not any("\x00" in cell or cell != cell.strip() for cells in lines for cell in cells)


@settings(
    max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(changes=st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 255)), min_size=1, max_size=12))
def test_a_damaged_workbook_is_read_or_refused(tmp_path: Path, changes: list[tuple[int, int]]) -> None:
    content = bytearray(workbook([["A", "B"], ["1", "2"]]))
    for place, value in changes:
        content[place % len(content)] = value
    (tmp_path / "file").write_bytes(bytes(content))
    try:
        with reading_apart(tmp_path / "file") as (_source, lines):
            list(lines)
    except Unreadable as refusal:
        assert refusal.code  # noqa: PT017
