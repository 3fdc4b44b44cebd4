"""A new card can say at once that its client would like news by e-mail (domain.md §9.3)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser
from pytest_django import Settings

from clients.consent import ledger_of
from clients.details import ClientDetails
from clients.editing import Duplicates, PossibleDuplicate, create_client
from clients.models import Client, ConsentEntry, CreatedVia
from salon.identity.models import User
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.marketing.consenting import mails_of

NEW = "/s/sonnenschein/clients/new/"
TOM = {"first_name": "Tom", "last_name": "Weiß", "email": "tom@web.example"}


@pytest.fixture(autouse=True)
def _mails_go_out(settings: Settings) -> None:
    settings.MAILS_STAY = False


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], stylist: User) -> Browser:
    return browser_of(stylist)


def _said(salon: Salon) -> list[tuple[str, str, int | None]]:
    """What the only card's ledger says, and that no consent holds yet."""
    with salon_scope(salon.pk):
        card = Client.objects.get()
        assert not card.email_consent
        return [(one.decision, one.source, one.wording_number) for one in ledger_of(card.pk)]


def test_who_would_like_news_is_asked_by_a_mail(browser: Browser, sonnenschein: Salon) -> None:
    page = browser.get(NEW).text
    assert "Möchte Neuigkeiten per E-Mail" in page
    assert "„Ich möchte von Salon Sonnenschein per E-Mail über Neuigkeiten und Angebote informiert werden." in page
    card = browser.post(NEW, {**TOM, "news": "on"}, follow=True).text
    assert "Die Bestätigungsmail ist unterwegs an tom@web.example." in card
    assert "wartet auf Bestätigung" in card
    assert _said(sonnenschein) == [("REQUESTED", "SALON", 0)]
    with salon_scope(sonnenschein.pk):
        [mail] = mails_of(Client.objects.get().pk)
    assert mail.recipient == "tom@web.example"


@pytest.mark.parametrize("given", [{}, {"news": ""}])
def test_nobody_is_asked_who_said_nothing(browser: Browser, sonnenschein: Salon, given: dict[str, str]) -> None:
    card = browser.post(NEW, {**TOM, **given}, follow=True).text
    assert "Bestätigungsmail ist" not in card
    assert _said(sonnenschein) == []


def test_without_an_address_it_waits_for_one(browser: Browser, sonnenschein: Salon) -> None:
    card = browser.post(NEW, {**TOM, "email": "", "news": "on"}, follow=True).text
    assert "Auf der Karte steht keine E-Mail-Adresse" in card
    assert _said(sonnenschein) == [("REQUESTED", "SALON", 0)]


def test_it_stays_ticked_where_the_card_may_exist_already(browser: Browser, sonnenschein: Salon) -> None:
    browser.post(NEW, TOM)
    answer = browser.post(NEW, {**TOM, "first_name": "Tim", "news": "on"})
    assert answer.status_code == 422
    assert answer.context["form"]["news"].value() is True
    assert _said(sonnenschein) == []


def test_a_card_that_is_refused_asks_nobody(in_sonnenschein: Salon, front_desk: Actor) -> None:
    given: dict[str, Any] = {
        "actor": front_desk,
        "salon": in_sonnenschein,
        "details": ClientDetails("Tom", "Weiß", email="tom@web.example"),
        "created_via": CreatedVia.STAFF,
        "now": NOW,
        "duplicates": Duplicates.REFUSE,
    }
    create_client(**given)
    with pytest.raises(PossibleDuplicate):
        create_client(**given, news=True)
    assert not ConsentEntry.objects.exists()
