"""Where no mail leaves this computer, an answer can be written as the client would (domain.md §9.4)."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser
from django.urls import reverse
from pytest_django import Settings

from clients.models import Client
from marketing.messages import write_message
from marketing.models import Message, Recipient
from marketing.reply_addresses import reply_addresses
from salon.identity.models import User
from salon.identity.roles import system_actor
from salon.mail.models import ClientMail, MailState
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from tests.conftest import NOW
from tests.marketing.campaigning import sent_to, work_on
from tests.marketing.letterbox import DOMAIN, LENA, a_card

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _answers_come_in(settings: Settings) -> None:
    settings.INBOUND_DOMAIN = DOMAIN


@pytest.fixture
def boss(browser_of: Callable[[User], Browser], owner: User) -> Browser:
    """Return the browser of the owner."""
    return browser_of(owner)


@pytest.fixture
def lena(sonnenschein: Salon) -> Client:
    """Put a client on file who was written to."""
    with salon_scope(sonnenschein.pk):
        client = a_card(sonnenschein)
        write_message(actor=system_actor("test"), client_id=client.pk, subject="Termin", text="Dienstag?", now=NOW)
        ClientMail.objects.update(state=MailState.SENT, sent_at=NOW)
    return client


def _pages(salon: Salon) -> tuple[str, str]:
    """Return the page of the one mail to a client, and that on which it is answered."""
    with salon_scope(salon.pk):
        pk = ClientMail.objects.get().pk
    return reverse("mail", args=[salon.slug, pk]), reverse("answer_to_mail", args=[salon.slug, pk])


def _answers(salon: Salon) -> list[Message]:
    with salon_scope(salon.pk):
        return list(Message.objects.filter(direction="IN"))


def test_what_is_written_at_a_mail_stands_on_the_card(boss: Browser, sonnenschein: Salon, lena: Client) -> None:
    mail, here = _pages(sonnenschein)
    assert f'href="{here}"' in boss.get(mail).text
    page = boss.get(here)
    assert page.context["sender"] == LENA
    typed = {"text": "Ja, gern!\r\n\r\nLena", "form_id": page.context["form"]["form_id"].value()}
    # Sent twice, it comes in once.
    for _ in range(2):
        response = boss.post(here, typed)
        assert response.status_code == 302
        assert response["Location"] == reverse("messages", args=[sonnenschein.slug])
    [message] = _answers(sonnenschein)
    assert (message.client_id, message.address, message.subject) == (lena.pk, LENA, "Re: Termin")
    assert message.text == "Ja, gern!\n\nLena"
    assert (message.read_at, message.automatic, message.other_address) == (None, False, False)
    # There it waits, as the page has promised.
    inbox = boss.get(response["Location"]).text
    assert "Ja, gern!" in inbox
    assert "1 neu" in inbox


def test_the_thread_leads_there_and_back(boss: Browser, sonnenschein: Salon, lena: Client) -> None:
    _mail, here = _pages(sonnenschein)
    thread = reverse("message_thread", args=[sonnenschein.slug, lena.pk])
    assert f'href="{here}?back=thread"' in boss.get(thread).text
    assert f'href="{thread}"' in boss.get(f"{here}?back=thread").text


def test_nothing_is_no_answer(boss: Browser, sonnenschein: Salon, lena: Client) -> None:
    _mail, here = _pages(sonnenschein)
    response = boss.post(here, {"text": " ", "form_id": new_id()})
    assert response.status_code == 422
    assert _answers(sonnenschein) == []


def test_whoever_writes_to_clients_can_try_it(
    browser_of: Callable[[User], Browser], stylist: User, sonnenschein: Salon, lena: Client
) -> None:
    mail, here = _pages(sonnenschein)
    thread = reverse("message_thread", args=[sonnenschein.slug, lena.pk])
    desk = browser_of(stylist)
    page = desk.get(thread).text
    assert f'href="{here}?back=thread"' in page
    assert "Zum Ausprobieren: als Kundin antworten" in page
    # The list of what has gone out is not hers to see: she goes back to the thread.
    assert desk.get(mail).status_code == 403
    assert desk.get(here).context["back_url"] == thread
    assert desk.post(here, {"text": "Ja, gern!", "form_id": new_id()}).status_code == 302
    [message] = _answers(sonnenschein)
    assert message.text == "Ja, gern!"


@pytest.mark.parametrize("what", ["server", "production", "mailbox", "unsent", "no domain"])
def test_elsewhere_there_is_no_such_thing(
    boss: Browser, sonnenschein: Salon, lena: Client, settings: Settings, what: str
) -> None:
    mail, here = _pages(sonnenschein)
    thread = reverse("message_thread", args=[sonnenschein.slug, lena.pk])
    if what == "server":
        settings.MAILS_STAY = False
    elif what == "production":
        settings.PRODUCTION = True
    elif what == "no domain":
        settings.INBOUND_DOMAIN = ""
    else:
        with salon_scope(sonnenschein.pk):
            changes = {"reply_to": "post@x.example"} if what == "mailbox" else {"state": "DROPPED", "sent_at": None}
            ClientMail.objects.update(**changes)
    assert here not in boss.get(mail).text
    assert here not in boss.get(thread).text
    assert boss.get(here).status_code == boss.post(here, {"text": "x"}).status_code == 404
    assert _answers(sonnenschein) == []


def test_nobody_answers_for_another_salon(boss: Browser, sonnenschein: Salon, dom: Salon, lena: Client) -> None:
    with salon_scope(dom.pk):
        theirs = reply_addresses([a_card(dom).pk], now=NOW)
    with salon_scope(sonnenschein.pk):
        ClientMail.objects.update(reply_to=next(iter(theirs.values())))
    mail, here = _pages(sonnenschein)
    assert here not in boss.get(mail).text
    assert boss.post(here, {"text": "x"}).status_code == 404


def test_a_campaign_is_answered_too(boss: Browser, sonnenschein: Salon) -> None:
    campaign = sent_to(sonnenschein, "Mia")
    work_on(sonnenschein, campaign.pk)
    with salon_scope(sonnenschein.pk):
        one = Recipient.objects.get()
    here = reverse("answer_to_many", args=[sonnenschein.slug, one.pk])
    page = boss.get(reverse("campaign_mail", args=[sonnenschein.slug, campaign.pk, one.client_id]))
    assert f'href="{here}"' in page.text
    # Back to the mail it was opened from.
    assert f'href="{page.request["PATH_INFO"]}"' in boss.get(here).text
    assert boss.post(here, {"text": "Gern!", "form_id": new_id()}).status_code == 302
    [message] = _answers(sonnenschein)
    assert (message.client_id, message.subject) == (one.client_id, "Re: Frühling für Mia")
