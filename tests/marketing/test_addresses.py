"""A client writes from another address, and it becomes hers (domain.md §9.4)."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from clients.models import Client, ConsentEntry
from marketing.addresses import is_elsewhere
from marketing.messages import write_message
from marketing.models import Direction, Message
from salon.identity.models import User
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.marketing.letterbox import DOMAIN, LENA, a_card, answer
from tests.marketing.test_message_pages import BrowserOf

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "neu@anders.example"


def test_the_address_she_wrote_from_becomes_hers(
    sonnenschein: Salon, stylist: User, browser_of: BrowserOf, settings: Settings
) -> None:
    settings.INBOUND_DOMAIN = DOMAIN
    with salon_scope(sonnenschein.pk):
        lena, anna = a_card(sonnenschein), a_card(sonnenschein, "Anna", "a@x.example")
        said = {"purpose": "EMAIL_MARKETING", "decision": "GRANTED", "source": "PAPER"}
        ConsentEntry.objects.create(client_id=lena.pk, at=NOW, wording="Ja", **said)
        Client.objects.filter(pk=lena.pk).update(email_consent_for=LENA, email_consent_at=NOW)
        write_message(actor=system_actor("x"), client_id=lena.pk, subject="Termin", text="Dienstag?", now=NOW)
    answer(sonnenschein, lena, sender=f"Lena <{NEW}>")
    with salon_scope(sonnenschein.pk):
        hers = Message.objects.get(direction=Direction.IN)
    desk, thread = browser_of(stylist), f"/s/sonnenschein/marketing/messages/{lena.pk}/"
    page = desk.get(thread).text
    assert f"kam von einer anderen Adresse, {NEW}" in page
    assert f"Die Einwilligung in Neuigkeiten gilt für {LENA}" in page
    given = {"message": str(hers.pk), "seen": LENA}
    # The message of one client is nobody else's, and what somebody else has changed meanwhile stays.
    assert desk.post(thread.replace(str(lena.pk), str(anna.pk)) + "address/", given).status_code == 404
    assert "inzwischen geändert" in desk.post(f"{thread}address/", {**given, "seen": "alt@x.example"}, follow=True).text
    page = desk.post(f"{thread}address/", given, follow=True).text
    assert f"E-Mails an Lena Vogel gehen ab jetzt an {NEW}." in page
    assert "An diese gehen keine, bis sie bestätigt ist" in page
    assert "von einer anderen Adresse" not in page
    with salon_scope(sonnenschein.pk):
        lena.refresh_from_db()
    assert (lena.email, lena.email_consent) == (NEW, False)


def test_a_mail_without_a_sender_came_from_nowhere_else(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        assert not is_elsewhere(Message(direction=Direction.IN, address=""), a_card(sonnenschein))
