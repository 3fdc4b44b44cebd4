"""The page of a day at the till (ui.md §2.5): so many to be paid at first, all of them on demand."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from bookings.checkout.refunding import refund
from bookings.models import Method
from bookings.states import State
from bookings.web.till_day import MOST_DUE
from salon.identity.models import User
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import DAY, at, make_appointment, make_staff
from tests.checkout.desk import START, Desk
from tests.checkout.till import AFTER, a_till, product

PATH = f"/s/sonnenschein/checkout/?day={DAY}"
ROW = 'class="tillday-when"'


@pytest.mark.parametrize("many", [2, 20, MOST_DUE + 30])
def test_the_first_are_shown_and_all_on_demand(
    sonnenschein: Salon, stylist: User, browser_of: Callable[[User], Browser], time_machine: Any, many: int
) -> None:
    with salon_scope(sonnenschein.pk):
        day = a_till(Actor(ActorKind.USER, stylist.pk, stylist.name, PERMISSIONS[Role.STAFF]), sonnenschein).day
        team = [make_staff(f"Nr {number}", [day.cut]) for number in range(1 + many // 10)]
        for number in range(many):
            starts_at = at(8) + timedelta(hours=number % 10)
            make_appointment((day.cut, team[number // 10]), client=day.lena, starts_at=starts_at, state=State.COMPLETED)
    time_machine.move_to(at(23, 59), tick=False)
    browser = browser_of(stylist)
    browser.get(PATH)
    with CaptureQueriesContext(connection) as few:
        page = browser.get(PATH).content.decode()
    with CaptureQueriesContext(connection) as every:
        everything = browser.get(f"{PATH}&all").content.decode()
    assert (page.count(ROW), everything.count(ROW)) == (min(many, MOST_DUE), many)
    # The head counts what is there, not what is shown.
    assert f"{many} Termine" in page
    assert ("30 weitere" in page, "weitere" in everything) == (many > MOST_DUE, False)
    assert (len(few), len(every)) == (15, 15)


def test_a_day_on_paper_says_whose_it_is_and_what_went_back(
    back_office: Desk, sonnenschein: Salon, time_machine: Any
) -> None:
    time_machine.move_to(AFTER, tick=False)
    till = back_office.till
    sale = till.sold(product(till.oil, 2))
    till.pay(till.charge(till.visit(till.day.cut)))
    line = sale.lines.get().pk
    refund(**till.given, sale_id=sale.pk, method=Method.CARD, lines={line: 1}, reason="Kaputt")
    page = " ".join(back_office.browser.get(START).text.split())
    _screen, _paper, head = page.partition('<header class="tillday-paper">')
    head = head.partition("</header>")[0]
    for told in (sonnenschein.name, "Dienstag, 24. November 2026", "24.11.2026 14:00", till.actor.name):
        assert told in head
    back = page.partition('id="backs-head"')[2].partition("</section>")[0]
    for told in (f"Nr. {sale.number}", "Kaputt", f"von {till.actor.name}"):
        assert told in back
    takings = page.partition('id="takings-head"')[2].partition("</section>")[0]
    assert '<th scope="row">Anna</th><td>59,00' in takings
