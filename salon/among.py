"""A condition that is looked up in an index, whatever the database knows of its tables (quality.md §1)."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, Func, Model, QuerySet, Value


class Among(Func):
    """Whether a column, or a value, is one of those that a query returns, which is run once.

    `IN (SELECT …)` is a join. Before the database has counted a new table, it takes a salon for a handful of rows and
    may walk through all of the one table for each row of the other.
    """

    output_field = BooleanField()
    arg_joiner = " = ANY("
    template = "%(expressions)s)"

    def __init__(self, column: str | Value, values: QuerySet[Model, Any]) -> None:
        super().__init__(column, ArraySubquery(values))
