"""Receipts: what they say, printed and by mail (domain.md §6)."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from django.utils import translation

from bookings.checkout.reading import get_sale
from bookings.checkout.receipts import (
    NobodyToWriteTo,
    NoReceipt,
    Receipt,
    Row,
    TaxRow,
    discount_text,
    facts_of,
    mail_receipt,
    receipt_from,
    write,
)
from bookings.checkout.refunding import refund
from bookings.checkout.sales import redeem_at_checkout
from bookings.checkout.voiding import void
from bookings.models import BookingRules, Method, Sale, SalesRules, TillMode
from loyalty.rules import change_rules
from salon.errors import InvalidInput, NotAllowed, NotFound
from salon.identity.roles import Actor, ActorKind
from salon.mail.letters import put_into_words
from salon.mail.models import ClientMail, MailState
from tests.checkout.till import (
    Till,
    give_discount,
    give_treatcard,
    make_offer,
    make_product,
    make_reward,
    money,
    product,
    service,
    tip,
)
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
SPACE = "\N{NO-BREAK SPACE}"


def words(till: Till, sale: Sale) -> Receipt:
    return receipt_from(facts_of(get_sale(sale.pk), till.salon))


def plain(text: str) -> str:
    return text.replace(SPACE, " ")


def rows(given: Iterable[Row]) -> list[tuple[str, ...]]:
    return [tuple(map(plain, (one.words, one.amount, *one.details))) for one in given]


def a_sale(office: Till) -> Sale:
    """A cut at a discount, three oils on offer, a book at 7 %, shampoo for points, a tip."""
    lena = give_treatcard(office.day.lena, 300)
    give_discount(lena, "12.5")
    make_offer(office.oil, "20.00")
    book = make_product("Buch", "10.70", vat_rate=money("7.00"))
    sale = office.open(service(office.day.cut), product(office.oil, 3), product(book), tip("5.00"))
    redeem_at_checkout(**office.given, sale_id=sale.pk, reward_id=make_reward(office.shampoo, 280).pk)
    office.pay(sale, "40.00", Method.EXTERNAL_TILL, reference="4711")
    return office.pay(sale)


def test_what_a_receipt_says(office: Till) -> None:
    receipt = words(office, a_sale(office))
    assert (receipt.head[0], receipt.number, receipt.when, receipt.client) == (
        office.salon.name,
        "1",
        "24.11.2026, 14:00 Uhr",
        "Lena Vogel",
    )
    assert rows(receipt.lines) == [
        # 59.00 − 12,5 % = 7.38
        ("Schneiden", "51,62 €", "12,5 % Rabatt 12.5 BOTH: −7,38 €"),
        ("Haaröl", "60,00 €", "3 × 20,00 €", "Sonderangebot statt 27,50 €"),
        # 10.70 − 1.34
        ("Buch", "9,36 €", "12,5 % Rabatt 12.5 BOTH: −1,34 €"),
        ("Trinkgeld", "5,00 €"),
        ("Shampoo", "0,00 €", "Prämie für 280 Punkte"),
    ]
    assert (plain(receipt.total), plain(receipt.discount)) == ("125,98 €", "8,72 €")
    assert [tuple(map(plain, (one.rate, one.net, one.vat, one.gross))) for one in receipt.taxes] == [
        ("19 %", "93,80 €", "17,82 €", "111,62 €"),
        ("7 %", "8,75 €", "0,61 €", "9,36 €"),
        ("0 %", "5,00 €", "0,00 €", "5,00 €"),
    ]
    assert rows(receipt.payments) == [
        ("Eigene Kasse", "40,00 €", "24.11.2026", "4711"),
        ("Karte", "85,98 €", "24.11.2026"),
    ]
    # 51.62 × 1 + 69.36 × 2 = 190.34; 300 − 280 + 190 = 210
    assert (receipt.points, receipt.balance) == ("190 Punkte", "210 Punkte")
    assert (receipt.no_till_receipt, receipt.void, receipt.refunds, receipt.left) == (True, False, [], "")


def test_what_the_salon_prints_on_it(office: Till) -> None:
    SalesRules.objects.create(
        till_mode=TillMode.OWN_TILL, receipt_head="Salon S.\nAm Markt 1\nSteuernr. 12", receipt_foot="Danke!"
    )
    receipt = words(office, office.sold(product(office.oil), client_id=None))
    assert (receipt.head, receipt.foot) == (
        ["Salon Sonnenschein", "Berlin", "Salon S.", "Am Markt 1", "Steuernr. 12"],
        ["Danke!"],
    )
    assert (receipt.no_till_receipt, receipt.client, receipt.points, receipt.balance) == (False, "", "", "")


def test_its_head_says_where_the_salon_is_and_how_it_is_reached(office: Till) -> None:
    salon = office.salon
    salon.street, salon.postal_code, salon.phone = "Sonnenscheingasse 5", "10999", "+493023125001"
    sale = office.sold(product(office.oil))
    told = ["Salon Sonnenschein", "Sonnenscheingasse 5", "10999 Berlin", "Telefon 030 23125001"]
    assert words(office, sale).head == told
    rules = SalesRules.objects.create(receipt_head="Steuernr. 12")
    assert words(office, sale).head == [*told, "Steuernr. 12"]
    letter = write({**facts_of(get_sale(sale.pk), salon), "reply_to": ""})
    assert letter.text.startswith("\n".join([*told, "Steuernr. 12"]))
    rules.receipt_head = "Salon Sonnenschein GmbH\nAm Markt 1"
    rules.save()
    assert words(office, sale).head == ["Salon Sonnenschein GmbH", "Am Markt 1"]


def test_clients_see_rewards_only_where_the_owner_wants_it(office: Till) -> None:
    lena = give_treatcard(office.day.lena, 300)
    make_reward(office.shampoo, 200)
    make_reward(office.oil, 385)
    # Bought in this sale: for the first time only, so not for points any more.
    make_reward(office.day.cut, 826)
    sale = office.sold(service(office.day.cut), client_id=lena.pk)
    assert words(office, sale).rewards == []
    change_rules(actor=office.actor, changes={"clients_see_rewards": True}, now=NOW)
    assert rows(words(office, sale).rewards) == [("Shampoo", "200 Punkte"), ("Haaröl", "385 Punkte")]
    letter = write({**facts_of(get_sale(sale.pk), office.salon), "reply_to": ""})
    assert "Für Ihre Punkte:\nShampoo: 200" in letter.text
    assert "Haaröl" in letter.html
    assert words(office, office.sold(product(office.oil), client_id=None)).rewards == []


def test_what_went_back_stands_below_with_its_tax(office: Till) -> None:
    sale = a_sale(office)
    line = sale.lines.get(name="Haaröl")
    refund(**office.given, sale_id=sale.pk, method=Method.CARD, lines={line.pk: 2}, reason="Riecht")
    receipt = words(office, sale)
    assert rows(receipt.refunds) == [("Erstattung", "−40,00 €", "24.11.2026", "Karte", "2 × Haaröl")]
    assert [tuple(map(plain, (one.rate, one.net, one.vat, one.gross))) for one in receipt.refunded_taxes] == [
        ("19 %", "33,61 €", "6,39 €", "40,00 €")
    ]
    assert (plain(receipt.total), plain(receipt.left), receipt.void) == ("125,98 €", "85,98 €", False)
    void(**office.given, sale_id=sale.pk)
    assert words(office, sale).void


def taxes(given: Iterable[TaxRow]) -> list[tuple[str, ...]]:
    return [tuple(map(plain, (one.rate, one.net, one.vat, one.gross))) for one in given]


def test_of_a_void_sale_all_its_tax_went_back(office: Till) -> None:
    conditioner = make_product("Conditioner", "22.90")
    sale = office.sold(service(office.day.cut), product(conditioner), tip("3.50"))
    line = sale.lines.get(product=conditioner)
    refund(**office.given, sale_id=sale.pk, method=Method.CARD, lines={line.pk: 1})
    assert taxes(words(office, sale).refunded_taxes) == [("19 %", "19,24 €", "3,66 €", "22,90 €")]
    void(**office.given, sale_id=sale.pk)
    receipt = words(office, sale)
    # 9.42 of the rest and 3.66 of what went back before
    assert taxes(receipt.refunded_taxes) == [
        ("19 %", "68,82 €", "13,08 €", "81,90 €"),
        ("0 %", "3,50 €", "0,00 €", "3,50 €"),
    ]
    assert receipt.refunded_taxes == receipt.taxes
    assert (plain(receipt.total), plain(receipt.left), receipt.void) == ("85,40 €", "0,00 €", True)


def test_there_is_none_before_all_is_paid(office: Till) -> None:
    sale = office.open(product(office.oil))
    with pytest.raises(NoReceipt):
        words(office, sale)
    with pytest.raises(NoReceipt):
        mail_receipt(**office.given, sale_id=sale.pk, email="lena@x.example")


def test_a_receipt_by_mail(till: Till, office: Till) -> None:
    BookingRules.objects.create(reply_to="salon@x.example")
    sale = a_sale(office)
    mail_receipt(**till.given, sale_id=sale.pk, email=" lena@x.example ")
    # Pressed twice: one goes, the later one.
    mail_receipt(**till.given, sale_id=sale.pk, email="lena@y.example")
    (first, mail) = ClientMail.objects.order_by("id")
    assert (first.state, mail.state) == (MailState.DROPPED, MailState.WAITING)
    assert (mail.recipient, mail.reply_to, mail.client_id, mail.about_id) == (
        "lena@y.example",
        "salon@x.example",
        till.day.lena.pk,
        sale.pk,
    )
    # What changes afterwards does not get into it.
    void(**office.given, sale_id=sale.pk)
    put_into_words(mail)
    assert mail.subject == f"Ihr Beleg Nr. 1 · {till.salon.name}"
    text = plain(mail.text)
    for said in (
        "Beleg Nr. 1, 24.11.2026, 14:00",
        "Kein Kassenbeleg",
        "Haaröl: 60,00 €\n  3 × 20,00 €\n  Sonderangebot statt 27,50 €",
        "Gesamt: 125,98 €",
        "19 % MwSt.: 17,82 € (netto 93,80 €, brutto 111,62 €)",
        "Treatcard: +190 Punkte · Stand 210 Punkte",
    ):
        assert said in text
    assert "Storniert" not in text
    assert "125,98" in mail.html
    assert "4711" in mail.html


def test_to_whom_no_receipt_goes(till: Till) -> None:
    nobody_s = till.sold(product(till.oil), client_id=None)
    with pytest.raises(NobodyToWriteTo):
        mail_receipt(**till.given, sale_id=nobody_s.pk, email="lena@x.example")
    sale = till.sold(product(till.oil))
    for wrong in ("", "lena", "lena@x.example\nBcc: all@x.example"):
        with pytest.raises(InvalidInput):
            mail_receipt(**till.given, sale_id=sale.pk, email=wrong)
    with pytest.raises(NotFound):
        mail_receipt(**till.given, sale_id=till.day.lena.pk, email="lena@x.example")
    stranger = replace(till, actor=Actor(ActorKind.USER, None, "Niemand", frozenset()))
    with pytest.raises(NotAllowed):
        mail_receipt(**stranger.given, sale_id=sale.pk, email="lena@x.example")
    assert not ClientMail.objects.exists()


@pytest.mark.parametrize(
    ("percent", "reason", "told"),
    [
        ("10.00", "Stammkunden", "10\xa0% Stammkunden"),
        ("10.00", "Rentner −10 %", "Rentner −10 %"),
        ("12.50", "Azubi 12,5%", "Azubi 12,5%"),
        ("10.00", "Karte 110 %", "10\xa0% Karte 110 %"),
        ("5.00", "Rentner −12,5 %", "5\xa0% Rentner −12,5 %"),
    ],
)
def test_a_percentage_is_told_once(percent: str, reason: str, told: str) -> None:
    with translation.override("de"):
        assert discount_text(money(percent), reason) == told
