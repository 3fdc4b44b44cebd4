"""Paying at the till's page: by several methods, beforehand, in two windows (ui.md §2.5)."""

import re
from typing import Any
from uuid import uuid4

import pytest

from bookings.checkout.sales import pay
from bookings.models import Method, Payment, PaymentKind, Sale, SaleLine, SalesRules, SaleState, TillMode
from bookings.states import State
from clients.models import Client
from tests.bookings.salonday import at
from tests.checkout.desk import START, Desk
from tests.checkout.till import AFTER, money, product
from tests.conftest import NOW

SPACE = "\N{NO-BREAK SPACE}"


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


def _was(page: str) -> str:
    """Return what the form of a page brings back of what it shows."""
    found = re.search(r'name="was" value="([^"]*)"', page)
    assert found
    return found[1]


def test_what_has_changed_is_named_and_all_of_it_is_asked_for_again(desk: Desk) -> None:
    desk.at(desk.till.open(product(desk.till.oil)))
    seen = {"version": desk.sale.version, "was": _was(desk.see())}
    desk.done(f"add:product:{desk.till.shampoo.pk}")
    page = desk.refused("pay", method="CARD", amount="27,50", **seen)
    assert f"Dazugekommen: Shampoo (19,90{SPACE}€)." in page
    assert f"Zu zahlen sind jetzt 47,40{SPACE}€ statt 27,50{SPACE}€." in page
    assert 'name="amount" type="text" inputmode="decimal" autocomplete="off" maxlength="12" value="47,40"' in page
    # What was an amount of its own stays.
    page = desk.refused("pay", method="CARD", amount="20,00", **seen)
    assert 'maxlength="12" value="20,00"' in page


def test_a_line_that_costs_something_else_or_is_gone_is_named(desk: Desk) -> None:
    desk.at(desk.till.open(product(desk.till.oil), product(desk.till.shampoo)))
    seen = {"version": desk.sale.version, "was": _was(desk.see())}
    desk.done(f"more:{_line(desk.sale).pk}")
    desk.done(f"drop:{_line(desk.sale, 1).pk}")
    page = desk.refused("pay", method="CARD", amount="47,40", **seen)
    assert f"Haaröl: jetzt 55,00{SPACE}€ statt 27,50{SPACE}€." in page
    assert "1 Position wurde heruntergenommen." in page


@pytest.mark.parametrize("was", ["", "abc", "4500 x:1", "-1", "4500 1:2:3", "99999999999999999999"])
def test_what_a_form_brings_back_that_makes_no_sense_is_left_out(desk: Desk, was: str) -> None:
    desk.at(desk.till.open(product(desk.till.oil)))
    seen = desk.sale.version
    desk.done(f"more:{_line(desk.sale).pk}")
    page = desk.refused("pay", method="CARD", amount="27,50", version=seen, was=was)
    assert "Gebucht wurde nichts.</p>" in page


def test_a_second_window_has_paid_the_sale(desk: Desk) -> None:
    desk.at(desk.till.open(product(desk.till.oil)))
    seen = desk.sale.version
    pay(**desk.till.given, sale_id=desk.sale.pk, method=Method.CARD, amount=money("27.50"))
    page = desk.refused("pay", method="CARD", amount="27,50", version=seen)
    assert "Ihre Zahlung wurde nicht gebucht" in page
    assert re.search(rf"Dieser Verkauf ist schon bezahlt \(27,50{SPACE}€, \d\d:\d\d, \w[^)]+\)\.", page)
    assert "Jemand anders" not in page
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


@pytest.fixture
def deposit(desk: Desk) -> Sale:
    """20.00 that came by transfer the day before."""
    visit = desk.till.visit(state=State.BOOKED)
    return desk.till.pay(desk.till.charge(visit, now=NOW), "20.00", Method.TRANSFER, now=NOW)


def test_a_deposit_of_an_earlier_day_is_no_mistake_of_today(
    desk: Desk, back_office: Desk, deposit: Sale, time_machine: Any
) -> None:
    time_machine.move_to(AFTER)
    act = f"unpay:{Payment.objects.get().pk}"
    assert act not in desk.at(deposit).see()
    assert "gibt die Leitung zurück" in desk.refused(act)
    assert act in back_office.at(deposit).see()
    page = back_office.done(act, reason="Zieht weg")
    assert f"20,00{SPACE}€ zurückgegeben. Das ist hier vermerkt" in page
    assert "Rückgängig" not in page
    back_office.done("pay", method="CARD", amount="59,00", version=back_office.sale.version)
    assert back_office.sale.state == SaleState.PAID
    page = back_office.see()
    for told in (f"20,00{SPACE}€", "Zurückgegeben · Überweisung", f"−20,00{SPACE}€", "Anzahlung"):
        assert told in page


def test_a_mistake_of_today_leaves_no_trace(desk: Desk) -> None:
    desk.at(desk.till.open(product(desk.till.oil)))
    desk.done("pay", method="CARD", amount="10", version=desk.sale.version)
    page = desk.done(f"unpay:{Payment.objects.get().pk}")
    assert "Rückgängig" in page
    assert "Zurückgegeben" not in page


def test_what_is_due_stands_in_the_field_and_a_deposit_is_typed(desk: Desk, time_machine: Any) -> None:
    visit = desk.till.visit(state=State.BOOKED)
    time_machine.move_to(at(9))
    answer = desk.browser.post(f"{START}new/", {"appointment": str(visit.pk), "for": "deposit"})
    sale = Sale.objects.get()
    assert answer.headers["Location"] == f"{START}{sale.pk}/?for=deposit"
    page = desk.browser.get(answer.headers["Location"]).text
    assert "Betrag der Anzahlung" in page
    assert 'name="amount" type="text" inputmode="decimal" autocomplete="off" maxlength="12" value=""' in page
    page = desk.at(sale).see()
    assert "Betrag der Anzahlung" not in page
    assert 'value="59,00"' in page
    # Who takes a deposit of a sale that is begun is led to it.
    again = desk.browser.post(f"{START}new/", {"appointment": str(visit.pk), "for": "deposit"})
    assert again.headers["Location"] == answer.headers["Location"]


def test_points_are_promised_to_whoever_has_a_treatcard(desk: Desk, time_machine: Any) -> None:
    visit = desk.till.visit(state=State.BOOKED)
    time_machine.move_to(at(9))
    desk.at(desk.till.charge(visit, now=at(9)))
    page = desk.see()
    assert "keine Punkte" in page
    assert "gibt es die Punkte" not in page
    page = desk.refused("treatcard", treatcard="#")
    assert 'id="treatcard-error"' in page
    page = desk.done("treatcard", treatcard="tc 4711")
    assert "Die Treatcard hat die Nummer" in page
    assert "gibt es die Punkte" in page
    assert 'value="treatcard:generate"' not in page


def test_a_treatcard_with_a_number_that_is_made(desk: Desk) -> None:
    desk.at(desk.till.open(product(desk.till.oil)))
    desk.done("treatcard:generate")
    lena = Client.objects.get(pk=desk.till.day.lena.pk)
    assert lena.treatcard_number == f"TC-{lena.number:05}"
    page = desk.refused("treatcard", treatcard="TC-2")
    assert "inzwischen" in page or "geändert" in page
    desk.at(desk.till.open(product(desk.till.oil), client_id=None))
    desk.refused("treatcard:generate")


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
