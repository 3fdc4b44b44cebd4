"""Discounts and partial refunds of whole sales, at random: no cent appears or goes (domain.md §6, quality.md §2)."""

from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings.checkout.reading import get_sale
from bookings.checkout.refunding import refund
from bookings.models import Method, Refund, SaleLine, SaleState
from clients.models import Client
from salon.money import from_cents
from tests.checkout.till import Till, give_discount, give_treatcard, make_product, points_of, product, tip

pytestmark = pytest.mark.django_db

GOODS = st.lists(st.tuples(st.integers(1, 9999), st.integers(1, 7)), min_size=1, max_size=4)


@given(goods=GOODS, percent=st.integers(1, 10_000), steps=st.lists(st.integers(1, 3), max_size=4), data=st.data())
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_what_comes_in_is_what_can_go_out(
    office: Till, goods: list[tuple[int, int]], percent: int, steps: list[int], data: st.DataObject
) -> None:
    with transaction.atomic():
        _sell_and_give_back(office, goods, percent, steps, data)
        # The next one finds the till as it was.
        transaction.set_rollback(True)


def _sell_and_give_back(
    office: Till, goods: list[tuple[int, int]], percent: int, steps: list[int], data: st.DataObject
) -> None:
    client = give_treatcard(Client.objects.get(pk=office.day.lena.pk))
    give_discount(client, str(from_cents(percent)), offers=True)
    wishes = [product(make_product(f"Artikel {place}", str(from_cents(price))), quantity)
              for place, (price, quantity) in enumerate(goods)]  # fmt: skip
    sale = office.open(*wishes, tip("0.01"))
    view = get_sale(sale.pk)
    assert sum(line.final_price for line in view.lines) == view.sale.total == view.due
    assert sum(one.gross for one in view.vat) == view.sale.total
    assert view.discount == sum(line.unit_price * line.quantity for line in view.lines) - view.sale.total
    sale = office.pay(sale)
    earned = points_of(client)
    for most in steps:
        left = {one.pk: one.quantity - one.refunded for one in SaleLine.objects.filter(sale=sale)}
        asked = {pk: data.draw(st.integers(0, min(many, most))) for pk, many in left.items()}
        asked = {pk: many for pk, many in asked.items() if many}
        if asked:
            refund(**office.given, sale_id=sale.pk, method=Method.CARD, lines=asked)
        sale.refresh_from_db()
        given_back = sum((one.amount for one in Refund.objects.filter(sale=sale)), Decimal())
        assert 0 <= given_back == sale.refunded <= sale.paid
        assert 0 <= points_of(client) <= earned
    if sale.state != SaleState.REFUNDED:
        refund(**office.given, sale_id=sale.pk, method=Method.CARD)
    sale.refresh_from_db()
    assert (sale.state, sale.refunded) == (SaleState.REFUNDED, sale.paid)
    assert all(line.refunded_amount == line.final_price for line in SaleLine.objects.filter(sale=sale))
    assert points_of(client) == 0
