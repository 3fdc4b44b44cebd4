"""What a line costs, with exact amounts (domain.md §3, §6)."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookings.checkout.pricing import Discount, LineKind, Sold, Vat, part_between, part_of, price_line, vat_in
from clients.labels import DiscountOn
from salon.money import from_cents

SERVICE, PRODUCT, REWARD = LineKind.SERVICE, LineKind.PRODUCT, LineKind.REWARD


def _off(percent: str, on: DiscountOn = DiscountOn.BOTH, *, offers: bool = False, name: str = "") -> Discount:
    return Discount(Decimal(percent), on, offers, name or f"{on} {percent}")


def _sold(price: str, kind: LineKind = SERVICE, quantity: int = 1, offer: str = "", own: str = "") -> Sold:
    return Sold(kind, Decimal(price), quantity, Decimal(offer) if offer else None, Decimal(own) if own else None)


@pytest.mark.parametrize(
    ("sold", "discounts", "unit", "discount", "final"),
    [
        # No discount.
        (_sold("59.00"), [], "59.00", "0.00", "59.00"),
        (_sold("19.90", PRODUCT, 3), [], "19.90", "0.00", "59.70"),
        # One, rounded to the nearest cent, half a cent up, on the whole line.
        (_sold("59.00"), [_off("10")], "59.00", "5.90", "53.10"),
        (_sold("22.90", PRODUCT, 3), [_off("12.5")], "22.90", "8.59", "60.11"),
        (_sold("0.05"), [_off("10")], "0.05", "0.01", "0.04"),
        (_sold("0.01", quantity=3), [_off("50")], "0.01", "0.02", "0.01"),
        (_sold("59.00"), [_off("100")], "59.00", "59.00", "0.00"),
        # The best one alone.
        (_sold("100.00"), [_off("10"), _off("25"), _off("15")], "100.00", "25.00", "75.00"),
        # What it applies to.
        (
            _sold("100.00"),
            [_off("50", DiscountOn.PRODUCTS), _off("10", DiscountOn.SERVICES)],
            "100.00",
            "10.00",
            "90.00",
        ),
        (_sold("100.00", PRODUCT), [_off("50", DiscountOn.SERVICES)], "100.00", "0.00", "100.00"),
        # A special offer: only of a category that allows it.
        (_sold("59.00", offer="49.00"), [_off("50")], "49.00", "0.00", "49.00"),
        (_sold("59.00", offer="49.00"), [_off("50"), _off("10", offers=True)], "49.00", "4.90", "44.10"),
        (_sold("59.00", offer="0.00"), [_off("10", offers=True)], "0.00", "0.00", "0.00"),
        # A price given by hand is nobody's offer.
        (_sold("59.00", offer="49.00", own="40.00"), [_off("10")], "40.00", "4.00", "36.00"),
        (_sold("59.00", own="80.00", quantity=2), [], "80.00", "0.00", "160.00"),
        (_sold("59.00", own="0.00"), [_off("10")], "0.00", "0.00", "0.00"),
        # Rewards, tips and vouchers never.
        (_sold("25.00", REWARD), [_off("10")], "0.00", "0.00", "0.00"),
        (_sold("5.00", LineKind.TIP), [_off("10", offers=True)], "5.00", "0.00", "5.00"),
        (_sold("50.00", LineKind.VOUCHER, 2), [_off("10", offers=True)], "50.00", "0.00", "100.00"),
    ],
)
def test_a_line_costs(sold: Sold, discounts: list[Discount], unit: str, discount: str, final: str) -> None:
    priced = price_line(sold, discounts)
    assert [str(priced.unit_price), str(priced.discount), str(priced.final_price)] == [unit, discount, final]
    assert (priced.by is None) == (discount == "0.00")


def test_the_reason_is_the_category_that_gives_most() -> None:
    vip = _off("10.50", name="VIP")
    assert price_line(_sold("59.00"), [_off("10", name="Rentner"), vip]).by == vip
    # Of two that give the same, always the same one.
    twin = _off("10.5", name="Azubi")
    assert price_line(_sold("59.00"), [vip, twin]).by == price_line(_sold("59.00"), [twin, vip]).by == twin


CENTS = st.integers(0, 10**9)
PERCENTS = st.integers(1, 10_000).map(from_cents)
DISCOUNTS = st.lists(st.builds(Discount, PERCENTS, st.sampled_from(DiscountOn), st.booleans(), st.text(max_size=3)))


@given(CENTS, st.integers(1, 999), DISCOUNTS, st.sampled_from(LineKind))
def test_no_cent_is_lost_by_discounts(price: int, quantity: int, discounts: list[Discount], kind: LineKind) -> None:
    sold = Sold(kind, from_cents(price), quantity)
    priced = price_line(sold, discounts)
    assert priced.final_price + priced.discount == priced.unit_price * quantity
    assert 0 <= priced.final_price <= sold.list_price * quantity
    assert priced.final_price.as_tuple().exponent == priced.discount.as_tuple().exponent == -2
    # Nobody pays more for one discount more; no other one alone would have been better.
    assert all(priced.final_price <= price_line(sold, [one]).final_price for one in discounts)


@given(CENTS, st.integers(1, 999), st.data())
def test_no_cent_is_lost_by_parts(cents: int, of: int, data: st.DataObject) -> None:
    amount = from_cents(cents)
    steps = sorted({0, of, *data.draw(st.lists(st.integers(0, of), max_size=8))})
    parts = [part_between(amount, of, one, other - one) for one, other in pairwise(steps)]
    assert sum(parts) == amount
    assert all(part >= 0 for part in parts)
    # Each unit costs its share, up to a cent.
    assert all(
        abs(part - amount * (other - one) / of) <= Decimal("0.01")
        for part, (one, other) in zip(parts, pairwise(steps), strict=True)
    )


def test_parts_of_a_line() -> None:
    assert [str(part_of(Decimal("10.00"), 3, upto)) for upto in range(4)] == ["0.00", "3.33", "6.67", "10.00"]
    assert [str(part_between(Decimal("10.00"), 3, done, 1)) for done in range(3)] == ["3.33", "3.34", "3.33"]
    assert part_of(Decimal("0.01"), 3, 1) + part_between(Decimal("0.01"), 3, 1, 2) == Decimal("0.01")


def test_vat_of_each_rate() -> None:
    nineteen, seven, none = Decimal("19.00"), Decimal("7.00"), Decimal("0.00")
    amounts = [(nineteen, "59.00"), (seven, "10.70"), (nineteen, "19.90"), (none, "5.00")]
    assert vat_in((rate, Decimal(gross)) for rate, gross in amounts) == [
        Vat(nineteen, Decimal("78.90"), Decimal("66.30"), Decimal("12.60")),
        Vat(seven, Decimal("10.70"), Decimal("10.00"), Decimal("0.70")),
        Vat(none, Decimal("5.00"), Decimal("5.00"), Decimal("0.00")),
    ]
    assert vat_in([]) == []


@given(st.lists(st.tuples(st.sampled_from([Decimal(0), Decimal(7), Decimal(19)]), CENTS.map(from_cents))))
def test_vat_and_net_are_the_whole(amounts: list[tuple[Decimal, Decimal]]) -> None:
    found = vat_in(amounts)
    assert sum(one.net + one.vat for one in found) == sum(gross for _rate, gross in amounts)
    assert all(one.net >= 0 and one.vat >= 0 for one in found)
