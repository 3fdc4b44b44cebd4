"""What the drawer of an appointment and the day at the till say is what the till asks for (domain.md §3, §6)."""

from collections.abc import Callable

import pytest

from bookings.checkout.day import till_day
from bookings.models import AppointmentItem
from bookings.opened import open_appointment
from bookings.rewarding import append_reward
from bookings.states import State
from clients.labels import DiscountOn
from tests.bookings.salonday import DAY
from tests.checkout.till import (
    Till,
    give_discount,
    give_treatcard,
    make_offer,
    make_reward,
    money,
    product,
)

pytestmark = pytest.mark.django_db


def _discount(percent: str, on: DiscountOn = DiscountOn.BOTH, *, offers: bool = False) -> Callable[[Till], object]:
    return lambda till: give_discount(till.day.lena, percent, on, offers=offers)


def _on_offer(price: str) -> Callable[[Till], object]:
    """Let the cut be on offer, and booked for that."""
    return lambda till: make_offer(till.day.cut, price)


def _priced(price: str) -> Callable[[Till], object]:
    """Let a price be given by hand for the cut."""
    return lambda till: AppointmentItem.objects.filter(service=till.day.cut).update(price=money(price))


@pytest.mark.parametrize(
    ("given", "asked", "cuts"),
    [
        ([], "71.00", []),
        ([_discount("10")], "63.90", ["7.10"]),
        # Rounded line by line: 59.00 and 12.00 at 12.5 %.
        ([_discount("12.5")], "62.12", ["8.88"]),
        (
            [_discount("10"), _discount("25", DiscountOn.SERVICES), _discount("50", DiscountOn.PRODUCTS)],
            "53.25",
            ["17.75"],
        ),
        ([_on_offer("49.00"), _priced("49.00")], "61.00", []),
        # Two reasons: the category that allows it on the offer, the better one on the rest.
        (
            [_on_offer("49.00"), _priced("49.00"), _discount("50"), _discount("10", offers=True)],
            "50.10",
            ["6.00", "4.90"],
        ),
        # An offer that began after it was booked, for the list's price.
        ([_on_offer("49.00"), _discount("50")], "35.50", ["35.50"]),
        # An offer for the list's price is one all the same.
        ([_on_offer("59.00"), _discount("50")], "65.00", ["6.00"]),
        ([_priced("40.00"), _discount("10")], "46.80", ["5.20"]),
        ([_priced("0.00"), _discount("100")], "0.00", ["12.00"]),
    ],
)
def test_it_is_what_the_sale_will_cost(
    till: Till, given: list[Callable[[Till], object]], asked: str, cuts: list[str]
) -> None:
    visit = till.visit(till.day.cut, till.day.brows)
    for change in given:
        change(till)
    bill = open_appointment(visit.pk, till.salon).bill
    assert (str(bill.total), [str(one.amount) for one in bill.cuts]) == (asked, cuts)
    assert [str(one.due) for one in till_day(salon=till.salon, day=DAY).to_pay] == [asked]
    sale = till.charge(visit)
    assert str(sale.total) == asked
    # And once it is opened.
    assert open_appointment(visit.pk, till.salon).bill == bill


def test_of_a_reward_nothing_is_asked(till: Till) -> None:
    give_discount(give_treatcard(till.day.lena, points=300), "10")
    visit = till.visit(state=State.BOOKED)
    append_reward(**till.given, appointment_id=visit.pk, reward_id=make_reward(till.day.brows).pk)
    bill = open_appointment(visit.pk, till.salon).bill
    assert (str(bill.full), str(bill.total)) == ("59.00", "53.10")
    assert [str(one.due) for one in till_day(salon=till.salon, day=DAY).to_pay] == ["53.10"]
    assert str(till.charge(visit).total) == "53.10"


def test_somebody_without_a_card_pays_the_price_of_the_day(till: Till) -> None:
    give_discount(till.day.lena, "10")
    visit = till.visit(client=None)
    assert str(open_appointment(visit.pk, till.salon).bill.total) == "59.00"
    assert [str(one.due) for one in till_day(salon=till.salon, day=DAY).to_pay] == ["59.00"]


def test_what_else_is_on_the_sale_counts(till: Till) -> None:
    give_discount(till.day.lena, "10")
    visit = till.visit()
    sale = till.charge(visit, product(till.oil))
    bill = open_appointment(visit.pk, till.salon).bill
    assert (str(bill.full), str(bill.total), str(sale.total)) == ("86.50", "77.85", "77.85")
    assert [str(one.amount) for one in bill.cuts] == ["8.65"]
    # Paid, it stays what was paid, whatever her categories take off by then.
    till.pay(sale)
    give_discount(till.day.lena, "50")
    assert open_appointment(visit.pk, till.salon).bill == bill
