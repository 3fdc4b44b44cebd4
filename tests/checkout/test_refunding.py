"""Money given back by line and quantity, to the cent and to the point (domain.md §6, §7)."""

from collections.abc import Mapping
from decimal import Decimal
from math import floor
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings.checkout.pricing import part_between
from bookings.checkout.refunding import AlreadyRefunded, RefundTooMuch, SaleNotPaid, refund
from bookings.checkout.reversing import ways_back
from bookings.checkout.sales import MethodNotAllowed, redeem_at_checkout
from bookings.checkout.voiding import void
from bookings.checkout.writing import SaleVoid
from bookings.models import Method, Payment, Refund, RefundKind, RefundLine, Sale, SaleLine, SaleState
from bookings.rewarding import append_reward
from bookings.scheduling import set_state
from bookings.states import State
from clients.models import Cause, PointsEntry
from loyalty.models import LoyaltyRules, Redemption, Returned
from loyalty.redemption import NotEnoughPoints, redeem
from salon.errors import InvalidInput, NotAllowed, NotFound, VersionConflict
from salon.identity.roles import ActorKind
from salon.money import from_cents
from tests.checkout.till import (
    AFTER,
    Till,
    give_discount,
    give_treatcard,
    make_product,
    make_reward,
    money,
    points_of,
    product,
    service,
    tip,
    told,
)
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


def back(till: Till, sale: Sale, lines: Mapping[UUID, int] | None = None, method: Method = Method.CARD) -> Sale:
    return refund(**till.given, sale_id=sale.pk, method=method, lines=lines)


def line_of(sale: Sale, item: object) -> SaleLine:
    return next(line for line in SaleLine.objects.filter(sale=sale) if item in {line.service, line.product})


def given_back(sale: Sale) -> list[tuple[str, str, int, list[tuple[int, str]]]]:
    return [
        (
            str(one.kind),
            str(one.amount),
            one.points,
            [(part.quantity, str(part.amount)) for part in RefundLine.objects.filter(refund=one).order_by("line")],
        )
        for one in Refund.objects.filter(sale=sale).order_by("id")
    ]


def set_rates(services: str, products: str, version: int = 1) -> None:
    LoyaltyRules.objects.create(
        version=version,
        points_per_euro_services=money(services),
        points_per_euro_products=money(products),
        actor_kind=ActorKind.USER,
        actor_name="Anna",
        created_at=NOW,
    )


def test_three_units_one_by_one_cost_what_they_cost_together(office: Till) -> None:
    """3 × 22.90 less 12.5 % are 60.11: 20.04 + 20.03 + 20.04."""
    give_discount(office.day.lena, "12.5")
    hair = make_product("Conditioner", "22.90")
    sale = office.sold(product(hair, 3))
    line = line_of(sale, hair)
    assert str(line.final_price) == "60.11"
    states = [back(office, sale, {line.pk: 1}).state for _ in range(3)]
    assert states == [SaleState.PARTLY_REFUNDED, SaleState.PARTLY_REFUNDED, SaleState.REFUNDED]
    assert given_back(sale) == [
        ("LINES", "20.04", 0, [(1, "20.04")]),
        ("LINES", "20.03", 0, [(1, "20.03")]),
        ("LINES", "20.04", 0, [(1, "20.04")]),
    ]
    sale.refresh_from_db()
    line.refresh_from_db()
    assert (str(sale.refunded), line.refunded, str(line.refunded_amount)) == ("60.11", 3, "60.11")


@given(st.integers(0, 10**9), st.integers(1, 999), st.data())
def test_no_cent_is_lost_by_refunds(cents: int, quantity: int, data: st.DataObject) -> None:
    line = SaleLine(
        salon_id=None, final_price=from_cents(cents), quantity=quantity, refunded=0, refunded_amount=from_cents(0)
    )
    while line.refunded < quantity:
        more = data.draw(st.integers(1, quantity - line.refunded))
        line.refunded_amount += part_between(line.final_price, quantity, line.refunded, more)
        line.refunded += more
        assert 0 <= line.refunded_amount <= line.final_price
    assert line.refunded_amount == line.final_price


AMOUNTS = st.integers(1, 10_000).map(from_cents)


@given(st.lists(st.tuples(st.sampled_from(Method), AMOUNTS), max_size=6), st.data())
def test_money_goes_back_as_it_came_and_all_of_it(paid: list[tuple[Method, Decimal]], data: st.DataObject) -> None:
    payments = [Payment(salon_id=None, method=method, amount=amount) for method, amount in paid]
    left, refunds = sum((amount for _method, amount in paid), Decimal(0)), []
    for method in data.draw(st.lists(st.sampled_from(Method), max_size=4)):
        amount = min(left, data.draw(AMOUNTS))
        refunds.append(Refund(salon_id=None, method=method, amount=amount))
        left -= amount
    ways = ways_back(payments, refunds)
    assert sum((way.amount for way in ways), Decimal(0)) == left
    assert all(way.amount > 0 for way in ways)
    for method in Method:
        came = sum(amount for other, amount in paid if other == method)
        assert sum(way.amount for way in ways if way.method == method) <= came


def test_a_whole_refund_takes_all_points(office: Till) -> None:
    lena = give_treatcard(office.day.lena)
    sale = office.sold(service(office.day.cut), product(office.oil, 2))
    assert points_of(lena) == 59 + 110
    back(office, sale)
    sale.refresh_from_db()
    assert (sale.state, str(sale.refunded), sale.points_earned) == (SaleState.REFUNDED, "114.00", 0)
    assert points_of(lena) == 0
    one = Refund.objects.get()
    entry = PointsEntry.objects.get(cause=Cause.REVERSED)
    assert (entry.cause_id, entry.points, entry.balance_after, entry.rules_version) == (one.pk, -169, 0, 0)
    assert told(sale.pk)[-1] == (
        "sale.refunded",
        [
            ("lines", None, "1 × Schneiden, 2 × Haaröl"),
            ("amount", None, "114.00"),
            ("method", None, "CARD"),
            ("points", None, "-169"),
        ],
    )


@pytest.mark.parametrize(
    ("services", "products", "earned", "after_oil", "after_cut"),
    [
        # 59.00 × 1 + 82.50 × 2 = 224; less an oil 27.50: 59 + 110 = 169; less the cut: 110
        ("1.00", "2.00", 224, 169, 110),
        # 59.00 × 0.33 + 82.50 × 0.77 = 19.47 + 63.525 = 82.995; 19.47 + 42.35 = 61.82; 42.35
        ("0.33", "0.77", 82, 61, 42),
        # 59.00 × 0 + 82.50 × 1.25 = 103.125; 68.75; 68.75
        ("0.00", "1.25", 103, 68, 68),
        ("1.50", "0.00", 88, 88, 0),
    ],
)
def test_what_remains_is_what_the_kept_part_would_have_earned(
    office: Till, services: str, products: str, earned: int, after_oil: int, after_cut: int
) -> None:
    set_rates(services, products)
    lena = give_treatcard(office.day.lena)
    sale = office.sold(service(office.day.cut), product(office.oil, 3), tip("10.00"))
    assert points_of(lena) == earned
    # Whatever is decided later, the sale is corrected by the rates that priced it.
    set_rates("9.00", "9.00", version=2)
    back(office, sale, {line_of(sale, office.oil).pk: 1})
    assert points_of(lena) == after_oil
    back(office, sale, {line_of(sale, office.day.cut).pk: 1})
    assert points_of(lena) == after_cut
    back(office, sale)
    sale.refresh_from_db()
    assert (points_of(lena), sale.state, str(sale.refunded)) == (0, SaleState.REFUNDED, "151.50")


def test_flat_points_go_by_unit(office: Till) -> None:
    lena = give_treatcard(office.day.lena)
    flat = make_product("Bürste", "24.90", points_override=7)
    sale = office.sold(product(flat, 3), product(office.oil))
    assert points_of(lena) == 21 + 55
    back(office, sale, {line_of(sale, flat).pk: 2})
    assert points_of(lena) == 7 + 55
    back(office, sale, {line_of(sale, office.oil).pk: 1})
    assert points_of(lena) == 7


RATES = st.integers(0, 300).map(from_cents)
STEPS = st.lists(st.tuples(st.booleans(), st.integers(1, 3)), max_size=5)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(RATES, RATES, st.integers(1, 4), st.integers(1, 3), STEPS)
def test_points_after_any_refunds(
    office: Till, services: Decimal, products: Decimal, oils: int, cuts: int, steps: list[tuple[bool, int]]
) -> None:
    """Whatever goes back in whatever order: what is left is what a sale of the rest would have earned."""
    with transaction.atomic():
        set_rates(str(services), str(products))
        lena = give_treatcard(office.day.lena)
        sale = office.sold(service(office.day.cut, cuts), product(office.oil, oils))
        for is_oil, quantity in steps:
            if quantity <= (oils if is_oil else cuts):
                item = office.oil if is_oil else office.day.cut
                back(office, sale, {line_of(sale, item).pk: quantity})
                oils, cuts = (oils - quantity, cuts) if is_oil else (oils, cuts - quantity)
            assert points_of(lena) == floor(services * 59 * cuts + products * oils * money("27.50"))
        transaction.set_rollback(True)


def test_more_than_was_sold_never_goes_back(office: Till) -> None:
    sale = office.sold(product(office.oil, 2), tip("5.00"))
    line = line_of(sale, office.oil)
    with pytest.raises(RefundTooMuch) as refused:
        back(office, sale, {line.pk: 3})
    assert refused.value.members == {"line": str(line.pk), "left": 2}
    back(office, sale, {line.pk: 1})
    with pytest.raises(RefundTooMuch):
        back(office, sale, {line.pk: 2})
    sale.refresh_from_db()
    assert (str(sale.refunded), Refund.objects.count()) == ("27.50", 1)
    with pytest.raises(IntegrityError, match="bookings_sale_refunded"), transaction.atomic():
        Sale.objects.filter(pk=sale.pk).update(refunded=money("60.01"))
    back(office, sale)
    assert str(Refund.objects.order_by("-id")[0].amount) == "32.50"
    with pytest.raises(AlreadyRefunded):
        back(office, sale)


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_quantity_that_is_none(office: Till, quantity: int) -> None:
    sale = office.sold(product(office.oil))
    with pytest.raises(InvalidInput) as refused:
        back(office, sale, {line_of(sale, office.oil).pk: quantity})
    assert [(one.field, one.code) for one in refused.value.errors] == [("lines.0.quantity", "range")]
    assert not Refund.objects.exists()


def test_lines_of_another_sale_and_none_at_all(office: Till) -> None:
    sale, other = office.sold(product(office.oil)), office.sold(product(office.oil))
    with pytest.raises(InvalidInput) as refused:
        back(office, sale, {line_of(sale, office.oil).pk: 1, line_of(other, office.oil).pk: 1})
    assert [(one.field, one.code) for one in refused.value.errors] == [("lines.1.line", "not_found")]
    with pytest.raises(InvalidInput):
        back(office, sale, {})
    with pytest.raises(NotFound):
        refund(**office.given, sale_id=office.day.lena.pk, method=Method.CARD)
    assert not Refund.objects.exists()


def test_what_is_not_paid_or_void_is_not_refunded(office: Till) -> None:
    sale = office.open(product(office.oil))
    with pytest.raises(SaleNotPaid):
        back(office, sale)
    void(**office.given, sale_id=sale.pk)
    with pytest.raises(SaleVoid):
        back(office, sale)


def test_the_way_back_is_one_that_the_salon_s_till_allows(office: Till) -> None:
    sale = office.sold(product(office.oil, 3))
    for method in (Method.CASH, Method.VOUCHER):
        with pytest.raises(MethodNotAllowed):
            back(office, sale, method=method)
    # Through the salon's own till: with the number of its receipt …
    with pytest.raises(InvalidInput) as refused:
        back(office, sale, method=Method.EXTERNAL_TILL)
    assert [(one.field, one.code) for one in refused.value.errors] == [("reference", "required")]
    line = line_of(sale, office.oil)
    refund(
        **office.given,
        sale_id=sale.pk,
        method=Method.EXTERNAL_TILL,
        lines={line.pk: 1},
        reference=" R 1 ",
        reason=" a ",
    )
    assert Refund.objects.values_list("reference", "reason", "actor_name").get() == ("R 1", "a", "Carla")
    # … or of the one that it was paid with.
    other = office.open(product(office.oil))
    office.pay(other, method=Method.EXTERNAL_TILL, reference="4711")
    back(office, other, method=Method.EXTERNAL_TILL)
    assert Refund.objects.get(sale=other).reference == "4711"


def test_only_whoever_may_gives_money_back(till: Till, office: Till) -> None:
    sale = till.sold(product(till.oil))
    with pytest.raises(NotAllowed):
        back(till, sale)
    with pytest.raises(VersionConflict):
        refund(**office.given, sale_id=sale.pk, method=Method.CARD, version=sale.version + 1)
    assert not Refund.objects.exists()


def test_a_balance_below_zero_only_blocks_redeeming(office: Till) -> None:
    lena = give_treatcard(office.day.lena)
    reward = make_reward(office.shampoo, 50)
    sale = office.sold(service(office.day.cut))
    redeem(actor=office.actor, client=lena, reward=reward, had=False, now=AFTER)
    assert points_of(lena) == 9
    back(office, sale)
    assert points_of(lena) == -50
    with pytest.raises(NotEnoughPoints):
        redeem(actor=office.actor, client=lena, reward=make_reward(office.oil, 1), had=False, now=AFTER)
    # Earning goes on.
    office.sold(service(office.day.cut))
    assert points_of(lena) == 9


def test_without_a_treatcard_nothing_was_earned_and_nothing_is_taken(office: Till) -> None:
    sale = office.sold(product(office.oil, 2))
    lena = give_treatcard(office.day.lena)
    back(office, sale, {line_of(sale, office.oil).pk: 1})
    assert (points_of(lena), PointsEntry.objects.count()) == (0, 0)


def test_a_refunded_reward_gives_its_points_back(office: Till) -> None:
    lena = give_treatcard(office.day.lena, 300)
    sale = office.open(service(office.day.cut))
    redeem_at_checkout(**office.given, sale_id=sale.pk, reward_id=make_reward(office.oil, 300).pk)
    office.pay(sale)
    assert points_of(lena) == 59
    reward = SaleLine.objects.get(redemption__isnull=False)
    back(office, sale, {reward.pk: 1})
    sale.refresh_from_db()
    assert (points_of(lena), sale.state, str(sale.refunded)) == (359, SaleState.PARTLY_REFUNDED, "0.00")
    assert Redemption.objects.get().return_reason == Returned.REFUNDED
    assert given_back(sale) == [("LINES", "0.00", 0, [(1, "0.00")])]
    back(office, sale)
    assert (points_of(lena), Sale.objects.get().state) == (300, SaleState.REFUNDED)


def test_what_was_refunded_of_a_missed_visit_is_not_taken_again(office: Till) -> None:
    lena = give_treatcard(office.day.lena, 100)
    visit = office.visit()
    append_reward(**office.given, appointment_id=visit.pk, reward_id=make_reward(office.day.brows, 100).pk)
    sale = office.pay(office.charge(visit))
    assert points_of(lena) == 59
    that_day = {**office.given, "now": visit.ends_at}
    set_state(**that_day, appointment_id=visit.pk, state=State.NO_SHOW)
    refund(**office.given, sale_id=sale.pk, method=Method.CARD)
    assert points_of(lena) == 100
    # She came after all: her money and her points went back all the same.
    set_state(**that_day, appointment_id=visit.pk, state=State.COMPLETED)
    assert points_of(lena) == 100


def test_who_gave_it_back_when(office: Till) -> None:
    back(office, office.sold(product(office.oil)))
    one = Refund.objects.get()
    assert (one.kind, one.refunded_at, str(one.refunded_on)) == (RefundKind.LINES, AFTER, "2026-11-24")
    assert one.actor_name == "Carla"
