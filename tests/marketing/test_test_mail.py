"""The test mail: to whoever asks, as a client gets it, by a worker, and counted nowhere."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from pytest_django import Settings

from marketing.models import Proof, Recipient
from marketing.tasks import send_proof
from marketing.testing import OF_USE, SEND, send_test
from salon.audit.models import AuditEntry
from salon.errors import InvalidInput, NotAllowed
from salon.identity.models import User
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role, system_actor
from salon.mail.models import ClientMail
from salon.mail.posting import Answer, Post
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.models import DueWork
from tests.conftest import NOW
from tests.marketing.campaigning import agreed, draft, may_send
from tests.marketing.mailserver import Inbox, inbox, send_to


@pytest.fixture
def arriving(settings: Settings) -> Iterator[Inbox]:
    with inbox() as (received, port):
        send_to(settings, port)
        yield received


def _acting(user: User, role: Role = Role.OWNER) -> Actor:
    return Actor(ActorKind.USER, user.pk, user.name, PERMISSIONS[role])


def _ask(salon: Salon, user: User, **given: Any) -> None:
    with salon_scope(salon.pk):
        assert send_test(actor=_acting(user), salon=salon, now=NOW, **given) == user.email


def _run() -> None:
    for work in DueWork.objects.filter(task=SEND).order_by("id"):
        send_proof(str(work.pk))


def _left(salon: Salon) -> tuple[int, int]:
    """Return how many test mails and works for them there are."""
    with salon_scope(salon.pk):
        return Proof.objects.count(), DueWork.objects.filter(task=SEND).count()


@time_machine.travel(NOW, tick=False)
def test_it_goes_to_whoever_asks_and_is_counted_nowhere(sonnenschein: Salon, owner: User, arriving: Inbox) -> None:
    with salon_scope(sonnenschein.pk):
        may_send()
        agreed("Lena")
        mia = agreed("Mia")
        campaign = draft()
        told = AuditEntry.objects.count()
    for client_id in (None, mia.pk):
        _ask(sonnenschein, owner, campaign_id=campaign.pk, client_id=client_id)
    assert (arriving.to, _left(sonnenschein)) == ([], (2, 2))
    _run()
    first, second = arriving.mails
    assert arriving.to == [owner.email] * 2
    assert (first["Subject"], second["Subject"]) == ("[Test] Frühling für Lena", "[Test] Frühling für Mia")
    assert first["Message-ID"] != second["Message-ID"]
    assert (first["List-Unsubscribe"], first["Precedence"]) == (None, None)
    assert _left(sonnenschein) == (0, 0)
    with salon_scope(sonnenschein.pk):
        assert not Recipient.objects.exists()
        assert not ClientMail.objects.exists()
        assert AuditEntry.objects.count() == told


@pytest.mark.django_db(transaction=True)
@time_machine.travel(NOW, tick=False)
def test_nobody_speaks_to_the_mail_server_in_a_transaction(
    sonnenschein: Salon, owner: User, arriving: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    within, send = [], Post.send

    def watched(way: Post, message: Any) -> Answer:
        within.append(connection.in_atomic_block)
        return send(way, message)

    monkeypatch.setattr(Post, "send", watched)
    with salon_scope(sonnenschein.pk):
        campaign = draft()
    _ask(sonnenschein, owner, campaign_id=campaign.pk)
    assert within == []
    _run()
    assert (within, arriving.to) == ([False], [owner.email])


def test_a_mail_server_that_is_busy_is_asked_again_and_one_that_refuses_is_not(
    sonnenschein: Salon, owner: User, arriving: Inbox
) -> None:
    with salon_scope(sonnenschein.pk):
        campaign = draft()
    with time_machine.travel(NOW, tick=False) as clock:
        _ask(sonnenschein, owner, campaign_id=campaign.pk)
        arriving.rcpt["*"] = "450 later"
        _run()
        assert _left(sonnenschein) == (1, 1)
        arriving.rcpt["*"] = "250 OK"
        clock.shift(timedelta(minutes=2))
        _run()
        assert (arriving.to, _left(sonnenschein)) == ([owner.email], (0, 0))
        _ask(sonnenschein, owner, campaign_id=campaign.pk)
        arriving.rcpt["*"] = "550 never"
        _run()
        assert _left(sonnenschein) == (0, 0)
        arriving.rcpt["*"] = "250 OK"
        _ask(sonnenschein, owner, campaign_id=campaign.pk)
        clock.shift(OF_USE)
        _run()
    assert (arriving.to, _left(sonnenschein)) == ([owner.email], (0, 0))


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
    assert not Proof.objects.exists()
