"""Background work about logins."""

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.utils import timezone

from salon.identity import passwords, throttling
from salon.tenancy import directory
from salon.work.queue import TIME_TO_FINISH, TIME_TO_LIVE, claimed, finish

EXPIRED_INVITATIONS_KEPT = timedelta(days=30)


@shared_task(soft_time_limit=TIME_TO_FINISH, time_limit=TIME_TO_LIVE)
def send_reset_link(work_id: str) -> None:
    """Write the mail that somebody who forgot a password has asked for, in one transaction with the end of the work."""
    now = timezone.now()
    with claimed(UUID(work_id), now=now) as work:
        if work is not None:
            with transaction.atomic():
                finish(work)
                passwords.send_reset_link(user_id=work.subject_id, now=now)


@shared_task
def forget_expired() -> None:
    """Delete failed sign-ins that no longer count, sessions that ended, and invitations that nobody accepted."""
    now = timezone.now()
    throttling.forget_failures(now=now)
    directory.forget_invitations(expired_before=now - EXPIRED_INVITATIONS_KEPT)
    SessionStore.clear_expired()
