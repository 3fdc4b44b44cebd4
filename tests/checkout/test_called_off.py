"""What goes back of a sale whose appointment does not take place: how, and with its tip (domain.md §6)."""

from typing import Any

import pytest

from bookings.api.sale_bodies import shown
from bookings.checkout.reading import Wanted, get_sale, list_sales
from bookings.checkout.sales import LineWish, take_deposit
from bookings.models import Appointment, Method, Refund, Sale, SaleState
from bookings.opened import open_appointment
from bookings.scheduling import cancel, set_state, undo
from bookings.states import State
from tests.checkout.till import MANAGER, Till, give_treatcard, money, names, points_of, product, tip
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


def prepaid(till: Till, *besides: LineWish) -> tuple[Appointment, Sale]:
    """Let a cut (59.00) be paid beforehand with these: 20 and 30 by card, the rest into the salon's till."""
    visit = till.visit(state=State.BOOKED)
    for amount in ("20.00", "30.00"):
        given: dict[str, Any] = {"actor": till.actor, "salon": till.salon, "appointment_id": visit.pk, "now": NOW}
        take_deposit(**given, method=Method.CARD, amount=money(amount))
    sale = till.charge(visit, *besides, now=NOW)
    return visit, till.pay(sale, method=Method.EXTERNAL_TILL, reference="K-4711", now=NOW)


def off(till: Till, visit: Appointment) -> Appointment:
    return cancel(actor=till.actor, salon=till.salon, appointment_id=visit.pk, now=NOW).appointment


def given_back(sale: Sale) -> list[tuple[str, str, str]]:
    found = Refund.objects.filter(sale=sale, removed_at=None).order_by("id")
    return [(str(one.method), str(one.amount), one.reference) for one in found]


def stands(sale: Sale) -> tuple[str, str, str]:
    sale.refresh_from_db()
    return str(sale.state), str(sale.paid), str(sale.refunded)


def test_a_part_goes_back_as_it_was_paid(till: Till) -> None:
    """Of 86.50 the cut goes back: never more by a method than was paid by it."""
    visit, sale = prepaid(till, product(till.oil))
    off(till, visit)
    assert given_back(sale) == [("CARD", "20.00", ""), ("CARD", "30.00", ""), ("EXTERNAL_TILL", "9.00", "K-4711")]
    assert stands(sale) == ("PARTLY_REFUNDED", "86.50", "59.00")


def test_what_is_left_of_a_method_goes_back_by_it(till: Till) -> None:
    """One payment covers it: nothing goes back by the others."""
    visit = till.visit(till.day.brows, state=State.BOOKED)
    sale = till.charge(visit, product(till.oil), now=NOW)
    till.pay(sale, "39.50", method=Method.TRANSFER, reference="Ü 5", now=NOW)
    off(till, visit)
    assert given_back(sale) == [("TRANSFER", "12.00", "Ü 5")]


def test_its_tip_goes_back_with_it(till: Till) -> None:
    visit, sale = prepaid(till, tip("4.80"))
    cancelled = off(till, visit)
    assert given_back(sale) == [("CARD", "20.00", ""), ("CARD", "30.00", ""), ("EXTERNAL_TILL", "13.80", "K-4711")]
    assert stands(sale) == ("VOID", "63.80", "63.80")
    undo(actor=till.actor, salon=till.salon, appointment_id=visit.pk, version=cancelled.version, now=NOW)
    assert (stands(sale), given_back(sale)) == (("PAID", "63.80", "0.00"), [])


def test_what_was_bought_with_it_stays_without_the_tip(till: Till) -> None:
    lena = give_treatcard(till.day.lena)
    visit, sale = prepaid(till, tip("4.80"), product(till.oil))
    off(till, visit)
    assert stands(sale) == ("PARTLY_REFUNDED", "91.30", "63.80")
    assert [(line.label, line.refunded) for line in sale.lines.order_by("position")][1:] == [
        ("Trinkgeld", 1),
        ("Haaröl", 0),
    ]
    assert points_of(lena) == 55


def test_an_open_tip_lapses_with_it(till: Till) -> None:
    visit = till.visit(state=State.BOOKED)
    sale = till.charge(visit, tip("4.80"), product(till.oil), now=NOW)
    cancelled = off(till, visit)
    other = Sale.objects.exclude(pk=sale.pk).get()
    assert (str(other.total), names(list(other.lines.all()))) == ("27.50", ["Haaröl"])
    undo(actor=till.actor, salon=till.salon, appointment_id=visit.pk, version=cancelled.version, now=NOW)
    sale.refresh_from_db()
    assert (sale.state, str(sale.total)) == (SaleState.OPEN, "63.80")


def test_booked_again_the_sale_before_still_tells_what_it_was_for(till: Till) -> None:
    visit, sale = prepaid(till, product(till.oil))
    off(till, visit)
    set_state(actor=till.actor, salon=till.salon, appointment_id=visit.pk, state=State.BOOKED, now=NOW)
    sale.refresh_from_db()
    assert (sale.appointment_id, sale.was_for_id) == (None, visit.pk)
    again = till.charge(visit, now=NOW)
    assert again.pk != sale.pk
    page = list_sales(Wanted(appointment_id=visit.pk), limit=10)
    assert {one.pk for one in page.rows} == {sale.pk, again.pk}
    assert shown(get_sale(sale.pk), with_client=False)["booking_id"] == str(visit.pk)
    opened = open_appointment(visit.pk, till.salon)
    assert [(one.id, str(one.paid), str(one.refunded)) for one in opened.earlier] == [(sale.pk, "86.50", "59.00")]
    assert opened.sale is not None
    assert opened.sale.id == again.pk


def test_an_undone_refund_says_by_whom(till: Till) -> None:
    visit, sale = prepaid(till)
    cancelled = off(till, visit)
    undo(actor=MANAGER, salon=till.salon, appointment_id=visit.pk, version=cancelled.version, now=NOW)
    view = get_sale(sale.pk)
    assert (view.refunds, [(str(one.amount), one.removed_by) for one in view.undone]) == (
        [],
        [("20.00", "Carla"), ("30.00", "Carla"), ("9.00", "Carla")],
    )
