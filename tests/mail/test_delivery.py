"""Mails about logins: sent once, tried again, and forgotten when they are of no more use."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from pytest_django import Settings
from structlog.testing import capture_logs

from salon.identity import members, passwords
from salon.identity.models import User
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.mail.models import AccountMail
from salon.mail.outbox import send_account_mail
from salon.mail.tasks import deliver_account_mail
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work import queue
from salon.work.models import DueWork
from tests.conftest import NOW
from tests.identity.racing import race
from tests.mail.smtp import MailServer, mail_server

RECIPIENT = "mia@x.example"
HOUR = timedelta(hours=1)


@pytest.fixture
def server(settings: Settings) -> Iterator[MailServer]:
    with mail_server() as running:
        settings.MAILERS = {
            "default": {
                "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
                "OPTIONS": {"host": "127.0.0.1", "port": running.port, "timeout": 2},
            }
        }
        yield running


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def _mail(expires_at: datetime = NOW + HOUR) -> DueWork:
    send_account_mail(recipient=RECIPIENT, subject="Grüße", body="Ein Link", expires_at=expires_at, now=NOW)
    return DueWork.objects.get()


def _deliver(work: DueWork) -> list[dict[str, Any]]:
    """Run the task and return what it logged."""
    with capture_logs() as logs:
        deliver_account_mail(str(work.pk))
    assert RECIPIENT not in str(logs)
    return [{name: entry[name] for name in entry if name in {"event", "error", "reason"}} for entry in logs]


def _waiting() -> list[tuple[datetime | None, datetime, int, str]]:
    return [(row.claimed_at, row.due_at, row.attempts, row.error) for row in DueWork.objects.all()]


def test_a_mail_is_sent_once_and_forgotten(db: None, server: MailServer, clock: time_machine.Traveller) -> None:
    work = _mail()
    assert (_deliver(work), _deliver(work)) == ([], [])
    [mail] = server.received
    assert (mail["To"], mail["From"], mail["Subject"]) == (RECIPIENT, settings.DEFAULT_FROM_EMAIL, "Grüße")
    assert mail.get_content().strip() == "Ein Link"
    assert not DueWork.objects.exists()
    assert not AccountMail.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_task_delivered_to_four_workers_at_once_sends_once(server: MailServer) -> None:
    work = _mail(datetime.now(UTC) + HOUR)
    DueWork.objects.update(due_at=datetime.now(UTC))
    race(*[lambda: deliver_account_mail(str(work.pk))] * 4)
    assert len(server.received) == 1
    assert not DueWork.objects.exists()


def test_a_mail_that_was_taken_is_not_sent_again_because_the_server_hung_up(
    db: None, server: MailServer, clock: time_machine.Traveller
) -> None:
    server.hangs_up_after_mail = True
    assert _deliver(_mail()) == []
    assert len(server.received) == 1
    assert not DueWork.objects.exists()


@pytest.mark.parametrize(
    ("verb", "answer", "error"),
    [
        (b"RCPT", b"450 mia@x.example: later", "SMTPRecipientsRefused"),
        (b"BODY", b"451 for mia@x.example: later", "SMTPDataError"),
        (b"MAIL", b"550 who are you?", "SMTPSenderRefused"),
        (b"BODY", b"421 good bye", "SMTPDataError"),
    ],
)
def test_a_server_that_will_not_now_is_asked_again(
    db: None, server: MailServer, clock: time_machine.Traveller, verb: bytes, answer: bytes, error: str
) -> None:
    work = _mail()
    willing = server.answers[verb]
    server.answers[verb] = answer
    assert _deliver(work) == [{"event": "work_failed", "error": error}]
    assert _waiting() == [(None, NOW + timedelta(minutes=1), 1, error)]
    assert AccountMail.objects.count() == 1

    server.answers[verb] = willing
    clock.shift(59)
    assert (_deliver(work), len(server.received)) == ([], 0)
    clock.shift(1)
    assert (_deliver(work), len(server.received)) == ([], 1)
    assert not DueWork.objects.exists()


def test_a_server_that_is_away_is_asked_again(
    db: None, server: MailServer, settings: Settings, clock: time_machine.Traveller
) -> None:
    server.shutdown()
    server.server_close()
    assert _deliver(_mail()) == [{"event": "work_failed", "error": "ConnectionRefusedError"}]
    assert _waiting() == [(None, NOW + timedelta(minutes=1), 1, "ConnectionRefusedError")]


def test_a_server_that_is_slow_is_left_after_the_time_it_has_per_answer(db: None, server: MailServer) -> None:
    server.goes_on.clear()
    work = _mail(datetime.now(UTC) + HOUR)
    DueWork.objects.update(due_at=datetime.now(UTC))
    started = time.monotonic()
    assert [entry["event"] for entry in _deliver(work)] == ["work_failed"]
    assert 2 <= time.monotonic() - started < 8
    assert server.received == []
    assert DueWork.objects.get().attempts == 1


@pytest.mark.parametrize(
    ("verb", "answer", "reason"),
    [
        (b"RCPT", b"550 mia@x.example: no such user", "SMTPRecipientsRefused"),
        (b"BODY", b"554 spam for mia@x.example", "SMTPDataError"),
    ],
)
def test_what_a_server_refuses_for_good_is_dropped(
    db: None, server: MailServer, clock: time_machine.Traveller, verb: bytes, answer: bytes, reason: str
) -> None:
    server.answers[verb] = answer
    assert _deliver(_mail()) == [{"event": "account_mail_dropped", "reason": reason}]
    assert not DueWork.objects.exists()
    assert not AccountMail.objects.exists()


def test_a_mail_is_sent_until_it_expires_and_then_dropped(
    db: None, server: MailServer, clock: time_machine.Traveller
) -> None:
    assert _deliver(_mail(NOW + timedelta(microseconds=1))) == []
    assert len(server.received) == 1
    assert _deliver(_mail(NOW)) == [{"event": "account_mail_dropped", "reason": "expired"}]
    assert len(server.received) == 1
    assert not DueWork.objects.exists()
    assert not AccountMail.objects.exists()


def test_a_surprise_is_not_swallowed_and_backs_off(db: None, server: MailServer, clock: time_machine.Traveller) -> None:
    work = _mail()
    AccountMail.objects.update(subject="two\nlines")
    with pytest.raises(ValueError, match="linefeed"):
        deliver_account_mail(str(work.pk))
    assert _waiting() == [(None, NOW + timedelta(minutes=1), 1, "ValueError")]
    assert AccountMail.objects.count() == 1


def test_a_worker_that_died_after_sending_leaves_a_mail_that_is_sent_again(
    db: None, server: MailServer, clock: time_machine.Traveller
) -> None:
    work = _mail()
    queue._claim(work.pk, NOW)
    clock.shift(queue.LEASE - timedelta(microseconds=1))
    assert (_deliver(work), len(server.received)) == ([], 0)
    clock.shift(timedelta(microseconds=1))
    assert (_deliver(work), len(server.received)) == ([], 1)


def test_work_without_mail_is_over(db: None, server: MailServer, clock: time_machine.Traveller) -> None:
    work = _mail()
    AccountMail.objects.all().delete()
    assert _deliver(work) == []
    assert not DueWork.objects.exists()


def test_a_reset_mail_expires_with_its_link(owner: User, clock: time_machine.Traveller, server: MailServer) -> None:
    passwords.send_reset_link(user_id=owner.pk, now=NOW)
    assert AccountMail.objects.get().expires_at == NOW + HOUR
    clock.shift(HOUR)
    assert _deliver(DueWork.objects.get()) == [{"event": "account_mail_dropped", "reason": "expired"}]
    assert server.received == []


def test_an_invitation_mail_expires_with_its_link_which_is_stored_nowhere_else(
    owner: User, sonnenschein: Salon, clock: time_machine.Traveller, server: MailServer
) -> None:
    actor = Actor(ActorKind.USER, owner.pk, owner.name, PERMISSIONS[Role.OWNER])
    with salon_scope(sonnenschein.pk):
        invited = members.invite(actor=actor, email=RECIPIENT, role=Role.STAFF, now=NOW)
    mail = AccountMail.objects.get()
    assert mail.expires_at == invited.invitation.expires_at == NOW + timedelta(days=7)
    assert invited.link in mail.body
    assert _deliver(DueWork.objects.get()) == []
    assert re.search(r"/invitation/\S+", server.received[0].get_content())
    assert not AccountMail.objects.exists()
