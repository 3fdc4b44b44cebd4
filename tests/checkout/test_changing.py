"""What is on a sale before it is paid, and whose it is (domain.md §6, §7.2)."""

from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest

from bookings.checkout.sales import (
    AlreadyOpened,
    LineFixed,
    LineKind,
    LineWish,
    RewardsInSale,
    SaleAlreadyPaid,
    add_line,
    change_line,
    open_sale,
    redeem_at_checkout,
    remove_line,
    set_client,
)
from bookings.models import AppointmentItem, Sale, SaleLine
from bookings.redeemed import NeedsPaidService
from bookings.removing import LastItem
from bookings.states import State
from clients.points import NoTreatcard
from loyalty.models import Matrix, PriorUse, Redemption
from loyalty.redemption import AlreadyHad, NotEnoughPoints, redeem
from salon.errors import InvalidInput, NotAllowed, NotFound, VersionConflict
from salon.tenancy.models import new_id
from tests.bookings.salonday import at, make_client
from tests.checkout.till import (
    AFTER,
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
    voucher,
)
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


def _errors(refused: pytest.ExceptionInfo[InvalidInput]) -> list[tuple[str, str]]:
    return [(error.field, error.code) for error in refused.value.errors]


def _line(sale: Sale, position: int = 0) -> SaleLine:
    return list(SaleLine.objects.filter(sale=sale).order_by("position"))[position]


def test_lines_come_and_go(till: Till) -> None:
    sale = till.open(product(till.oil))
    given = {**till.given, "sale_id": sale.pk}
    add_line(**given, wish=product(till.shampoo, 2))
    add_line(**given, wish=tip("3.00"))
    change_line(**given, line_id=_line(sale, 1).pk, changes={"quantity": 3})
    remove_line(**given, line_id=_line(sale).pk)
    assert shown(sale) == [("PRODUCT", "Shampoo", 3, "0.00", "59.70"), ("TIP", "", 1, "0.00", "3.00")]
    assert amounts(sale) == ("62.70", "0.00", "62.70")
    assert told(sale.pk)[1:] == [
        ("sale.line_added", [("line", None, "Shampoo"), ("quantity", None, "2")]),
        ("sale.line_added", [("line", None, "TIP"), ("quantity", None, "1")]),
        ("sale.line_changed", [("line", "Shampoo", "Shampoo"), ("quantity", "2", "3")]),
        ("sale.line_removed", [("line", "Haaröl", None), ("quantity", "1", None)]),
    ]
    sale.refresh_from_db()
    assert sale.version == 5


def test_special_offers_hold_on_their_days(till: Till) -> None:
    make_offer(till.oil, "22.00")
    make_offer(till.shampoo, "10.00", starts_on=at(9).date().replace(day=25), ends_on=at(9).date().replace(day=26))
    give_discount(till.day.lena, "10")
    sale = till.open(product(till.oil), product(till.shampoo))
    # On the offer only what allows it.
    assert shown(sale) == [("PRODUCT", "Haaröl", 1, "0.00", "22.00"), ("PRODUCT", "Shampoo", 1, "1.99", "17.91")]
    give_discount(till.day.lena, "5", offers=True)
    again = till.open(product(till.oil))
    assert shown(again) == [("PRODUCT", "Haaröl", 1, "1.10", "20.90")]
    line = _line(again)
    assert (line.list_price, line.offer_price, line.unit_price) == (money("27.50"), money("22.00"), money("22.00"))


def test_a_price_by_hand_replaces_list_and_offer(till: Till, office: Till) -> None:
    make_offer(till.oil, "22.00")
    give_discount(till.day.lena, "10")
    with pytest.raises(NotAllowed):
        till.open(product(till.oil, 2, "15.00"))
    # What it costs anyway is no price of one's own.
    assert _line(till.open(product(till.oil, price="22.00"))).own_price is None
    sale = office.open(product(till.oil, 2, "15.00"))
    # The categories' discounts hold all the same.
    assert shown(sale) == [("PRODUCT", "Haaröl", 2, "3.00", "27.00")]
    line = _line(sale)
    given = {**office.given, "sale_id": sale.pk, "line_id": line.pk}
    with pytest.raises(NotAllowed):
        change_line(**{**given, **till.given}, changes={"price": money("1.00")})
    change_line(**given, changes={"price": None})
    assert shown(sale) == [("PRODUCT", "Haaröl", 2, "0.00", "44.00")]


@pytest.mark.parametrize(
    ("wish", "wrong"),
    [
        (LineWish(LineKind.SERVICE, service_id=uuid4()), [("lines.1.service", "not_found")]),
        (LineWish(LineKind.PRODUCT, product_id=uuid4()), [("lines.1.product", "not_found")]),
        (LineWish(LineKind.REWARD, reward_id=uuid4()), [("lines.1.reward", "not_found")]),
        (LineWish(LineKind.TIP), [("lines.1.price", "required")]),
        (LineWish(LineKind.VOUCHER, price=money("0.00")), [("lines.1.price", "required")]),
        (LineWish(LineKind.TIP, price=money("-5.00")), [("lines.1.price", "out_of_range")]),
        (LineWish(LineKind.TIP, price=money("0.001")), [("lines.1.price", "not_money")]),
        (
            LineWish(LineKind.PRODUCT, product_id=uuid4(), quantity=-1, staff_id=uuid4()),
            [("lines.1.product", "not_found"), ("lines.1.staff", "not_found"), ("lines.1.quantity", "range")],
        ),
        (LineWish(LineKind.TIP, price=money("1.00"), quantity=1000), [("lines.1.quantity", "range")]),
    ],
)
def test_what_cannot_be_sold(till: Till, wish: LineWish, wrong: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidInput) as refused:
        till.open(product(till.oil), wish)
    assert _errors(refused) == wrong
    assert not Sale.objects.exists()
    sale = till.open(product(till.oil))
    with pytest.raises(InvalidInput) as refused:
        add_line(**till.given, sale_id=sale.pk, wish=wish)
    assert _errors(refused) == [(name.removeprefix("lines.1."), code) for name, code in wrong]
    assert amounts(sale)[0] == "27.50"


def test_archived_goods_are_not_sold(till: Till) -> None:
    gone = make_product("Wachs", archived_at=NOW)
    with pytest.raises(InvalidInput) as refused:
        till.open(product(gone))
    assert _errors(refused) == [("lines.0.product", "not_found")]


def test_who_is_not_there(till: Till) -> None:
    with pytest.raises(InvalidInput) as refused:
        till.open(client_id=uuid4())
    assert _errors(refused) == [("client", "not_found")]
    with pytest.raises(InvalidInput) as refused:
        till.open(appointment_id=uuid4(), client_id=uuid4())
    assert _errors(refused) == [("appointment", "not_found"), ("client", "not_found")]
    other = make_client("Mia", "Koch")
    with pytest.raises(InvalidInput) as refused:
        till.charge(till.visit(), client_id=other.pk)
    assert _errors(refused) == [("client", "another_client")]


def test_the_same_form_twice_opens_one_sale(till: Till) -> None:
    sale_id = new_id()
    open_sale(**till.given, lines=[product(till.oil)], sale_id=sale_id)
    with pytest.raises(AlreadyOpened):
        open_sale(**till.given, lines=[product(till.oil)], sale_id=sale_id)
    assert SaleLine.objects.count() == 1


def test_wishes_for_what_the_appointment_has_are_its_items(till: Till, office: Till) -> None:
    day = till.day
    visit = till.visit(day.cut, day.brows)
    sale = office.charge(visit, service(day.brows, price="10.00"), service(day.cut, 2), product(till.oil))
    assert shown(sale) == [
        ("SERVICE", "Schneiden", 1, "0.00", "59.00"),
        ("SERVICE", "Brauen zupfen", 1, "0.00", "10.00"),
        ("SERVICE", "Schneiden", 1, "0.00", "59.00"),
        ("PRODUCT", "Haaröl", 1, "0.00", "27.50"),
    ]
    assert [line.item_id is not None for line in sale.lines.order_by("position")] == [True, True, False, False]
    assert AppointmentItem.objects.get(service=day.brows).price == money("10.00")


def test_a_walk_in_s_appointment_goes_to_who_pays(till: Till) -> None:
    give_discount(till.day.lena, "10")
    visit = till.visit(client=None)
    sale = till.charge(visit, client_id=till.day.lena.pk)
    visit.refresh_from_db()
    assert (visit.client_id, sale.client_id) == (till.day.lena.pk, till.day.lena.pk)
    assert amounts(sale)[0] == "53.10"


def test_another_client_has_other_discounts(till: Till) -> None:
    give_discount(till.day.lena, "10")
    mia = make_client("Mia", "Koch")
    sale = till.open(product(till.oil))
    set_client(**till.given, sale_id=sale.pk, client_id=mia.pk)
    assert amounts(sale)[0] == "27.50"
    set_client(**till.given, sale_id=sale.pk, client_id=None)
    set_client(**till.given, sale_id=sale.pk, client_id=till.day.lena.pk)
    assert amounts(sale)[0] == "24.75"
    with pytest.raises(InvalidInput) as refused:
        set_client(**till.given, sale_id=sale.pk, client_id=uuid4())
    assert _errors(refused) == [("client", "not_found")]
    # Of an appointment's sale, the appointment is hers, too.
    visit = till.visit()
    sale = till.charge(visit)
    set_client(**till.given, sale_id=sale.pk, client_id=mia.pk)
    visit.refresh_from_db()
    assert (visit.client_id, amounts(sale)[0]) == (mia.pk, "59.00")


def test_a_product_for_points(till: Till) -> None:
    lena = give_treatcard(till.day.lena, 150)
    reward = make_reward(till.oil)
    sale = till.open(product(till.shampoo))
    redeem_at_checkout(**till.given, sale_id=sale.pk, reward_id=reward.pk)
    assert points_of(lena) == 50
    assert shown(sale)[1] == ("REWARD", "Haaröl", 1, "0.00", "0.00")
    line = _line(sale, 1)
    assert (line.list_price, line.redemption.reward_id) == (money("27.50"), reward.pk)  # type: ignore[union-attr]
    for changes in ({"quantity": 2}, {"price": money("1.00")}):
        with pytest.raises(LineFixed):
            change_line(**till.given, sale_id=sale.pk, line_id=line.pk, changes=changes)  # type: ignore[arg-type]
    # Not to another client, with Lena's points in it.
    with pytest.raises(RewardsInSale):
        set_client(**till.given, sale_id=sale.pk, client_id=None)
    with pytest.raises(NotEnoughPoints):
        redeem_at_checkout(**till.given, sale_id=sale.pk, reward_id=make_reward(make_product("Maske")).pk)
    remove_line(**till.given, sale_id=sale.pk, line_id=line.pk)
    assert points_of(lena) == 150
    assert Redemption.objects.standing().count() == 0


def test_a_reward_earns_nothing(till: Till) -> None:
    lena = give_treatcard(till.day.lena, 100)
    sale = till.open(LineWish(LineKind.REWARD, reward_id=make_reward(till.oil).pk), service(till.day.cut))
    till.pay(sale)
    assert points_of(lena) == 59


def test_only_the_first_time(till: Till) -> None:
    lena = give_treatcard(till.day.lena, 1000)
    first, always = make_reward(till.oil), make_reward(till.shampoo, matrix=Matrix.ANYTIME)
    till.sold(product(till.oil), product(till.shampoo))
    sale = till.open(service(till.day.cut))
    given = {**till.given, "sale_id": sale.pk}
    with pytest.raises(AlreadyHad):
        redeem_at_checkout(**given, reward_id=first.pk)
    redeem_at_checkout(**given, reward_id=always.pk)
    redeem_at_checkout(**given, reward_id=always.pk)
    brush = make_product("Bürste")
    PriorUse.objects.create(client=lena, product=brush, noted_by_name="Empfang", noted_at=NOW)
    with pytest.raises(AlreadyHad):
        redeem_at_checkout(**given, reward_id=make_reward(brush).pk)
    mask = make_product("Maske")
    redeem_at_checkout(**given, reward_id=make_reward(mask).pk)
    with pytest.raises(AlreadyHad):
        redeem_at_checkout(**given, reward_id=Redemption.objects.latest("redeemed_at", "id").reward_id)


def test_not_beside_the_same_product_that_is_paid_for(till: Till) -> None:
    lena = give_treatcard(till.day.lena, 1000)
    reward = make_reward(till.oil, matrix=Matrix.ANYTIME)
    sale = till.open(product(till.oil), service(till.day.cut))
    with pytest.raises(AlreadyHad) as refused:
        redeem_at_checkout(**till.given, sale_id=sale.pk, reward_id=reward.pk)
    assert "schon bezahlt" in str(refused.value.message)
    with pytest.raises(AlreadyHad):
        till.open(product(till.oil), LineWish(LineKind.REWARD, reward_id=reward.pk))
    assert points_of(lena) == 1000
    remove_line(**till.given, sale_id=sale.pk, line_id=_line(sale).pk)
    redeem_at_checkout(**till.given, sale_id=sale.pk, reward_id=reward.pk)
    assert points_of(lena) == 900


def test_who_cannot_redeem(till: Till) -> None:
    reward = make_reward(till.oil)
    with pytest.raises(NoTreatcard):
        redeem_at_checkout(**till.given, sale_id=till.empty().pk, reward_id=reward.pk)
    with pytest.raises(NoTreatcard):
        redeem_at_checkout(**till.given, sale_id=till.empty(client_id=None).pk, reward_id=reward.pk)
    give_treatcard(till.day.lena, 1000)
    for_brows = make_reward(till.day.brows)
    with pytest.raises(InvalidInput) as refused:
        redeem_at_checkout(**till.given, sale_id=till.empty().pk, reward_id=for_brows.pk)
    assert _errors(refused) == [("reward", "not_a_product")]


def test_a_paid_sale_stays_as_it_is(till: Till) -> None:
    sale = till.sold(product(till.oil))
    line, given = _line(sale), {**till.given, "sale_id": sale.pk}
    acts: list[Callable[[], object]] = [
        lambda: add_line(**given, wish=tip("1.00")),
        lambda: change_line(**given, line_id=line.pk, changes={"quantity": 2}),
        lambda: remove_line(**given, line_id=line.pk),
        lambda: set_client(**given, client_id=None),
        lambda: redeem_at_checkout(**given, reward_id=make_reward(till.oil).pk),
    ]
    for act in acts:
        with pytest.raises(SaleAlreadyPaid):
            act()
    assert shown(sale) == [("PRODUCT", "Haaröl", 1, "0.00", "27.50")]


def test_somebody_else_s_change_is_told(till: Till) -> None:
    sale = till.open(product(till.oil))
    acts: list[Callable[[int], object]] = [
        lambda version: add_line(**till.given, sale_id=sale.pk, wish=voucher("50.00"), version=version),
        lambda version: remove_line(**till.given, sale_id=sale.pk, line_id=_line(sale).pk, version=version),
        lambda version: set_client(**till.given, sale_id=sale.pk, client_id=None, version=version),
    ]
    for act in acts:
        with pytest.raises(VersionConflict):
            act(sale.version + 1)
    with pytest.raises(NotFound):
        remove_line(**till.given, sale_id=sale.pk, line_id=uuid4())
    with pytest.raises(NotFound):
        add_line(**till.given, sale_id=uuid4(), wish=voucher("50.00"))


def test_a_service_taken_off_the_sale_is_taken_off_the_appointment(till: Till) -> None:
    visit = till.visit(till.day.cut, till.day.brows)
    sale = till.charge(visit)
    remove_line(**till.given, sale_id=sale.pk, line_id=_line(sale, 1).pk)
    assert visit.items.count() == 1
    assert amounts(sale)[0] == "59.00"
    with pytest.raises(LastItem):
        remove_line(**till.given, sale_id=sale.pk, line_id=_line(sale).pk)
    assert told(sale.pk)[-1] == ("sale.line_removed", [("line", "Brauen zupfen", None), ("quantity", "1", None)])


def test_a_price_changed_at_the_till_is_the_appointment_s(till: Till, office: Till) -> None:
    # Also when the visit is over.
    visit = till.visit(state=State.COMPLETED)
    sale = till.charge(visit)
    given = {**office.given, "sale_id": sale.pk, "line_id": _line(sale).pk}
    with pytest.raises(NotAllowed):
        change_line(**{**given, **till.given}, changes={"price": money("40.00")})
    with pytest.raises(LineFixed):
        change_line(**given, changes={"quantity": 2})
    changed = change_line(**given, changes={"price": money("40.00")})
    assert (visit.items.get().price, amounts(sale)[0]) == (money("40.00"), "40.00")
    assert told(sale.pk)[-1] == (
        "sale.line_changed",
        [("line", "Schneiden", "Schneiden"), ("price", "59.00", "40.00")],
    )
    change_line(**given, changes={"price": None}, version=changed.version)
    assert (visit.items.get().price, amounts(sale)[0]) == (money("59.00"), "59.00")


def test_no_reward_is_left_without_a_service_that_is_paid_for(office: Till) -> None:
    give_treatcard(office.day.lena, 100)
    visit = office.visit(office.day.cut, office.day.brows)
    redemption = redeem(
        actor=office.actor, client=office.day.lena, reward=make_reward(office.day.brows), had=False, now=AFTER
    )
    AppointmentItem.objects.filter(service=office.day.brows).update(redemption=redemption, price=0)
    sale = office.charge(visit)
    assert shown(sale) == [
        ("SERVICE", "Schneiden", 1, "0.00", "59.00"),
        ("REWARD", "Brauen zupfen", 1, "0.00", "0.00"),
    ]
    given = {**office.given, "sale_id": sale.pk}
    with pytest.raises(NeedsPaidService):
        change_line(**given, line_id=_line(sale).pk, changes={"price": money("0.00")})
    with pytest.raises(LineFixed):
        change_line(**given, line_id=_line(sale, 1).pk, changes={"price": money("1.00")})
    assert amounts(sale)[0] == "59.00"
    # Taken off at the till, its points are hers again.
    remove_line(**given, line_id=_line(sale, 1).pk)
    assert (points_of(office.day.lena), [line[1] for line in shown(sale)]) == (100, ["Schneiden"])


def test_who_sold_it(till: Till) -> None:
    sale = till.open(replace(product(till.oil), staff_id=till.day.bora.pk))
    line = _line(sale)
    change_line(**till.given, sale_id=sale.pk, line_id=line.pk, changes={"staff_id": till.day.anna.pk})
    line.refresh_from_db()
    assert line.staff_id == till.day.anna.pk
