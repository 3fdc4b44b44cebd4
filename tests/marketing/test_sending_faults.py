"""Campaigns and a mail server that refuses, puts off, hangs up, is slow or away."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from pytest_django import Settings

from clients.models import Client
from marketing import delivery, tasks
from marketing.delivery import TRIES
from marketing.models import Recipient
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work import queue
from salon.work.models import DueWork
from tests.conftest import NOW
from tests.marketing.campaigning import (
    being_sent,
    many_agreed,
    may_send,
    run,
    seen,
    sent_to,
    standing,
    states,
)
from tests.marketing.mailserver import Inbox, inbox, send_to

HOUR = timedelta(hours=1)


def test_a_refused_address_fails_alone(sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller) -> None:
    campaign = sent_to(sonnenschein, "Lena", "Mia", "Nele", "Ute")
    arriving.rcpt["mia@x.example"] = "550 no such user"
    arriving.data["nele@x.example"] = "554 looks like spam"
    with salon_scope(sonnenschein.pk):
        # Nobody can be written to like that.
        Client.objects.filter(first_name="Ute").update(email="ü@x.example", email_consent_for="ü@x.example")
    run()
    with salon_scope(sonnenschein.pk):
        assert standing(campaign.pk) == {
            "Lena": ("SENT", "CONSENT"),
            "Mia": ("FAILED", "REFUSED"),
            "Nele": ("FAILED", "REFUSED"),
            "Ute": ("FAILED", "REFUSED"),
        }
        assert dict(Recipient.objects.filter(state="FAILED").values_list("client__first_name", "error")) == {
            "Mia": "SMTPRecipientsRefused",
            "Nele": "SMTPDataError",
            "Ute": "ValueError",
        }
    assert seen(sonnenschein, campaign.pk)[0] == "SENT"


def test_who_is_put_off_waits_and_is_given_up_in_the_end(
    sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller
) -> None:
    campaign = sent_to(sonnenschein, "Lena", "Mia")
    arriving.rcpt["lena@x.example"] = "450 come back later"
    run()
    assert seen(sonnenschein, campaign.pk) == ("SENDING", {"SENT": 1, "WAITING": 1})
    assert DueWork.objects.get().due_at == NOW + timedelta(minutes=1)
    for _ in range(TRIES - 2):
        clock.shift(HOUR * 6)
        run()
    assert seen(sonnenschein, campaign.pk) == ("SENDING", {"SENT": 1, "WAITING": 1})
    clock.shift(HOUR * 6)
    run()
    assert seen(sonnenschein, campaign.pk) == ("SENT", {"SENT": 1, "FAILED REFUSED": 1})
    assert not DueWork.objects.exists()


def test_a_mail_server_that_puts_everybody_off_is_left_alone(
    sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller
) -> None:
    with salon_scope(sonnenschein.pk):
        may_send()
        many_agreed(30)
        campaign = being_sent()
    arriving.rcpt["*"] = "451 too many"
    run()
    assert seen(sonnenschein, campaign.pk) == ("SENDING", {"WAITING": 30})
    assert DueWork.objects.get().error == "WorkFailed"
    arriving.rcpt.clear()
    clock.shift(60)
    run()
    assert seen(sonnenschein, campaign.pk) == ("SENT", {"SENT": 30})


def test_a_mail_server_that_is_away_costs_nobody_anything(
    sonnenschein: Salon, settings: Settings, clock: time_machine.Traveller
) -> None:
    with inbox() as (_nothing, port):
        pass
    send_to(settings, port)
    campaign = sent_to(sonnenschein, "Lena", "Mia")
    run()
    assert seen(sonnenschein, campaign.pk) == ("SENDING", {"WAITING": 2})
    assert (DueWork.objects.get().error, DueWork.objects.get().due_at) == (
        "ConnectionRefusedError",
        NOW + timedelta(minutes=1),
    )
    clock.shift(60)
    with inbox(port) as (received, _port):
        run()
    assert seen(sonnenschein, campaign.pk) == ("SENT", {"SENT": 2})
    assert received.to == ["lena@x.example", "mia@x.example"]


@pytest.mark.parametrize("words", ["", "421 too many mails in one conversation"])
def test_a_mail_server_that_hangs_up_now_and_then_is_called_again(
    sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller, words: str
) -> None:
    with salon_scope(sonnenschein.pk):
        may_send()
        many_agreed(30)
        campaign = being_sent()
    arriving.patience, arriving.closing_words = 7, words
    run()
    assert seen(sonnenschein, campaign.pk) == ("SENT", {"SENT": 30})
    assert arriving.twice() == []
    assert arriving.conversations == 5


def test_a_mail_server_that_dies_over_a_mail_gets_it_once(
    sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller
) -> None:
    campaign = sent_to(sonnenschein, "Lena", "Mia", "Nele")
    arriving.dies_over = "mia@x.example"
    run()
    assert seen(sonnenschein, campaign.pk) == ("SENDING", {"SENT": 1, "FAILED INTERRUPTED": 1, "WAITING": 1})
    clock.shift(60)
    run()
    assert seen(sonnenschein, campaign.pk) == ("SENT", {"SENT": 2, "FAILED INTERRUPTED": 1})
    assert arriving.to == ["lena@x.example", "mia@x.example", "nele@x.example"]


def test_a_slow_mail_server_is_waited_for_with_signs_of_life(
    sonnenschein: Salon, arriving: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    monkeypatch.setattr(delivery, "PULSE", timedelta(seconds=0.2))
    with salon_scope(sonnenschein.pk):
        may_send()
        many_agreed(10)
        campaign = being_sent(now=now)
    arriving.seconds = 0.1
    lived: list[datetime] = []

    def alive(_arrived: int) -> None:
        lived.append(datetime.now(UTC))

    arriving.arrived = alive
    beats = _counting_beats(monkeypatch)
    run()
    assert seen(sonnenschein, campaign.pk) == ("SENT", {"SENT": 10})
    # Four for its transactions, the others while it waited.
    assert len(beats) >= 7


def _counting_beats(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    beats: list[datetime] = []
    real = queue.beat

    def counted(work: DueWork, *, now: datetime) -> None:
        beats.append(now)
        real(work, now=now)

    monkeypatch.setattr(tasks, "beat", counted)
    return beats


def test_a_letter_that_cannot_be_written_is_nobodys_loss(
    sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = sent_to(sonnenschein, "Lena", "Mia")
    with monkeypatch.context() as broken:
        broken.setattr(delivery, "written", lambda *_given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run()
    assert seen(sonnenschein, campaign.pk) == ("SENDING", {"WAITING": 2})
    clock.shift(60)
    run()
    with salon_scope(sonnenschein.pk):
        assert states(campaign.pk) == {"SENT": 2}
