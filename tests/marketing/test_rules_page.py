"""*Marketing » Regeln* and the consent panel of the card in the browser (ui.md §2.4, §2.7)."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser
from pytest_django import Settings

from clients.consent import ledger_of
from clients.details import ClientDetails
from clients.models import Client, ConsentPurpose
from clients.wordings import wording_now
from marketing.rules import rules_now
from salon.identity.models import User
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.marketing.consenting import mails_of
from tests.operations.test_cards import make_client

PAGE = "/s/sonnenschein/marketing/rules/"
SENDER = {"sender_name": "Salon Sonnenschein", "reply_to": "hallo@sonnenschein.example", "imprint": "Anna\r\nBerlin"}
NEWS = ConsentPurpose.EMAIL_MARKETING
HTMX = {"HX-Request": "true"}

type SignIn = Callable[[User], Browser]


@pytest.fixture
def card(sonnenschein: Salon, front_desk: Actor) -> Client:
    with salon_scope(sonnenschein.pk):
        return make_client(sonnenschein, front_desk, ClientDetails("Tom", "Test", email="tom@web.de"))


def _rules(salon: Salon) -> tuple[str, str, int]:
    with salon_scope(salon.pk):
        rules = rules_now()
        return rules.imprint, rules.reply_to, rules.version


def test_the_imprint_is_asked_for_until_it_is_there(browser_of: SignIn, manager: User, sonnenschein: Salon) -> None:
    browser = browser_of(manager)
    page = browser.get(PAGE).content.decode()
    assert "Noch geht keine Kampagne hinaus" in page
    assert "Nur die Inhaberin" in page or "Das kann nur die Inhaberin" in page
    answer = browser.post(f"{PAGE}sender/", SENDER | {"version": "0"}, follow=True).content.decode()
    assert "Noch geht keine Kampagne hinaus" not in answer
    assert _rules(sonnenschein) == ("Anna\nBerlin", "hallo@sonnenschein.example", 1)


@pytest.mark.parametrize(("domain", "told"), [("antworten.example", True), ("", False)], ids=["in", "not in"])
def test_where_answers_come_in_the_page_says_so(
    browser_of: SignIn, manager: User, settings: Settings, domain: str, told: bool
) -> None:
    settings.INBOUND_DOMAIN = domain
    page = browser_of(manager).get(PAGE).content.decode()
    assert ("kommen unter Nachrichten an" in page) is told
    assert ("Die E-Mail-Adresse Ihres Salons." in page) is not told


def test_who_saves_behind_somebody_else_is_told(browser_of: SignIn, manager: User, sonnenschein: Salon) -> None:
    browser = browser_of(manager)
    browser.post(f"{PAGE}sender/", SENDER | {"version": "0"})
    late = browser.post(f"{PAGE}sender/", SENDER | {"imprint": "Carla", "version": "0"})
    assert late.status_code == 422
    text = late.content.decode()
    assert "Carla</textarea>" in text
    assert 'name="version" value="1"' in text
    assert _rules(sonnenschein)[0] == "Anna\nBerlin"
    browser.post(f"{PAGE}sender/", SENDER | {"imprint": "Carla", "version": "1"})
    assert _rules(sonnenschein)[0] == "Carla"


def test_what_was_entered_stays_where_it_is_refused(browser_of: SignIn, manager: User, sonnenschein: Salon) -> None:
    answer = browser_of(manager).post(f"{PAGE}sender/", SENDER | {"reply_to": "hallo@", "version": "0"})
    assert answer.status_code == 422
    assert 'value="hallo@"' in answer.content.decode()
    assert "aria-invalid" in answer.content.decode()
    assert _rules(sonnenschein) == ("", "", 0)


def test_words_become_a_new_version(browser_of: SignIn, manager: User, sonnenschein: Salon) -> None:
    browser = browser_of(manager)
    page = browser.post(f"{PAGE}wording/", {"wording": "Ja, schreibt mir.", "number": "0"}, follow=True)
    assert page.content.decode().count("Ja, schreibt mir.") == 2
    late = browser.post(f"{PAGE}wording/", {"wording": "Ja!", "number": "0"})
    assert (late.status_code, "Ja!</textarea>" in late.content.decode()) == (422, True)
    assert browser.post(f"{PAGE}wording/", {"wording": " ", "number": "1"}).status_code == 422
    with salon_scope(sonnenschein.pk):
        assert wording_now(NEWS, sonnenschein).text == "Ja, schreibt mir."


def test_existing_customers_are_the_owners_to_decide(
    browser_of: SignIn, owner: User, manager: User, stylist: User, sonnenschein: Salon
) -> None:
    url, allow = f"{PAGE}existing-customers/", {"confirmed": "on"}
    assert browser_of(manager).post(url, allow).status_code == 403
    assert browser_of(stylist).get(PAGE).status_code == 403
    anna = browser_of(owner)
    refused = anna.post(url)
    assert (refused.status_code, "alle vier" in refused.content.decode()) == (422, True)
    assert "Entschieden von Anna Krüger" in anna.post(url, allow, follow=True).content.decode()
    with salon_scope(sonnenschein.pk):
        assert rules_now().existing_customers_by == "Anna Krüger"
    assert browser_of(manager).post(f"{url}forbid/").status_code == 302
    with salon_scope(sonnenschein.pk):
        assert rules_now().existing_customers_at is None


def test_the_card_says_that_she_was_asked(
    browser_of: SignIn, stylist: User, sonnenschein: Salon, card: Client, settings: Settings
) -> None:
    settings.MAILS_STAY = False
    browser, url = browser_of(stylist), f"/s/sonnenschein/clients/{card.pk}/consent/"
    said = {"purpose": "EMAIL_MARKETING", "decision": "GRANTED"}
    panel = browser.post(url, said, headers=HTMX).content.decode()
    assert "wartet auf Bestätigung" in panel
    assert "Die E-Mail mit dem Link ging an tom@web.de" in panel
    assert "Erneut senden" not in panel
    again = browser.post(url, {"purpose": "EMAIL_MARKETING", "decision": "REQUESTED"}, headers=HTMX)
    assert (again.status_code, "ist schon eine E-Mail mit dem Link gegangen" in again.content.decode()) == (422, True)
    with salon_scope(sonnenschein.pk):
        assert len(mails_of(card.pk)) == 1
        Client.objects.filter(pk=card.pk).update(email="neu@web.de")
    page = browser.get(f"/s/sonnenschein/clients/{card.pk}/").content.decode()
    assert "Neue Adresse um Bestätigung bitten" in page
    assert browser.post(url, {"purpose": "EMAIL_MARKETING", "decision": "REQUESTED"}).status_code == 302
    withdrawn = browser.post(url, {"purpose": "EMAIL_MARKETING", "decision": "WITHDRAWN"}, headers=HTMX)
    assert "wartet auf Bestätigung" not in withdrawn.content.decode()
    health = {"purpose": "HEALTH_DATA", "decision": "REQUESTED"}
    assert browser.post(url, health, headers=HTMX).status_code == 422
    with salon_scope(sonnenschein.pk):
        decided = [one.decision for one in ledger_of(card.pk)]
        assert decided == ["WITHDRAWN", "REQUESTED", "REQUESTED"]
