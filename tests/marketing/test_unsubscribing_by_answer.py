"""Whoever asks for it in an answer is taken off the news from the thread (domain.md §9.3, §9.4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client as Browser
from pytest_django import Settings

from clients.consent import newest_of
from clients.models import Client, ConsentPurpose, ConsentSource, Decision
from clients.objections import who_objected
from marketing.messages import write_message
from marketing.unsubscribing import gets_news, take_off_by_answer
from salon.audit.models import AuditEntry
from salon.errors import NotAllowed, NotFound
from salon.identity.models import User
from salon.identity.roles import Actor, ActorKind, Permission, system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.marketing.consenting import NEWS, decide
from tests.marketing.letterbox import DOMAIN, LENA, a_card, answer

pytestmark = pytest.mark.django_db(transaction=True)
SOFTWARE = system_actor("test")
READER = Actor(ActorKind.USER, None, "Azubi", frozenset({Permission.CLIENTS_READ}))
BUTTON = "Von Neuigkeiten abmelden"


@pytest.fixture(autouse=True)
def _answers_come_in(settings: Settings) -> None:
    settings.INBOUND_DOMAIN = DOMAIN


@pytest.fixture
def lena(sonnenschein: Salon) -> Client:
    """Return a client who has agreed to news."""
    with salon_scope(sonnenschein.pk):
        card = a_card(sonnenschein)
        decide(SOFTWARE, card, Decision.GRANTED, source=ConsentSource.IMPORT, wording="Ja.", now=NOW)
    return card


def _answers(salon: Salon, client: Client, text: str = "ABMELDEN!", **headers: str) -> None:
    with salon_scope(salon.pk):
        write_message(actor=SOFTWARE, client_id=client.pk, subject="Termin", text="Dienstag?", now=NOW)
    answer(salon, client, minutes=1, text=text, **headers)


def _thread(client: Client) -> str:
    return f"/s/sonnenschein/marketing/messages/{client.pk}/"


def test_it_is_recorded_with_who_did_it_and_why(sonnenschein: Salon, lena: Client, front_desk: Actor) -> None:
    _answers(sonnenschein, lena)
    with salon_scope(sonnenschein.pk):
        assert gets_news(lena.pk, now=NOW)
        for _ in range(2):
            take_off_by_answer(actor=front_desk, client_id=lena.pk, now=NOW + timedelta(hours=1))
        assert not gets_news(lena.pk, now=NOW)
        entry = newest_of(lena.pk, NEWS)
        assert entry is not None
        assert (entry.decision, entry.source, entry.actor_name) == ("WITHDRAWN", "SALON", "Empfang")
        assert entry.wording.startswith("In der Antwort vom")
        assert who_objected([LENA]) == {LENA}
        assert AuditEntry.objects.filter(action="client.consent_withdrawn", actor_name="Empfang").count() == 1


def test_nobody_is_taken_off_who_has_not_answered_or_by_whom_may_not(sonnenschein: Salon, lena: Client) -> None:
    with salon_scope(sonnenschein.pk), pytest.raises(NotFound):
        take_off_by_answer(actor=SOFTWARE, client_id=lena.pk, now=NOW)
    # What a program answers asks for nothing.
    _answers(sonnenschein, lena, Auto_Submitted="auto-replied")
    with salon_scope(sonnenschein.pk), pytest.raises(NotFound):
        take_off_by_answer(actor=SOFTWARE, client_id=lena.pk, now=NOW)
    _answers(sonnenschein, lena, Message_ID="<2@mail.example>")
    with salon_scope(sonnenschein.pk):
        with pytest.raises(NotAllowed):
            take_off_by_answer(actor=READER, client_id=lena.pk, now=NOW)
        assert gets_news(lena.pk, now=NOW)


def test_the_button_stands_by_her_answer_while_she_gets_news(
    sonnenschein: Salon, lena: Client, stylist: User, browser_of: Callable[[User], Browser]
) -> None:
    desk = browser_of(stylist)
    assert BUTTON not in desk.get(_thread(lena)).text
    _answers(sonnenschein, lena)
    assert BUTTON in desk.get(_thread(lena)).text
    page = desk.post(f"{_thread(lena)}no-news/", follow=True).text
    assert "Lena Vogel bekommt keine Neuigkeiten mehr." in page
    assert BUTTON not in page
    card = desk.get(f"/s/sonnenschein/clients/{lena.pk}/").text
    assert "In der Antwort vom" in card


def test_who_gets_none_is_offered_nothing(
    sonnenschein: Salon, stylist: User, browser_of: Callable[[User], Browser]
) -> None:
    with salon_scope(sonnenschein.pk):
        card = a_card(sonnenschein)
    _answers(sonnenschein, card)
    with salon_scope(sonnenschein.pk):
        assert not gets_news(card.pk, now=NOW)
        assert newest_of(card.pk, ConsentPurpose.EMAIL_MARKETING) is None
    assert BUTTON not in browser_of(stylist).get(_thread(card)).text
