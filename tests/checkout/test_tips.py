"""Whose a tip is: in the sale, and at the end of the day (domain.md §6)."""

from dataclasses import replace
from typing import Any

import pytest

from bookings.checkout.changing import add_line, change_line
from bookings.checkout.day import till_day
from bookings.checkout.refunding import refund
from bookings.checkout.voiding import void
from bookings.models import LineKind, Method, Sale, SaleLine
from bookings.states import State
from salon.catalogue.models import StaffMember
from salon.errors import InvalidInput
from salon.tenancy.models import new_id
from tests.bookings.salonday import make_appointment
from tests.checkout.desk import START, Desk
from tests.checkout.till import AFTER, Till, give_discount, product, service, tip

pytestmark = pytest.mark.django_db


def whose(sale: Sale) -> list[str | None]:
    """Return whom the tips of a sale are for."""
    tips = SaleLine.objects.filter(sale=sale, kind=LineKind.TIP).order_by("position")
    return list(tips.values_list("staff__name", flat=True))


def tips(till: Till) -> list[tuple[str | None, str]]:
    """Return whose the tips of the day are."""
    found = till_day(salon=till.salon, day=till.salon.date_at(till.given["now"])).tips
    return [(one.staff.name if one.staff else None, str(one.amount)) for one in found]


def both(till: Till) -> Sale:
    """Charge brows by Anna (12.00) and a cut by Bora (59.00)."""
    day = till.day
    made = make_appointment((day.brows, day.anna), (day.cut, day.bora), client=day.lena, state=State.ARRIVED)
    return till.charge(made)


def test_it_is_for_who_did_most_of_the_services(till: Till) -> None:
    sale = both(till)
    add_line(**till.given, sale_id=sale.pk, wish=tip("5.00"))
    assert whose(sale) == ["Bora"]


def test_of_equals_for_who_comes_first(till: Till) -> None:
    cut, day = service(till.day.cut), till.day
    sale = till.open(tip("5.00"), replace(cut, staff_id=day.bora.pk), replace(cut, staff_id=day.anna.pk))
    assert whose(sale) == ["Bora"]


def test_whoever_is_named_gets_it(till: Till) -> None:
    sale = both(till)
    add_line(**till.given, sale_id=sale.pk, wish=replace(tip("5.00"), staff_id=till.day.anna.pk))
    assert whose(sale) == ["Anna"]
    with pytest.raises(InvalidInput):
        add_line(**till.given, sale_id=sale.pk, wish=replace(tip("5.00"), staff_id=new_id()))


def test_where_nobody_did_a_service_it_is_for_nobody(till: Till) -> None:
    oil = replace(product(till.oil), staff_id=till.day.anna.pk)
    assert whose(till.open(oil, service(till.day.cut), tip("5.00"))) == [None]


def test_it_can_become_somebody_else_s_and_nobody_s(till: Till) -> None:
    sale = both(till)
    add_line(**till.given, sale_id=sale.pk, wish=tip("5.00"))
    line = sale.lines.get(kind=LineKind.TIP)
    for staff_id, name in ((till.day.anna.pk, "Anna"), (None, None)):
        change_line(**till.given, sale_id=sale.pk, line_id=line.pk, changes={"staff_id": staff_id})
        assert whose(sale) == [name]


def test_the_day_tells_them_apart(office: Till) -> None:
    first = both(office)
    add_line(**office.given, sale_id=first.pk, wish=tip("5.00"))
    office.pay(first)
    anna = replace(tip("2.50"), staff_id=office.day.anna.pk)
    second = office.sold(anna, tip("1.00"))
    # An open sale is not taken yet.
    office.open(tip("9.00"))
    assert tips(office) == [("Anna", "2.50"), ("Bora", "5.00"), (None, "1.00")]
    given_back = {second.lines.get(staff=office.day.anna).pk: 1}
    refund(**office.given, sale_id=second.pk, method=Method.CARD, lines=given_back)
    assert tips(office) == [("Bora", "5.00"), (None, "1.00")]
    void(**office.given, sale_id=first.pk, reason="falsch")
    assert tips(office) == [(None, "1.00")]


def test_whoever_has_left_keeps_hers(office: Till) -> None:
    office.sold(replace(tip("2.50"), staff_id=office.day.anna.pk))
    StaffMember.objects.filter(pk=office.day.anna.pk).update(archived_at=office.given["now"])
    assert tips(office) == [("Anna", "2.50")]


def test_no_discount_applies_to_it_and_it_is_told_apart(desk: Desk, time_machine: Any) -> None:
    time_machine.move_to(AFTER)
    give_discount(desk.till.day.lena, "10")
    visit = desk.till.visit()
    desk.at(desk.till.charge(visit, product(desk.till.oil), tip("4.80")))
    drawer = desk.browser.get(f"/s/sonnenschein/calendar/appointments/{visit.pk}/").text
    for page, besides in ((desk.see().partition('id="pay"')[2], []), (drawer, ["Dazu verkauft", "27,50"])):
        told = [*besides, "Vor Rabatten", "86,50", "−8,65", "Trinkgeld", "4,80", "Gesamt", "82,65"]
        bill = page[page.index(told[0]) :]
        assert [bill.index(one) for one in told] == sorted(bill.index(one) for one in told)


def test_at_the_till_it_is_chosen_and_the_day_says_so(desk: Desk, time_machine: Any) -> None:
    time_machine.move_to(AFTER)
    sale = both(desk.till)
    anna, bora = desk.till.day.anna, desk.till.day.bora
    page = desk.at(sale).see()
    assert f'<option value="{bora.pk}" selected>Bora</option>' in page.partition('id="tip-staff"')[2]
    page = desk.refused("tip", tip="viel", staff=str(anna.pk))
    assert f'<option value="{anna.pk}" selected>Anna</option>' in page.partition('id="tip-staff"')[2]
    desk.done("tip", tip="5,00", staff=str(anna.pk))
    assert whose(sale) == ["Anna"]
    line = sale.lines.get(kind=LineKind.TIP)
    desk.done(f"line:{line.pk}", price="5,00", quantity="1", staff=str(bora.pk))
    assert whose(sale) == ["Bora"]
    desk.till.pay(sale)
    page = desk.browser.get(START).content.decode()
    assert '<th scope="row">Bora</th><td>5,00' in page
    assert 'id="tips-head">Trinkgeld' in page
