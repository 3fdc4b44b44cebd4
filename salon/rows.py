"""Rows of one table read and written in words of their own.

Django words every statement anew; where a booking reads and writes a dozen rows, that took most of its time. What a
model says of its columns is put into words once here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from operator import attrgetter
from types import NoneType
from typing import Any, cast
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import (
    BooleanField,
    CharField,
    DateTimeField,
    Field,
    ForeignKey,
    IntegerField,
    Model,
    PositiveIntegerField,
    PositiveSmallIntegerField,
    SmallIntegerField,
    TextField,
    UUIDField,
)
from django.db.models.base import ModelState
from django.db.models.expressions import DatabaseDefault
from psycopg.types.numeric import Int2, Int4

from salon.tenancy.postgresql.base import DatabaseWrapper

type Values = Mapping[str, Any] | Sequence[Any]
type _Convert = Callable[[Any], Any]
# What the database takes as the model has it: of these fields, values of just this type.
_READY: dict[type[Any], type[Any]] = {BooleanField: bool, CharField: str, TextField: str, UUIDField: UUID}
_NUMBERS: dict[type[Any], Callable[[int], Any]] = {
    IntegerField: Int4,
    PositiveIntegerField: Int4,
    PositiveSmallIntegerField: Int2,
    SmallIntegerField: Int2,
}
# Rows that wait for the end of `together`; None outside of it.
_waiting: ContextVar[list[Sequence[Model]] | None] = ContextVar("rows that wait", default=None)


@dataclass(frozen=True, slots=True)
class _Words:
    """What statements say of one table, and how what they return becomes values of its model."""

    table: str
    columns: str
    names: list[str]
    key: int
    conversions: list[tuple[int, _Convert]]
    values: Callable[[Model], tuple[Any, ...]]
    writing: list[tuple[type[Any], _Convert]]
    insert: str


def fetch(sql: str, values: Values) -> list[tuple[Any, ...]]:
    """Return the rows that a statement gives; its text should be one of few."""
    cursor, text = cast(DatabaseWrapper, connections[DEFAULT_DB_ALIAS]).statement(sql)
    cursor.execute(text, values)
    found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def execute(sql: str, values: Values) -> int:
    """Execute a statement that gives no rows, and return how many it concerned; its text should be one of few."""
    cursor, text = cast(DatabaseWrapper, connections[DEFAULT_DB_ALIAS]).statement(sql)
    cursor.execute(text, values)
    concerned: int = cursor.rowcount
    return concerned


def read[Row: Model](model: type[Row], rest: str, values: Mapping[str, Any]) -> list[Row]:
    """Return the rows of one table that the rest of a statement, from its WHERE on, chooses."""
    words = _words_for(model)
    found = fetch(f"SELECT {words.columns} FROM {words.table}{rest}", values)  # noqa: S608 - names of columns
    return [_row(model, words, one) for one in found]


def read_with[Row: Model](
    model: type[Row], more: str, rest: str, values: Mapping[str, Any], *, beside: type[Model] | None = None
) -> list[tuple[Any, ...]]:
    """Return such rows, each with the values that further columns of the statement have.

    Between them is, where the rest joins the table of another model, the row that stands `beside` it, or None.
    """
    tables = [(one, _words_for(one)) for one in (model, beside) if one]
    columns = ", ".join(words.columns for _one, words in tables)
    found = fetch(f"SELECT {columns}, {more} FROM {tables[0][1].table}{rest}", values)  # noqa: S608
    return [tuple(_parts(tables, one)) for one in found]


def _parts(tables: Sequence[tuple[type[Model], _Words]], values: tuple[Any, ...]) -> Iterator[Any]:
    begin = 0
    for model, words in tables:
        end = begin + len(words.names)
        own = values[begin:end]
        yield None if own[words.key] is None else _row(model, words, own)
        begin = end
    yield from values[begin:]


def insert(rows: Sequence[Model], *, unless: str = "", behind: Sequence[Model] = ()) -> bool:
    """Write new rows of one table in one statement and return whether all of them are there.

    What the constraint `unless` forbids is left out instead of ending the transaction: no savepoint is needed to go on.
    Those of another table which they stand `behind` are written with them.
    """
    waiting = _waiting.get()
    if waiting is not None and not unless:
        waiting += [part for part in (behind, rows) if part]
        return True
    end = f" ON CONFLICT ON CONSTRAINT {connection.ops.quote_name(unless)} DO NOTHING" if unless else ""
    return _write([part for part in (behind, rows) if part], end) == len(rows)


@contextmanager
def together() -> Iterator[None]:
    """Write what `insert` is given in this block in one statement at its end: nothing in the block may read it.

    Where the block ends with an exception, none of it is written.
    """
    if _waiting.get() is not None:
        yield
        return
    waiting: list[Sequence[Model]] = []
    token = _waiting.set(waiting)
    try:
        yield
    finally:
        _waiting.reset(token)
    if waiting:
        _write(waiting)


def _write(parts: Sequence[Sequence[Model]], end: str = "") -> int:
    """Write rows of several tables in one statement, and return how many of the last ones are there."""
    *before, (last, last_values) = [_insert(rows) for rows in parts]
    first = ", ".join(f"part_{number} AS ({sql})" for number, (sql, _values) in enumerate(before))
    values = [*(value for _sql, values in before for value in values), *last_values]
    return execute(f"WITH {first} {last}{end}" if first else last + end, values)


def _insert(rows: Sequence[Model]) -> tuple[str, list[Any]]:
    """Return the SQL that writes new rows of one table, and its values."""
    words = _words_for(type(rows[0]))
    values: list[Any] = []
    marks = []
    for one in rows:
        row = []
        for value, (ready, prepare) in zip(words.values(one), words.writing, strict=True):
            given = type(value)
            if given is DatabaseDefault:
                row.append("DEFAULT")
                continue
            row.append("%s")
            values.append(value if value is None or given is ready else prepare(value))
        marks.append(f"({', '.join(row)})")
    return words.insert + ", ".join(marks), values


def _row[Row: Model](model: type[Row], words: _Words, values: tuple[Any, ...]) -> Row:
    made = list(values)
    for index, convert in words.conversions:
        made[index] = convert(made[index])
    # What `from_db` comes to where every column is there, without asking each field to set its value.
    state = ModelState()
    state.adding, state.db = False, DEFAULT_DB_ALIAS
    row = model.__new__(model)
    row.__dict__.update(zip(words.names, made, strict=True), _state=state)
    return row


@cache
def _words_for(model: type[Model]) -> _Words:
    quote = connection.ops.quote_name
    fields = list(model._meta.concrete_fields)
    written = [field for field in fields if not field.generated]
    table = quote(model._meta.db_table)
    every = ", ".join(f"{table}.{quote(str(field.column))}" for field in fields)
    columns = ", ".join(quote(str(field.column)) for field in written)
    return _Words(
        table=table,
        columns=every,
        names=[field.attname for field in fields],
        key=fields.index(model._meta.pk),
        conversions=[(index, convert) for index, field in enumerate(fields) if (convert := _conversion(field))],
        values=attrgetter(*(field.attname for field in written)),
        writing=[_writing(field) for field in written],
        insert=f"INSERT INTO {table} ({columns}) VALUES ",  # noqa: S608
    )


def _writing(field: "Field[Any, Any]") -> tuple[type[Any], _Convert]:
    """Return the type of a field's values that are written as they are, and what prepares others."""
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        raise TypeError(f"{field} is given its value by Django, in rows that Django writes.")
    kind = type(field.target_field if isinstance(field, ForeignKey) else field)
    prepare = partial(field.get_db_prep_save, connection=connection)
    if kind is DateTimeField:
        return NoneType, lambda value: value if type(value) is datetime and value.tzinfo else prepare(value)
    if kind in _NUMBERS:
        number = _NUMBERS[kind]
        return NoneType, lambda value: number(value) if type(value) is int else prepare(value)
    return _READY.get(kind, NoneType), prepare


def _conversion(field: "Field[Any, Any]") -> _Convert | None:
    """Return what makes a value of the database one of the model, None where it is one already."""
    expression = field.cached_col
    converters = [*connection.ops.get_db_converters(expression), *expression.get_db_converters(connection)]
    if not converters:
        return None

    def convert(value: Any) -> Any:
        for one in converters:
            value = one(value, expression, connection)
        return value

    return convert
