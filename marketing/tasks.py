"""Background work of marketing."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from marketing import automatic, sending
from marketing.delivery import Attempt
from salon.mail.posting import post
from salon.tenancy import directory
from salon.work.models import DueWork
from salon.work.queue import (
    LONG_TIME_TO_FINISH,
    LONG_TIME_TO_LIVE,
    beat,
    claimed,
    finish,
)

# How long one task sends before a fresh one goes on: well before it would be interrupted.
LASTS = timedelta(seconds=600)


@shared_task(soft_time_limit=LONG_TIME_TO_FINISH, time_limit=LONG_TIME_TO_LIVE)
def send_campaign(work_id: str) -> None:
    """Send a campaign that is due, or go on with one that is being sent."""
    _send(work_id, sending.send_campaign)


@shared_task(soft_time_limit=LONG_TIME_TO_FINISH, time_limit=LONG_TIME_TO_LIVE)
def send_automation(work_id: str) -> None:
    """Send the mails of an automation that are due."""
    _send(work_id, automatic.send_automation)


def _send(work_id: str, send: Callable[[Attempt, UUID], None]) -> None:
    with claimed(UUID(work_id), now=timezone.now()) as work:
        if work is None or work.salon_id is None:
            return
        with post() as opened:
            send(
                Attempt(
                    salon=directory.get_salon(work.salon_id),
                    post=opened,
                    clock=timezone.now,
                    until=timezone.now() + LASTS,
                    number=work.attempts,
                    beat=partial(_beat, work),
                    finish=partial(finish, work),
                ),
                work.subject_id,
            )


def _beat(work: DueWork) -> None:
    beat(work, now=timezone.now())
