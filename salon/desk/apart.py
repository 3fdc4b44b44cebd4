"""Writing a table in a process of its own: while it writes, this one asks the database for the next rows.

The writer knows neither the database nor the product: what it takes to begin is Python and the workbook's library.
"""

import json
import marshal
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import batched
from pathlib import Path
from subprocess import PIPE, Popen
from typing import IO, Any, cast

from salon.desk.workbook import Cell, Column, Kind, Table, write_csv, write_xlsx

_ROOT = Path(__file__).resolve().parents[2]
# So many rows go over at once: little to wait for, and little to hold.
_ROWS = 500
_LENGTH = 8
# How many bytes wait for the writer while the next rows are read; where a pipe's size is fixed, fewer do.
_AHEAD = 1024 * 1024
# The day 0 of spreadsheets that are right from March 1900 on; no day of a salon is older.
_DAY_ZERO = date(1899, 12, 30).toordinal()


class WriterLost(Exception):
    """The writing process has ended without a file, and not for want of room."""


def write_apart(file_format: str, table: Table, path: Path) -> None:
    """Write a table as `write_xlsx` or `write_csv` do, in another process; its rows are taken in this one.

    A table's days are from March 1900 on.

    Raises: OSError when there is no room for it; WriterLost; whatever the rows raise, and the file is not finished.
    """
    # The place of the modules is that of this one, wherever the worker stands.
    with Popen([sys.executable, "-m", __name__], cwd=_ROOT, stdin=PIPE, stdout=PIPE, pipesize=_AHEAD) as writer:
        try:
            _send_all(cast("IO[bytes]", writer.stdin), file_format, table, path.resolve())
            told, _nothing = writer.communicate()
        except BaseException:
            writer.kill()
            writer.communicate()
            raise
    if told:
        raise OSError(*json.loads(told))
    if writer.returncode:
        raise WriterLost(f"The writer of {path.name} ended with {writer.returncode}.")


def _send_all(pipe: IO[bytes], file_format: str, table: Table, path: Path) -> None:
    columns = [(str(column.heading), column.kind.name, column.width) for column in table.columns]
    try:
        _send(pipe, (file_format, table.title, columns, str(path)))
        for rows in batched(table.rows, _ROWS):
            _send(pipe, _packed(rows, table.columns))
        _send(pipe, None)
    except BrokenPipeError:
        # Why the writer has ended, it tells.
        return


def _send(pipe: IO[bytes], value: Any) -> None:
    content = marshal.dumps(value)
    pipe.write(len(content).to_bytes(_LENGTH))
    pipe.write(content)
    pipe.flush()


def _packed(rows: Sequence[Sequence[Cell]], columns: Sequence[Column]) -> list[Sequence[object]]:
    """Return rows as columns, with days as spreadsheets number them.

    `marshal`, many times as fast as `pickle`, knows no dates, and the workbook's writer is faster without them.
    """
    packed: list[Sequence[object]] = list(zip(*rows, strict=True))
    for place, column in enumerate(columns):
        if column.kind is Kind.DATE:
            packed[place] = [cell.toordinal() - _DAY_ZERO if type(cell) is date else cell for cell in packed[place]]
    return packed


def _days(packed: list[Sequence[Any]], columns: Sequence[Column]) -> list[Sequence[Any]]:
    """Return columns with days as dates again."""
    for place, column in enumerate(columns):
        if column.kind is Kind.DATE:
            packed[place] = [
                date.fromordinal(cell + _DAY_ZERO) if type(cell) is int else cell for cell in packed[place]
            ]
    return packed


def _numbers(packed: list[Sequence[Any]], _columns: Sequence[Column]) -> list[Sequence[Any]]:
    return packed


# How each format is written, and how it wants its days.
_WRITERS = {"CSV": (write_csv, _days), "XLSX": (write_xlsx, _numbers)}


def main() -> None:
    """Write the table that comes in; what it fails of goes out, a number and a text, nothing when it does not."""
    taken = _taken(sys.stdin.buffer)
    file_format, title, told, path = next(taken)
    columns = [Column(heading, Kind[kind], width) for heading, kind, width in told]
    write, as_written = _WRITERS[file_format]
    packs = (as_written(packed, columns) for packed in taken)
    rows = (row for packed in packs for row in zip(*packed, strict=True))
    try:
        write(Table(title, columns, rows), Path(path))
    except EOFError:
        # Nobody is there any more for whom the file would be.
        sys.exit(os.EX_NOINPUT)
    except OSError as error:
        json.dump([error.errno, str(error)], sys.stdout)


def _taken(pipe: IO[bytes]) -> Iterator[Any]:
    """Yield what was sent until the end of it.

    Raises: EOFError when it breaks off.
    """
    while (value := _value(_read(pipe, int.from_bytes(_read(pipe, _LENGTH))))) is not None:
        yield value


def _value(content: bytes) -> Any:
    # Nobody but the process that began this one has the other end of its pipe.
    return marshal.loads(content)  # noqa: S302


def _read(pipe: IO[bytes], length: int) -> bytes:
    content = pipe.read(length)
    if len(content) < length:
        raise EOFError
    return content


if __name__ == "__main__":
    main()
