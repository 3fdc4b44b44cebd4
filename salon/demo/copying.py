"""Writing many rows of one table, as the owner: COPY knows no row-level security."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models

# What psycopg writes as Python has it.
_PLAIN = {
    models.BooleanField,
    models.DateField,
    models.DateTimeField,
    models.ForeignKey,
    models.PositiveIntegerField,
    models.PositiveSmallIntegerField,
    models.UUIDField,
}


def copy(model: type[models.Model], rows: Iterable[models.Model]) -> None:
    """Write rows as they are; what the database works out by itself, it does."""
    fields: list[Any] = [
        field
        for field in model._meta.concrete_fields
        if not field.generated and field.db_default is models.NOT_PROVIDED
    ]
    prepared = [(field.attname, None if type(field) in _PLAIN else field.get_db_prep_save) for field in fields]
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    with connection.cursor() as cursor:
        database = cursor.db
        with cursor.copy(f"COPY {model._meta.db_table} ({columns}) FROM STDIN") as target:
            for row in rows:
                values = row.__dict__
                target.write_row(
                    [prepare(values[name], database) if prepare else values[name] for name, prepare in prepared]
                )


def copy_rows(model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows that are values of these fields already, as the database has them."""
    columns = ", ".join(connection.ops.quote_name(name) for name in names)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {model._meta.db_table} ({columns}) FROM STDIN") as target,
    ):
        for row in rows:
            target.write_row(row)
