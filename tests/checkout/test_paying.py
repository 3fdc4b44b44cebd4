"""Sales, payments, deposits, and what full payment settles (domain.md §6, §7)."""

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction

from bookings.checkout import writing
from bookings.checkout.sales import (
    MethodNotAllowed,
    NotChargeable,
    NothingSold,
    Overpaid,
    SaleAlreadyPaid,
    redeem_at_checkout,
    remove_payment,
    take_deposit,
)
from bookings.models import Appointment, Method, Payment, Sale, SalesRules, SaleState, TillMode
from bookings.states import State
from clients.labels import DiscountOn
from clients.models import Cause, Client, PointsEntry
from loyalty.rules import Details, save_rules
from salon.errors import InvalidInput, NotAllowed, VersionConflict
from salon.identity.roles import Actor, ActorKind
from tests.bookings.salonday import at, make_client, make_service
from tests.checkout.till import (
    AFTER,
    MANAGER,
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
    shown,
    tip,
    told,
    voucher,
)
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


def test_the_seed_s_figure(till: Till) -> None:
    """100 € of services and 50 € of products are 200 points (seed 003)."""
    facial = make_service("Facial", 60, price="100.00")
    serum = make_product("Serum", "50.00")
    lena = give_treatcard(till.day.lena)
    sale = till.open(service(facial), product(serum))
    assert points_of(lena) == 0
    till.pay(sale)
    assert points_of(lena) == 200
    entry = PointsEntry.objects.get()
    assert (entry.cause, entry.cause_id, entry.points, entry.balance_after) == (Cause.EARNED, sale.pk, 200, 200)
    assert entry.rules_version == 0
    sale.refresh_from_db()
    assert (sale.state, sale.points_earned, sale.rules_version) == (SaleState.PAID, 200, 0)


def test_the_rates_that_hold_when_it_is_paid_count_though_it_was_opened_before(till: Till) -> None:
    lena = give_treatcard(till.day.lena)
    sale = till.open(product(till.oil))
    save_rules(actor=MANAGER, details=Details(points_per_euro_products=money("4.00")), now=NOW)
    till.pay(sale)
    sale.refresh_from_db()
    assert (points_of(lena), sale.rules_version) == (110, 1)


def test_full_payment_closes_a_sale(till: Till) -> None:
    sale = till.open(product(till.oil, 2), tip("5.00"))
    assert (sale.state, sale.number, amounts(sale)) == (SaleState.OPEN, None, ("60.00", "0.00", "60.00"))
    till.pay(sale, "20.00")
    sale.refresh_from_db()
    assert (sale.state, sale.paid_at, amounts(sale)) == (SaleState.OPEN, None, ("60.00", "20.00", "40.00"))
    till.pay(sale, "40.00", Method.EXTERNAL_TILL, reference=" Bon  4711 ")
    sale.refresh_from_db()
    assert (sale.state, sale.number, sale.paid_at) == (SaleState.PAID, 1, AFTER)
    assert str(sale.paid_on) == "2026-11-24"
    assert amounts(sale) == ("60.00", "60.00", "0.00")
    assert list(Payment.objects.order_by("amount").values_list("method", "reference", "actor_name")) == [
        (Method.CARD, "", "Empfang"),
        (Method.EXTERNAL_TILL, "Bon 4711", "Empfang"),
    ]
    assert told(sale.pk) == [
        ("sale.opened", []),
        ("sale.payment_taken", [("method", None, "CARD"), ("amount", None, "20.00")]),
        ("sale.payment_taken", [("method", None, "EXTERNAL_TILL"), ("amount", None, "40.00")]),
        ("sale.paid", [("number", None, "1"), ("total", None, "60.00")]),
    ]
    assert till.sold(product(till.oil)).number == 2


def test_the_best_discount_stands_on_the_line_with_its_reason(till: Till) -> None:
    give_discount(till.day.lena, "10")
    best = give_discount(till.day.lena, "25", DiscountOn.SERVICES)
    sale = till.open(service(till.day.cut), product(till.shampoo, 3), tip("2.00"), voucher("50.00"))
    assert shown(sale) == [
        ("SERVICE", "Schneiden", 1, "14.75", "44.25"),
        ("PRODUCT", "Shampoo", 3, "5.97", "53.73"),
        ("TIP", "", 1, "0.00", "2.00"),
        ("VOUCHER", "", 1, "0.00", "50.00"),
    ]
    assert amounts(sale)[0] == "149.98"
    assert sale.lines.get(service=till.day.cut).discount_reason == best.name
    # What somebody pays who is not known has no discount.
    assert amounts(till.open(service(till.day.cut), client_id=None))[0] == "59.00"


def test_points_are_for_what_is_paid_and_only_with_a_treatcard_at_that_moment(till: Till) -> None:
    lena = till.day.lena
    till.sold(service(till.day.cut))
    assert points_of(lena) == 0
    # Assigned later: nothing for the past.
    give_treatcard(lena)
    assert points_of(lena) == 0
    give_discount(lena, "10")
    # 59.00 − 5.90 = 53.10; tips and vouchers earn nothing.
    till.sold(service(till.day.cut), tip("10.00"), voucher("100.00"))
    assert points_of(lena) == 53
    sale = till.open(service(till.day.cut))
    Client.objects.filter(pk=lena.pk).update(treatcard_number="")
    till.pay(sale)
    assert points_of(lena) == 53


def test_whoever_referred_a_client_is_thanked_when_she_pays_for_the_first_time(till: Till) -> None:
    save_rules(actor=MANAGER, details=Details(referral_points=50), now=NOW)
    mia = give_treatcard(make_client("Mia", "Koch"))
    Client.objects.filter(pk=till.day.lena.pk).update(referred_by=mia)
    till.open(product(till.oil))
    assert points_of(mia) == 0
    till.sold(product(till.oil))
    assert points_of(mia) == 50
    till.sold(product(till.oil))
    assert points_of(mia) == 50


def test_a_product_for_points_needs_nothing_beside_it(till: Till) -> None:
    save_rules(actor=MANAGER, details=Details(referral_points=50), now=NOW)
    mia, lena = give_treatcard(make_client("Mia", "Koch")), give_treatcard(till.day.lena, 500)
    Client.objects.filter(pk=lena.pk).update(referred_by=mia)
    sale = till.empty()
    redeem_at_checkout(**till.given, sale_id=sale.pk, reward_id=make_reward(till.oil, points=385).pk)
    till.pay(sale)
    sale.refresh_from_db()
    assert (sale.state, sale.number, amounts(sale), sale.points_earned) == (
        SaleState.PAID,
        1,
        ("0.00", "0.00", "0.00"),
        0,
    )
    # Nothing was paid: whoever referred her is thanked when she does.
    assert (points_of(lena), points_of(mia)) == (115, 0)
    till.sold(product(till.shampoo))
    assert (points_of(lena), points_of(mia)) == (115 + 39, 50)


def test_whoever_is_thanked_is_locked_before_anything_else(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    mia = give_treatcard(make_client("Mia", "Koch"))
    sale = till.open(product(till.oil))
    lock = writing.lock_cards

    def late(client_ids: Collection[UUID]) -> dict[UUID, Client]:
        # Somebody says who referred her between the look and the lock.
        cards = lock(client_ids)
        cards[till.day.lena.pk].referred_by = mia
        return cards

    monkeypatch.setattr(writing, "lock_cards", late)
    with pytest.raises(VersionConflict):
        till.pay(sale)
    monkeypatch.undo()
    assert till.pay(sale).state == SaleState.PAID


def test_own_points_of_an_item_leave_the_rate(till: Till) -> None:
    lena = give_treatcard(till.day.lena)
    flat = make_product("Bürste", "24.90", points_override=7)
    none = make_product("Nagelöl", "9.90", points_override=0)
    till.sold(product(flat, 3), product(none), product(till.oil))
    assert points_of(lena) == 21 + 55


def test_a_deposit_earns_nothing_until_all_is_paid_then_all(till: Till) -> None:
    lena = give_treatcard(till.day.lena)
    visit = till.visit(state=State.BOOKED)
    given = {**till.given, "now": NOW, "appointment_id": visit.pk, "method": Method.CARD}
    sale = take_deposit(**given, amount=money("20.00"))
    assert (points_of(lena), amounts(sale)) == (0, ("59.00", "20.00", "39.00"))
    assert take_deposit(**given, amount=money("9.00")).pk == sale.pk
    assert till.charge(visit).pk == sale.pk
    till.pay(sale)
    assert points_of(lena) == 59
    assert list(Payment.objects.order_by("taken_at", "id").values_list("kind", "amount")) == [
        ("DEPOSIT", money("20.00")),
        ("DEPOSIT", money("9.00")),
        ("PAYMENT", money("30.00")),
    ]


def test_full_payment_completes_an_appointment_that_has_begun(till: Till) -> None:
    visit = till.visit()
    till.pay(till.charge(visit))
    visit.refresh_from_db()
    assert (visit.state, str(visit.visit_on)) == (State.COMPLETED, "2026-11-24")
    till.day.lena.refresh_from_db()
    assert (till.day.lena.visits, str(till.day.lena.last_visit_on)) == (1, "2026-11-24")
    assert told(visit.pk) == [("appointment.state_changed", [("state", "ARRIVED", "COMPLETED")])]


def test_what_is_paid_beforehand_stays_booked(till: Till) -> None:
    visit = till.visit(state=State.BOOKED)
    till.pay(till.charge(visit), now=at(9, 59))
    visit.refresh_from_db()
    assert (visit.state, visit.visit_on) == (State.BOOKED, None)
    assert Sale.objects.get().state == SaleState.PAID


def test_what_comes_before_the_appointment_begins_is_a_deposit(till: Till) -> None:
    visit = till.visit(state=State.BOOKED)
    sale = till.charge(visit)
    till.pay(sale, "20.00", now=NOW)
    till.pay(sale, "9.00", now=visit.starts_at)
    till.pay(till.open(product(till.oil)), now=NOW)
    # What pays for all of it is none, however early it comes.
    other = till.charge(till.visit(starts_at=at(15), state=State.BOOKED))
    till.pay(other, "20.00", now=NOW)
    till.pay(other, "39.00", now=NOW)
    assert [(str(one.amount), one.kind) for one in Payment.objects.order_by("id")] == [
        ("20.00", "DEPOSIT"),
        ("9.00", "PAYMENT"),
        ("27.50", "PAYMENT"),
        ("20.00", "DEPOSIT"),
        ("39.00", "PAYMENT"),
    ]


def test_a_missed_appointment_is_not_charged(till: Till) -> None:
    for state in (State.CANCELLED, State.NO_SHOW):
        with pytest.raises(NotChargeable):
            till.charge(till.visit(state=state))
    assert not Sale.objects.exists()


def test_nothing_beyond_what_is_due(till: Till) -> None:
    sale = till.open(product(till.oil))
    till.pay(sale, "20.00")
    with pytest.raises(Overpaid) as refused:
        till.pay(sale, "7.51")
    assert refused.value.members == {"due": "7.50"}
    assert amounts(sale) == ("27.50", "20.00", "7.50")


@pytest.mark.parametrize("amount", ["-1.00", "0.001", "10000000.00"])
def test_an_amount_that_is_none(till: Till, amount: str) -> None:
    sale = till.open(product(till.oil))
    with pytest.raises(InvalidInput) as refused:
        till.pay(sale, amount)
    assert [error.field for error in refused.value.errors] == ["amount"]
    assert not Payment.objects.exists()


def test_nothing_is_closed_by_nothing_while_something_is_due(till: Till) -> None:
    sale = till.open(product(till.oil))
    with pytest.raises(InvalidInput):
        till.pay(sale, "0.00")
    with pytest.raises(NothingSold):
        till.pay(till.empty(), "0.00")


def test_what_costs_nothing_is_closed_without_a_payment(till: Till) -> None:
    give_discount(till.day.lena, "100")
    sale = till.pay(till.open(product(till.oil)), "0.00")
    assert (sale.state, sale.number, Payment.objects.count()) == (SaleState.PAID, 1, 0)


def test_a_paid_sale_is_final(till: Till) -> None:
    sale = till.sold(product(till.oil))
    with pytest.raises(SaleAlreadyPaid):
        till.pay(sale, "27.50")
    with pytest.raises(SaleAlreadyPaid):
        remove_payment(**till.given, sale_id=sale.pk, payment_id=Payment.objects.get().pk)
    assert amounts(sale) == ("27.50", "27.50", "0.00")


def test_a_change_of_mind_before_paying(till: Till) -> None:
    sale = till.open(product(till.oil))
    till.pay(sale, "20.00")
    payment = Payment.objects.get()
    remove_payment(**till.given, sale_id=sale.pk, payment_id=payment.pk)
    # Twice is once.
    remove_payment(**till.given, sale_id=sale.pk, payment_id=payment.pk)
    assert amounts(sale) == ("27.50", "0.00", "27.50")
    payment.refresh_from_db()
    assert payment.removed_at == AFTER
    assert told(sale.pk)[-1] == ("sale.payment_removed", [("method", "CARD", None), ("amount", "20.00", None)])


def test_what_somebody_else_has_changed_is_not_paid(till: Till) -> None:
    sale = till.open(product(till.oil))
    with pytest.raises(VersionConflict):
        till.pay(sale, version=sale.version + 1)
    till.pay(sale, "20.00", version=sale.version)
    # The same form once more.
    with pytest.raises(VersionConflict):
        till.pay(sale, "5.00", version=sale.version)
    assert amounts(sale)[1] == "20.00"


@pytest.mark.parametrize(
    ("country", "mode", "refused"),
    [
        ("DE", "", {Method.CASH, Method.VOUCHER}),
        ("AT", "", set()),
        ("AT", TillMode.EXTERNAL_TILL, {Method.CASH, Method.VOUCHER}),
        ("CH", TillMode.OWN_TILL, set()),
    ],
)
def test_till_modes(till: Till, country: str, mode: str, refused: set[Method]) -> None:
    salon = till.salon
    salon.country = country
    if mode:
        SalesRules.objects.create(till_mode=mode)
    sale = till.open(product(till.oil, 10))
    for method in Method:
        if method in refused:
            with pytest.raises(MethodNotAllowed):
                till.pay(sale, "1.00", method, reference="4711")
        else:
            till.pay(sale, "1.00", method, reference="4711")
    assert set(Payment.objects.values_list("method", flat=True)) == {str(one) for one in set(Method) - refused}


def test_what_went_through_another_till_has_the_number_of_its_receipt(till: Till) -> None:
    sale = till.open(product(till.oil))
    with pytest.raises(InvalidInput) as refused:
        till.pay(sale, "27.50", Method.EXTERNAL_TILL, reference="  ")
    assert [(error.field, error.code) for error in refused.value.errors] == [("reference", "required")]


def test_nobody_sells_without_the_right_to(till: Till) -> None:
    nobody = replace(till, actor=Actor(ActorKind.USER, None, "Niemand", frozenset()))
    visit = till.visit()
    with pytest.raises(NotAllowed):
        nobody.open(product(till.oil))
    with pytest.raises(NotAllowed):
        take_deposit(**nobody.given, appointment_id=visit.pk, method=Method.CARD, amount=money("5.00"))
    sale = till.open(product(till.oil))
    with pytest.raises(NotAllowed):
        nobody.pay(sale)


def test_the_database_lets_no_paid_sale_be_without_its_number(till: Till) -> None:
    sale = till.open(product(till.oil))
    with pytest.raises(IntegrityError, match="bookings_sale_paid"), transaction.atomic():
        Sale.objects.filter(pk=sale.pk).update(state=SaleState.PAID)


def test_the_appointment_s_sale_is_one(till: Till) -> None:
    visit = till.visit(till.day.cut, till.day.brows)
    sale = till.charge(visit)
    assert shown(sale) == [
        ("SERVICE", "Schneiden", 1, "0.00", "59.00"),
        ("SERVICE", "Brauen zupfen", 1, "0.00", "12.00"),
    ]
    assert till.charge(visit).pk == sale.pk
    till.pay(sale)
    with pytest.raises(SaleAlreadyPaid):
        till.charge(visit)
    assert Appointment.objects.get().sales.count() == 1
