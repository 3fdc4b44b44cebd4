"""The dispatcher that makes up for a lost wake-up."""

from celery import shared_task
from django.utils import timezone

from salon.work import queue


@shared_task
def dispatch() -> int:
    """Enqueue all work that is due; return how many rows the broker took."""
    return sum(queue.enqueue(work) for work in queue.due(timezone.now()))
