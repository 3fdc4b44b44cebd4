"""When a campaign begins: scheduled, late, in the night, and when it may not go out any more."""

from datetime import datetime, timedelta

import pytest
import time_machine

from marketing import delivery
from marketing.launching import schedule
from marketing.models import Campaign, MarketingRules
from salon.audit.models import AuditEntry
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.models import DueWork
from tests.conftest import NOW
from tests.marketing.campaigning import (
    BOSS,
    agreed,
    apart,
    draft,
    may_send,
    run,
    seen,
    sent_to,
)
from tests.marketing.mailserver import Inbox

HOUR = timedelta(hours=1)


def test_a_scheduled_campaign_begins_by_itself(
    sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller
) -> None:
    with salon_scope(sonnenschein.pk):
        may_send()
        agreed("Lena")
        campaign = schedule(actor=BOSS, campaign_id=draft().pk, at=NOW + HOUR, now=NOW)
    run()
    assert seen(sonnenschein, campaign.pk) == ("SCHEDULED", {})
    clock.shift(HOUR)
    with salon_scope(sonnenschein.pk):
        agreed("Late")
    run()
    assert seen(sonnenschein, campaign.pk) == ("SENT", {"SENT": 2})
    assert not DueWork.objects.exists()


def test_a_scheduled_campaign_that_may_not_go_out_any_more_is_a_draft_again(
    sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller
) -> None:
    with salon_scope(sonnenschein.pk):
        may_send()
        agreed("Lena")
        campaign = schedule(actor=BOSS, campaign_id=draft().pk, at=NOW + HOUR, now=NOW)
        MarketingRules.objects.update(imprint="")
    clock.shift(HOUR)
    run()
    assert seen(sonnenschein, campaign.pk) == ("DRAFT", {})
    assert arriving.to == []
    assert not DueWork.objects.exists()
    with salon_scope(sonnenschein.pk):
        told = AuditEntry.objects.get(action="campaign.unscheduled")
        assert {"field": "why", "old": None, "new": "imprint"} in told.changes


@pytest.mark.django_db(transaction=True)
def test_without_an_imprint_a_campaign_stops(
    sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "BATCH", 1)
    campaign = sent_to(sonnenschein, "Lena", "Mia")

    def emptied() -> None:
        with salon_scope(sonnenschein.pk):
            MarketingRules.objects.update(imprint=" ")

    arriving.arrived = lambda _many: apart(emptied)
    run()
    assert seen(sonnenschein, campaign.pk) == ("PAUSED", {"SENT": 1, "WAITING": 1})
    assert not DueWork.objects.exists()
    with salon_scope(sonnenschein.pk):
        told = AuditEntry.objects.get(action="campaign.paused")
        assert told.changes == [{"field": "why", "old": None, "new": "imprint"}]


def _late(salon: Salon, clock: time_machine.Traveller, by: timedelta) -> tuple[str, list[datetime]]:
    """Let a campaign's time, noon of a day in winter, be missed; return its state, and when there is work for it."""
    with salon_scope(salon.pk):
        may_send()
        agreed("Lena")
        campaign = schedule(actor=BOSS, campaign_id=draft().pk, at=NOW + HOUR, now=NOW)
    clock.shift(HOUR + by)
    run()
    with salon_scope(salon.pk):
        state = Campaign.objects.get(pk=campaign.pk).state
    return state, list(DueWork.objects.values_list("due_at", flat=True))


# NOW is eleven in the morning in Berlin, so the campaign's time is noon.
@pytest.mark.parametrize(
    ("by", "state"),
    [
        (HOUR * 8.99, "SENT"),  # 20:59
        (HOUR * 20, "SENT"),  # 08:00 on the next day
        (HOUR * 72, "SENT"),
        (HOUR * 72 + timedelta(seconds=1), "DRAFT"),
        (HOUR * 84, "DRAFT"),  # in the middle of a night
    ],
)
def test_a_campaign_that_is_late(
    sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller, by: timedelta, state: str
) -> None:
    assert _late(sonnenschein, clock, by) == (state, [])
    assert len(arriving.to) == (state == "SENT")
    if state == "DRAFT":
        with salon_scope(sonnenschein.pk):
            told = AuditEntry.objects.get(action="campaign.unscheduled")
        assert {"field": "why", "old": None, "new": "too_late"} in told.changes


@pytest.mark.parametrize("by", [HOUR * 9, HOUR * 13, HOUR * 20 - timedelta(seconds=1)])
def test_a_campaign_that_is_late_in_the_night_waits_for_the_morning(
    sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller, by: timedelta
) -> None:
    nine = NOW + HOUR * 22
    assert _late(sonnenschein, clock, by) == ("SCHEDULED", [nine])
    assert arriving.to == []
    clock.move_to(nine)
    run()
    assert arriving.to == ["lena@x.example"]
    assert not DueWork.objects.exists()


def test_who_has_chosen_the_night_gets_it(sonnenschein: Salon, arriving: Inbox, clock: time_machine.Traveller) -> None:
    with salon_scope(sonnenschein.pk):
        may_send()
        agreed("Lena")
        schedule(actor=BOSS, campaign_id=draft().pk, at=NOW + HOUR * 12, now=NOW)
    clock.shift(HOUR * 12 + timedelta(minutes=59))
    run()
    assert arriving.to == ["lena@x.example"]
