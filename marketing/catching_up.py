"""Whom an automation has passed over, and writing to them all the same (domain.md §9).

Who is within the days of an occasion when its automation is turned on, or its days are changed, has had her turn before
she could have one. The night does not write to her: somebody in the salon decides so, for all of them at once.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from clients.models import Client
from marketing.automations import automation_for, lock_automation, tell_of_automation
from marketing.facts import Moment
from marketing.models import Automation, Occasion, Recipient, RecipientState
from marketing.occasions import (
    BEFORE,
    LOOKS_BACK,
    SEND,
    Meant,
    count_written,
    day_of,
    is_open,
    meant_of,
    next_opening,
    nobody,
    opens_at,
    still_to_be_written,
    write_down,
    written_by_night,
)
from marketing.rules import NoImprint, hold_rules, rules_now
from salon.errors import DomainError
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon
from salon.work import queue

_DAY = timedelta(days=1)


class NotOn(DomainError):
    """What is turned off writes to nobody."""

    code = "not_on"
    message = _("This automation is switched off: it writes to nobody.")


def count_passed_over(automation: Automation, *, salon: Salon, now: datetime) -> int:
    """Return how many of those may be written to whom an automation that is on has passed over."""
    return count_written(_passed_over(automation, salon, now), now)


def passed_over(automation: Automation, *, salon: Salon, now: datetime) -> list[Meant]:
    """Return whom an automation that is on has passed over, as cards are today, by name."""
    return meant_of(_passed_over(automation, salon, now), now)


def write_to_passed_over(*, actor: Actor, occasion: Occasion, salon: Salon, now: datetime) -> int:
    """Write to everybody whom an automation has passed over, as soon as mails may leave; return to how many.

    Each gets it once, as from the night. Done again, it writes to nobody twice.
    Raises: NotAllowed, NotOn, NoImprint.
    """
    actor.require(Permission.MARKETING_WRITE)
    with transaction.atomic():
        automation = lock_automation(automation_for(occasion).pk)
        if automation is None:
            raise NotOn
        hold_rules()
        if not rules_now().imprint.strip():
            raise NoImprint
        waiting = Recipient.objects.filter(automation=automation, state=RecipientState.WAITING)
        before = waiting.count()
        days: set[date] = set(_passed_over(automation, salon, now).values_list(F("_on"), flat=True))
        for on in sorted(days):
            write_down(automation, on, Moment.of(salon, now))
        written = waiting.count() - before
        if written:
            at = leaves_at(salon, now)
            if not queue.hasten(task=SEND, subject_id=automation.pk, now=at):
                queue.schedule(task=SEND, subject_id=automation.pk, due_at=at, salon_id=salon.pk)
            tell_of_automation(actor, "automation.caught_up", automation, {}, {"written": written}, now)
    return written


def leaves_at(salon: Salon, now: datetime) -> datetime:
    """Return when a mail leaves that is written now: at once, or when the next mails may."""
    zone = ZoneInfo(salon.timezone)
    return now if is_open(now, zone) else next_opening(now, zone)


def _passed_over(automation: Automation, salon: Salon, now: datetime) -> QuerySet[Client]:
    days = _days_passed(automation, salon, now)
    if automation.enabled_at is None or days is None:
        return nobody()
    first, last = (day_of(automation.occasion, written_on=day, days=automation.days) for day in days)
    return still_to_be_written(automation, first, last, Moment.of(salon, now))


def _days_passed(automation: Automation, salon: Salon, now: datetime) -> tuple[date, date] | None:
    """Return the first and the last day on which mails would have been due that no night writes, and that are still of
    use: before what is ahead, and not later than the page looks back."""
    today, zone = salon.date_at(now), ZoneInfo(salon.timezone)
    coming = today if now < opens_at(today, zone) else today + _DAY
    taken = written_by_night(automation, coming, salon)
    last = min(today, taken[0] - _DAY) if taken else today
    first = today - LOOKS_BACK * _DAY
    if automation.occasion in BEFORE:
        leaves_on = leaves_at(salon, now).astimezone(zone).date()
        first = leaves_on - (automation.days - 1) * _DAY
    return (first, last) if first <= last else None
