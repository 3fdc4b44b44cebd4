"""Rows of one table read and written in words of their own.

Django words every statement anew; where a booking reads and writes a dozen rows, that took most of its time. What a
model says of its columns is put into words once here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from types import NoneType
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import BooleanField, CharField, Field, Model, TextField, UUIDField
from django.db.models.expressions import DatabaseDefault

type _Convert = Callable[[Any], Any]
# What the database takes as the model has it: of these fields, these values.
_PLAIN = {BooleanField, CharField, TextField, UUIDField}
_READY = {NoneType, UUID, bool, str}
# Rows that wait for the end of `together`; None outside of it.
_waiting: ContextVar[list[Sequence[Model]] | None] = ContextVar("rows that wait", default=None)


@dataclass(frozen=True, slots=True)
class _Words:
    """What statements say of one table, and how what they return becomes values of its model."""

    select: str
    names: list[str]
    conversions: list[tuple[int, _Convert]]
    written: "list[tuple[Field[Any, Any], bool]]"
    insert: str


def read[Row: Model](model: type[Row], rest: str, values: Mapping[str, Any]) -> list[Row]:
    """Return the rows of one table that the rest of a statement, from its WHERE on, chooses."""
    words = _words_for(model)
    with connection.cursor() as cursor:
        cursor.execute(words.select + rest, values)
        found = cursor.fetchall()
    return [_row(model, words, one) for one in found]


def read_with[Row: Model](model: type[Row], more: str, rest: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return such rows, each with the values that further columns of the statement have."""
    words = _words_for(model)
    select, table = words.select.rsplit(" FROM ", 1)
    with connection.cursor() as cursor:
        cursor.execute(f"{select}, {more} FROM {table}{rest}", values)
        found = cursor.fetchall()
    many = len(words.names)
    return [(_row(model, words, one[:many]), *one[many:]) for one in found]


def insert(rows: Sequence[Model], *, unless: str = "") -> bool:
    """Write new rows of one table in one statement and return whether all of them are there.

    What the constraint `unless` forbids is left out instead of ending the transaction: no savepoint is needed to go on.
    """
    waiting = _waiting.get()
    if waiting is not None and not unless:
        waiting.append(rows)
        return True
    sql, values = _insert(rows)
    end = f" ON CONFLICT ON CONSTRAINT {connection.ops.quote_name(unless)} DO NOTHING" if unless else ""
    with connection.cursor() as cursor:
        cursor.execute(sql + end, values)
        return bool(cursor.rowcount == len(rows))


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
        *parts, (last, last_values) = [_insert(rows) for rows in waiting]
        before = ", ".join(f"part_{number} AS ({sql})" for number, (sql, _values) in enumerate(parts))
        with connection.cursor() as cursor:
            cursor.execute(
                f"WITH {before} {last}" if before else last,
                [*(value for _sql, values in parts for value in values), *last_values],
            )


def _insert(rows: Sequence[Model]) -> tuple[str, list[Any]]:
    """Return the SQL that writes new rows of one table, and its values."""
    words = _words_for(type(rows[0]))
    database = connections[DEFAULT_DB_ALIAS]
    values: list[Any] = []
    marks = []
    for one in rows:
        row = []
        for field, is_plain in words.written:
            value = field.pre_save(one, add=True)
            if isinstance(value, DatabaseDefault):
                row.append("DEFAULT")
                continue
            row.append("%s")
            is_ready = is_plain and type(value) in _READY
            values.append(value if is_ready else field.get_db_prep_save(value, database))
        marks.append(f"({', '.join(row)})")
    return words.insert + ", ".join(marks), values


def _row[Row: Model](model: type[Row], words: _Words, values: tuple[Any, ...]) -> Row:
    made = list(values)
    for index, convert in words.conversions:
        made[index] = convert(made[index])
    return model.from_db(DEFAULT_DB_ALIAS, words.names, made)


@cache
def _words_for(model: type[Model]) -> _Words:
    quote = connection.ops.quote_name
    fields = list(model._meta.concrete_fields)
    written = [(field, type(field) in _PLAIN) for field in fields if not field.generated]
    table = quote(model._meta.db_table)
    every = ", ".join(f"{table}.{quote(str(field.column))}" for field in fields)
    columns = ", ".join(quote(str(field.column)) for field, _is_plain in written)
    return _Words(
        select=f"SELECT {every} FROM {table}",  # noqa: S608 - names of columns
        names=[field.attname for field in fields],
        conversions=[(index, convert) for index, field in enumerate(fields) if (convert := _conversion(field))],
        written=written,
        insert=f"INSERT INTO {table} ({columns}) VALUES ",  # noqa: S608
    )


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
