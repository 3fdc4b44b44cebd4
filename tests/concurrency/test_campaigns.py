"""A campaign is taken back at the very moment at which it begins (domain.md §9.2)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from django.db import connection

from marketing.campaigns import lock_campaign
from marketing.launching import NotScheduled, begin, schedule, unschedule
from marketing.models import Campaign, CampaignState
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.models import DueWork
from tests.concurrency.hands import own_backend, until_waiting
from tests.conftest import NOW
from tests.marketing.campaigning import BOSS, draft, may_send

pytestmark = pytest.mark.django_db(transaction=True)


def test_neither_waits_for_the_other_for_ever(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        may_send()
        campaign = draft()
        schedule(actor=BOSS, campaign_id=campaign.pk, at=NOW + timedelta(hours=1), now=NOW)
    known, pids = Event(), []

    def take_it_back() -> object:
        try:
            pids.append(own_backend())
            known.set()
            with salon_scope(sonnenschein.pk):
                return unschedule(actor=BOSS, campaign_id=campaign.pk, now=NOW).state
        except NotScheduled as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        # A worker: a sign of life, and behind it the campaign.
        with salon_scope(sonnenschein.pk):
            DueWork.objects.update(due_at=NOW)
            taken_back = pool.submit(take_it_back)
            assert known.wait(10)
            until_waiting(pids[0])
            begin(lock_campaign(BOSS, campaign.pk, None), actor=BOSS, now=NOW)
        assert taken_back.result(10) == "not_scheduled"
    with salon_scope(sonnenschein.pk):
        assert Campaign.objects.get().state == CampaignState.SENDING
    assert DueWork.objects.count() == 1
