"""An open sale follows its appointment; a paid one holds it (domain.md §6)."""

from collections.abc import Callable
from typing import Any

import pytest

from bookings.checkout.sales import RewardsInSale, SaleAlreadyPaid, redeem_at_checkout
from bookings.models import Appointment, AppointmentItem, Sale, SaleLine, SaleState
from bookings.scheduling import (
    ItemWish,
    add_item,
    change_client,
    change_note,
    change_price,
    move,
    reassign_item,
    remove_item,
    set_state,
)
from bookings.states import State
from tests.bookings.salonday import at, make_client
from tests.checkout.till import (
    AFTER,
    Till,
    amounts,
    give_discount,
    give_treatcard,
    make_offer,
    make_reward,
    money,
    product,
    shown,
)
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


def _item(visit: Appointment, position: int = 0) -> AppointmentItem:
    return list(visit.items.order_by("position"))[position]


def test_items_added_and_taken_off(till: Till) -> None:
    visit = till.visit()
    sale = till.charge(visit, product(till.oil))
    wish = ItemWish(till.day.brows.pk, till.day.anna.pk)
    add_item(**till.given, appointment_id=visit.pk, item=wish)
    assert shown(sale) == [
        ("SERVICE", "Schneiden", 1, "0.00", "59.00"),
        ("SERVICE", "Brauen zupfen", 1, "0.00", "12.00"),
        ("PRODUCT", "Haaröl", 1, "0.00", "27.50"),
    ]
    assert amounts(sale)[0] == "98.50"
    remove_item(**till.given, item_id=_item(visit).pk)
    assert shown(sale) == [
        ("SERVICE", "Brauen zupfen", 1, "0.00", "12.00"),
        ("PRODUCT", "Haaröl", 1, "0.00", "27.50"),
    ]
    sale.refresh_from_db()
    assert (amounts(sale)[0], sale.version) == ("39.50", 3)


def test_another_price(office: Till) -> None:
    give_discount(office.day.lena, "10")
    visit = office.visit()
    sale = office.charge(visit)
    change_price(**office.given, item_id=_item(visit).pk, price=money("50.00"))
    line = SaleLine.objects.get()
    assert (line.list_price, line.own_price, line.final_price) == (money("59.00"), money("50.00"), money("45.00"))
    change_price(**office.given, item_id=_item(visit).pk, price=money("59.00"))
    line.refresh_from_db()
    assert (line.own_price, amounts(sale)[0]) == (None, "53.10")


def test_booked_on_a_special_offer(till: Till) -> None:
    make_offer(till.day.cut, "49.00")
    give_discount(till.day.lena, "10")
    visit = till.visit()
    AppointmentItem.objects.update(price=money("49.00"))
    till.charge(visit)
    line = SaleLine.objects.get()
    # No category takes anything off an offer, unless it says so.
    assert (line.list_price, line.offer_price, line.own_price) == (money("59.00"), money("49.00"), None)
    assert line.final_price == money("49.00")


def test_another_client(till: Till) -> None:
    give_discount(till.day.lena, "10")
    visit = till.visit()
    sale = till.charge(visit)
    mia = make_client("Mia", "Koch")
    change_client(**till.given, appointment_id=visit.pk, client_id=mia.pk)
    sale.refresh_from_db()
    assert (sale.client_id, amounts(sale)[0]) == (mia.pk, "59.00")
    give_treatcard(mia, 100)
    redeem_at_checkout(**till.given, sale_id=sale.pk, reward_id=make_reward(till.oil).pk)
    with pytest.raises(RewardsInSale):
        change_client(**till.given, appointment_id=visit.pk, client_id=till.day.lena.pk)
    visit.refresh_from_db()
    assert visit.client_id == mia.pk


def test_what_was_taken_off_is_not_paid_any_more(till: Till) -> None:
    """A deposit that is more than the rest costs stays on the sale; nothing is closed by itself."""
    visit = till.visit(till.day.cut, till.day.brows)
    sale = till.charge(visit)
    till.pay(sale, "59.00")
    remove_item(**till.given, item_id=_item(visit, 1).pk)
    assert amounts(sale) == ("59.00", "59.00", "0.00")
    sale.refresh_from_db()
    assert sale.state == SaleState.OPEN
    till.pay(sale, "0.00")
    sale.refresh_from_db()
    assert sale.state == SaleState.PAID


def test_who_has_done_it_is_who_did_it_at_last(till: Till) -> None:
    visit = till.visit(state=State.BOOKED)
    sale = till.charge(visit)
    reassign_item(**till.given, item_id=_item(visit).pk, staff_id=till.day.bora.pk)
    till.pay(sale)
    assert SaleLine.objects.get().staff_id == till.day.bora.pk


PAID: list[tuple[str, Callable[[Till, Appointment], Any]]] = [
    (
        "add_item",
        lambda till, visit: add_item(
            **till.given, appointment_id=visit.pk, item=ItemWish(till.day.brows.pk, till.day.anna.pk)
        ),
    ),
    ("remove_item", lambda till, visit: remove_item(**till.given, item_id=_item(visit).pk)),
    ("change_price", lambda till, visit: change_price(**till.given, item_id=_item(visit).pk, price=money("1.00"))),
    ("change_client", lambda till, visit: change_client(**till.given, appointment_id=visit.pk, client_id=None)),
]


@pytest.mark.parametrize(("name", "act"), PAID, ids=[name for name, _act in PAID])
def test_what_is_paid_beforehand_cannot_change_any_more(office: Till, name: str, act: Any) -> None:
    visit = office.visit(office.day.cut, office.day.brows, state=State.BOOKED)
    sale = office.charge(visit)
    office.pay(sale, now=NOW)
    visit.refresh_from_db()
    with pytest.raises(SaleAlreadyPaid):
        act(office, visit)
    assert (visit.items.count(), amounts(sale)[0]) == (2, "71.00")
    again = Appointment.objects.get()
    assert (again.version, again.client_id) == (visit.version, office.day.lena.pk)


def test_what_is_paid_beforehand_can_still_be_moved(till: Till) -> None:
    visit = till.visit(state=State.BOOKED)
    till.pay(till.charge(visit), now=NOW)
    move(**till.given, appointment_id=visit.pk, starts_at=at(15))
    change_note(**till.given, appointment_id=visit.pk, note="kommt später")
    set_state(**till.given, appointment_id=visit.pk, state=State.ARRIVED)
    visit.refresh_from_db()
    assert (visit.starts_at, visit.state) == (at(15), State.ARRIVED)


def test_of_a_void_sale_the_appointment_is_free(till: Till) -> None:
    visit = till.visit(till.day.cut, till.day.brows)
    sale = till.charge(visit)
    Sale.objects.filter(pk=sale.pk).update(state=SaleState.VOID, voided_at=AFTER)
    remove_item(**till.given, item_id=_item(visit, 1).pk)
    # It still says what was on it.
    assert [line[1] for line in shown(sale)] == ["Schneiden", "Brauen zupfen"]
    other = till.charge(visit)
    assert other.pk != sale.pk
    assert amounts(other)[0] == "59.00"
