"""What the desk is told of the money when an appointment is called off (domain.md §6)."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser

from bookings.checkout.sales import take_deposit
from bookings.checkout.voiding import void
from bookings.models import Appointment, DepositRule, Method, Sale, SalesRules
from bookings.states import State
from salon.identity.models import User
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import at
from tests.checkout.till import Till, a_till, give_treatcard, money, product, tip

CALENDAR = "/s/sonnenschein/calendar/appointments/"
GIVEN = "Erstattet: 20,00 € (Karte)."
KEPT = "20,00 € sind im Voraus bezahlt und bleiben beim Salon."


@pytest.fixture(autouse=True)
def early(time_machine: Any) -> None:
    time_machine.move_to(at(9))


@pytest.fixture
def till(sonnenschein: Salon) -> Till:
    with salon_scope(sonnenschein.pk):
        return a_till(system_actor("Test"), sonnenschein)


@pytest.fixture
def browser(stylist: User, browser_of: Callable[[User], Browser]) -> Browser:
    return browser_of(stylist)


def said(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text.replace("\N{NO-BREAK SPACE}", " ")))


def prepaid(till: Till, rule: DepositRule) -> Appointment:
    with salon_scope(till.salon.pk):
        SalesRules.objects.update_or_create(defaults={"deposit_rule": rule})
        visit = till.visit(state=State.BOOKED)
        given: dict[str, Any] = {"actor": till.actor, "salon": till.salon, "now": at(9)}
        take_deposit(appointment_id=visit.pk, method=Method.CARD, amount=money("20"), **given)
        return visit


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        (DepositRule.REFUND, "Was im Voraus bezahlt ist, geht zurück", GIVEN),
        (DepositRule.KEEP, "Was im Voraus bezahlt ist, bleibt beim Salon", KEPT),
    ],
    ids=["given back", "kept"],
)
def test_cancelling_says_what_becomes_of_the_deposit(
    browser: Browser, till: Till, rule: DepositRule, before: str, after: str
) -> None:
    """Nobody's money may go back in the books only."""
    visit = prepaid(till, rule)
    url = f"{CALENDAR}{visit.pk}/"
    page = said(browser.get(url).text)
    assert before in page
    assert GIVEN not in page
    assert KEPT not in page
    browser.post(f"{url}change/", {"act": "cancel"})
    answer = browser.get(url).text
    assert after in said(answer)
    assert "/checkout/" in answer.split("till-before")[1].split("</div>")[0]
    undone = said(browser.post(f"{url}change/", {"act": "undo"}, HTTP_HX_REQUEST="true").text)
    again = "Gilt wieder als bezahlt: 20,00 € (Karte). Wer es schon zurückgegeben hat, nimmt es noch einmal ein."
    assert (again in undone) == (rule == DepositRule.REFUND)
    page = said(browser.get(url).text)
    assert before in page
    assert GIVEN not in page


def test_the_history_of_an_appointment_tells_of_its_money(browser: Browser, till: Till) -> None:
    visit = prepaid(till, DepositRule.REFUND)
    url = f"{CALENDAR}{visit.pk}/"
    for act in ("cancel", "undo"):
        browser.post(f"{url}change/", {"act": act})
    told = said(browser.get(url).text).split("Verlauf")[1]
    titles = ["Verkauf mit dem Termin zurückgekehrt", "Verkauf mit dem Termin entfallen", "Anzahlung"]
    assert sorted(titles, key=told.index) == titles
    for title in titles:
        assert re.search(f"{title} Di., 24. Nov., 09:00, [^€]*20,00 €", told)


def test_a_toast_that_takes_a_cancellation_back_tells_of_the_money(browser: Browser, till: Till) -> None:
    visit = prepaid(till, DepositRule.REFUND)
    url = f"{CALENDAR}{visit.pk}/"
    browser.post(f"{url}change/", {"act": "cancel"})
    answer = browser.post(f"{url}undo/", HTTP_HX_REQUEST="true")
    assert "Gilt wieder als bezahlt: 20,00 € (Karte)." in said(answer.text)


def test_what_was_kept_and_given_back_after_all_is_not_kept(browser: Browser, till: Till) -> None:
    visit = prepaid(till, DepositRule.KEEP)
    url = f"{CALENDAR}{visit.pk}/"
    browser.post(f"{url}change/", {"act": "cancel"})
    with salon_scope(till.salon.pk):
        sale = Sale.objects.get()
        void(actor=till.actor, salon=till.salon, sale_id=sale.pk, now=at(9))
    assert KEPT not in said(browser.get(url).text)


def test_without_money_nothing_is_said(browser: Browser, till: Till) -> None:
    with salon_scope(till.salon.pk):
        visit = till.visit(state=State.BOOKED)
    url = f"{CALENDAR}{visit.pk}/"
    assert "im Voraus" not in said(browser.get(url).text)
    browser.post(f"{url}change/", {"act": "cancel"})
    assert "till-before" not in browser.get(url).text


@pytest.mark.parametrize("rule", [DepositRule.REFUND, DepositRule.KEEP])
def test_that_costs_no_page_more_than_fifteen_statements(
    till: Till, browser: Browser, rule: DepositRule, django_assert_max_num_queries: Any
) -> None:
    visit = prepaid(till, rule)
    page = f"{CALENDAR}{visit.pk}/"
    browser.get(page)
    with django_assert_max_num_queries(12):
        browser.get(page)
    browser.post(f"{page}change/", {"act": "cancel", "version": "1"})
    with django_assert_max_num_queries(12):
        answer = browser.get(page)
    assert (GIVEN if rule == DepositRule.REFUND else KEPT) in said(answer.content.decode())


def test_before_the_tap_it_says_what_goes_back_and_afterwards_what_did(browser: Browser, till: Till) -> None:
    """By method, with the tip and the points; what was bought besides stays hers."""
    with salon_scope(till.salon.pk):
        give_treatcard(till.day.lena)
    visit = prepaid(till, DepositRule.REFUND)
    with salon_scope(till.salon.pk):
        sale = till.charge(visit, tip("4.80"), product(till.oil), now=at(9))
        till.pay(sale, method=Method.EXTERNAL_TILL, reference="K-4711", now=at(9))
    url = f"{CALENDAR}{visit.pk}/"
    sums = "20,00 € (Karte), 43,80 € (Eigene Kasse, Bon K-4711)"
    panel = said(browser.get(url).text)
    assert (
        f"Was im Voraus bezahlt ist, geht zurück, so ist es eingestellt: {sums}. Davon sind 4,80 € Trinkgeld. "
        "59 Punkte werden zurückgenommen."
    ) in panel
    browser.post(f"{url}change/", {"act": "cancel"})
    page = said(browser.get(url).text)
    assert f"Erstattet: {sums}." in page
    assert "Bezahlt waren 91,30 € Erstattet −63,80 € Bleibt bezahlt 27,50 €" in page
    assert "Teilweise erstattet · 27,50 € bleiben bezahlt" in page
    assert "Gesamt" not in page


def test_a_deposit_goes_back_before_the_rest_is_paid(browser: Browser, till: Till) -> None:
    visit = prepaid(till, DepositRule.REFUND)
    panel = said(browser.get(f"{CALENDAR}{visit.pk}/").text)
    assert "geht zurück, so ist es eingestellt: 20,00 € (Karte). Das lässt sich danach rückgängig machen." in panel


def test_what_was_undone_stays_on_the_sale_and_what_was_before_is_found(browser: Browser, till: Till) -> None:
    visit = prepaid(till, DepositRule.REFUND)
    url = f"{CALENDAR}{visit.pk}/"
    for act in ("cancel", "undo", "cancel", "state:BOOKED"):
        browser.post(f"{url}change/", {"act": act})
    page = browser.get(url).text
    assert "Früherer Verkauf: 20,00 € bezahlt, davon 20,00 € erstattet." in said(page)
    with salon_scope(till.salon.pk):
        sale = Sale.objects.get()
    assert f"/checkout/{sale.pk}/" in page
    paid = browser.get(f"/s/sonnenschein/checkout/{sale.pk}/").text
    assert paid.count('<del class="nowrap">') == 1
    first, second = said(paid).split("Termin entfallen · Karte")[1:3]
    assert "zurückgenommen Di., 24. Nov., 09:00 von" in first
    assert "zurückgenommen" not in second.split("€")[0]
