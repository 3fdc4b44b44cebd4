"""What a sale earns (domain.md §7)."""

from decimal import Decimal

import pytest

from loyalty.earning import Earning, Rates, points_for
from salon.catalogue.models import ItemKind

DEFAULTS = Rates(Decimal(1), Decimal(2), 0)
DECIMALS = Rates(Decimal("0.50"), Decimal("1.25"), 4)


def service(amount: str, quantity: int = 1, flat: int | None = None) -> Earning:
    return Earning(ItemKind.SERVICE, Decimal(amount), quantity, flat)


def product(amount: str, quantity: int = 1, flat: int | None = None) -> Earning:
    return Earning(ItemKind.PRODUCT, Decimal(amount), quantity, flat)


@pytest.mark.parametrize(
    ("lines", "rates", "expected"),
    [
        ([], DEFAULTS, 0),
        # The seed's own figure.
        ([service("100.00"), product("50.00")], DEFAULTS, 200),
        # Rounded down once, for the sale, not line by line.
        ([service("0.50"), service("0.50"), service("0.50")], DEFAULTS, 1),
        ([service("59.99")], DEFAULTS, 59),
        ([service("19.90"), product("19.90")], DEFAULTS, 59),
        # Both halves together: 0.50 × 59.00 + 1.25 × 19.90 = 29.5 + 24.875.
        ([service("59.00"), product("19.90")], DECIMALS, 54),
        # Own points leave the base, and count for each unit.
        ([service("59.00", flat=10), product("50.00")], DEFAULTS, 110),
        ([product("59.70", quantity=3, flat=7)], DEFAULTS, 21),
        # 0 are none; the amount is out of the base all the same.
        ([service("59.00", flat=0), service("10.00")], DEFAULTS, 10),
        ([service("100.00")], Rates(Decimal(0), Decimal(2), 1), 0),
        # Given away: nothing was paid.
        ([service("0.00")], DEFAULTS, 0),
        ([service("0.00", flat=5)], DEFAULTS, 5),
        # Without floats: 0.1 × 3 would be more than 0.3.
        ([service("0.10"), service("0.20")], Rates(Decimal("10.00"), Decimal(0), 1), 3),
    ],
)
def test_points_of_a_sale(lines: list[Earning], rates: Rates, expected: int) -> None:
    assert points_for(lines, rates) == expected
