"""Campaigns paused, resumed and handed over, and two workers at one of them."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, local
from typing import Any
from uuid import UUID

import pytest

from marketing import delivery, recipients, tasks
from marketing.launching import SEND, end, pause, resume
from marketing.models import Campaign, Recipient
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.models import DueWork
from tests.conftest import NOW
from tests.identity.racing import race
from tests.marketing.campaigning import (
    BOSS,
    apart,
    being_sent,
    many_agreed,
    may_send,
    run,
    seen,
    work_on,
)
from tests.marketing.mailserver import Inbox


@pytest.mark.django_db(transaction=True)
def test_a_pause_holds_after_the_group_and_resuming_goes_on(
    sonnenschein: Salon, arriving: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "GROUP_LASTS", timedelta(minutes=1))
    now = datetime.now(UTC)
    with salon_scope(sonnenschein.pk):
        may_send()
        many_agreed(40)
        campaign = being_sent(now=now)

    def pausing(arrived: int) -> None:
        if arrived == 15:
            apart(lambda: _pause(sonnenschein, campaign))

    arriving.arrived = pausing
    run()
    assert seen(sonnenschein, campaign.pk) == ("PAUSED", {"SENT": 20, "WAITING": 20})
    assert not DueWork.objects.exists()
    with salon_scope(sonnenschein.pk):
        resume(actor=BOSS, campaign_id=campaign.pk, now=now)
    assert DueWork.objects.filter(task=SEND).count() == 1
    run()
    assert seen(sonnenschein, campaign.pk) == ("SENT", {"SENT": 40})
    assert arriving.twice() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("batch", [10, 40])
def test_nobody_is_left_waiting_of_what_was_ended(
    sonnenschein: Salon, arriving: Inbox, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(delivery, "BATCH", batch)
    with salon_scope(sonnenschein.pk):
        may_send()
        many_agreed(40)
        campaign = being_sent(now=datetime.now(UTC))

    def ending(arrived: int) -> None:
        if arrived == 15:
            apart(lambda: _pause(sonnenschein, campaign))
            apart(lambda: _end(sonnenschein, campaign))
            # The others of the batch are put off: they would wait for the next try, and the work after ten in a row.
            arriving.rcpt["*"] = "450 later"

    arriving.arrived = ending
    run()
    assert seen(sonnenschein, campaign.pk) == ("ENDED", {"SENT": 15, "EXCLUDED ENDED": 25})
    assert not DueWork.objects.exists()

    # A worker that died before it was paused has left somebody in its hands.
    with salon_scope(sonnenschein.pk):
        Campaign.objects.update(state="PAUSED", finished_at=None)
        lost = Recipient.objects.filter(state="EXCLUDED").values("pk")[:3]
        Recipient.objects.filter(pk__in=lost).update(state="SENDING", reason="CONSENT")
    _end(sonnenschein, campaign)
    run()
    assert seen(sonnenschein, campaign.pk) == (
        "ENDED",
        {"SENT": 15, "EXCLUDED ENDED": 22, "FAILED INTERRUPTED": 3},
    )
    assert not DueWork.objects.exists()


def _end(salon: Salon, campaign: Campaign) -> None:
    with salon_scope(salon.pk):
        end(actor=BOSS, campaign_id=campaign.pk, now=NOW)


def _pause(salon: Salon, campaign: Campaign) -> None:
    with salon_scope(salon.pk):
        pause(actor=BOSS, campaign_id=campaign.pk, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_a_pause_taken_back_at_once_makes_no_second_worker(
    sonnenschein: Salon, arriving: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "BATCH", 10)
    now = datetime.now(UTC)
    with salon_scope(sonnenschein.pk):
        may_send()
        many_agreed(30)
        campaign = being_sent(now=now)
    works: list[int] = []

    def there_and_back() -> None:
        _pause(sonnenschein, campaign)
        with salon_scope(sonnenschein.pk):
            resume(actor=BOSS, campaign_id=campaign.pk, now=now)
        works.append(DueWork.objects.count())

    arriving.arrived = lambda arrived: apart(there_and_back) if arrived == 5 else None
    run()
    assert works == [1]
    assert seen(sonnenschein, campaign.pk) == ("SENT", {"SENT": 30})
    assert not DueWork.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_one_campaign_never_send_to_one_client_twice(sonnenschein: Salon, arriving: Inbox) -> None:
    """Without any claim: each recipient is taken by one of them."""
    campaign = _crowd(sonnenschein)
    race(*[lambda: work_on(sonnenschein, campaign.pk)] * 2)
    assert arriving.twice() == []
    assert len(arriving.to) == 200


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_they_would(sonnenschein: Salon, arriving: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: neither the campaign's lock nor what `write_judged` says holds anybody back."""
    campaign = _crowd(sonnenschein)
    both, seen_once = Barrier(2), local()

    def unlocked(campaign_id: UUID) -> Campaign | None:
        return Campaign.objects.live().filter(pk=campaign_id).first()

    def judged_together(*given: Any, **named: Any) -> Any:
        # Both have read whom they take first before either of them writes.
        if not hasattr(seen_once, "waited"):
            seen_once.waited = both.wait(timeout=30)
        return recipients.judge(*given, **named)

    monkeypatch.setattr(delivery, "judge", judged_together)
    monkeypatch.setattr("marketing.sending._locked", unlocked)
    monkeypatch.setattr(recipients, "_WRITE", recipients._WRITE.replace("AND one.state = 'WAITING'", ""))
    race(*[lambda: work_on(sonnenschein, campaign.pk)] * 2)
    assert arriving.twice() != []


def _crowd(salon: Salon) -> Campaign:
    with salon_scope(salon.pk):
        may_send()
        many_agreed(200)
        return being_sent()


def test_a_long_campaign_is_handed_over(sonnenschein: Salon, arriving: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "LASTS", timedelta(seconds=1.5))
    monkeypatch.setattr(delivery, "BATCH", 5)
    arriving.seconds = 0.04
    with salon_scope(sonnenschein.pk):
        may_send()
        many_agreed(60)
        campaign = being_sent(now=datetime.now(UTC))
    first = DueWork.objects.get().pk
    run()
    again = DueWork.objects.get()
    assert again.pk != first
    assert again.claimed_at is None
    state, found = seen(sonnenschein, campaign.pk)
    assert state == "SENDING"
    assert found.keys() == {"SENT", "WAITING"}
    while DueWork.objects.exists():
        run()
    assert seen(sonnenschein, campaign.pk) == ("SENT", {"SENT": 60})
    assert arriving.twice() == []
