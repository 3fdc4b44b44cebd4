"""The day at the till, receipts, refunds and voids in the browser; all without a script (ui.md §2.5)."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from bookings.models import DepositRule, Method, Refund, Sale, SalesRules
from bookings.scheduling import cancel
from bookings.states import State
from clients.models import CardState, Client
from salon.identity.models import User
from salon.identity.roles import system_actor
from salon.mail.models import ClientMail
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import at, make_client
from tests.checkout.till import AFTER, Till, a_till, product, service

KASSE = "/s/sonnenschein/checkout/"
SPACE = "\N{NO-BREAK SPACE}"


@pytest.fixture(autouse=True)
def tuesday(time_machine: Any) -> None:
    time_machine.move_to(AFTER)


@pytest.fixture
def till(sonnenschein: Salon) -> Till:
    with salon_scope(sonnenschein.pk):
        return a_till(system_actor("Test"), sonnenschein)


@pytest.fixture
def browser(manager: User, browser_of: Callable[[User], Browser]) -> Browser:
    return browser_of(manager)


def said(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text.replace(SPACE, " ")))


def sold(till: Till) -> Sale:
    with salon_scope(till.salon.pk):
        return till.sold(service(till.day.cut), product(till.oil, 2))


def test_the_day(browser: Browser, till: Till) -> None:
    with salon_scope(till.salon.pk):
        till.visit()
        begun = till.open(product(till.shampoo))
    sale = sold(till)
    page = browser.get(KASSE).text
    text = said(page)
    for words in (
        "Heute, 24. Nov.",
        "Heute zu kassieren 1 Termin · 59,00 €",
        "10:00 Lena Vogel Schneiden 59,00 € Kassieren",
        "Begonnen, nicht bezahlt Lena Vogel",
        "Nr. 1 · Karte 114,00 €",
        "Karte 114,00 €",
        "19 % 95,80 € 18,20 € 114,00 €",
        "Dies ist kein Kassenbericht",
    ):
        assert words in text, words
    assert f"{KASSE}{sale.pk}/" in page
    assert f"{KASSE}{begun.pk}/" in page


@pytest.mark.parametrize("day", ["2026-11-23", "2027-01-01", "0001-01-01", "9999-12-31", "gestern", "2026-13-45"])
def test_whatever_day_is_named(browser: Browser, till: Till, day: str) -> None:
    text = said(browser.get(f"{KASSE}?day={day}").text)
    assert ("Gestern" in text or "Mo., 23. Nov." in text) if day == "2026-11-23" else "Heute, 24. Nov." in text


def test_of_an_erased_card_the_day_says_that_it_is_one(browser: Browser, till: Till) -> None:
    with salon_scope(till.salon.pk):
        lena = till.day.lena
        till.visit()
        gone = Client.objects.filter(pk=lena.pk)
        gone.update(first_name="", last_name=f"#{lena.number}", state=CardState.ERASED)
        Sale.objects.create(client=lena, opened_by_name="Empfang", created_at=AFTER)
    page = browser.get(KASSE).text
    assert page.count(f"<strong>Gelöschte Karte Nr. {lena.number}</strong>") == 2
    assert f"#{lena.number}" not in page


def test_a_page_asks_as_often_for_two_as_for_twenty(browser: Browser, till: Till) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(KASSE).status_code == 200
        return len(captured)

    counts: list[int] = []
    for many in (2, 18):
        with salon_scope(till.salon.pk):
            for index in range(many):
                client = make_client("Kim", f"Nr {index} {many}")
                till.sold(product(till.oil), client_id=client.pk)
                till.open(product(till.oil), client_id=client.pk)
            till.charge(till.visit(starts_at=at(10 + len(counts))))
        statements()
        counts.append(statements())
    assert counts[0] == counts[1] <= 15


def test_a_receipt(browser: Browser, till: Till) -> None:
    sale = sold(till)
    text = said(browser.get(f"{KASSE}{sale.pk}/receipt/").text)
    for words in ("Beleg Nr. 1", "für Lena Vogel", "Kein Kassenbeleg", "2 × 27,50 €", "Gesamt 114,00 €", "Drucken"):
        assert words in text, words
    with salon_scope(till.salon.pk):
        unpaid = till.open(product(till.oil))
    answer = browser.get(f"{KASSE}{unpaid.pk}/receipt/")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{KASSE}{unpaid.pk}/")


def test_a_receipt_by_mail(browser: Browser, till: Till) -> None:
    sale = sold(till)
    answer = browser.post(f"{KASSE}{sale.pk}/receipt/mail/", {"email": "lena@x"})
    assert answer.status_code == 422
    assert 'value="lena@x"' in answer.text
    answer = browser.post(f"{KASSE}{sale.pk}/receipt/mail/", {"email": "lena@x.example"}, follow=True)
    assert "Der Beleg geht an lena@x.example." in answer.text
    with salon_scope(till.salon.pk):
        assert ClientMail.objects.get().recipient == "lena@x.example"


def test_a_refund_keeps_what_was_typed(browser: Browser, till: Till) -> None:
    sale = sold(till)
    page = f"{KASSE}{sale.pk}/"
    dialog = browser.get(f"{page}refund/")
    assert (dialog.status_code, dialog.headers["Location"]) == (302, f"{page}?dialog=refund")
    line = re.findall(r'name="(quantity-[0-9a-f-]+)"', browser.get(f"{page}?dialog=refund").text)[1]
    for sent, refusal in (
        ({"method": "GOLD"}, "Wählen Sie, wie das Geld zurückgeht."),
        ({"method": "CARD"}, "Wählen Sie, was zurückgeht."),
        ({"method": "CARD", line: "zwei"}, "Geben Sie eine ganze Zahl ab 1 ein."),
        ({"method": "CARD", line: "3"}, "Von „Haaröl“ können nur noch 2 erstattet werden."),
        ({"method": "CARD", line: "1000000"}, "Von „Haaröl“ können nur noch 2 erstattet werden."),
        ({"method": "CASH", line: "1"}, "eigenen Kasse"),
        ({"method": "CARD", line: "1", "version": "1"}, "inzwischen"),
    ):
        answer = browser.post(f"{page}refund/", {**sent, "reason": "Riecht komisch"})
        assert answer.status_code == 422, sent
        assert refusal in answer.text, sent
        assert "Riecht komisch" in answer.text
    with salon_scope(till.salon.pk):
        assert not Refund.objects.exists()
    answer = browser.post(f"{page}refund/", {"method": "CARD", line: "1", "reason": "Riecht komisch"}, follow=True)
    assert "Erstattet und bei Verkauf Nr. 1 vermerkt." in answer.text
    assert "Bleibt bezahlt 86,50 €" in said(answer.text)
    assert "Gesamt 114,00 € Erstattet −27,50 €" in said(answer.text)
    answer = browser.post(f"{page}refund/", {"method": "CARD", line: "2"})
    assert "Von „Haaröl“ kann nur noch 1 erstattet werden." in answer.text
    assert "Riecht komisch" in answer.text
    assert "−27,50" in said(browser.get(KASSE).text)


def test_the_dialog_says_what_is_to_be_given_back_by_hand(browser: Browser, till: Till) -> None:
    with salon_scope(till.salon.pk):
        sale = till.open(service(till.day.cut), product(till.oil, 2))
        till.pay(sale, "60.00", Method.TRANSFER)
        till.pay(sale, "4.00", Method.CARD)
        till.pay(sale, "50.00", Method.CARD)
        cash = till.open(product(till.oil))
        till.pay(cash, "27.50", Method.EXTERNAL_TILL, reference="4711")
    page = browser.get(f"{KASSE}{sale.pk}/").text
    assert "Sie geben selbst zurück: <strong>60,00\xa0€ (Überweisung), 54,00\xa0€ (Karte)</strong>" in page
    # Only what went into the salon's own till has the number of a receipt there.
    assert 'id="void-reference"' not in page
    assert 'id="void-reference"' in browser.get(f"{KASSE}{cash.pk}/").text


def test_a_void_and_what_is_thrown_away(browser: Browser, till: Till) -> None:
    sale = sold(till)
    answer = browser.post(f"{KASSE}{sale.pk}/void/", {"reason": "Doppelt"}, follow=True)
    assert "Storniert. Geben Sie jetzt selbst zurück: 114,00\xa0€ (Karte)." in answer.text
    assert "Storniert Bleibt bezahlt 0,00 €" in said(answer.text)
    assert "Gesamt 114,00 € Erstattet −114,00 €" in said(answer.text)
    assert f'href="{KASSE}{sale.pk}/receipt/"' in answer.text
    assert f'action="{KASSE}{sale.pk}/receipt/mail/"' in answer.text
    again = browser.post(f"{KASSE}{sale.pk}/void/")
    assert again.status_code == 422
    with salon_scope(till.salon.pk):
        begun = till.open(product(till.oil))
    answer = browser.post(f"{KASSE}{begun.pk}/void/")
    assert (answer.status_code, answer.headers["Location"]) == (302, KASSE)


def test_what_was_kept_is_given_back(browser: Browser, till: Till) -> None:
    with salon_scope(till.salon.pk):
        SalesRules.objects.create(deposit_rule=DepositRule.KEEP)
        visit = till.visit(state=State.BOOKED)
        sale = till.pay(till.charge(visit), "20.00")
        cancel(**till.given, appointment_id=visit.pk)
    page = browser.get(f"{KASSE}{sale.pk}/").text
    assert "von der Anzahlung wurden 20,00 € einbehalten" in said(page)
    assert "Einbehaltenes zurückgeben" in page
    browser.post(f"{KASSE}{sale.pk}/void/", {"reason": "Kulanz"}, follow=True)
    page = browser.get(f"{KASSE}{sale.pk}/").text
    assert "−20,00" in said(page)
    assert "einbehalten" not in page


def test_who_may_not(stylist: User, browser_of: Callable[[User], Browser], till: Till) -> None:
    sale = sold(till)
    browser = browser_of(stylist)
    assert browser.post(f"{KASSE}{sale.pk}/refund/", {"method": "CARD"}).status_code == 403
    assert browser.post(f"{KASSE}{sale.pk}/void/").status_code == 422
    assert browser.get(KASSE).status_code == 200
    with salon_scope(till.salon.pk):
        assert Sale.objects.get().state == "PAID"


@pytest.mark.parametrize("form", ["refund", "void"])
def test_a_second_window_has_taken_it_all_back(browser: Browser, till: Till, form: str) -> None:
    sale = sold(till)
    assert browser.post(f"{KASSE}{sale.pk}/void/").status_code == 302
    answer = browser.post(f"{KASSE}{sale.pk}/{form}/", {"method": "CARD", "version": sale.version})
    assert answer.status_code == 422
    assert f'id="{form}-dialog"' not in answer.text
    assert "Dieser Verkauf hat sich inzwischen geändert: So ist er jetzt." in said(answer.text)
