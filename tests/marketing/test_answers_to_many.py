"""Answers to campaigns and automations: they stand on the card of whoever answers (domain.md §9.4)."""

from collections.abc import Callable

import pytest
import time_machine
from django.test import Client as Browser
from pytest_django import Settings

from marketing.models import Direction, Message, Occasion, Recipient
from marketing.occasions import SEND
from marketing.receiving import Outcome, receive
from marketing.results import results_of
from marketing.tasks import send_automation
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import ReplyAddress, Salon
from salon.work.models import DueWork
from tests.conftest import NOW
from tests.marketing.automating import NINE, born, night_of, turned_on
from tests.marketing.campaigning import run, sent_to
from tests.marketing.letterbox import DOMAIN, a_mail, read
from tests.marketing.mailserver import Inbox

pytestmark = pytest.mark.django_db(transaction=True)


def _answers(salon: Salon) -> dict[str, str]:
    """Return what came in from whom, by first name."""
    with salon_scope(salon.pk):
        came_in = Message.objects.filter(direction=Direction.IN)
        return dict(came_in.values_list("client__first_name", "text"))


def test_each_client_answers_a_campaign_on_her_own_card(
    sonnenschein: Salon, arriving: Inbox, settings: Settings, clock: time_machine.Traveller
) -> None:
    settings.INBOUND_DOMAIN = DOMAIN
    sent_to(sonnenschein, "Anna", "Berta")
    run()
    addresses = {str(mail["To"]): str(mail["Reply-To"]) for mail in arriving.mails}
    assert len(set(addresses.values())) == 2
    for to, address in addresses.items():
        answer = a_mail(address, f"Hier ist {to}", sender=to, Message_ID=f"<{to}>")
        assert receive(read(answer), now=NOW) is Outcome.KEPT
    assert _answers(sonnenschein) == {"Anna": "Hier ist anna@x.example", "Berta": "Hier ist berta@x.example"}


def test_and_an_automation(sonnenschein: Salon, arriving: Inbox, settings: Settings) -> None:
    settings.INBOUND_DOMAIN = DOMAIN
    with salon_scope(sonnenschein.pk):
        turned_on(Occasion.BIRTHDAY)
        born("Susanne", 29, 11)
    night_of(sonnenschein)
    with time_machine.travel(NINE, tick=False):
        send_automation(str(DueWork.objects.get(task=SEND).pk))
    [mail] = arriving.mails
    assert receive(read(a_mail(str(mail["Reply-To"]), "Danke!")), now=NINE) is Outcome.KEPT
    assert _answers(sonnenschein) == {"Susanne": "Danke!"}


def test_where_no_answers_come_in_they_go_to_the_salon(
    sonnenschein: Salon, arriving: Inbox, settings: Settings, clock: time_machine.Traveller
) -> None:
    settings.INBOUND_DOMAIN = ""
    sent_to(sonnenschein, "Anna")
    run()
    assert [mail["Reply-To"] for mail in arriving.mails] == ["post@sonnenschein.example"]
    assert not ReplyAddress.objects.exists()


def test_where_a_mail_asks_for_its_answer_can_be_read(
    sonnenschein: Salon,
    arriving: Inbox,
    settings: Settings,
    clock: time_machine.Traveller,
    browser_of: Callable[[User], Browser],
    manager: User,
) -> None:
    settings.INBOUND_DOMAIN = DOMAIN
    campaign_id = sent_to(sonnenschein, "Anna").pk
    run()
    [mail] = arriving.mails
    # As it went out, whatever the operator does since.
    settings.INBOUND_DOMAIN = ""
    with salon_scope(sonnenschein.pk):
        one = Recipient.objects.get(campaign=campaign_id)
    url = f"/s/sonnenschein/marketing/campaigns/{campaign_id}/recipients/{one.client_id}/mail/"
    assert f"<dt>Antworten an</dt><dd>{mail['Reply-To']}</dd>" in browser_of(manager).get(url).text.replace("<wbr>", "")
    with salon_scope(sonnenschein.pk):
        said = {name: value for name, value in (one.said or {}).items() if name != "reply_to"}
        Recipient.objects.filter(pk=one.pk).update(said=said)
    assert "<dt>Antworten an</dt>" not in browser_of(manager).get(url).text


def _answered(salon: Salon) -> dict[str, bool]:
    with salon_scope(salon.pk):
        return {one.client.first_name: one.answered_at == NOW for one in Recipient.objects.select_related("client")}


@pytest.mark.parametrize(
    ("subject", "headers", "counts"),
    [
        ("Frage", {"In_Reply_To": "<{0}@localhost>"}, True),
        # A mail server may rename what it passes on.
        ("AW: Frühling für Anna", {"In_Reply_To": "<renamed@mail.example>"}, True),
        ("Frage", {}, False),
        ("Re: Frühling für Anna", {"In_Reply_To": "<{1}@localhost>"}, True),
        ("Frage", {"In_Reply_To": "<{1}@localhost>"}, False),
        ("Urlaub", {"In_Reply_To": "<{0}@localhost>", "Auto_Submitted": "auto-replied"}, False),
    ],
    ids=["named", "by its subject", "neither", "named another's, by its subject", "another's", "a program"],
)
def test_an_answer_is_one_of_what_came_of_a_campaign(
    sonnenschein: Salon,
    arriving: Inbox,
    settings: Settings,
    clock: time_machine.Traveller,
    subject: str,
    headers: dict[str, str],
    counts: bool,
) -> None:
    settings.INBOUND_DOMAIN = DOMAIN
    campaign_id = sent_to(sonnenschein, "Anna", "Berta").pk
    run()
    mails = {str(mail["To"]): mail for mail in arriving.mails}
    with salon_scope(sonnenschein.pk):
        ids = [str(one.pk) for one in Recipient.objects.order_by("client__first_name")]
    told = {name: value.format(*ids) for name, value in headers.items()}
    address = str(mails["anna@x.example"]["Reply-To"])
    for number in range(2):
        mail = a_mail(address, sender="anna@x.example", Message_ID=f"<{number}@x>", **told)
        mail.replace_header("Subject", subject)
        receive(read(mail), now=NOW)
    assert _answered(sonnenschein) == {"Anna": counts, "Berta": False}
    with salon_scope(sonnenschein.pk):
        assert results_of([campaign_id], now=NOW)[campaign_id].answered == int(counts)
