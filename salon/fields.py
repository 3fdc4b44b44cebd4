"""Database fields that Django does not have: money in cents, and sets of periods."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import models
from psycopg.types.multirange import TimestamptzMultirange

from salon.money import cents, from_cents

if TYPE_CHECKING:
    _Cents = models.BigIntegerField[Decimal, Decimal]
    _CentsOrNone = models.BigIntegerField[Decimal | None, Decimal | None]
    _Periods = models.Field[TimestamptzMultirange, TimestamptzMultirange]
else:
    _Cents = models.BigIntegerField
    _Periods = models.Field


class MoneyField(_Cents):
    """An amount of money: bigint cents in the database, `Decimal` with two places in Python (architecture.md §5)."""

    def from_db_value(self, value: int | None, *_context: Any) -> Decimal | None:
        return None if value is None else from_cents(value)

    def to_python(self, value: Any) -> Any:
        return value if value is None else Decimal(value)

    def get_prep_value(self, value: Any) -> Any:
        if value is None or isinstance(value, models.expressions.BaseExpression):
            return value
        if isinstance(value, float):
            raise TypeError("Money is never a float.")
        return cents(Decimal(value))


def optional_money() -> "_CentsOrNone":
    """Return a field for an amount of money that need not be there."""
    options: dict[str, Any] = {"null": True, "blank": True}
    return MoneyField(**options)  # type: ignore[return-value]


class PeriodsField(_Periods):
    """A set of half-open periods of time, `tstzmultirange`; written and read whole, searched by constraints alone."""

    def db_type(self, connection: Any) -> str:  # noqa: ARG002
        return "tstzmultirange"
