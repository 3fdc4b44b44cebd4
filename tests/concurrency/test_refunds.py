"""Money is given back once, however many give it back (domain.md §6)."""

from collections.abc import Callable
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest

from bookings.checkout import refunding, writing
from bookings.checkout.refunding import AlreadyRefunded, RefundTooMuch, refund
from bookings.checkout.voiding import void
from bookings.checkout.writing import Held, SaleVoid
from bookings.models import Method, Refund, Sale, SaleLine, SaleState
from clients.models import Client, PointsEntry
from loyalty.rules import Details, save_rules
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import make_client
from tests.checkout.till import AFTER, MANAGER, a_till, give_treatcard, points_of, product
from tests.conftest import NOW
from tests.identity.racing import race

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sale(sonnenschein: Salon) -> Sale:
    with salon_scope(sonnenschein.pk):
        till = a_till(MANAGER, sonnenschein)
        give_treatcard(till.day.lena)
        return till.sold(product(till.oil, 3))


def _in(salon: Salon, do: Callable[..., Sale], **given: Any) -> Callable[[], Sale]:
    def act() -> Sale:
        with salon_scope(salon.pk):
            return do(actor=MANAGER, salon=salon, now=AFTER, **given)

    return act


def _line(salon: Salon) -> UUID:
    with salon_scope(salon.pk):
        return SaleLine.objects.get().pk


def _given(salon: Salon) -> tuple[str, int, int, str]:
    with salon_scope(salon.pk):
        sale, line = Sale.objects.get(), SaleLine.objects.get()
        entries = sum(PointsEntry.objects.values_list("points", flat=True))
        assert Client.objects.get(sales=sale).points == entries
        rows = sum(Refund.objects.values_list("amount", flat=True))
        assert rows == sale.refunded
        return str(sale.refunded), line.refunded, entries, str(sale.state)


def test_of_four_who_refund_the_last_units_one_does(sonnenschein: Salon, sale: Sale) -> None:
    line = _line(sonnenschein)
    asked = {"sale_id": sale.pk, "method": Method.CARD, "lines": {line: 2}}
    outcomes = race(*[_in(sonnenschein, refund, **asked)] * 4)
    assert sum(isinstance(one, Sale) for one in outcomes) == 1
    assert sum(isinstance(one, RefundTooMuch) for one in outcomes) == 3
    assert _given(sonnenschein) == ("55.00", 2, 55, SaleState.PARTLY_REFUNDED)


def test_each_of_three_units_goes_back_once(sonnenschein: Salon, sale: Sale) -> None:
    line = _line(sonnenschein)
    asked = {"sale_id": sale.pk, "method": Method.CARD, "lines": {line: 1}}
    outcomes = race(*[_in(sonnenschein, refund, **asked)] * 5)
    assert sum(isinstance(one, Sale) for one in outcomes) == 3
    assert sum(isinstance(one, AlreadyRefunded) for one in outcomes) == 2
    assert _given(sonnenschein) == ("82.50", 3, 0, SaleState.REFUNDED)


def test_a_refund_and_a_void_give_everything_back_once(sonnenschein: Salon, sale: Sale) -> None:
    outcomes = race(
        _in(sonnenschein, refund, sale_id=sale.pk, method=Method.CARD),
        _in(sonnenschein, void, sale_id=sale.pk),
        _in(sonnenschein, void, sale_id=sale.pk),
    )
    refused = [one for one in outcomes if not isinstance(one, Sale)]
    assert all(isinstance(one, SaleVoid) for one in refused)
    refunded, _lines, entries, state = _given(sonnenschein)
    assert (refunded, entries, state) == ("82.50", 0, SaleState.VOID)


def test_what_was_given_for_a_referral_goes_back_once(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        save_rules(actor=MANAGER, details=Details(referral_points=50), now=NOW)
        till = a_till(MANAGER, sonnenschein)
        mia = give_treatcard(make_client("Mia", "Koch"))
        Client.objects.filter(pk=till.day.lena.pk).update(referred_by=mia)
        sale = till.sold(product(till.oil, 2))
        line = SaleLine.objects.get().pk
    half = {"sale_id": sale.pk, "method": Method.CARD, "lines": {line: 1}}
    outcomes = race(
        *[_in(sonnenschein, refund, **half)] * 3,
        _in(sonnenschein, refund, sale_id=sale.pk, method=Method.CARD),
        _in(sonnenschein, void, sale_id=sale.pk),
    )
    refused = [one for one in outcomes if not isinstance(one, Sale)]
    assert all(isinstance(one, (AlreadyRefunded, RefundTooMuch, SaleVoid)) for one in refused)
    with salon_scope(sonnenschein.pk):
        moved = PointsEntry.objects.filter(client=mia).order_by("number").values_list("points", flat=True)
        assert (list(moved), points_of(mia)) == ([50, -50], 0)


def test_without_the_lock_money_would_go_back_twice(
    sonnenschein: Salon, sale: Sale, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: what the lock is for. What the sale says would then be less than what was given back."""

    barrier = Barrier(2)

    def hold(sale_id: UUID, version: int | None = None, *_others: object) -> Held:
        found = Sale.objects.get(pk=sale_id)
        lines = writing.lines_of(found)
        barrier.wait(timeout=20)
        cards = Client.objects.filter(sales=found)
        return Held(found, lines, {card.pk: card for card in cards}, None, {})

    monkeypatch.setattr(refunding, "hold", hold)
    line = _line(sonnenschein)
    asked = {"sale_id": sale.pk, "method": Method.CARD, "lines": {line: 2}}
    race(*[_in(sonnenschein, refund, **asked)] * 2)
    with salon_scope(sonnenschein.pk):
        stored = Sale.objects.get().refunded
        assert sum(Refund.objects.values_list("amount", flat=True)) == 2 * stored
