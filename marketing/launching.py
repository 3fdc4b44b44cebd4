"""Campaigns on their way: sent now or at a time, taken back, paused, resumed and ended (domain.md §9.2).

Each is one transition behind the lock of the campaign's row. Who gets a campaign is settled when it begins, by a worker
(marketing/delivery.py).
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketing.campaigns import NotADraft, campaign_with_id, lock_campaign, save_campaign, tell_of_campaign
from marketing.choosing import clients_in
from marketing.eligibility import INCLUDED
from marketing.models import Basis, Campaign, CampaignState, Recipient, RecipientState
from marketing.pictures import check_mail
from marketing.recipients import foresee, leave_out_waiting
from marketing.rule import parse
from marketing.rules import hold_rules, rules_now, wrong_basis
from salon.errors import DomainError, FieldError, InvalidInput
from salon.identity.roles import Actor, Permission
from salon.work import queue

SEND = "marketing.tasks.send_campaign"
# How far ahead a campaign can be scheduled.
FURTHEST = timedelta(days=366)


class NotScheduled(DomainError):
    """Only what is scheduled and has not begun can become a draft again."""

    code = "not_scheduled"
    message = _("This campaign is not scheduled (any more).")


class NotBeingSent(DomainError):
    """Only what is being sent can be paused."""

    code = "not_being_sent"
    message = _("This campaign is not being sent (any more).")


class NotPaused(DomainError):
    """Only what is paused can be resumed or ended."""

    code = "not_paused"
    message = _("This campaign is not paused (any more).")


def send_now(*, actor: Actor, campaign_id: UUID, now: datetime, version: int | None = None) -> Campaign:
    """Begin to send a draft; a worker settles who gets it and writes to them.

    Raises: NotAllowed, NoSuchCampaign, NotADraft, VersionConflict, InvalidInput (all that is missing; `nobody` at
    `segment`).
    """
    with transaction.atomic():
        campaign = lock_campaign(actor, campaign_id, version, CampaignState.DRAFT, NotADraft)
        hold_rules()
        require_ready(campaign)
        _require_somebody(campaign, now)
        begin(campaign, actor=actor, now=now)
        queue.schedule(task=SEND, subject_id=campaign.pk, due_at=now, salon_id=campaign.salon_id)
    return campaign


def schedule(*, actor: Actor, campaign_id: UUID, at: datetime, now: datetime, version: int | None = None) -> Campaign:
    """Let a draft begin by itself at a time; who is in its group is asked then.

    Raises: NotAllowed, NoSuchCampaign, NotADraft, VersionConflict, InvalidInput (`past` or `too_late` at `at`, and all
    that is missing).
    """
    with transaction.atomic():
        campaign = lock_campaign(actor, campaign_id, version, CampaignState.DRAFT, NotADraft)
        hold_rules()
        require_ready(campaign, *_errors_of_time(at, now))
        campaign.state, campaign.scheduled_at = CampaignState.SCHEDULED, at
        save_campaign(campaign, now, "state", "scheduled_at")
        tell_of_campaign(actor, "campaign.scheduled", campaign, {}, {"at": at.isoformat()}, now)
        queue.schedule(task=SEND, subject_id=campaign.pk, due_at=at, salon_id=campaign.salon_id)
    return campaign


def unschedule(*, actor: Actor, campaign_id: UUID, now: datetime, version: int | None = None) -> Campaign:
    """Make a draft again of what has not begun.

    Raises: NotAllowed, NoSuchCampaign, NotScheduled, VersionConflict.
    """
    actor.require(Permission.MARKETING_WRITE)
    with transaction.atomic():
        # First its work and then the campaign, in the order in which a worker holds them, or each waits for the other.
        queue.call_off(task=SEND, subject_id=campaign_with_id(campaign_id).pk)
        campaign = lock_campaign(actor, campaign_id, version, CampaignState.SCHEDULED, NotScheduled)
        take_back(campaign, actor=actor, now=now)
    return campaign


def pause(*, actor: Actor, campaign_id: UUID, now: datetime) -> Campaign:
    """Write to nobody more for now; the few of a group that is on its way still go out (`is_stopping`).

    Raises: NotAllowed, NoSuchCampaign, NotBeingSent.
    """
    with transaction.atomic():
        campaign = lock_campaign(actor, campaign_id, None, CampaignState.SENDING, NotBeingSent)
        campaign.state = CampaignState.PAUSED
        save_campaign(campaign, now, "state")
        tell_of_campaign(actor, "campaign.paused", campaign, {}, {}, now)
    return campaign


def is_stopping(campaign: Campaign) -> bool:
    """Return whether the last letters of a campaign that is paused may still go out."""
    return campaign.state == CampaignState.PAUSED and queue.is_being_done(task=SEND, subject_id=campaign.pk)


def resume(*, actor: Actor, campaign_id: UUID, now: datetime) -> Campaign:
    """Go on where a campaign was paused.

    Raises: NotAllowed, NoSuchCampaign, NotPaused, InvalidInput (what is missing by now).
    """
    with transaction.atomic():
        campaign = lock_campaign(actor, campaign_id, None, CampaignState.PAUSED, NotPaused)
        hold_rules()
        require_ready(campaign)
        campaign.state = CampaignState.SENDING
        save_campaign(campaign, now, "state")
        tell_of_campaign(actor, "campaign.resumed", campaign, {}, {}, now)
        _call(campaign, now)
    return campaign


def end(*, actor: Actor, campaign_id: UUID, now: datetime) -> Campaign:
    """Write to nobody more for good: whoever still waits is left out. What has gone out stays, and what came of it.

    Raises: NotAllowed, NoSuchCampaign, NotPaused.
    """
    with transaction.atomic():
        campaign = lock_campaign(actor, campaign_id, None, CampaignState.PAUSED, NotPaused)
        campaign.state, campaign.finished_at = CampaignState.ENDED, now
        save_campaign(campaign, now, "state", "finished_at")
        left_out = leave_out_waiting(Q(campaign=campaign))
        tell_of_campaign(actor, "campaign.ended", campaign, {}, {"left_out": left_out}, now)
        # Whose mail a worker has in its hands, or had when it died, is not left to wait.
        if Recipient.objects.filter(campaign=campaign, state=RecipientState.SENDING).exists():
            _call(campaign, now)
    return campaign


def _call(campaign: Campaign, now: datetime) -> None:
    # A worker that has not noticed the pause yet goes on; never is there a second one beside it.
    if not queue.hasten(task=SEND, subject_id=campaign.pk, now=now):
        queue.schedule(task=SEND, subject_id=campaign.pk, due_at=now, salon_id=campaign.salon_id)


def require_ready(campaign: Campaign, *more: FieldError) -> None:
    """Refuse to send what lacks something, naming all of it at once.

    Of what is a draft no more whoever may not be written to by now is left out at her turn: its basis stops nothing.
    Raises: InvalidInput (at `segment`, `subject`, `body`, `basis` or `imprint`).
    """
    errors, rules = list(more), rules_now()
    if not campaign.rule:
        errors.append(FieldError("segment", "required", _("Choose whom you write to.")))
    if campaign.state == CampaignState.DRAFT:
        errors += wrong_basis(campaign.basis, rules)
    if not rules.imprint.strip():
        message = _("Every mail says who writes, and where. Enter that in the rules first.")
        errors.append(FieldError("imprint", "required", message))
    errors += _errors_of(lambda: check_mail(campaign.subject, campaign.body, complete=True))
    if errors:
        raise InvalidInput(errors)


def _require_somebody(campaign: Campaign, now: datetime) -> None:
    """Refuse to send to nobody: the draft would be used up.

    Raises: InvalidInput.
    """
    clients = clients_in(parse(campaign.rule), salon=campaign.salon, now=now)
    counts = foresee(clients, basis=Basis(campaign.basis), now=now).counts
    if not any(reason in INCLUDED for reason in counts):
        alone = _("Nobody in this segment may be written to.")
        message = alone if counts else _("Nobody is in this segment at the moment.")
        raise InvalidInput([FieldError("segment", "nobody", message)])


def begin(campaign: Campaign, *, actor: Actor, now: datetime) -> None:
    """Let a campaign whose row is locked be sent from now on."""
    campaign.state, campaign.started_at = CampaignState.SENDING, now
    save_campaign(campaign, now, "state", "started_at")
    tell_of_campaign(actor, "campaign.started", campaign, {}, {"segment": campaign.segment_name}, now)


def take_back(campaign: Campaign, *, actor: Actor, now: datetime, why: str = "") -> None:
    """Make a draft again of a scheduled campaign whose row is locked; `why` it cannot begin, if so."""
    at, campaign.state, campaign.scheduled_at = campaign.scheduled_at, CampaignState.DRAFT, None
    save_campaign(campaign, now, "state", "scheduled_at")
    old = {"at": at.isoformat() if at else None}
    tell_of_campaign(actor, "campaign.unscheduled", campaign, old, {"why": why} if why else {}, now)


def _errors_of_time(at: datetime, now: datetime) -> list[FieldError]:
    if at <= now:
        return [FieldError("at", "past", _("This time is over already."))]
    if at > now + FURTHEST:
        return [FieldError("at", "too_late", _("Choose a time within the next year."))]
    return []


def _errors_of(checked: Callable[[], None]) -> list[FieldError]:
    try:
        checked()
    except InvalidInput as refusal:
        return refusal.errors
    return []
