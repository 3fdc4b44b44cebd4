"""What was taken off an open sale comes back as it was, in the appointment, too (domain.md §6; ui.md)."""

from typing import Any
from uuid import uuid4

import pytest

from bookings.bounds import Bounds
from bookings.checkout.sales import (
    SaleAlreadyPaid,
    add_line,
    change_line,
    put_back,
    redeem_at_checkout,
    remove_line,
    set_client,
)
from bookings.conflicts import SlotTaken
from bookings.models import Appointment, AppointmentItem, Sale, SaleLine, SaleState
from bookings.moving import move
from bookings.redeemed import NeedsPaidService
from bookings.states import State
from bookings.writing import NothingToUndo
from clients.labels import DiscountOn
from loyalty.models import Matrix, Redemption
from loyalty.redemption import NotEnoughPoints, redeem
from loyalty.rewards import RewardArchived, archive_rewards
from salon.errors import NotFound
from tests.bookings.salonday import at, make_appointment, make_client
from tests.checkout.till import (
    AFTER,
    MANAGER,
    Till,
    amounts,
    give_discount,
    give_treatcard,
    make_offer,
    make_product,
    make_reward,
    money,
    points_of,
    product,
    service,
    shown,
    tip,
    told,
)

pytestmark = pytest.mark.django_db
_NOT_KEPT = ("redemption_id",)


def _stored(sale: Sale) -> list[dict[str, Any]]:
    """Return all that is stored of the lines of a sale, but which redemption they name."""
    rows = SaleLine.objects.filter(sale=sale).order_by("position").values()
    return [{name: value for name, value in row.items() if name not in _NOT_KEPT} for row in rows]


def _items(visit: Appointment) -> list[dict[str, Any]]:
    rows = AppointmentItem.objects.filter(appointment=visit).order_by("position").values()
    return [{name: value for name, value in row.items() if name not in _NOT_KEPT} for row in rows]


def _take_off(till: Till, sale: Sale, place: int) -> dict[str, Any]:
    line = SaleLine.objects.filter(sale=sale).order_by("position")[place]
    return remove_line(**till.given, sale_id=sale.pk, line_id=line.pk).kept


def _back(till: Till, sale: Sale, kept: dict[str, Any], **given: Any) -> Sale:
    return put_back(**{**till.given, "sale_id": sale.pk, "kept": kept, **given})


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_each_line_comes_back_as_it_was(till: Till, office: Till, place: int) -> None:
    give_discount(till.day.lena, "10", DiscountOn.PRODUCTS)
    make_offer(till.shampoo, "15.00")
    sale = office.open(
        product(till.oil, 3, price="20.00"), product(till.shampoo, 2), tip("5.00"), service(till.day.cut)
    )
    assert shown(sale) == [
        ("PRODUCT", "Haaröl", 3, "6.00", "54.00"),
        ("PRODUCT", "Shampoo", 2, "0.00", "30.00"),
        ("TIP", "", 1, "0.00", "5.00"),
        ("SERVICE", "Schneiden", 1, "0.00", "59.00"),
    ]
    before = _stored(sale)
    # Who may set no price puts back one that was set.
    kept = _take_off(till, sale, place)
    assert len(_stored(sale)) == 3
    _back(till, sale, kept)
    assert _stored(sale) == before
    assert amounts(sale) == ("148.00", "0.00", "148.00")
    name, units = [("Haaröl", "3"), ("Shampoo", "2"), ("TIP", "1"), ("Schneiden", "1")][place]
    assert told(sale.pk)[-1] == ("sale.line_restored", [("line", None, name), ("quantity", None, units)])
    with pytest.raises(NothingToUndo):
        _back(till, sale, kept)
    assert _stored(sale) == before


def test_it_comes_back_among_what_was_put_on_since(till: Till) -> None:
    sale = till.open(product(till.oil), product(till.shampoo))
    kept = _take_off(till, sale, 0)
    add_line(**till.given, sale_id=sale.pk, wish=tip("1.00"))
    _back(till, sale, kept)
    assert [line[1] for line in shown(sale)] == ["Haaröl", "Shampoo", ""]
    # Its place is at the end where less is left than was there.
    kept = _take_off(till, sale, 2)
    _take_off(till, sale, 1)
    _back(till, sale, kept)
    assert [line[0] for line in shown(sale)] == ["PRODUCT", "TIP"]


def test_of_a_paid_sale_nothing_comes_back(till: Till) -> None:
    sale = till.open(product(till.oil), product(till.shampoo))
    kept = _take_off(till, sale, 0)
    till.pay(sale)
    before = _stored(sale)
    with pytest.raises(SaleAlreadyPaid):
        _back(till, sale, kept)
    assert _stored(sale) == before
    other = till.open(product(till.shampoo))
    with pytest.raises(NotFound):
        _back(till, other, kept)
    with pytest.raises(NotFound):
        _back(till, sale, kept, sale_id=uuid4())
    assert len(_stored(other)) == 1


def test_a_product_for_points_takes_them_again(till: Till) -> None:
    lena = give_treatcard(till.day.lena, 150)
    reward = make_reward(till.oil, 150)
    sale = till.open(product(till.shampoo))
    redeem_at_checkout(**till.given, sale_id=sale.pk, reward_id=reward.pk)
    before = _stored(sale)
    kept = _take_off(till, sale, 1)
    assert points_of(lena) == 150
    _back(till, sale, kept)
    assert (_stored(sale), points_of(lena)) == (before, 0)
    line = SaleLine.objects.get(sale=sale, kind="REWARD")
    assert [one.pk for one in Redemption.objects.standing()] == [line.redemption_id]


def test_points_that_are_gone_are_told(till: Till) -> None:
    lena = give_treatcard(till.day.lena, 150)
    reward, other = make_reward(till.oil, 150), make_reward(till.shampoo, 20)
    sale = till.open(product(make_product("Bürste")))
    redeem_at_checkout(**till.given, sale_id=sale.pk, reward_id=reward.pk)
    kept = _take_off(till, sale, 1)
    redeem_at_checkout(**till.given, sale_id=sale.pk, reward_id=other.pk)
    before = _stored(sale)
    with pytest.raises(NotEnoughPoints):
        _back(till, sale, kept)
    archive_rewards(actor=MANAGER, reward_ids=[reward.pk], now=AFTER)
    with pytest.raises(RewardArchived):
        _back(till, sale, kept)
    assert (_stored(sale), points_of(lena)) == (before, 130)


def test_points_are_taken_from_nobody_else(till: Till) -> None:
    lena, mia = give_treatcard(till.day.lena, 150), give_treatcard(make_client("Mia"), 500)
    sale = till.open(product(till.shampoo))
    redeem_at_checkout(**till.given, sale_id=sale.pk, reward_id=make_reward(till.oil).pk)
    kept = _take_off(till, sale, 1)
    set_client(**till.given, sale_id=sale.pk, client_id=mia.pk)
    with pytest.raises(NothingToUndo):
        _back(till, sale, kept)
    assert (points_of(lena), points_of(mia)) == (150, 500)


def test_a_service_comes_back_into_its_appointment(till: Till, office: Till) -> None:
    visit = till.visit(till.day.cut, till.day.brows)
    sale = till.charge(visit, product(till.oil))
    line = SaleLine.objects.get(sale=sale, name="Schneiden")
    change_line(**office.given, sale_id=sale.pk, line_id=line.pk, changes={"price": money("40.00")})
    items, before = _items(visit), shown(sale)
    assert before == [
        ("SERVICE", "Schneiden", 1, "0.00", "40.00"),
        ("SERVICE", "Brauen zupfen", 1, "0.00", "12.00"),
        ("PRODUCT", "Haaröl", 1, "0.00", "27.50"),
    ]
    for place in (0, 1):
        kept = _take_off(till, sale, place)
        assert (len(_items(visit)), len(shown(sale))) == (1, 2)
        _back(till, sale, kept)
        assert (_items(visit), shown(sale)) == (items, before)
    visit.refresh_from_db()
    assert (visit.starts_at, visit.ends_at) == (items[0]["starts_at"], items[1]["ends_at"])
    assert told(visit.pk)[-1] == (
        "appointment.item_restored",
        [
            ("services", None, "Brauen zupfen"),
            ("staff", None, "Anna"),
            ("starts_at", None, "2026-11-24T11:00+01:00"),
        ],
    )
    with pytest.raises(NothingToUndo):
        _back(till, sale, kept)
    assert SaleLine.objects.get(sale=sale, name="Schneiden").own_price == money("40.00")


def test_a_time_that_somebody_else_has_by_now(till: Till) -> None:
    visit = till.visit(till.day.cut, till.day.brows)
    sale = till.charge(visit)
    kept = _take_off(till, sale, 1)
    make_appointment((till.day.brows, till.day.anna), starts_at=at(11), client=make_client("Mia"))
    before = _items(visit), shown(sale)
    with pytest.raises(SlotTaken) as refused:
        _back(till, sale, kept)
    assert [(one.staff_name, one.service_name) for one in refused.value.blocking] == [("Anna", "Brauen zupfen")]
    assert (_items(visit), shown(sale)) == before


def test_where_the_appointment_was_moved_it_does_not_come_back(till: Till) -> None:
    visit = till.visit(till.day.cut, till.day.brows, state=State.BOOKED)
    sale = till.charge(visit)
    kept = _take_off(till, sale, 1)
    visit.refresh_from_db()
    move(**till.given, appointment_id=visit.pk, starts_at=at(15), version=visit.version, bounds=Bounds.DESK)
    with pytest.raises(NothingToUndo):
        _back(till, sale, kept)
    assert len(_items(visit)) == 1


def _with_reward(office: Till, *more: Any) -> tuple[Appointment, Sale]:
    """Return a visit of Lena, who gives 100 of 100 points for her brows, and its sale."""
    give_treatcard(office.day.lena, 100)
    visit = office.visit(office.day.cut, office.day.brows, *more)
    reward = make_reward(office.day.brows, matrix=Matrix.ANYTIME)
    redemption = redeem(actor=office.actor, client=office.day.lena, reward=reward, had=False, now=AFTER)
    AppointmentItem.objects.filter(appointment=visit, service=office.day.brows).update(redemption=redemption, price=0)
    return visit, office.charge(visit)


def test_a_service_for_points_takes_them_again(office: Till) -> None:
    visit, sale = _with_reward(office)
    items, before = _items(visit), _stored(sale)
    kept = _take_off(office, sale, 1)
    assert points_of(office.day.lena) == 100
    _back(office, sale, kept)
    assert (_items(visit), points_of(office.day.lena)) == (items, 0)
    # The line of an appointment's item is made anew.
    assert [{**row, "id": 0} for row in _stored(sale)] == [{**row, "id": 0} for row in before]
    item = AppointmentItem.objects.get(appointment=visit, service=office.day.brows)
    assert SaleLine.objects.get(item=item).redemption_id == item.redemption_id
    assert [one.pk for one in Redemption.objects.standing()] == [item.redemption_id]


def test_no_reward_comes_back_to_where_nothing_is_paid_for(office: Till) -> None:
    visit, sale = _with_reward(office)
    kept = _take_off(office, sale, 1)
    change_line(
        **office.given,
        sale_id=sale.pk,
        line_id=SaleLine.objects.get(sale=sale).pk,
        changes={"price": money("0.00")},
    )
    with pytest.raises(NeedsPaidService):
        _back(office, sale, kept)
    assert (points_of(office.day.lena), len(_items(visit))) == (100, 1)


def test_rewards_that_went_with_the_last_paid_service_come_back_with_it(office: Till) -> None:
    gift = office.day.colour
    visit, sale = _with_reward(office, gift)
    line = SaleLine.objects.get(sale=sale, service=gift)
    # What costs nothing is left when the paid service goes, and its reward with it.
    change_line(**office.given, sale_id=sale.pk, line_id=line.pk, changes={"price": money("0.00")})
    items, before = _items(visit), shown(sale)
    taken = remove_line(
        **office.given, sale_id=sale.pk, line_id=SaleLine.objects.get(sale=sale, service=office.day.cut).pk
    )
    assert taken.names == ["Schneiden", "Brauen zupfen"]
    assert (len(_items(visit)), points_of(office.day.lena)) == (1, 100)
    _back(office, sale, taken.kept)
    assert (_items(visit), shown(sale), points_of(office.day.lena)) == (items, before, 0)


def test_an_appointment_that_was_cancelled_with_its_last_service_comes_back(office: Till) -> None:
    visit, sale = _with_reward(office)
    items, before = _items(visit), shown(sale)
    taken = remove_line(**office.given, sale_id=sale.pk, line_id=SaleLine.objects.get(sale=sale, name="Schneiden").pk)
    visit.refresh_from_db()
    sale.refresh_from_db()
    assert (taken.cancelled, visit.state, sale.state) == (True, State.CANCELLED, SaleState.VOID)
    assert points_of(office.day.lena) == 100
    _back(office, sale, taken.kept)
    visit.refresh_from_db()
    sale.refresh_from_db()
    assert (visit.state, sale.state) == (State.ARRIVED, SaleState.OPEN)
    assert (_items(visit), shown(sale), points_of(office.day.lena)) == (items, before, 0)
