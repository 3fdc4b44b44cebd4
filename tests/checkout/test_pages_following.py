"""An open sale at the till follows what is done to it elsewhere (ui.md §2.5)."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.checkout.sales import add_line, pay
from bookings.models import Method
from clients.models import Note
from loyalty.rules import Details, save_rules
from tests.checkout.desk import HTMX, START, Desk
from tests.checkout.till import MANAGER, give_treatcard, money, product, tip
from tests.conftest import NOW


def _tag(desk: Desk) -> str:
    found = re.search(r'data-tag="&quot;(\w+)&quot;"', desk.see())
    assert found
    return f'"{found[1]}"'


def _asked(desk: Desk, tag: str) -> tuple[int, str]:
    answer = desk.browser.get(f"{START}{desk.sale_id}/", headers={**HTMX, "If-None-Match": tag})
    return answer.status_code, answer.text


def _a_line(desk: Desk) -> None:
    add_line(**desk.till.given, sale_id=desk.sale.pk, wish=tip("5.00"))


def _a_payment(desk: Desk) -> None:
    pay(**desk.till.given, sale_id=desk.sale.pk, method=Method.CARD, amount=money("10.00"))


def _the_last_payment(desk: Desk) -> None:
    desk.till.pay(desk.sale)


def _points(desk: Desk) -> None:
    give_treatcard(desk.till.day.lena, 50)


def _a_note(desk: Desk) -> None:
    Note.objects.create(client=desk.till.day.lena, text="Mag keinen Föhn", pinned=True, written_at=NOW)


def _the_rates(_desk: Desk) -> None:
    save_rules(actor=MANAGER, details=Details(points_per_euro_products=money("9.00")), now=NOW)


def test_what_is_as_it_was_is_not_sent_again(desk: Desk) -> None:
    desk.at(desk.till.open(product(desk.till.oil)))
    tag = _tag(desk)
    assert _asked(desk, tag) == (304, "")
    with CaptureQueriesContext(connection) as asked:
        _asked(desk, tag)
    assert len([one for one in asked if "bookings_" in one["sql"]]) == 1


@pytest.mark.parametrize("change", [_a_line, _a_payment, _the_last_payment, _points, _a_note, _the_rates])
def test_what_has_changed_is_sent(desk: Desk, change: Callable[[Desk], None]) -> None:
    desk.at(desk.till.open(product(desk.till.oil)))
    tag = _tag(desk)
    change(desk)
    status, page = _asked(desk, tag)
    assert status == 200
    assert page.lstrip().startswith('<div class="till"')
    assert tag.strip('"') not in page


def test_a_page_is_never_answered_with_nothing(desk: Desk) -> None:
    desk.at(desk.till.open(product(desk.till.oil)))
    tag = _tag(desk)
    assert "<html" in desk.see(**{"If-None-Match": tag})


def test_what_is_closed_is_not_asked_for(desk: Desk) -> None:
    desk.at(desk.till.sold(product(desk.till.oil)))
    assert "data-tag" not in desk.see()
