"""What a sale earns: a rule without database (domain.md §7)."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from math import floor

from salon.catalogue.models import ItemKind


@dataclass(frozen=True, slots=True)
class Rates:
    """Points for 1.00 of services and of products, and which version of the salon's rules says so."""

    services: Decimal
    products: Decimal
    version: int


@dataclass(frozen=True, slots=True)
class Earning:
    """One line of a sale as far as it earns: what it comes to after all discounts, and how many units.

    `flat` are the item's own points per unit (0: none); None leaves it to the salon's rate. Rewards, tips, vouchers and
    deposits earn nothing: they are no such line.
    """

    kind: ItemKind
    amount: Decimal
    quantity: int
    flat: int | None


def points_for(lines: Iterable[Earning], rates: Rates) -> int:
    """Return the points of a whole sale: floor(rate of services × S + rate of products × P) + Σ flat × quantity.

    Rounded down once, for the sale: three lines of 0.50 are one point.
    """
    rate = {ItemKind.SERVICE: rates.services, ItemKind.PRODUCT: rates.products}
    by_rate, flat = Decimal(0), 0
    for line in lines:
        if line.flat is None:
            by_rate += rate[line.kind] * line.amount
        else:
            flat += line.flat * line.quantity
    return floor(by_rate) + flat
