"""An automation in the hands of a worker: whoever waits for its mail gets it (domain.md §9)."""

from datetime import timedelta
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from marketing.automations import lock_automation
from marketing.delivery import Attempt, Mailing, deliver_batch
from marketing.models import Basis, Recipient, RecipientReason, RecipientState
from marketing.occasions import LATEST, SEND, is_open, next_opening
from marketing.recipients import interrupt
from marketing.rules import rules_now
from salon.tenancy.context import salon_scope
from salon.work import queue
from salon.work.queue import WorkFailed


def send_automation(attempt: Attempt, automation_id: UUID) -> None:
    """Write to everybody who waits for a mail of an automation, or go on where another worker has stopped.

    Ends by itself where the automation is turned off; in the night it waits for the morning.
    Raises: WorkFailed (somebody waits on: the mail server is away, or puts her off), ClaimLost.
    """
    if not _prepare(attempt, automation_id):
        return
    opened = partial(_open, automation_id)
    after = None
    while not attempt.is_over:
        after = deliver_batch(attempt, opened, after=after)
        if after is None:
            _end(attempt, automation_id)
            return
    with salon_scope(attempt.salon.pk):
        attempt.beat()
        lock_automation(automation_id)
        _hand_over(attempt, automation_id)


def _prepare(attempt: Attempt, automation_id: UUID) -> bool:
    """Give up what a dead worker had in its hands and what has waited too long; return whether mails may leave now."""
    with salon_scope(attempt.salon.pk):
        attempt.beat()
        automation, now = lock_automation(automation_id), attempt.clock()
        interrupt(Q(automation_id=automation_id))
        if automation is None or not rules_now().imprint.strip():
            attempt.finish()
            return False
        if not is_open(now, ZoneInfo(attempt.salon.timezone)):
            _hand_over(attempt, automation_id)
            return False
        late = Recipient.objects.filter(automation=automation, state=RecipientState.WAITING)
        late.filter(created_at__lt=now - timedelta(days=LATEST)).update(
            state=RecipientState.FAILED, reason=RecipientReason.REFUSED, error="TooLate"
        )
    return True


def _open(automation_id: UUID) -> Mailing | None:
    automation = lock_automation(automation_id)
    if automation is None or not rules_now().imprint.strip():
        return None
    whose = Q(automation_id=automation_id)
    return Mailing(automation.subject, automation.body, Basis.CONSENT, whose, may_change=True)


def _end(attempt: Attempt, automation_id: UUID) -> None:
    """End the work where nobody waits any more.

    Raises: WorkFailed.
    """
    with salon_scope(attempt.salon.pk):
        attempt.beat()
        automation = lock_automation(automation_id)
        waiting = Recipient.objects.filter(automation_id=automation_id, state=RecipientState.WAITING)
        # Without an imprint everybody waits for the next night.
        if automation is not None and rules_now().imprint.strip() and waiting.exists():
            raise WorkFailed
        attempt.finish()


def _hand_over(attempt: Attempt, automation_id: UUID) -> None:
    """Let another task go on: at once where this one has lasted as long as one may, in the night in the morning."""
    attempt.finish()
    now, zone = attempt.clock(), ZoneInfo(attempt.salon.timezone)
    at = now if is_open(now, zone) else next_opening(now, zone)
    queue.schedule(task=SEND, subject_id=automation_id, due_at=at, salon_id=attempt.salon.pk)
