"""The test mail: to whoever asks, as a client gets it, by a worker; it counts for nothing, and she hears of it."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client as Browser
from pytest_django import Settings

from marketing.automations import turn_on
from marketing.models import Occasion, Recipient
from marketing.testing import OF_USE, SENT_TOLD_FOR, TOLD_FOR, send_test
from salon.audit.models import AuditEntry
from salon.errors import InvalidInput, NotAllowed
from salon.identity.models import User
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role, system_actor
from salon.mail.models import ClientMail
from salon.mail.outbox import forget_mails_to, mails_to
from salon.mail.tasks import deliver_client_mail
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.models import DueWork
from salon.work.queue import schedule
from tests.conftest import NOW
from tests.marketing.campaigning import agreed, draft, may_send
from tests.marketing.mailserver import Inbox, inbox, send_to

SEND = "salon.mail.tasks.deliver_client_mail"


@pytest.fixture
def arriving(settings: Settings) -> Iterator[Inbox]:
    with inbox() as (received, port):
        send_to(settings, port)
        settings.MAILS_STAY = False
        yield received


def _acting(user: User, role: Role = Role.OWNER) -> Actor:
    return Actor(ActorKind.USER, user.pk, user.name, PERMISSIONS[role])


def _ask(salon: Salon, user: User, **given: Any) -> None:
    with salon_scope(salon.pk):
        assert send_test(actor=_acting(user), salon=salon, now=NOW, **given) == user.email


def _run() -> None:
    for work in DueWork.objects.filter(task=SEND).order_by("id"):
        deliver_client_mail(str(work.pk))


def _left(salon: Salon) -> tuple[list[tuple[str, str]], int]:
    """Return how far the test mails are, and how many works for them there are."""
    with salon_scope(salon.pk):
        mails = list(ClientMail.objects.order_by("id").values_list("state", "error"))
    return mails, DueWork.objects.filter(task=SEND).count()


@time_machine.travel(NOW, tick=False)
def test_it_goes_to_whoever_asks_and_is_counted_nowhere(sonnenschein: Salon, owner: User, arriving: Inbox) -> None:
    with salon_scope(sonnenschein.pk):
        may_send()
        lena = agreed("Lena")
        mia = agreed("Mia")
        campaign = draft()
        told = AuditEntry.objects.count()
    for client_id in (None, mia.pk):
        _ask(sonnenschein, owner, campaign_id=campaign.pk, client_id=client_id)
    assert (arriving.to, _left(sonnenschein)) == ([], ([("WAITING", "")] * 2, 2))
    _run()
    first, second = arriving.mails
    assert arriving.to == [owner.email] * 2
    assert (first["Subject"], second["Subject"]) == ("[Test] Frühling für Lena", "[Test] Frühling für Mia")
    assert (first["From"], first["Reply-To"]) == (
        "Ihr Salon Sonnenschein <salon@localhost>",
        "post@sonnenschein.example",
    )
    assert first["Message-ID"] != second["Message-ID"]
    assert (first["List-Unsubscribe"], first["Precedence"]) == (None, None)
    # It shows all that the mail has; the way out is named, and leads nobody anywhere.
    with salon_scope(sonnenschein.pk):
        mail = ClientMail.objects.latest("id")
    for part in (mail.text, mail.html):
        assert "weil Sie eingewilligt haben, dass" in part
        assert "Abmelden (in der E-Mail selbst ein Link; dies ist ein Test)" in part
    assert "/unsubscribe/" not in mail.text + mail.html
    assert _left(sonnenschein) == ([("SENT", "")] * 2, 0)
    with salon_scope(sonnenschein.pk):
        assert not Recipient.objects.exists()
        assert AuditEntry.objects.count() == told
        assert mails_to([lena.pk, mia.pk]) == []


@pytest.mark.django_db(transaction=True)
@time_machine.travel(NOW, tick=False)
def test_nobody_speaks_to_the_mail_server_in_a_transaction(
    sonnenschein: Salon, owner: User, arriving: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    within, send = [], EmailMessage.send

    def watched(message: EmailMessage, *given: Any, **named: Any) -> int:
        within.append(connection.in_atomic_block)
        return send(message, *given, **named)

    monkeypatch.setattr(EmailMessage, "send", watched)
    with salon_scope(sonnenschein.pk):
        campaign = draft()
    _ask(sonnenschein, owner, campaign_id=campaign.pk)
    assert within == []
    _run()
    assert (within, arriving.to) == ([False], [owner.email])


def test_whoever_asked_hears_what_became_of_it(
    sonnenschein: Salon, owner: User, manager: User, browser_of: Callable[[User], Browser], arriving: Inbox
) -> None:
    with salon_scope(sonnenschein.pk):
        campaign = draft()
    place = f"/s/sonnenschein/marketing/campaigns/{campaign.pk}"

    def told(user: User = owner, page: str = "tested") -> str:
        answer = browser_of(user).get(f"{place}/{page}/", headers={"HX-Request": "true"}).content.decode()
        part = re.search(r'<div id="test-mail".*?\n</div>', answer, re.DOTALL)
        assert part is not None
        return unescape(part[0])

    with time_machine.travel(NOW, tick=False) as clock:
        assert "<p" not in told()
        _ask(sonnenschein, owner, campaign_id=campaign.pk)
        assert f"Die Testmail ist unterwegs an {owner.email}." in told()
        assert "hx-get" in told()
        arriving.rcpt["*"] = "450 later"
        _run()
        assert "Der Mailserver nimmt die Testmail noch nicht an (SMTPRecipientsRefused)" in told()
        assert "hx-get" in told()
        assert _left(sonnenschein) == ([("WAITING", "SMTPRecipientsRefused")], 1)
        arriving.rcpt["*"] = "250 OK"
        clock.shift(timedelta(minutes=2))
        _run()
        assert (arriving.to, _left(sonnenschein)) == ([owner.email], ([("SENT", "")], 0))
        assert f"Testmail um 11:02 Uhr an {owner.email} gesendet." in told()
        assert "hx-get" not in told()
        # That it went out is soon no news any more.
        clock.shift(SENT_TOLD_FOR)
        assert "<p" not in told(page="edit")
        _ask(sonnenschein, owner, campaign_id=campaign.pk)
        arriving.rcpt["*"] = "550 never"
        _run()
        for page in ("tested", "edit", "send"):
            assert "lehnt die Testmail" in told(page=page)
            assert "SMTPRecipientsRefused" in told(page=page)
        assert "hx-get" not in told()
        # It is hers alone, and of this campaign; and nobody waits for it for days.
        assert "<p" not in told(manager)
        arriving.rcpt["*"] = "250 OK"
        _ask(sonnenschein, owner, campaign_id=campaign.pk)
        clock.shift(OF_USE)
        _run()
        assert arriving.to == [owner.email]
        assert "konnte nicht rechtzeitig gesendet werden" in told()
        clock.shift(TOLD_FOR)
        assert "<p" not in told()
        mails = browser_of(owner).get("/s/sonnenschein/settings/mails/").content.decode()
        assert mails.count("[Test] Frühling für") == 3
        assert "vom Mailserver abgelehnt" in mails


@pytest.mark.parametrize("saved", [False, True])
def test_whoever_asked_for_one_of_an_automation_hears_it_too(
    sonnenschein: Salon, owner: User, manager: User, browser_of: Callable[[User], Browser], arriving: Inbox, saved: bool
) -> None:
    """Also before anybody has saved its text: until then it is the one that every salon begins with."""
    with salon_scope(sonnenschein.pk):
        may_send()
        if saved:
            turn_on(actor=system_actor("x"), occasion=Occasion.BIRTHDAY, now=NOW)
    place = "/s/sonnenschein/marketing/automations/birthday/"
    typed = {"subject": "Probe", "body": "Nur eine Probe", "days": "7", "version": str(int(saved)), "act": "test"}

    def part(answer: Any) -> str:
        found = re.search(r'<div id="test-mail".*?\n</div>', answer.content.decode(), re.DOTALL)
        assert found is not None
        return unescape(found[0])

    def told(user: User = owner, place: str = place) -> str:
        return part(browser_of(user).get(place, headers={"HX-Request": "true"}))

    with time_machine.travel(NOW, tick=False):
        assert "<p" not in told()
        on_its_way = part(browser_of(owner).post(place, typed))
        assert f"Die Testmail ist unterwegs an {owner.email}." in on_its_way
        assert f'hx-get="{place}tested/"' in on_its_way
        _run()
        for page in (place, f"{place}tested/"):
            assert f"Testmail um 11:00 Uhr an {owner.email} gesendet." in told(place=page)
            assert "hx-get" not in told(place=page)
            # It is hers alone, and of this one.
            assert "<p" not in told(manager, page)
        assert "<p" not in told(place=place.replace("birthday", "lapsed"))
    assert browser_of(owner).get(f"{place}tested/").headers["Location"] == place


def test_it_goes_with_the_client_whom_it_shows(sonnenschein: Salon, owner: User) -> None:
    with salon_scope(sonnenschein.pk):
        lena, mia, campaign = agreed("Lena"), agreed("Mia"), draft()
    for client in (lena, mia):
        _ask(sonnenschein, owner, campaign_id=campaign.pk, client_id=client.pk)
    with salon_scope(sonnenschein.pk):
        forget_mails_to([lena.pk])
        assert [mail.shown_client_id for mail in ClientMail.objects.all()] == [mia.pk]
    # What is forgotten is not sent, and its work ends.
    _run()
    assert _left(sonnenschein)[1] == 0


def test_a_refused_one_says_so(in_sonnenschein: Salon, owner: User, stylist: User) -> None:
    campaign = draft(subject="{{secret}}")
    actor = _acting(owner)
    with pytest.raises(InvalidInput) as unknown:
        send_test(actor=actor, salon=in_sonnenschein, campaign_id=campaign.pk, now=NOW)
    assert [(one.field, one.code) for one in unknown.value.errors] == [("subject", "unknown_placeholder")]
    campaign = draft("lapsing")
    with pytest.raises(InvalidInput) as nobody:
        send_test(actor=system_actor("x"), salon=in_sonnenschein, campaign_id=campaign.pk, now=NOW)
    assert [(one.field, one.code) for one in nobody.value.errors] == [("to", "no_address")]
    with pytest.raises(NotAllowed):
        send_test(actor=_acting(stylist, Role.STAFF), salon=in_sonnenschein, campaign_id=campaign.pk, now=NOW)
    assert not ClientMail.objects.exists()


def test_an_upgrade_leaves_no_work_for_test_mails_of_before(sonnenschein: Salon) -> None:
    """The migration that takes them away takes their work along: no worker knows its task any more."""
    for task in ("marketing.tasks.send_proof", SEND):
        schedule(task=task, subject_id=sonnenschein.pk, due_at=NOW, salon_id=sonnenschein.pk)
    with connection.cursor() as cursor:
        cursor.execute(import_module("marketing.migrations.0002_no_proofs").NO_WORK)
    assert [work.task for work in DueWork.objects.all()] == [SEND]
