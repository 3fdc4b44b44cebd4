"""The dispatcher that makes up for a lost wake-up."""

from itertools import takewhile

from celery import shared_task
from django.utils import timezone

from salon.work import queue


@shared_task
def dispatch() -> int:
    """Wake workers for all work that is due, as long as the broker takes it; return for how many rows it did."""
    return sum(1 for _ in takewhile(queue.enqueue, queue.due(timezone.now())))
