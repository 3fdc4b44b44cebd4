"""A campaign in the hands of a worker: begun, sent batch by batch, ended (domain.md §9.2)."""

from datetime import datetime, time, timedelta
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from marketing.campaigns import save_campaign, tell_of_campaign
from marketing.choosing import clients_in
from marketing.delivery import Attempt, Mailing, deliver_batch
from marketing.launching import SEND, begin, require_ready, take_back
from marketing.models import Basis, Campaign, CampaignState, Recipient, RecipientState
from marketing.occasions import next_opening
from marketing.recipients import interrupt, leave_out_waiting, settle
from marketing.rule import parse
from marketing.rules import hold_rules, rules_now
from salon.errors import InvalidInput
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.work import queue
from salon.work.queue import ClaimLost, WorkFailed

# A scheduled campaign that begins later than this is late: what held it up, not whoever chose the time, says when.
LATE = timedelta(hours=1)
# So late its time is missed: it does not go out any more by itself.
MISSED = timedelta(days=3)
# Between these, by the salon's clock, a late one does not begin; it waits for the morning's opening.
NIGHT_BEGINS, NIGHT_ENDS = time(21), time(8)


def send_campaign(attempt: Attempt, campaign_id: UUID) -> None:
    """Send a campaign that is due to everybody who still waits for it, or go on where another worker has stopped.

    Ends by itself where the campaign is paused, ended, taken back or deleted; without an imprint it pauses it. A
    scheduled one that is late waits for the morning, and one that has missed its time is a draft again.
    Raises: WorkFailed (somebody waits on: the mail server is away, or puts her off), ClaimLost.
    """
    if not _prepare(attempt, campaign_id):
        return
    try:
        _deliver(attempt, campaign_id)
    except ClaimLost:
        raise
    except WorkFailed:
        # Of what was ended meanwhile there is nothing to be tried again.
        if not _finish_ended(attempt, campaign_id):
            raise


def _deliver(attempt: Attempt, campaign_id: UUID) -> None:
    """Send batch by batch until nobody is left, or the attempt is over.

    Raises: WorkFailed, ClaimLost.
    """
    opened = partial(_open, attempt, campaign_id)
    after = None
    while not attempt.is_over:
        after = deliver_batch(attempt, opened, after=after)
        if after is None:
            _end(attempt, campaign_id)
            return
    _hand_over(attempt, campaign_id)


def _prepare(attempt: Attempt, campaign_id: UUID) -> bool:
    """Begin a campaign whose time has come, settle who gets it, and give up what a dead worker had in its hands; return
    whether there is anything to be sent."""
    with salon_scope(attempt.salon.pk):
        attempt.beat()
        campaign = _locked(campaign_id)
        if campaign is not None and campaign.state == CampaignState.SCHEDULED:
            now, zone = attempt.clock(), ZoneInfo(attempt.salon.timezone)
            if _waits_for_morning(campaign, now, zone):
                attempt.finish()
                queue.schedule(
                    task=SEND, subject_id=campaign_id, due_at=next_opening(now, zone), salon_id=attempt.salon.pk
                )
                return False
            _begin_scheduled(campaign, now)
        if campaign is None or campaign.state != CampaignState.SENDING:
            _finish(attempt, campaign)
            return False
        whose = Q(campaign_id=campaign_id)
        if not Recipient.objects.filter(whose).exists():
            now = attempt.clock()
            clients = clients_in(parse(campaign.rule), salon=attempt.salon, now=now)
            settle(clients, basis=Basis(campaign.basis), now=now, campaign_id=campaign_id)
        interrupt(whose)
    return True


def _lateness(campaign: Campaign, now: datetime) -> timedelta:
    return now - campaign.scheduled_at if campaign.scheduled_at else timedelta()


def _waits_for_morning(campaign: Campaign, now: datetime, zone: ZoneInfo) -> bool:
    """Return whether a scheduled campaign is late, and would now wake people up."""
    is_day = NIGHT_ENDS <= now.astimezone(zone).time() < NIGHT_BEGINS
    return LATE < _lateness(campaign, now) <= MISSED and not is_day


def _begin_scheduled(campaign: Campaign, now: datetime) -> None:
    actor = system_actor("")
    if _lateness(campaign, now) > MISSED:
        take_back(campaign, actor=actor, now=now, why="too_late")
        return
    hold_rules()
    try:
        require_ready(campaign)
    except InvalidInput as refusal:
        # Whatever it needs was taken away since: it does not go out, and says so.
        take_back(campaign, actor=actor, now=now, why=", ".join(error.field for error in refusal.errors))
        return
    begin(campaign, actor=actor, now=now)


def _open(attempt: Attempt, campaign_id: UUID) -> Mailing | None:
    campaign = _locked(campaign_id)
    # What one worker has in its hands still goes out where another one has found nobody waiting and ended it.
    if campaign is None or campaign.state not in {CampaignState.SENDING, CampaignState.SENT}:
        return None
    if campaign.state == CampaignState.SENDING and not rules_now().imprint.strip():
        campaign.state, now = CampaignState.PAUSED, attempt.clock()
        save_campaign(campaign, now, "state")
        tell_of_campaign(system_actor(""), "campaign.paused", campaign, {}, {"why": "imprint"}, now)
        return None
    return Mailing(campaign.subject, campaign.body, Basis(campaign.basis), Q(campaign_id=campaign_id))


def _end(attempt: Attempt, campaign_id: UUID) -> None:
    """End the work, and the campaign with it where nobody waits any more.

    Raises: WorkFailed.
    """
    with salon_scope(attempt.salon.pk):
        attempt.beat()
        campaign = _locked(campaign_id)
        if campaign is not None and campaign.state == CampaignState.SENDING:
            if Recipient.objects.filter(campaign=campaign, state=RecipientState.WAITING).exists():
                raise WorkFailed
            now = attempt.clock()
            campaign.state, campaign.finished_at = CampaignState.SENT, now
            save_campaign(campaign, now, "state", "finished_at")
            tell_of_campaign(system_actor(""), "campaign.sent", campaign, {}, {}, now)
        _finish(attempt, campaign)


def _finish(attempt: Attempt, campaign: Campaign | None) -> None:
    """End the work, behind the campaign's lock: whoever resumes it meanwhile finds this work, or none."""
    if campaign is not None and campaign.state == CampaignState.ENDED:
        # Who was in a worker's hands when it was ended: given up where it died, left out where it came to nothing.
        whose = Q(campaign=campaign)
        interrupt(whose)
        leave_out_waiting(whose)
    attempt.finish()


def _finish_ended(attempt: Attempt, campaign_id: UUID) -> bool:
    """End the work of a campaign that was ended; return whether it was."""
    with salon_scope(attempt.salon.pk):
        attempt.beat()
        campaign = _locked(campaign_id)
        if campaign is None or campaign.state != CampaignState.ENDED:
            return False
        _finish(attempt, campaign)
        return True


def _hand_over(attempt: Attempt, campaign_id: UUID) -> None:
    """Let another task go on: this one has lasted as long as one may."""
    with salon_scope(attempt.salon.pk):
        attempt.beat()
        _locked(campaign_id)
        attempt.finish()
        now = attempt.clock()
        queue.schedule(task=SEND, subject_id=campaign_id, due_at=now, salon_id=attempt.salon.pk)


def _locked(campaign_id: UUID) -> Campaign | None:
    return Campaign.objects.live().select_for_update(no_key=True).filter(pk=campaign_id).first()
