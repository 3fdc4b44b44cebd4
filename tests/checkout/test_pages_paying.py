"""Paying at the till's page: by several methods, beforehand, in two windows (ui.md §2.5)."""

from uuid import uuid4

import pytest

from bookings.checkout.sales import pay
from bookings.models import Method, Payment, PaymentKind, Sale, SaleLine, SalesRules, SaleState, TillMode
from bookings.states import State
from tests.bookings.salonday import at
from tests.checkout.desk import Desk
from tests.checkout.till import (
    money,
    product,
)


def _line(sale: Sale, place: int = 0) -> SaleLine:
    return list(SaleLine.objects.filter(sale=sale).order_by("position"))[place]


def test_paid_in_parts_by_several_methods(desk: Desk) -> None:
    desk.at(desk.till.open(product(desk.till.oil, 2)))
    page = desk.done("pay", method="CARD", amount="20,00", reference="", version=desk.sale.version)
    assert "35,00\N{NO-BREAK SPACE}€" in page
    page = desk.done("pay", method="EXTERNAL_TILL", amount="35,00", reference="Bon 4711", version=desk.sale.version)
    assert desk.sale.state == SaleState.PAID
    assert "Bezahlt" in page
    assert "Bon 4711" in page
    assert 'name="act" value="pay"' not in page
    assert "add:product" not in page


def test_too_much_is_told_beside_the_amount(desk: Desk) -> None:
    desk.at(desk.till.open(product(desk.till.oil)))
    page = desk.refused("pay", method="TRANSFER", amount="30,00", reference="R 1", version=desk.sale.version)
    assert 'id="amount-error"' in page
    assert "Es sind nur noch 27,50\N{NO-BREAK SPACE}€ zu bezahlen." in page
    assert 'value="30,00"' in page
    assert 'value="R 1"' in page
    assert 'value="TRANSFER" checked' in page


@pytest.mark.parametrize("amount", ["", "0", "-1", "abc", "1.2.3", "99999999999"])
def test_what_is_no_amount(desk: Desk, amount: str) -> None:
    desk.at(desk.till.open(product(desk.till.oil)))
    page = desk.refused("pay", method="CARD", amount=amount, version=desk.sale.version)
    assert 'id="amount-error"' in page
    assert f'value="{amount}"' in page


def test_a_method_that_the_till_mode_does_not_allow(desk: Desk) -> None:
    desk.at(desk.till.open(product(desk.till.oil)))
    assert 'value="CASH"' not in desk.see()
    page = desk.refused("pay", method="CASH", amount="27,50", version=desk.sale.version)
    assert 'id="method-error"' in page
    page = desk.refused("pay", method="GOLD", amount="27,50", version=desk.sale.version)
    assert 'id="method-error"' in page
    SalesRules.objects.create(till_mode=TillMode.OWN_TILL)
    assert 'value="CASH"' in desk.see()
    desk.done("pay", method="CASH", amount="27,50", version=desk.sale.version)
    assert desk.sale.state == SaleState.PAID


def test_the_salon_s_own_till_wants_the_number_of_its_receipt(desk: Desk) -> None:
    desk.at(desk.till.open(product(desk.till.oil)))
    page = desk.refused("pay", method="EXTERNAL_TILL", amount="27,50", reference=" ", version=desk.sale.version)
    assert 'id="reference-error"' in page
    assert 'value="EXTERNAL_TILL" checked' in page


def test_a_second_window_has_changed_the_sale(desk: Desk) -> None:
    desk.at(desk.till.open(product(desk.till.oil)))
    seen = desk.sale.version
    desk.done(f"more:{_line(desk.sale).pk}")
    page = desk.refused("pay", method="TRANSFER", amount="27,50", reference="R 1", version=seen)
    assert "inzwischen geändert" in page
    assert "55,00\N{NO-BREAK SPACE}€" in page
    assert 'value="27,50"' in page
    assert 'value="R 1"' in page


def test_a_second_window_has_paid_the_sale(desk: Desk) -> None:
    desk.at(desk.till.open(product(desk.till.oil)))
    seen = desk.sale.version
    pay(**desk.till.given, sale_id=desk.sale.pk, method=Method.CARD, amount=money("27.50"))
    page = desk.refused("pay", method="CARD", amount="27,50", version=seen)
    assert "Ihre Zahlung wurde nicht gebucht" in page
    assert Payment.objects.count() == 1
    page = desk.refused(f"add:product:{desk.till.shampoo.pk}")
    assert "schon bezahlt" in page


def test_a_change_of_mind(desk: Desk) -> None:
    desk.at(desk.till.open(product(desk.till.oil)))
    desk.done("pay", method="CARD", amount="10", version=desk.sale.version)
    page = desk.done(f"unpay:{Payment.objects.get().pk}")
    assert "10,00\N{NO-BREAK SPACE}€" in page
    assert desk.sale.paid == 0
    page = desk.refused(f"unpay:{uuid4()}")
    assert "gehört nicht mehr zum Verkauf" in page


def test_before_the_appointment_it_is_a_deposit(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = desk.till.visit(state=State.BOOKED)
    monkeypatch.setattr("django.utils.timezone.now", lambda: at(9))
    desk.at(desk.till.charge(visit, now=at(9)))
    assert "ist eine Anzahlung" in desk.see()
    desk.done("pay", method="CARD", amount="10,00", version=desk.sale.version)
    assert Payment.objects.get().kind == PaymentKind.DEPOSIT
    assert "Anzahlung" in desk.see()


def test_what_costs_nothing_is_closed(back_office: Desk) -> None:
    back_office.at(back_office.till.open(product(back_office.till.oil, price="0.00")))
    assert 'value="settle"' in back_office.see()
    back_office.done("settle", version=back_office.sale.version)
    assert back_office.sale.state == SaleState.PAID
