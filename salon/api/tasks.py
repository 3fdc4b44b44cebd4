"""Background work about the API."""

from celery import shared_task
from django.utils import timezone

from salon.api import idempotency
from salon.tenancy import directory
from salon.tenancy.context import salon_scope


@shared_task
def forget_answers() -> int:
    """Delete stored answers whose 24 hours are over, salon by salon; return how many."""
    now = timezone.now()
    forgotten = 0
    for salon_id in directory.all_salon_ids():
        with salon_scope(salon_id):
            forgotten += idempotency.forget_answers(now=now)
    return forgotten
