"""Pages by key instead of by number: page 500 costs what page 1 costs (quality.md §1)."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet, FieldDoesNotExist, ValidationError
from django.db import connection
from django.db.models import BooleanField, ExpressionWrapper, F, Func, Model, Q, QuerySet, Value
from django.db.models.lookups import GreaterThan, LessThan

# So many rows are looked at in order before what meets a condition counts as rare.
WALKED = 1000


class InvalidCursor(Exception):
    """A cursor that no page of this list has given."""


@dataclass(frozen=True, slots=True)
class Order:
    """The columns a list is ordered by, all in one direction; the last one is unique."""

    fields: tuple[str, ...]
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Meeting:
    """A condition on rows, said twice: as it is best asked of all rows at once, and of one row after the other.

    `each` is None where whoever asks of one row would have to know of all. `reach`: how many times as far as usual it
    is worth looking, where asking of one row costs next to nothing.
    """

    all: Q
    each: Q | None
    reach: int = 1


@dataclass(frozen=True, slots=True)
class Page[Row: Model]:
    """One page of rows, and the cursors of its neighbours (None at an end)."""

    rows: list[Row]
    next: str | None
    previous: str | None


class _Row(Func):
    template = "(%(expressions)s)"
    output_field = BooleanField()


def page[Row: Model](
    rows: QuerySet[Row],
    order: Order,
    *,
    limit: int,
    cursor: str | None = None,
    meeting: Meeting | None = None,
    parts: Sequence[QuerySet[Row]] = (),
) -> Page[Row]:
    """Return up to `limit` rows of an unordered queryset at a cursor, or from the start; only those `meeting` it.

    `parts` (no two of which have a row in common) say which rows: of each an index has the order, where none has that
    of all of them.
    Raises: InvalidCursor.
    """
    columns = _columns(rows, order)
    backward, key = _decode(cursor, columns) if cursor else (False, None)
    descending, behind = order.descending != backward, Q()
    if key is not None:
        here = _Row(*map(F, order.fields))
        there = _Row(*(Value(value, field) for value, field in zip(key, columns, strict=True)))
        behind = Q(LessThan(here, there) if descending else GreaterThan(here, there))
    by = [f"-{name}" if descending else name for name in order.fields]
    if parts:
        first, *others = [part.filter(behind).order_by(*by).values("pk")[: limit + 1] for part in parts]
        rows = rows.filter(pk__in=first.union(*others, all=True))
    ordered = rows.filter(behind).order_by(*by)
    found = list(ordered[: limit + 1]) if meeting is None else _sought(ordered, meeting, limit + 1)
    more, found = len(found) > limit, found[:limit]
    if backward:
        found.reverse()
    if not found:
        return Page([], None, None)
    has_next, has_previous = (True, more) if backward else (more, key is not None)
    return Page(
        found,
        _encode(False, found[-1], columns) if has_next else None,
        _encode(True, found[0], columns) if has_previous else None,
    )


def _sought[Row: Model](ordered: QuerySet[Row], meeting: Meeting, many: int) -> list[Row]:
    """Return the first rows of an ordered queryset that meet a condition.

    The planner knows nothing of one salon's share in a condition; so nothing is left to it. What is frequent is met
    while walking along the order. What is not met often enough on the way is rare: gathered, by whatever index it
    has, and ordered then.
    """
    keys: list[Any] = []
    if meeting.each is not None:
        meets = ExpressionWrapper(meeting.each, output_field=BooleanField())
        walked = ordered.annotate(meets=meets).values("pk", "meets")[: WALKED * meeting.reach]
        keys = _keys(f"SELECT pk FROM (…) walked WHERE meets LIMIT {int(many)}", walked)  # noqa: S608 - a number
    if len(keys) < many:
        names = [str(name) for name in ordered.query.order_by]
        gathered = ordered.order_by().filter(meeting.all).values("pk", *(name.removeprefix("-") for name in names))
        by = ", ".join(f"{name[1:]} DESC" if name.startswith("-") else name for name in names)
        around = f"SELECT pk FROM (… OFFSET 0) gathered ORDER BY {by} LIMIT {int(many)}"  # noqa: S608 - own columns
        keys = _keys(around, gathered)
    found = ordered.order_by().in_bulk(keys)
    # One may be gone since.
    return [found[key] for key in keys if key in found]


def _keys(around: str, rows: QuerySet[Any, Any]) -> list[Any]:
    try:
        sql, values = rows.query.sql_with_params()
    except EmptyResultSet:
        # What is asked is known to be met by none.
        return []
    with connection.cursor() as cursor:
        cursor.execute(around.replace("…", sql), values)
        return [row[0] for row in cursor.fetchall()]


def beyond[Row: Model](rows: QuerySet[Row], order: Order, row: Row, *, backward: bool = False) -> QuerySet[Row]:
    """Return what stands behind `row` in an unordered queryset (backward: before it), the nearest first."""
    descending = order.descending != backward
    here = _Row(*map(F, order.fields))
    there = _Row(*(Value(getattr(row, field.attname), field) for field in _columns(rows, order)))
    found = rows.filter(LessThan(here, there) if descending else GreaterThan(here, there))
    return found.order_by(*(f"-{name}" if descending else name for name in order.fields))


def _columns(rows: QuerySet[Any, Any], order: Order) -> list[Any]:
    """Return the columns of an order: fields of the model, or what the rows are annotated with, which is not null."""
    return [_column(rows, name) for name in order.fields]


def _column(rows: QuerySet[Any, Any], name: str) -> Any:
    try:
        return rows.model._meta.get_field(name)
    except FieldDoesNotExist as error:
        if name not in rows.query.annotations:
            raise TypeError(f"{rows.model.__name__} cannot be ordered by {name}") from error
        field = rows.query.annotations[name].output_field.clone()
        field.set_attributes_from_name(name)
        return field


def write_cursor(*parts: str | int) -> str:
    """Return a place in a list as an address carries it."""
    return urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> list[Any]:
    """Return the parts that `write_cursor` was given; every text among them can be stored.

    Raises: InvalidCursor.
    """
    try:
        parts = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        storable = isinstance(parts, list) and "\x00" not in "".join(map(str, parts)).encode().decode()
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidCursor(cursor) from error
    if not storable:
        raise InvalidCursor(cursor)
    return list(parts)


def _encode(backward: bool, row: Model, columns: Sequence[Any]) -> str:
    return write_cursor(int(backward), *(field.value_to_string(row) for field in columns))


def _decode(cursor: str, columns: Sequence[Any]) -> tuple[bool, Sequence[Any]]:
    try:
        backward, *texts = read_cursor(cursor)
        key = [field.to_python(text) for field, text in zip(columns, texts, strict=True)]
        for field, value in zip(columns, key, strict=True):
            field.run_validators(value)
    except (ValueError, TypeError, OverflowError, ValidationError) as error:
        raise InvalidCursor(cursor) from error
    if None in key:
        raise InvalidCursor(cursor)
    return bool(backward), key
