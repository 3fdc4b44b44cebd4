"""Background work about appointments."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from bookings import mails
from salon.tenancy import directory
from salon.tenancy.context import salon_scope
from salon.work.queue import TIME_TO_FINISH, TIME_TO_LIVE, claimed, finish


@shared_task(soft_time_limit=TIME_TO_FINISH, time_limit=TIME_TO_LIVE)
def send_reminder(work_id: str) -> None:
    """Write the mail that reminds of one appointment, in one transaction with the end of the work."""
    now = timezone.now()
    with claimed(UUID(work_id), now=now) as work:
        if work is None or work.salon_id is None:
            return
        salon = directory.get_salon(work.salon_id)
        with salon_scope(salon.pk):
            mails.remind(salon=salon, appointment_id=work.subject_id, now=now)
            finish(work)
