"""The Treatcard number on the card (domain.md §2, §7)."""

from django.test import Client as Browser

from clients.models import Client
from clients.treatcard import set_treatcard
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.card.desk import OWNER, add_client, card_of, give_treatcard, stored_card
from tests.conftest import NOW


def test_a_treatcard_is_given_replaced_and_never_taken(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    given = give_treatcard(browser, petra, number="tc 1", seen="")
    assert (given.status_code, given["HX-Trigger"]) == (200, "card-changed")
    assert "TC1" in given.content.decode()
    refused = give_treatcard(browser, petra, number=" ", seen="TC1")
    assert refused.status_code == 422
    assert "Geben Sie die Nummer der Karte ein." in refused.content.decode()
    assert give_treatcard(browser, petra, generate="yes", number="", seen="TC1").status_code == 200
    assert stored_card(sonnenschein, petra).treatcard_number == "TC-00001"


def test_a_number_that_another_client_has_is_told(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    anna = add_client(sonnenschein, "Anna", "Bauer")
    with salon_scope(sonnenschein.pk):
        set_treatcard(actor=OWNER, client_id=anna.pk, number="AB1", now=NOW)
    refused = give_treatcard(browser, petra, number="ab1", seen="")
    assert refused.status_code == 422
    html = refused.content.decode()
    assert "Diese Nummer hat schon jemand anderes." in html
    assert 'value="ab1"' in html


def test_two_browsers_replacing_a_card(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    give_treatcard(browser, petra, number="AB1", seen="")
    told = give_treatcard(browser, petra, number="BC2", seen="")
    assert told.status_code == 422
    html = told.content.decode()
    assert "Die Nummer ist jetzt AB1." in html
    assert 'value="BC2"' in html
    assert 'name="seen" value="AB1"' in html
    assert give_treatcard(browser, petra, number="BC2", seen="AB1").status_code == 200
    assert stored_card(sonnenschein, petra).treatcard_number == "BC2"


def test_a_treatcard_without_a_script(browser: Browser, sonnenschein: Salon, petra: Client) -> None:
    url = f"{card_of(petra)}treatcard/"
    refused = browser.post(url, {"number": "", "seen": ""})
    assert refused.status_code == 422
    assert "<html" in refused.content.decode()
    saved = browser.post(url, {"number": "AB1", "seen": ""})
    assert (saved.status_code, saved["Location"]) == (302, f"{card_of(petra)}#treatcard")
    assert "Die Treatcard hat die Nummer AB1." in browser.get(card_of(petra)).content.decode()
