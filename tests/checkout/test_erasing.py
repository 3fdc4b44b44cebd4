"""An erasure leaves what was sold, and nobody it was sold to (domain.md §2)."""

from datetime import datetime, timedelta

import pytest

from bookings.checkout.refunding import refund
from bookings.checkout.sales import take_deposit
from bookings.models import DepositRule, Method, Payment, Refund, RefundKind, Sale, SalesRules, SaleState
from bookings.states import State
from clients.models import CardState, Client
from loyalty.models import PriorUse, Redemption
from loyalty.prior_use import note_prior_use
from loyalty.redemption import redeem
from salon.catalogue.models import ItemKind
from salon.desk.erasure import erase_card
from tests.bookings.salonday import at
from tests.checkout.till import AFTER, MANAGER, Till, give_treatcard, make_reward, money, points_of, product

pytestmark = pytest.mark.django_db


def _erase(till: Till, now: datetime = AFTER + timedelta(minutes=5)) -> Client:
    erase_card(actor=MANAGER, salon=till.salon, client_id=till.day.lena.pk, now=now)
    return Client.objects.get(pk=till.day.lena.pk)


def test_what_was_sold_stays_without_a_word_about_her(office: Till) -> None:
    lena = give_treatcard(office.day.lena, 500)
    redemption = redeem(actor=MANAGER, client=lena, reward=make_reward(office.oil), had=False, now=AFTER)
    note_prior_use(actor=MANAGER, client_id=lena.pk, kind=ItemKind.PRODUCT, item_id=office.shampoo.pk, now=AFTER)
    sale = office.sold(product(office.oil, 2), product(office.shampoo))
    line = sale.lines.order_by("position").first()
    assert line
    reason = "Lena verträgt es nicht"
    refund(**office.given, sale_id=sale.pk, method=Method.CARD, lines={line.pk: 1}, reason=reason)
    before = Sale.objects.filter(pk=sale.pk).values("number", "total", "paid", "refunded", "paid_at", "state").get()
    erased = _erase(office)
    assert (erased.state, erased.first_name, erased.points) == (CardState.ERASED, "", 0)
    # Tax law wants it: what, when, for how much, and of one and the same number.
    kept = Sale.objects.filter(pk=sale.pk, client=erased)
    assert kept.values("number", "total", "paid", "refunded", "paid_at", "state").get() == before
    assert kept.get().lines.count() == 2
    assert Payment.objects.get(sale=sale).amount == money("74.90")
    assert Refund.objects.get(sale=sale).reason == ""
    assert not PriorUse.objects.exists()
    assert Redemption.objects.get(pk=redemption.pk).returned_at is None


@pytest.mark.parametrize("rule", [DepositRule.REFUND, DepositRule.KEEP])
def test_a_deposit_goes_back_by_the_salon_s_rule(office: Till, rule: DepositRule) -> None:
    SalesRules.objects.create(deposit_rule=rule)
    visit = office.visit(state=State.BOOKED)
    sale = take_deposit(
        actor=MANAGER,
        salon=office.salon,
        appointment_id=visit.pk,
        method=Method.CARD,
        amount=money("20.00"),
        now=at(8),
    )
    _erase(office, at(9))
    sale.refresh_from_db()
    given = Refund.objects.filter(sale=sale, kind=RefundKind.DEPOSIT).values_list("amount", flat=True)
    assert (sale.state, list(given)) == (
        SaleState.VOID,
        [money("20.00")] if rule == DepositRule.REFUND else [],
    )


def test_what_was_on_its_way_to_be_sold_never_was(office: Till) -> None:
    nothing_paid = office.open(product(office.oil))
    begun = office.pay(office.open(product(office.shampoo)), "5.00")
    others = office.open(product(office.oil), client_id=None)
    _erase(office)
    states = dict(Sale.objects.values_list("pk", "state"))
    assert states[nothing_paid.pk] == SaleState.VOID
    # Somebody has money of hers, and settles that.
    assert states[begun.pk] == SaleState.OPEN
    assert states[others.pk] == SaleState.OPEN
    assert points_of(office.day.lena) == 0
