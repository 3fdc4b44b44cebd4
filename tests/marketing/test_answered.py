"""What an answer is to: beside it stands the mail of the campaign or automation that the client answers (§9.4)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client as Browser
from pytest_django import Settings

from clients.models import Client
from marketing.answered import mails_answered
from marketing.messages import write_message
from marketing.models import Direction, Message, Recipient
from marketing.receiving import receive
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.marketing.campaigning import BOSS, run, sent_to
from tests.marketing.letterbox import DOMAIN, a_mail, read
from tests.marketing.mailserver import Inbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def anna(sonnenschein: Salon, arriving: Inbox, settings: Settings, clock: time_machine.Traveller) -> Client:
    """Return a client who was sent the campaign and answers are let in from."""
    settings.INBOUND_DOMAIN = DOMAIN
    campaign = sent_to(sonnenschein, "Anna")
    run()
    with salon_scope(sonnenschein.pk):
        return Client.objects.get(mailings__campaign=campaign.pk)


def _answer(arriving: Inbox, subject: str, *, hours: float, number: int = 1) -> None:
    mail = a_mail(str(arriving.mails[0]["Reply-To"]), "Ja!", sender="anna@x.example", Message_ID=f"<{number}>")
    mail.replace_header("Subject", subject)
    receive(read(mail), now=NOW + timedelta(hours=hours))


def _answered(salon: Salon) -> list[str]:
    """Return the subject of the mail that each answer is to, "" for none, in the order in which they came in."""
    with salon_scope(salon.pk):
        answers = list(Message.objects.filter(direction=Direction.IN).order_by("created_at"))
        found = mails_answered(answers)
    return [found[one.pk].subject if one.pk in found else "" for one in answers]


@pytest.mark.parametrize("before", ["", "Re: ", "AW: ", "Antw:", "re: AW: ", "RE[2]: "])
def test_it_is_the_mail_whose_subject_the_answer_has(
    sonnenschein: Salon, arriving: Inbox, anna: Client, before: str
) -> None:
    subject = str(arriving.mails[0]["Subject"])
    _answer(arriving, before + subject.upper(), hours=2)
    assert _answered(sonnenschein) == [subject]


@pytest.mark.parametrize(("subject", "hours"), [("Re: Termin", 2), ("", 2), ("Re: ", 2), (None, 24 * 61), (None, -1)])
def test_another_subject_long_after_or_before_it_is_none(
    sonnenschein: Salon, arriving: Inbox, anna: Client, subject: str | None, hours: float
) -> None:
    _answer(arriving, str(arriving.mails[0]["Subject"]) if subject is None else subject, hours=hours)
    assert _answered(sonnenschein) == [""]


def test_what_was_written_to_her_since_stands_in_the_thread_itself(
    sonnenschein: Salon, arriving: Inbox, anna: Client
) -> None:
    subject = str(arriving.mails[0]["Subject"])
    _answer(arriving, f"Re: {subject}", hours=1, number=1)
    with salon_scope(sonnenschein.pk):
        again = NOW + timedelta(hours=2)
        write_message(actor=BOSS, client_id=anna.pk, subject=f"Re: {subject}", text="Wann?", now=again)
    _answer(arriving, f"Re: {subject}", hours=3, number=2)
    assert _answered(sonnenschein) == [subject, ""]


def test_a_mail_whose_words_are_not_kept_is_not_shown(sonnenschein: Salon, arriving: Inbox, anna: Client) -> None:
    _answer(arriving, str(arriving.mails[0]["Subject"]), hours=1)
    with salon_scope(sonnenschein.pk):
        Recipient.objects.update(said=None)
    assert _answered(sonnenschein) == [""]


def test_the_front_desk_reads_it_in_the_thread(
    sonnenschein: Salon, arriving: Inbox, anna: Client, browser_of: Callable[[User], Browser], stylist: User
) -> None:
    subject = str(arriving.mails[0]["Subject"])
    _answer(arriving, f"Re: {subject}", hours=1)
    page = browser_of(stylist).get(f"/s/sonnenschein/marketing/messages/{anna.pk}/").text
    assert f"Antwort auf die E-Mail „{subject}“" in page
    assert "Hallo Anna" in page
    # The way out is for whoever has the mail.
    assert "/unsubscribe/" not in page
