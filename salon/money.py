"""Amounts of money: `Decimal` with two places, never floats (architecture.md §5)."""

import re
from decimal import Decimal

CENT = Decimal("0.01")
# What a price or an amount may be at most; far from the end of a bigint.
LARGEST = Decimal("9999999.99")
_ENTERED = re.compile(r"(\d{1,3}(?:\.\d{3})+|\d{1,9})(?:[.,](\d{1,2}))?", re.ASCII)


class NotMoney(ValueError):
    """A text is no amount of money, or one with fractions of a cent."""


def cents(amount: Decimal) -> int:
    """Return an amount in whole cents.

    Raises: NotMoney where it has fractions of one.
    """
    whole = amount.scaleb(2)
    if not whole.is_finite() or whole != whole.to_integral_value():
        raise NotMoney(str(amount))
    return int(whole)


def from_cents(number: int) -> Decimal:
    """Return so many cents as an amount with two places."""
    return Decimal(number).scaleb(-2)


def parse_money(text: str) -> Decimal:
    """Return what somebody entered as an amount: `12`, `12,5`, `12.50`, `1.234,50 €`; never negative.

    One point with three digits behind it separates thousands, as Germans write them.
    Raises: NotMoney.
    """
    bare = text.strip().removesuffix("€").strip()
    match = _ENTERED.fullmatch(bare)
    if match is None:
        raise NotMoney(text)
    whole, fraction = match[1].replace(".", ""), match[2] or ""
    amount = Decimal(f"{whole}.{fraction.ljust(2, '0')}")
    if amount > LARGEST:
        raise NotMoney(text)
    return amount
