"""`kill -9` of a worker at every point of a campaign: nobody gets it twice, and it ends by itself (quality.md §2)."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from django.utils import timezone

from marketing.models import Campaign
from marketing.tasks import send_campaign
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.models import DueWork
from salon.work.tasks import dispatch
from tests.faults.halting_campaigns import POINTS
from tests.faults.workers import Faults, kill, let_leases_end, until
from tests.marketing.campaigning import being_sent, many_agreed, may_send, seen
from tests.marketing.mailserver import Inbox, inbox
from tests.work.broker import emptied_broker

CLIENTS = 24
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def arriving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    with inbox() as (received, port):
        monkeypatch.setenv("SMTP_HOST", "127.0.0.1")
        monkeypatch.setenv("SMTP_PORT", str(port))
        monkeypatch.setenv("SMTP_STARTTLS", "0")
        yield received


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Faults]:
    with emptied_broker() as broker:
        monkeypatch.setenv("CELERY_BROKER_URL", broker)
        yield Faults(broker, tmp_path)


@pytest.fixture
def campaign(sonnenschein: Salon, faults: Faults) -> Campaign:
    with salon_scope(sonnenschein.pk):
        may_send()
        many_agreed(CLIENTS)
        return being_sent(now=timezone.now())


def _has_ended(salon: Salon, campaign: Campaign) -> bool:
    return seen(salon, campaign.pk)[0] == "SENT" and not DueWork.objects.exists()


# What is lost at each point: the mails that may have arrived while nobody can know.
_LOST = {"settled": 0, "taken": 10, "given": 10, "kept": 7, "ended": 0}
_ARRIVED = {"settled": 24, "taken": 14, "given": 15, "kept": 17, "ended": 24}


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_at_every_point_writes_to_nobody_twice(
    sonnenschein: Salon, faults: Faults, arriving: Inbox, campaign: Campaign, point: str
) -> None:
    faults.halt("campaign", point)
    with faults.worker() as worker:
        until(partial(faults.has_been, "campaign", point))
        kill(worker)
    faults.go_on("campaign", point)
    assert dispatch() == 0, "the dead worker's lease is not over"
    let_leases_end()
    assert dispatch() == 1
    with faults.worker():
        until(partial(_has_ended, sonnenschein, campaign))
    lost = {"FAILED INTERRUPTED": _LOST[point]} if _LOST[point] else {}
    assert seen(sonnenschein, campaign.pk) == ("SENT", {"SENT": CLIENTS - _LOST[point], **lost})
    assert arriving.twice() == []
    assert len(arriving.to) == _ARRIVED[point]


def test_two_workers_and_each_task_twice_write_to_everybody_once(
    sonnenschein: Salon, faults: Faults, arriving: Inbox, campaign: Campaign
) -> None:
    work = DueWork.objects.get()

    def twice() -> bool:
        send_campaign.delay(str(work.pk))
        send_campaign.delay(str(work.pk))
        return _has_ended(sonnenschein, campaign)

    with faults.worker(), faults.worker():
        until(twice)
    assert seen(sonnenschein, campaign.pk) == ("SENT", {"SENT": CLIENTS})
    assert (arriving.twice(), len(arriving.to)) == ([], CLIENTS)
