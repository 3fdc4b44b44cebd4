"""Mails that come back (domain.md §9): told at the mail, and where it is for good at the address, until it is another
one or somebody takes it back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from django.test import Client as Browser
from pytest_django import Settings

from clients.models import Client
from marketing.disclosing import marketing_of_client
from marketing.eligibility import standings
from marketing.messages import delivery_of, write_message
from marketing.models import Basis, Message, Recipient, UndeliverableAddress
from marketing.receiving import Outcome, receive
from marketing.undeliverable import NotMarked, mark, mark_of, take_back
from salon.audit.models import AuditEntry
from salon.desk.erasure import erase_card
from salon.identity.models import User
from salon.mail.models import ClientMail, MailState
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.marketing.campaigning import BOSS, agreed, run, sent_to, standing
from tests.marketing.letterbox import DOMAIN, LENA, a_card, read, reply_to
from tests.marketing.mailserver import Inbox
from tests.marketing.test_bounces import report

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _answers_come_in(settings: Settings) -> None:
    settings.INBOUND_DOMAIN = DOMAIN


@pytest.fixture
def sent(sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller) -> Recipient:
    """Anna's mail of a campaign, which has gone out."""
    campaign_id = sent_to(sonnenschein, "Anna").pk
    run()
    with salon_scope(sonnenschein.pk):
        return Recipient.objects.select_related("client").get(campaign=campaign_id)


def _returned(one: Recipient, **more: str) -> bytes:
    """Return what a mail server tells the sender of all of a mail that it could not deliver."""
    reply_to = (one.said or {})["reply_to"]
    head = f"Content-Type: text/rfc822-headers\n\nMessage-ID: <{one.pk}@salon.example>\nReply-To: {reply_to}\n"
    return report(final=f"rfc822; {one.address}", returned=head, **more)


def _why(client_id: UUID) -> str:
    return standings([client_id], basis=Basis.CONSENT, now=LATER)[client_id]


def test_what_is_returned_for_good_marks_mail_and_address(sonnenschein: Salon, sent: Recipient) -> None:
    assert [receive(read(_returned(sent)), now=LATER) for _ in range(2)] == [Outcome.RETURNED] * 2
    with salon_scope(sonnenschein.pk):
        assert standing(sent.campaign_id or sent.pk) == {"Anna": ("FAILED", "UNDELIVERABLE")}
        one = Recipient.objects.get(pk=sent.pk)
        assert (one.error, one.sent_at, one.said) == ("5.1.1", None, sent.said)
        [marked] = UndeliverableAddress.objects.all()
        assert (marked.client_id, marked.address, marked.at) == (sent.client_id, "anna@x.example", LATER)
        assert marked.said == "550 5.1.1 <lena@x.example>: user unknown"
        told = AuditEntry.objects.filter(at=LATER).order_by("id").values_list("action", "subject_id")
        assert list(told) == [("mail.failed", sent.pk), ("client.address_undeliverable", sent.client_id)]
        # It is no answer of hers.
        assert not Message.objects.exists()
        # Whoever else has the address, and however it is written.
        other = agreed("Anton", email="Anna@X.example")
        assert (_why(sent.client_id), _why(other.pk)) == ("UNDELIVERABLE", "UNDELIVERABLE")


@pytest.mark.parametrize("status", ["4.4.1", "5.7.1", ""])
def test_what_may_arrive_another_time_marks_the_mail_alone(sonnenschein: Salon, sent: Recipient, status: str) -> None:
    receive(read(_returned(sent, status=status, said="smtp; timed out")), now=LATER)
    with salon_scope(sonnenschein.pk):
        assert standing(sent.campaign_id or sent.pk) == {"Anna": ("FAILED", "UNDELIVERABLE")}
        assert _why(sent.client_id) == "CONSENT"


def test_until_the_address_is_another_one_or_it_is_taken_back(sonnenschein: Salon, sent: Recipient) -> None:
    receive(read(_returned(sent)), now=LATER)
    with salon_scope(sonnenschein.pk):
        card = Client.objects.filter(pk=sent.client_id)
        card.update(email="neu@x.example", email_consent_for="neu@x.example")
        assert _why(sent.client_id) == "CONSENT"
        with pytest.raises(NotMarked):
            take_back(actor=BOSS, client_id=sent.client_id, now=LATER)
        card.update(email="anna@x.example", email_consent_for="anna@x.example")
        take_back(actor=BOSS, client_id=sent.client_id, now=LATER)
        assert (_why(sent.client_id), mark_of("anna@x.example")) == ("CONSENT", None)
        assert AuditEntry.objects.latest("id").action == "client.address_deliverable"
    # The same report, brought once more, knows nothing newer.
    receive(read(_returned(sent)), now=LATER)
    with salon_scope(sonnenschein.pk):
        assert _why(sent.client_id) == "CONSENT"


def test_without_the_mail_it_is_the_last_one_to_that_address(sonnenschein: Salon, sent: Recipient) -> None:
    """As Exim tells it, at the address to which she answers."""
    reply_to = (sent.said or {})["reply_to"]
    mail = f"From: mx@x.example\nTo: {reply_to}\nX-Failed-Recipients: ANNA@x.example\n\n550 no such user"
    assert receive(read(mail.encode()), now=LATER) is Outcome.RETURNED
    with salon_scope(sonnenschein.pk):
        assert standing(sent.campaign_id or sent.pk) == {"Anna": ("FAILED", "UNDELIVERABLE")}
        assert mark_of("anna@x.example")
        Recipient.objects.update(state="SENT", reason="CONSENT", sent_at=NOW)
    # An address that she never had says nothing of hers.
    other = mail.replace("ANNA@x.example", "b@x.example")
    receive(read(other.encode()), now=LATER)
    with salon_scope(sonnenschein.pk):
        assert standing(sent.campaign_id or sent.pk) == {"Anna": ("SENT", "CONSENT")}
        assert mark_of("b@x.example") is None


def test_told_twice_it_is_not_the_mail_before_that(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        lena = a_card(sonnenschein)
        for hours in (0, 1):
            at = NOW + timedelta(hours=hours)
            write_message(actor=BOSS, client_id=lena.pk, subject="Termin", text="Dienstag?", now=at)
        ClientMail.objects.update(state=MailState.SENT, sent_at=NOW)
        mail = f"From: mx@x.example\nTo: {reply_to(lena.pk)}\nX-Failed-Recipients: {LENA}\n\n550 no such user"
    for _ in range(2):
        receive(read(mail.encode()), now=LATER)
    with salon_scope(sonnenschein.pk):
        assert list(ClientMail.objects.order_by("pk").values_list("state", flat=True)) == ["SENT", "REFUSED"]


def test_an_address_that_two_cards_share_is_told_of_both_and_forgotten_with_the_last(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        lena, bert, moved = (a_card(sonnenschein, name) for name in ("Lena", "Bert", "Max"))
        mark(LENA, actor=BOSS, client_id=moved.pk, said="", now=NOW)
        Client.objects.filter(pk=moved.pk).update(email="max@x.example")
        for one in (lena, bert, moved):
            assert [told["address"] for told in marketing_of_client([one.pk])["undeliverable"]] == [LENA]
        erase_card(actor=BOSS, salon=sonnenschein, client_id=moved.pk, now=LATER)
        found = mark_of(LENA)
        assert found
        assert found.client_id in {lena.pk, bert.pk}
        for one in (lena, bert):
            assert mark_of(LENA)
            erase_card(actor=BOSS, salon=sonnenschein, client_id=one.pk, now=LATER)
        assert mark_of(LENA) is None
        # Also where it was marked by somebody who has another address by now.
        anna = a_card(sonnenschein, "Anna", "anna@x.example")
        other = a_card(sonnenschein, "Otto", "otto@x.example")
        mark("anna@x.example", actor=BOSS, client_id=other.pk, said="", now=NOW)
        erase_card(actor=BOSS, salon=sonnenschein, client_id=anna.pk, now=LATER)
        assert mark_of("anna@x.example") is None


def test_a_message_to_one_client_comes_back_too(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        lena = a_card(sonnenschein)
        message = write_message(actor=BOSS, client_id=lena.pk, subject="Termin", text="Dienstag?", now=NOW)
        ClientMail.objects.update(state=MailState.SENT, sent_at=NOW)
        head = f"Content-Type: text/rfc822-headers\n\nMessage-ID: <{message.mail_id}@salon.example>\n"
        mail = report(returned=head, head=f"To: {reply_to(lena.pk)}")
    assert receive(read(mail), now=LATER) is Outcome.RETURNED
    with salon_scope(sonnenschein.pk):
        assert delivery_of([message]) == {message.pk: MailState.REFUSED}
        assert mark_of(LENA)
        # What was said of her address goes with her.
        erase_card(actor=BOSS, salon=sonnenschein, client_id=lena.pk, now=LATER)
        assert mark_of(LENA) is None


def test_the_card_and_the_thread_tell_it_and_take_it_back(
    sonnenschein: Salon, browser_of: Callable[[User], Browser], stylist: User
) -> None:
    with salon_scope(sonnenschein.pk):
        lena = a_card(sonnenschein)
        mark(LENA, actor=BOSS, client_id=lena.pk, said="550 no such user", now=NOW)
    thread = f"/s/sonnenschein/marketing/messages/{lena.pk}/"
    desk = browser_of(stylist)
    told = "E-Mails an lena@x.example kommen zurück"
    assert f'hx-get="{thread}deliverable/"' in desk.get(f"/s/sonnenschein/clients/{lena.pk}/").text
    for page in (f"{thread}deliverable/", thread):
        shown = desk.get(page, headers={"HX-Request": "true"}).text.replace("<wbr>", "")
        assert told in shown
        assert "550 no such user" in shown
    answer = desk.post(f"{thread}deliverable/", {"back": "card"}, follow=True)
    assert answer.redirect_chain[-1][0] == f"/s/sonnenschein/clients/{lena.pk}/"
    assert "E-Mails an lena@x.example gehen wieder hinaus." in answer.text
    assert desk.get(f"{thread}deliverable/", headers={"HX-Request": "true"}).text.strip() == ""
    # Somebody else was faster.
    assert "nicht (mehr) als unzustellbar" in desk.post(f"{thread}deliverable/", follow=True).text
