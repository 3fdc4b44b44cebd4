"""Sales declared void: money and points are where they were before (domain.md §6, §7)."""

import pytest

from bookings.checkout.refunding import refund
from bookings.checkout.sales import SaleVoid, pay, redeem_at_checkout
from bookings.checkout.voiding import void
from bookings.models import Appointment, Method, Refund, RefundKind, Sale, SalesRules, SaleState, TillMode
from bookings.rewarding import append_reward
from clients.models import Cause, Client, PointsEntry
from loyalty.models import Redemption, Returned
from salon.errors import InvalidInput, NotAllowed
from tests.checkout.till import (
    AFTER,
    Till,
    amounts,
    give_discount,
    give_treatcard,
    make_product,
    make_reward,
    money,
    points_of,
    product,
    service,
    told,
)

pytestmark = pytest.mark.django_db


def given_back(sale: Sale) -> list[tuple[str, str, str, int]]:
    rows = Refund.objects.filter(sale=sale, kind=RefundKind.VOID).order_by("id")
    return [(str(one.method), str(one.amount), one.reference, one.points) for one in rows]


def test_money_and_points_go_back_as_they_came(office: Till) -> None:
    SalesRules.objects.create(till_mode=TillMode.OWN_TILL)
    lena = give_treatcard(office.day.lena)
    sale = office.open(service(office.day.cut), product(office.oil, 2))
    office.pay(sale, "50.00", Method.CASH)
    office.pay(sale, "30.00", Method.CARD)
    office.pay(sale, "34.00", Method.TRANSFER, reference="R 17")
    line = sale.lines.get(product=office.oil)
    refund(**office.given, sale_id=sale.pk, method=Method.CASH, lines={line.pk: 1})
    assert points_of(lena) == 59 + 55
    void(**office.given, sale_id=sale.pk, reason=" Falsche  Kundin ")
    assert given_back(sale) == [
        ("CASH", "22.50", "", 114),
        ("CARD", "30.00", "", 0),
        ("TRANSFER", "34.00", "R 17", 0),
    ]
    sale.refresh_from_db()
    assert (sale.state, str(sale.refunded), sale.points_earned, sale.void_reason, sale.lapsed) == (
        SaleState.VOID,
        "114.00",
        0,
        "Falsche Kundin",
        False,
    )
    assert points_of(lena) == 0
    assert told(sale.pk)[-1] == (
        "sale.voided",
        [
            ("state", "PARTLY_REFUNDED", "VOID"),
            ("amount", None, "86.50"),
            ("points", None, "-114"),
            ("reason", None, "Falsche Kundin"),
        ],
    )
    with pytest.raises(SaleVoid):
        void(**office.given, sale_id=sale.pk)
    assert PointsEntry.objects.filter(cause=Cause.REVERSED).count() == 2


def test_redeemed_points_come_back(office: Till) -> None:
    lena = give_treatcard(office.day.lena, 300)
    sale = office.open(service(office.day.cut))
    redeem_at_checkout(**office.given, sale_id=sale.pk, reward_id=make_reward(office.oil, 300).pk)
    office.pay(sale)
    assert points_of(lena) == 59
    void(**office.given, sale_id=sale.pk)
    assert points_of(lena) == 300
    assert Redemption.objects.get().return_reason == Returned.VOIDED


def test_an_open_sale_is_thrown_away_by_whoever_sells(till: Till, office: Till) -> None:
    lena = give_treatcard(till.day.lena, 300)
    sale = till.open(product(till.shampoo))
    redeem_at_checkout(**till.given, sale_id=sale.pk, reward_id=make_reward(till.oil, 300).pk)
    assert points_of(lena) == 0
    void(**till.given, sale_id=sale.pk)
    sale.refresh_from_db()
    assert (sale.state, sale.number, points_of(lena), Refund.objects.count()) == (SaleState.VOID, None, 300, 0)
    # With money in it, it takes the right to give money back.
    sale = till.open(product(till.shampoo))
    till.pay(sale, "5.00")
    with pytest.raises(NotAllowed):
        void(**till.given, sale_id=sale.pk)
    void(**office.given, sale_id=sale.pk)
    assert given_back(sale) == [("CARD", "5.00", "", 0)]
    with pytest.raises(SaleVoid):
        pay(**till.given, sale_id=sale.pk, method=Method.CARD, amount=money("14.90"))


def test_only_whoever_may_declares_a_paid_sale_void(till: Till) -> None:
    sale = till.sold(product(till.oil))
    with pytest.raises(NotAllowed):
        void(**till.given, sale_id=sale.pk)
    assert (Sale.objects.get().state, Refund.objects.count()) == (SaleState.PAID, 0)


def test_the_appointment_can_be_charged_again(office: Till) -> None:
    visit = office.visit()
    first = office.pay(office.charge(visit))
    void(**office.given, sale_id=first.pk)
    second = office.pay(office.charge(visit))
    assert [one.number for one in Sale.objects.order_by("id")] == [1, 2]
    assert second.pk != first.pk


def test_what_cost_nothing_may_have_brought_points(office: Till) -> None:
    lena = give_treatcard(office.day.lena)
    give_discount(lena, "100")
    sale = office.pay(office.open(product(make_product("Probe", "5.00", points_override=10))), "0.00")
    assert points_of(lena) == 10
    void(**office.given, sale_id=sale.pk)
    assert (points_of(lena), given_back(sale)) == (0, [("CARD", "0.00", "", 10)])


def test_the_reference_of_the_own_till(office: Till) -> None:
    sale = office.open(product(office.oil))
    office.pay(sale, "20.00", Method.EXTERNAL_TILL, reference="4711")
    office.pay(sale)
    void(**office.given, sale_id=sale.pk, reference=" 4712 ")
    assert given_back(sale) == [("EXTERNAL_TILL", "20.00", "4712", 0), ("CARD", "7.50", "", 0)]
    with pytest.raises(InvalidInput):
        void(**office.given, sale_id=office.sold(product(office.oil)).pk, reason="x" * 201)


def test_an_erased_client_s_sale_can_still_be_void(office: Till) -> None:
    lena = give_treatcard(office.day.lena)
    sale = office.sold(product(office.oil))
    Client.objects.filter(pk=lena.pk).update(state="ERASED", points=0)
    void(**office.given, sale_id=sale.pk)
    assert (Sale.objects.get().state, points_of(lena)) == (SaleState.VOID, 0)


def with_reward(office: Till, points: int) -> tuple[Appointment, Client]:
    """Let Lena have a cut, and her brows done for 100 points."""
    lena = give_treatcard(office.day.lena, points)
    visit = office.visit()
    append_reward(
        actor=office.actor,
        salon=office.salon,
        appointment_id=visit.pk,
        reward_id=make_reward(office.day.brows, 100).pk,
        now=AFTER,
    )
    return visit, lena


def test_a_reward_of_the_appointment_is_taken_again_when_it_is_charged_again(office: Till) -> None:
    visit, lena = with_reward(office, 150)
    first = office.pay(office.charge(visit))
    assert points_of(lena) == 50 + 59
    void(**office.given, sale_id=first.pk)
    assert points_of(lena) == 150
    second = office.charge(visit)
    assert (points_of(lena), amounts(second)[0]) == (50, "59.00")
    # Going on with it takes nothing more.
    office.charge(visit)
    office.pay(second)
    assert points_of(lena) == 50 + 59
    assert [one.return_reason for one in Redemption.objects.order_by("id")] == [Returned.VOIDED, ""]


def test_a_reward_that_was_refunded_is_taken_again_when_it_is_charged_again(office: Till) -> None:
    visit, lena = with_reward(office, 100)
    first = office.pay(office.charge(visit))
    refund(**office.given, sale_id=first.pk, method=Method.CARD)
    assert points_of(lena) == 100
    void(**office.given, sale_id=first.pk)
    office.pay(office.charge(visit))
    assert points_of(lena) == 59


def test_what_cannot_be_had_for_points_any_more_costs_its_price(office: Till) -> None:
    visit, lena = with_reward(office, 100)
    void(**office.given, sale_id=office.pay(office.charge(visit)).pk)
    Client.objects.filter(pk=lena.pk).update(points=99)
    again = office.charge(visit)
    assert (points_of(lena), amounts(again)[0]) == (99, "71.00")
    assert [one.redemption_id for one in visit.items.order_by("position")] == [None, None]


def test_an_open_sale_leaves_the_appointment_its_reward(office: Till) -> None:
    visit, lena = with_reward(office, 100)
    void(**office.given, sale_id=office.charge(visit).pk)
    assert points_of(lena) == 0
    assert amounts(office.charge(visit))[0] == "59.00"
