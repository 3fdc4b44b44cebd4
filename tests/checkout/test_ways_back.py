"""How money goes back by hand: as it came, or by one method, with which reference (domain.md §6)."""

import re
from typing import Any
from uuid import UUID

import pytest

from bookings.checkout.refunding import refund
from bookings.models import Method, Refund, Sale
from salon.errors import InvalidInput
from tests.checkout.desk import START, Desk
from tests.checkout.till import AFTER, Till, product, service, told

pytestmark = pytest.mark.django_db


def mixed(till: Till) -> Sale:
    """Sell a cut and an oil: 50.00 by card, 36.50 into the salon's till."""
    sale = till.open(service(till.day.cut), product(till.oil))
    till.pay(sale, "50.00")
    return till.pay(sale, method=Method.EXTERNAL_TILL, reference="K-4711")


def given_back(sale: Sale) -> list[tuple[str, str, str]]:
    found = Refund.objects.filter(sale=sale).order_by("id")
    return [(str(one.method), str(one.amount), one.reference) for one in found]


def cut_of(sale: Sale) -> dict[UUID, int]:
    return {sale.lines.get(kind="SERVICE").pk: 1}


def test_as_it_came(office: Till) -> None:
    sale = mixed(office)
    refund(**office.given, sale_id=sale.pk, lines=cut_of(sale))
    assert given_back(sale) == [("CARD", "50.00", ""), ("EXTERNAL_TILL", "9.00", "K-4711")]
    assert told(sale.pk)[-1] == (
        "sale.refunded",
        [
            ("lines", None, "1 × Schneiden"),
            ("amount", None, "59.00"),
            ("method", None, "CARD"),
            ("method", None, "EXTERNAL_TILL"),
        ],
    )
    refund(**office.given, sale_id=sale.pk)
    assert given_back(sale)[2:] == [("EXTERNAL_TILL", "27.50", "K-4711")]


def test_the_till_s_receipt_for_it(office: Till) -> None:
    sale = mixed(office)
    refund(**office.given, sale_id=sale.pk, reference=" S 9 ")
    assert given_back(sale) == [("CARD", "50.00", ""), ("EXTERNAL_TILL", "36.50", "S 9")]


def test_a_reference_where_nothing_goes_into_the_till(office: Till) -> None:
    sale = office.sold(product(office.oil))
    refund(**office.given, sale_id=sale.pk, reference="R 1")
    assert given_back(sale) == [("CARD", "27.50", "R 1")]


def test_a_receipt_holds_for_no_more_than_was_paid_with_it(office: Till) -> None:
    sale = mixed(office)
    with pytest.raises(InvalidInput) as refused:
        refund(**office.given, sale_id=sale.pk, method=Method.EXTERNAL_TILL, lines=cut_of(sale))
    assert [(one.field, one.code) for one in refused.value.errors] == [("reference", "required")]
    refund(**office.given, sale_id=sale.pk, method=Method.EXTERNAL_TILL, lines=cut_of(sale), reference="S 9")
    assert given_back(sale) == [("EXTERNAL_TILL", "59.00", "S 9")]


def test_up_to_that_it_does(office: Till) -> None:
    sale = mixed(office)
    oil = {sale.lines.get(kind="PRODUCT").pk: 1}
    refund(**office.given, sale_id=sale.pk, method=Method.EXTERNAL_TILL, lines=oil)
    assert given_back(sale) == [("EXTERNAL_TILL", "27.50", "K-4711")]


def test_all_by_another_method(office: Till) -> None:
    sale = mixed(office)
    refund(**office.given, sale_id=sale.pk, method=Method.TRANSFER)
    assert given_back(sale) == [("TRANSFER", "86.50", "")]


def test_a_method_may_give_back_what_another_took(office: Till) -> None:
    """Its own reference for what came with it, none for the rest."""
    sale = office.open(service(office.day.cut), product(office.oil))
    office.pay(sale, "50.00", method=Method.TRANSFER, reference="Ü 5")
    office.pay(sale)
    refund(**office.given, sale_id=sale.pk, method=Method.TRANSFER)
    assert given_back(sale) == [("TRANSFER", "50.00", "Ü 5"), ("TRANSFER", "36.50", "")]


def test_the_dialog_proposes_it_as_it_came(back_office: Desk, time_machine: Any) -> None:
    time_machine.move_to(AFTER)
    sale = mixed(back_office.till)
    dialog = back_office.at(sale).see().partition('id="refund-dialog"')[2]
    asked = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", dialog.replace("\N{NO-BREAK SPACE}", " ")))
    assert "So, wie bezahlt wurde 50,00 € (Karte), 36,50 € (Eigene Kasse, Bon K-4711)" in asked
    assert '<input type="radio" name="method" value="" checked>' in dialog
    one = {f"quantity-{line}": "1" for line in cut_of(sale)}
    url = f"{START}{sale.pk}/refund/"
    answer = back_office.browser.post(url, {**one, "method": "EXTERNAL_TILL"})
    assert answer.status_code == 422
    beside = answer.text.partition('id="refund-reference-error"')[2].partition("</p>")[0]
    assert "Es geht mehr zurück, als damit bezahlt wurde" in beside
    assert '<input type="radio" name="method" value="EXTERNAL_TILL" checked>' in answer.text
    assert back_office.browser.post(url, {**one, "method": ""}).status_code == 302
    assert given_back(sale) == [("CARD", "50.00", ""), ("EXTERNAL_TILL", "9.00", "K-4711")]
