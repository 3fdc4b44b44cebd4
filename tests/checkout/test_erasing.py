"""An erasure leaves what was sold, and nobody it was sold to (domain.md §2)."""

from datetime import datetime, timedelta

import pytest

from bookings.checkout.refunding import refund
from bookings.checkout.sales import LineKind, LineWish, take_deposit
from bookings.checkout.writing import lines_of
from bookings.models import DepositRule, Method, Payment, Refund, RefundKind, Sale, SalesRules, SaleState
from bookings.states import State
from clients.models import CardState, Client
from clients.points import drifted
from loyalty.models import Matrix, PriorUse, Redemption, Returned
from loyalty.prior_use import note_prior_use
from loyalty.redemption import redeem
from salon.catalogue.models import ItemKind
from salon.desk.erasure import erase_card
from tests.bookings.salonday import at
from tests.checkout.till import (
    AFTER,
    MANAGER,
    Till,
    amounts,
    give_discount,
    give_treatcard,
    make_reward,
    money,
    names,
    points_of,
    product,
)

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


def test_what_she_would_have_had_for_points_stays_on_the_shelf(office: Till) -> None:
    lena = give_treatcard(office.day.lena, 1000)
    give_discount(lena, "10")
    treat = make_reward(office.oil, matrix=Matrix.ANYTIME)
    treats = [product(office.shampoo), LineWish(LineKind.REWARD, reward_id=treat.pk)]
    nothing_paid, begun, paid = office.open(*treats), office.open(*treats), office.sold(*treats)
    office.pay(begun, "5.00")
    assert points_of(lena) == 700 + 35
    erased = _erase(office)
    assert (erased.points, drifted(after=None, limit=100).numbers) == (0, [])
    assert dict(Sale.objects.values_list("pk", "state")) == {
        nothing_paid.pk: SaleState.VOID,
        begun.pk: SaleState.OPEN,
        paid.pk: SaleState.PAID,
    }
    assert [names(lines_of(one)) for one in (nothing_paid, begun, paid)] == [
        ["Shampoo", "Haaröl"],
        ["Shampoo"],
        ["Shampoo", "Haaröl"],
    ]
    # The rest costs what was agreed, and can be settled.
    assert amounts(begun) == ("17.91", "5.00", "12.91")
    assert office.pay(begun).state == SaleState.PAID
    # What she had is had; of the rest nobody says that it was.
    reasons = Redemption.objects.order_by("redeemed_at", "id").values_list("return_reason", flat=True)
    assert sorted(reasons) == ["", Returned.REMOVED, Returned.VOIDED]
    assert Redemption.objects.standing().get() == paid.lines.get(kind=LineKind.REWARD).redemption


def test_what_she_would_have_had_with_a_visit_to_come_stays_on_the_shelf(office: Till) -> None:
    lena = give_treatcard(office.day.lena, 1000)
    treat = make_reward(office.oil)
    visit = office.visit(state=State.BOOKED)
    office.charge(visit, LineWish(LineKind.REWARD, reward_id=treat.pk), now=at(8))
    assert points_of(lena) == 900
    _erase(office, at(9))
    assert list(Sale.objects.values_list("state", flat=True)) == [SaleState.VOID] * 2
    assert Redemption.objects.get().return_reason == Returned.VOIDED
