"""Several tabs at one till (domain.md §6, quality.md §2)."""

import os
import time
from collections import Counter
from collections.abc import Callable
from uuid import UUID

import pytest
from django.db.models import Sum

from bookings.checkout import paying
from bookings.checkout.sales import Overpaid, SaleAlreadyPaid, pay
from bookings.checkout.writing import Held, contents, lines_of
from bookings.models import Method, Payment, Sale, SaleState
from bookings.scheduling import ItemWish, add_item
from bookings.states import State
from bookings.writing import NotChangeable
from clients.models import PointsEntry
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.checkout.till import Till, a_till, give_treatcard, money, points_of, product
from tests.concurrency.hands import at_once

pytestmark = pytest.mark.django_db(transaction=True)
HANDS = 50 if os.environ.get("SOAK") else 12
ROUNDS = 10 if os.environ.get("SOAK") else 2


@pytest.fixture
def till(sonnenschein: Salon, front_desk: Actor) -> Till:
    with salon_scope(sonnenschein.pk):
        return a_till(front_desk, sonnenschein)


def _together(till: Till, act: Callable[[int], object], hands: int = HANDS) -> Counter[object]:
    def in_salon(index: int) -> object:
        with salon_scope(till.salon.pk):
            return act(index)

    return Counter(at_once(in_salon, hands, refusals=(SaleAlreadyPaid, Overpaid, NotChangeable)))


def _pays(till: Till, sale: Sale, amount: str) -> Callable[[int], str]:
    def act(_index: int) -> str:
        pay(**till.given, sale_id=sale.pk, method=Method.CARD, amount=money(amount))
        return "paid"

    return act


def test_of_two_tabs_one_takes_the_money(till: Till) -> None:
    with salon_scope(till.salon.pk):
        lena = give_treatcard(till.day.lena)
    for number in range(1, ROUNDS + 1):
        with salon_scope(till.salon.pk):
            sale = till.open(product(till.oil, 2))
        assert _together(till, _pays(till, sale, "55.00")) == {"paid": 1, SaleAlreadyPaid: HANDS - 1}
        with salon_scope(till.salon.pk):
            sale.refresh_from_db()
            assert (sale.state, sale.number, sale.paid) == (SaleState.PAID, number, money("55.00"))
            assert Payment.objects.filter(sale=sale).count() == 1
            assert (points_of(lena), PointsEntry.objects.count()) == (number * 110, number)


def test_never_more_than_is_due(till: Till) -> None:
    with salon_scope(till.salon.pk):
        sale = till.open(product(till.oil, 2))
    outcome = _together(till, _pays(till, sale, "20.00"))
    assert outcome == {"paid": 2, Overpaid: HANDS - 2}
    with salon_scope(till.salon.pk):
        sale.refresh_from_db()
        assert (sale.state, sale.paid) == (SaleState.OPEN, money("40.00"))


def test_without_the_lock_it_would_be_more(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: what the test above forbids does happen where nobody waits for anybody."""

    def unlocked(sale_id: UUID, version: int | None = None) -> Held:
        sale = Sale.objects.get(pk=sale_id)
        lines = lines_of(sale)
        time.sleep(0.2)
        return Held(sale, lines, {}, None, contents(lines))

    monkeypatch.setattr(paying, "hold", unlocked)
    with salon_scope(till.salon.pk):
        sale = till.open(product(till.oil, 2))
    assert _together(till, _pays(till, sale, "20.00"), hands=4)["paid"] > 2
    with salon_scope(till.salon.pk):
        assert Payment.objects.aggregate(all=Sum("amount"))["all"] > sale.total


def test_one_sale_of_an_appointment(till: Till) -> None:
    with salon_scope(till.salon.pk):
        visit = till.visit()
    outcome = _together(till, lambda _index: till.charge(visit).pk)
    assert list(outcome.values()) == [HANDS]
    with salon_scope(till.salon.pk):
        assert Sale.objects.get().lines.count() == 1


def test_numbers_ascend_without_gaps_or_twins(till: Till) -> None:
    _together(till, lambda _index: till.sold(product(till.oil), client_id=None).pk)
    with salon_scope(till.salon.pk):
        numbers = Sale.objects.order_by("number").values_list("number", flat=True)
        assert list(numbers) == list(range(1, HANDS + 1))


def test_paid_while_a_service_is_added(till: Till) -> None:
    """Either the service is on the sale that was paid, or it is refused; never done and not charged."""
    for _round in range(ROUNDS * 3):
        with salon_scope(till.salon.pk):
            visit = till.visit(state=State.ARRIVED)
            sale = till.charge(visit)
        wish = ItemWish(till.day.brows.pk, till.day.bora.pk)

        def act(index: int, sale: Sale = sale, visit_id: UUID = visit.pk, wish: ItemWish = wish) -> str:
            if index:
                add_item(**till.given, appointment_id=visit_id, item=wish)
                return "added"
            pay(**till.given, sale_id=sale.pk, method=Method.CARD, amount=money("59.00"))
            return "paid"

        outcome = _together(till, act, hands=2)
        with salon_scope(till.salon.pk):
            sale.refresh_from_db()
            items = visit.items.count()
            assert items == sale.lines.count()
            if outcome["added"]:
                assert (sale.state, sale.total, sale.paid) == (SaleState.OPEN, money("71.00"), money("59.00"))
            else:
                assert (sale.state, sale.total, items) == (SaleState.PAID, money("59.00"), 1)
            visit.items.all().update(active=False)
