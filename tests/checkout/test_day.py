"""A day at the till: it adds up, and what is over stays as it was (domain.md §6)."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.checkout.day import TillDay, till_day
from bookings.checkout.refunding import refund
from bookings.checkout.sales import remove_payment, take_deposit
from bookings.checkout.voiding import void
from bookings.models import DepositRule, Method, Payment, SalesRules, TillMode
from bookings.scheduling import cancel, undo
from bookings.states import State
from tests.bookings.salonday import DAY, at, make_appointment, make_client
from tests.checkout.till import Till, make_product, money, product, service, tip, voucher
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
NEXT = DAY + timedelta(days=1)
TOMORROW = at(14, day=NEXT)
BEFORE = date(2026, 11, 21)


def day_of(till: Till, day: date = DAY) -> TillDay:
    return till_day(salon=till.salon, day=day)


def flows(found: TillDay) -> list[tuple[str, str, str, str]]:
    return [(one.method.value, str(one.taken), str(one.given_back), str(one.left)) for one in found.flows]


def backs(till: Till, day: date = DAY) -> list[tuple[str, str, int | None, str]]:
    return [(one.why.value, str(one.amount), one.number, one.actor_name) for one in day_of(till, day).backs]


def vat(found: TillDay) -> list[tuple[str, str, str, str]]:
    return [(str(one.rate), str(one.gross), str(one.net), str(one.vat)) for one in found.vat]


def test_an_empty_day(till: Till) -> None:
    found = day_of(till)
    assert (found.flows, found.sold, found.vat, found.to_pay, found.open) == ([], [], [], [], [])
    assert [str(one) for one in (found.taken, found.given_back, found.left, found.kept)] == ["0.00"] * 4


def test_a_day_adds_up(office: Till) -> None:
    SalesRules.objects.create(till_mode=TillMode.OWN_TILL)
    book = make_product("Buch", "10.70", vat_rate=money("7.00"))
    sale = office.open(service(office.day.cut), product(book), tip("5.00"), voucher("50.00"))
    office.pay(sale, "24.70", Method.CASH)
    office.pay(sale, "100.00", Method.CARD)
    other = office.sold(product(office.oil, 2))
    refund(
        **office.given,
        sale_id=other.pk,
        method=Method.CASH,
        lines={other.lines.get().pk: 1},
    )
    found = day_of(office)
    assert flows(found) == [("CARD", "155.00", "0.00", "155.00"), ("CASH", "24.70", "27.50", "-2.80")]
    assert (str(found.taken), str(found.given_back), str(found.left)) == ("179.70", "27.50", "152.20")
    # 59.00 + 55.00 − 27.50 at 19 %, 10.70 at 7 %, tip and voucher without.
    assert vat(found) == [
        ("19.00", "86.50", "72.69", "13.81"),
        ("7.00", "10.70", "10.00", "0.70"),
        ("0.00", "55.00", "55.00", "0.00"),
    ]
    assert (str(found.vouchers), [one.number for one in found.sold]) == ("50.00", [2, 1])
    assert [str(one.amount) for one in found.backs] == ["27.50"]
    assert day_of(office, NEXT).flows == []


def test_whose_the_takings_are(office: Till) -> None:
    """Of what is paid in full and not given back; a tip is nobody's takings."""
    day = office.day
    made = make_appointment((day.brows, day.anna), (day.cut, day.bora), client=day.lena, state=State.ARRIVED)
    oil = replace(product(office.oil, 2), staff_id=day.anna.pk)
    sale = office.pay(office.charge(made, oil, product(office.shampoo), tip("5.00"), voucher("50.00")))
    office.pay(office.open(service(day.cut)), "10.00")

    def takings() -> list[tuple[str | None, str, str]]:
        found = day_of(office).takings
        return [(one.staff.name if one.staff else None, str(one.services), str(one.products)) for one in found]

    assert takings() == [("Anna", "12.00", "55.00"), ("Bora", "59.00", "0.00"), (None, "0.00", "19.90")]
    lines = {line.product_id: line.pk for line in sale.lines.all()}
    refund(**office.given, sale_id=sale.pk, method=Method.CARD, lines={lines[office.oil.pk]: 1})
    assert takings()[0] == ("Anna", "12.00", "27.50")
    void(**office.given, sale_id=sale.pk)
    assert takings() == []


def test_what_is_taken_back_later_leaves_the_day_as_it_was(office: Till) -> None:
    sale = office.sold(product(office.oil))
    open_one = office.open(product(office.shampoo))
    office.pay(open_one, "5.00")
    mistake = office.open(product(office.shampoo))
    office.pay(mistake, "6.00")
    remove_payment(**office.given, sale_id=mistake.pk, payment_id=Payment.objects.get(sale=mistake).pk)
    before = day_of(office)
    assert flows(before) == [("CARD", "32.50", "0.00", "32.50")]
    later = {**office.given, "now": TOMORROW}
    remove_payment(**later, sale_id=open_one.pk, payment_id=Payment.objects.get(sale=open_one).pk)
    void(**later, sale_id=sale.pk)
    assert (flows(day_of(office)), vat(day_of(office))) == (flows(before), vat(before))
    after = day_of(office, NEXT)
    assert flows(after) == [("CARD", "0.00", "32.50", "-32.50")]
    assert vat(after) == [("19.00", "-27.50", "-23.11", "-4.39")]
    assert backs(office) == []
    assert backs(office, NEXT) == [
        ("PAYMENT", "5.00", None, office.actor.name),
        ("VOID", "27.50", sale.number, office.actor.name),
    ]


def test_deposits_come_on_one_day_and_go_on_another(till: Till) -> None:
    visit = till.visit(state=State.BOOKED)
    given: dict[str, Any] = {"actor": till.actor, "salon": till.salon, "appointment_id": visit.pk}
    take_deposit(**given, method=Method.CARD, amount=money("20.00"), now=NOW)
    assert flows(day_of(till, BEFORE)) == [("CARD", "20.00", "0.00", "20.00")]
    cancelled = cancel(**given, now=at(9)).appointment
    assert flows(day_of(till)) == [("CARD", "0.00", "20.00", "-20.00")]
    # Taken back on the same day: as if nothing had been.
    undo(**given, version=cancelled.version, now=at(9, 1))
    assert (day_of(till).flows, [str(one.due) for one in day_of(till).to_pay]) == ([], ["39.00"])


def test_a_cancellation_that_is_undone_the_day_after(till: Till) -> None:
    visit = till.visit(state=State.BOOKED, starts_at=at(10, day=NEXT))
    given: dict[str, Any] = {"actor": till.actor, "salon": till.salon, "appointment_id": visit.pk}
    take_deposit(**given, method=Method.CARD, amount=money("20.00"), now=NOW)
    cancelled = cancel(**given, now=at(9)).appointment
    undo(**given, version=cancelled.version, now=at(9, day=NEXT))
    assert flows(day_of(till)) == [("CARD", "0.00", "20.00", "-20.00")]
    assert flows(day_of(till, NEXT)) == [("CARD", "20.00", "0.00", "20.00")]
    assert [backs(till), backs(till, NEXT)] == [
        [("DEPOSIT", "20.00", None, till.actor.name)],
        [("UNDONE", "-20.00", None, till.actor.name)],
    ]


def test_what_is_kept_of_deposits(till: Till) -> None:
    SalesRules.objects.create(deposit_rule=DepositRule.KEEP)
    visit = till.visit(state=State.BOOKED)
    given: dict[str, Any] = {"actor": till.actor, "salon": till.salon, "appointment_id": visit.pk}
    take_deposit(**given, method=Method.CARD, amount=money("20.00"), now=NOW)
    cancel(**given, now=at(9))
    assert (str(day_of(till).kept), day_of(till).flows) == ("20.00", [])


def test_who_is_to_pay(till: Till) -> None:
    waiting = till.visit(till.day.cut, till.day.brows)
    begun = till.visit(starts_at=at(13), state=State.COMPLETED)
    paid = till.visit(starts_at=at(15))
    till.visit(starts_at=at(16), state=State.CANCELLED)
    till.visit(starts_at=at(10, day=NEXT))
    sale = till.charge(begun, product(till.oil))
    till.pay(sale, "10.00")
    till.pay(till.charge(paid))
    free = till.open(product(till.shampoo))
    forgotten = till.charge(till.visit(starts_at=at(10, day=BEFORE)))
    # Paid for beforehand, and still to come.
    till.pay(till.charge(till.visit(starts_at=at(15, day=NEXT), state=State.BOOKED)), "10.00")
    found = day_of(till)
    assert [(one.appointment_id, str(one.due), one.sale_id) for one in found.to_pay] == [
        (waiting.pk, "71.00", None),
        (begun.pk, "76.50", sale.pk),
    ]
    assert [one.pk for one in found.open] == [forgotten.pk, free.pk]


def test_as_many_statements_for_two_as_for_twenty(till: Till) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            found = day_of(till)
            for one in found.to_pay:
                assert one.client_name
                assert one.services
            for sale in [*found.sold, *found.open]:
                assert sale.client
        return len(captured)

    counts: list[int] = []
    for many in (2, 18):
        for index in range(many):
            client = make_client("Kim", f"Nr {index} {many}")
            till.sold(product(till.oil), client_id=client.pk)
            till.open(product(till.oil), client_id=client.pk)
            till.visit(client=client, starts_at=at(9) + timedelta(minutes=index), state=State.NO_SHOW)
        till.charge(till.visit(starts_at=at(10 + len(counts))))
        counts.append(statements())
    assert counts == [7, 7]


def test_the_clock_is_the_salon_s(till: Till) -> None:
    """Half past eleven in Berlin is the same day there, wherever the server stands."""
    till.pay(till.open(product(till.oil)), now=at(23, 30))
    till.pay(till.open(product(till.oil)), now=at(0, 30, day=NEXT))
    assert (len(day_of(till).sold), len(day_of(till, NEXT).sold)) == (1, 1)
