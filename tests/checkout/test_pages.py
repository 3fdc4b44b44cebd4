"""The till's pages: every button, refusals beside their fields, nothing typed is lost (ui.md §2.5)."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.models import Sale, SaleLine, SalesRules, TillMode
from bookings.states import State
from salon.catalogue.models import CatalogueGroup, ItemKind, Product
from tests.bookings.salonday import at, make_appointment, make_client, make_service
from tests.checkout.desk import HTMX, START, Desk
from tests.checkout.till import (
    AFTER,
    give_discount,
    give_treatcard,
    make_product,
    make_reward,
    points_of,
    product,
    service,
    shown,
    tip,
)


def _leads(answer: Any) -> str:
    """Return where an answer leads to."""
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return str(answer.url)


def _line(sale: Sale, place: int = 0) -> SaleLine:
    return list(SaleLine.objects.filter(sale=sale).order_by("position"))[place]


def test_an_empty_till_writes_nothing_before_something_is_on_it(desk: Desk) -> None:
    page = desk.browser.get(f"{START}new/").content.decode()
    assert "Neuer Verkauf" in page
    chosen = desk.browser.post(f"{START}new/", {"act": f"client:{desk.till.day.lena.pk}"})
    assert _leads(chosen) == f"{START}new/?client={desk.till.day.lena.pk}"
    assert desk.till.day.lena.full_name in desk.browser.get(_leads(chosen)).content.decode()
    assert not Sale.objects.exists()


def test_the_first_thing_opens_the_sale_once(desk: Desk) -> None:
    form = {"act": f"add:product:{desk.till.oil.pk}", "sale_id": str(uuid4()), "client": str(desk.till.day.lena.pk)}
    first, again = (desk.browser.post(f"{START}new/", form) for _time in range(2))
    opened = Sale.objects.get()
    assert _leads(first) == _leads(again) == f"{START}{opened.pk}/"
    assert (opened.client_id, shown(opened)) == (
        desk.till.day.lena.pk,
        [("PRODUCT", "Haaröl", 1, "0.00", "27.50")],
    )


def test_an_empty_till_keeps_what_is_refused(desk: Desk) -> None:
    for act, name, typed in (("tip", "tip", "viel"), ("scan", "goods_q", "gibt es nicht")):
        answer = desk.browser.post(
            f"{START}new/", {"act": act, name: typed, "client": str(desk.till.day.lena.pk), "sale_id": str(uuid4())}
        )
        page = answer.content.decode()
        assert answer.status_code == 422
        assert f'value="{typed}"' in page
        assert 'aria-invalid="true"' in page
        assert desk.till.day.lena.full_name in page
    assert not Sale.objects.exists()


def test_an_appointment_is_checked_out_with_one_press(desk: Desk) -> None:
    visit = desk.till.visit()
    asked = desk.browser.get(f"{START}new/?appointment={visit.pk}")
    assert (asked.status_code, Sale.objects.count()) == (200, 0)
    opened = desk.browser.post(f"{START}new/", {"appointment": str(visit.pk)})
    sale = Sale.objects.get()
    assert _leads(opened) == f"{START}{sale.pk}/"
    # Again leads to the same.
    assert _leads(desk.browser.post(f"{START}new/", {"appointment": str(visit.pk)})) == _leads(opened)
    assert _leads(desk.browser.get(f"{START}new/?appointment={visit.pk}")) == _leads(opened)
    assert Sale.objects.count() == 1


def test_what_is_cancelled_is_not_checked_out(desk: Desk) -> None:
    visit = desk.till.visit(state=State.CANCELLED)
    answer = desk.browser.post(f"{START}new/", {"appointment": str(visit.pk)})
    assert answer.status_code == 422
    assert not Sale.objects.exists()


def test_a_barcode_goes_straight_onto_the_sale_and_counts_up(desk: Desk) -> None:
    serum = make_product("Serum", "54.00", barcode="4001234567890")
    desk.at(desk.till.open(product(desk.till.oil)))
    for _time in range(3):
        desk.done("scan", goods_q="4001234567890")
    assert shown(desk.sale)[1:] == [("PRODUCT", "Serum", 3, "0.00", "162.00")]
    desk.done(f"add:product:{serum.pk}")
    assert shown(desk.sale)[1][2] == 4


def test_a_word_that_fits_once_is_taken_several_are_offered_none_is_told(desk: Desk) -> None:
    desk.at(desk.till.empty())
    desk.done("scan", goods_q="haarö")
    assert shown(desk.sale) == [("PRODUCT", "Haaröl", 1, "0.00", "27.50")]
    make_product("Haarspray", "16.90")
    page = desk.done("scan", goods_q="haar")
    assert "Haarspray" in page
    assert "Haaröl" in page
    assert shown(desk.sale) == [("PRODUCT", "Haaröl", 1, "0.00", "27.50")]
    page = desk.refused("scan", goods_q="Zahnpasta")
    assert "Zahnpasta" in page
    assert 'id="goods-error"' in page


def test_enter_takes_what_is_called_so(desk: Desk) -> None:
    make_service("Waschen-Schneiden-Föhnen", price="59.00")
    make_service("Föhnen", price="29.00")
    make_product("Föhnspray", "9.90")
    desk.at(desk.till.empty())
    desk.done("scan", goods_q="föhnen")
    assert shown(desk.sale) == [("SERVICE", "Föhnen", 1, "0.00", "29.00")]


def _titles(desk: Desk, typed: str) -> list[str]:
    page = desk.browser.get(f"{START}goods/?goods_q={typed}").text
    return re.findall(r'class="hit-text"><span>([^<]+)</span>', page)


def test_names_come_before_groups_and_the_nearest_shelf_first(desk: Desk) -> None:
    group = CatalogueGroup.objects.create(name="Haarpflege", name_key="haarpflege", kind=ItemKind.PRODUCT)
    Product.objects.filter(pk=desk.till.shampoo.pk).update(group=group, position=0)
    make_product("Haarspray", "16.90", group=group)
    make_product("Das Haargummi", "2.90", group=group)
    assert _titles(desk, "haar") == ["Haarspray", "Haaröl", "Das Haargummi", "Shampoo"]
    make_service("Spray")
    assert _titles(desk, "spray") == ["Spray", "Haarspray"]


def test_hits_name_prices_and_offers(desk: Desk) -> None:
    page = desk.browser.get(f"{START}goods/?goods_q=shampoo").content.decode()
    assert "19,90\N{NO-BREAK SPACE}€" in page
    assert f"add:product:{desk.till.shampoo.pk}" in page
    assert f"add:product:{desk.till.oil.pk}" not in page


def test_tips_and_vouchers_by_amount(desk: Desk) -> None:
    desk.at(desk.till.open(product(desk.till.oil)))
    desk.done("tip", tip="5,00")
    desk.done("voucher", voucher="50")
    assert [(kind, price) for kind, _name, _count, _off, price in shown(desk.sale)[1:]] == [
        ("TIP", "5.00"),
        ("VOUCHER", "50.00"),
    ]
    for typed in ("", "0", "-5", "fünf"):
        page = desk.refused("tip", tip=typed)
        assert 'id="tip-error"' in page
        assert f'value="{typed}"' in page


def test_vouchers_are_sold_where_they_are_taken(desk: Desk) -> None:
    desk.at(desk.till.open(product(desk.till.oil)))
    for page in (desk.see(), desk.browser.get(f"{START}new/").text):
        assert 'value="voucher"' not in page
    SalesRules.objects.create(till_mode=TillMode.OWN_TILL)
    for page in (desk.see(), desk.browser.get(f"{START}new/").text):
        assert 'value="voucher"' in page


def test_more_less_and_a_number(desk: Desk) -> None:
    desk.at(desk.till.open(product(desk.till.oil)))
    line = _line(desk.sale)
    desk.done(f"more:{line.pk}")
    desk.done(f"more:{line.pk}")
    desk.done(f"less:{line.pk}")
    assert shown(desk.sale)[0][2] == 2
    desk.done(f"set:{line.pk}", quantity="7")
    assert shown(desk.sale)[0][2:] == (7, "0.00", "192.50")
    for typed in ("0", "1000", "1000000", "-1", "viele"):
        page = desk.refused(f"line:{line.pk}", quantity=typed, price="27,50", staff="", version=desk.sale.version)
        assert f'id="quantity-error-{line.pk}"' in page
        assert f'value="{typed}"' in page


def test_a_price_by_hand_needs_the_right_to_it(desk: Desk, back_office: Desk) -> None:
    desk.at(desk.till.open(product(desk.till.oil)))
    line = _line(desk.sale)
    fields = {"quantity": "1", "staff": "", "price": "20,00"}
    page = desk.refused(f"line:{line.pk}", version=desk.sale.version, **fields)
    assert "Ihre Rolle erlaubt das nicht" in page
    back_office.at(desk.sale)
    back_office.done(f"line:{line.pk}", version=desk.sale.version, **fields)
    assert shown(desk.sale)[0][4] == "20.00"
    assert "Eigener Preis" in back_office.see()
    # Nothing entered: the usual price.
    back_office.done(f"line:{line.pk}", version=desk.sale.version, **{**fields, "price": ""})
    assert shown(desk.sale)[0][4] == "27.50"


def test_who_has_sold_it(desk: Desk) -> None:
    desk.at(desk.till.open(product(desk.till.oil)))
    line = _line(desk.sale)
    fields = {"quantity": "2", "price": "27,50", "staff": str(desk.till.day.anna.pk)}
    desk.done(f"line:{line.pk}", version=desk.sale.version, **fields)
    line.refresh_from_db()
    assert (line.quantity, line.staff_id, line.own_price) == (2, desk.till.day.anna.pk, None)


def test_discounts_are_shown_with_their_reason(desk: Desk) -> None:
    give_discount(desk.till.day.lena, "10")
    desk.at(desk.till.open(product(desk.till.oil, 2)))
    page = desk.see()
    assert "10\N{NO-BREAK SPACE}% Rabatt 10 BOTH" in page
    assert "−5,50\N{NO-BREAK SPACE}€" in page
    assert "49,50\N{NO-BREAK SPACE}€" in page


def test_what_is_removed_comes_back(desk: Desk) -> None:
    desk.at(desk.till.open(product(desk.till.oil, 3), tip("5.00")))
    before = shown(desk.sale)
    for place in (0, 1):
        desk.press(f"drop:{_line(desk.sale, place).pk}", htmx=False)
        (message,) = desk.browser.get(f"{START}{desk.sale_id}/").context["messages"]
        # Without a script it is a form, too.
        headers = HTMX if place else {}
        assert desk.browser.post(message.extra_tags, headers=headers).status_code == (200 if place else 302)
        assert shown(desk.sale) == before
    answer = desk.browser.post(message.extra_tags, headers=HTMX)
    assert (answer.status_code, shown(desk.sale)) == (422, before)
    assert "Es gibt nichts mehr rückgängig zu machen." in answer.content.decode()


@pytest.mark.parametrize("value", ["", "x", "eyJzYWxlIjoxfQ:1abcde:xyz"])
def test_nobody_puts_back_what_was_not_taken_off(desk: Desk, value: str) -> None:
    desk.at(desk.till.open(product(desk.till.oil)))
    desk.refused(f"back:{value}")


def test_a_service_comes_back_unless_its_time_is_taken(desk: Desk) -> None:
    day = desk.till.day
    desk.at(desk.till.charge(desk.till.visit(day.cut, day.brows)))
    before = shown(desk.sale)
    for _time in range(2):
        desk.press(f"drop:{_line(desk.sale, 1).pk}", htmx=False)
        (message,) = desk.browser.get(f"{START}{desk.sale_id}/").context["messages"]
        assert str(message) == "Entfernt: Brauen zupfen."
        if _time:
            make_appointment((day.brows, day.anna), starts_at=at(11), client=make_client("Mia"))
        answer = desk.browser.post(message.extra_tags, headers=HTMX)
        assert answer.status_code == (422 if _time else 200)
        assert (shown(desk.sale) == before) is (_time == 0)
    assert "Anna hat zu dieser Zeit inzwischen Brauen zupfen." in answer.content.decode()


def test_whose_it_is_can_change(desk: Desk) -> None:
    desk.at(desk.till.open(product(desk.till.oil), client_id=None))
    page = desk.done("find", client_q="lena")
    assert f"client:{desk.till.day.lena.pk}" in page
    desk.done(f"client:{desk.till.day.lena.pk}")
    assert desk.sale.client_id == desk.till.day.lena.pk
    desk.done("no-client")
    assert desk.sale.client_id is None


def test_points_before_and_after(desk: Desk) -> None:
    give_treatcard(desk.till.day.lena, 350)
    desk.at(desk.till.open(product(desk.till.oil), service(desk.till.day.cut)))
    page = desk.see()
    assert "<dd>350</dd>" in page
    earned = desk.till.pay(desk.sale).points_earned
    assert f"{350 + earned} <small>(+{earned})" in page


def test_a_product_for_points(desk: Desk) -> None:
    lena = give_treatcard(desk.till.day.lena, 400)
    reward = make_reward(desk.till.oil, 385)
    dear = make_reward(desk.till.shampoo, 401)
    desk.at(desk.till.open(product(make_product("Bürste", "24.90"))))
    desk.done(f"add:product:{desk.till.oil.pk}")
    # What she is just paying for is not given away.
    assert f"reward:{reward.pk}" not in desk.see()
    page = desk.done(f"drop:{_line(desk.sale, 1).pk}")
    assert f"reward:{reward.pk}" in page
    assert "Neu für Lena · statt 27,50" in page
    assert f"reward:{dear.pk}" not in page
    page = desk.done(f"reward:{reward.pk}")
    assert points_of(lena) == 15
    assert shown(desk.sale)[1] == ("REWARD", "Haaröl", 1, "0.00", "0.00")
    assert f"reward:{reward.pk}" not in page
    # A second window still offers it.
    page = desk.refused(f"reward:{reward.pk}")
    assert points_of(lena) == 15
    desk.done(f"drop:{_line(desk.sale, 1).pk}")
    assert points_of(lena) == 400


def test_without_a_script_a_button_leads_back_to_the_sale(desk: Desk) -> None:
    desk.at(desk.till.open(product(desk.till.oil)))
    answer = desk.press("tip", htmx=False, tip="5")
    assert _leads(answer) == f"{START}{desk.sale_id}/"
    answer = desk.press("pay", htmx=False, method="CARD", amount="100", version=desk.sale.version)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "<html" in page
    assert 'id="amount-error"' in page


def test_an_unknown_button_does_nothing(desk: Desk) -> None:
    desk.at(desk.till.open(product(desk.till.oil)))
    before = desk.sale.version
    for act in ("", "fly", "add:service:x", "client:x", "reward:", "more:x"):
        assert desk.press(act).status_code in {200, 422}
    assert desk.sale.version == before


def test_a_paid_sale_offers_what_comes_next(desk: Desk) -> None:
    desk.at(desk.till.sold(product(desk.till.oil)))
    page = desk.see()
    assert "Verkauf Nr. 1" in page
    assert "Neuer Verkauf" in page
    assert "refund-dialog" not in page
    assert f"calendar/new/?client={desk.till.day.lena.pk}" in page
    assert "Erstattungen macht die Leitung" in page


def test_a_refused_refund_keeps_what_was_typed(back_office: Desk) -> None:
    back_office.at(back_office.till.sold(product(back_office.till.oil, 2)))
    line = _line(back_office.sale)
    typed = {f"quantity-{line.pk}": "3", "method": "TRANSFER", "reason": "zu viel", "version": back_office.sale.version}
    answer = back_office.browser.post(f"{START}{back_office.sale_id}/refund/", typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert (
        f'name="quantity-{line.pk}" type="text" inputmode="numeric" autocomplete="off" maxlength="9" value="3"' in page
    )
    assert 'value="zu viel"' in page
    assert '<dialog class="dialog till-refund" id="refund-dialog" aria-labelledby="refund-title" open' in page
    answer = back_office.browser.post(f"{START}{back_office.sale_id}/refund/", {**typed, f"quantity-{line.pk}": "1"})
    assert _leads(answer) == f"{START}{back_office.sale_id}/"
    page = back_office.see()
    assert "Teilweise erstattet" in page
    assert "1 erstattet: 27,50" in page


def test_from_the_appointment_to_the_till(desk: Desk, time_machine: Any) -> None:
    time_machine.move_to(AFTER)
    visit = desk.till.visit()
    url = f"/s/sonnenschein/calendar/appointments/{visit.pk}/"
    page = desk.browser.get(url).content.decode()
    assert f'action="{START}new/"' in page
    # A deposit comes before what it is for.
    assert 'name="for" value="deposit"' not in page
    ahead = desk.till.visit(starts_at=AFTER + timedelta(days=2), state=State.BOOKED)
    later = f"/s/sonnenschein/calendar/appointments/{ahead.pk}/"
    assert 'name="for" value="deposit"' in desk.browser.get(later).text
    begun = desk.till.charge(ahead)
    assert f'href="{START}{begun.pk}/?for=deposit"' in desk.browser.get(later).text
    sale = desk.till.charge(visit)
    assert f'href="{START}{sale.pk}/"' in desk.browser.get(url).content.decode()
    desk.till.pay(sale)
    assert "Bezahlt · 59,00" in desk.browser.get(url).content.decode()


def test_reading_takes_as_many_statements_with_many_lines(desk: Desk) -> None:
    give_treatcard(desk.till.day.lena, 400)
    make_reward(desk.till.shampoo, 100)
    few = desk.till.open(product(desk.till.oil), tip("1.00"))
    many = desk.till.open(*[product(make_product(f"Artikel {n}", "5.00")) for n in range(20)])
    counts = []
    for sale in (few, many):
        desk.at(sale).see()
        with CaptureQueriesContext(connection) as captured:
            desk.see()
        counts.append([one["sql"][:60] for one in captured if "SAVEPOINT" not in one["sql"]])
    assert len(counts[0]) == len(counts[1]) <= 15, counts[1]
