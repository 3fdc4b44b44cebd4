"""The mail to one client of a campaign that has begun: as it went out to her, else as it would arrive."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from marketing.models import Campaign, CampaignState, Recipient, RecipientReason, RecipientState
from marketing.rules import rules_now
from marketing.web.campaign_shown import campaign_seen_by
from marketing.web.mail_shown import Seen, moment_text, seen_as_sent
from salon.tenancy.models import Salon


def seen_in(campaign: Campaign, client_id: UUID | None, *, salon: Salon, now: datetime) -> Seen:
    """Return the mail of a campaign that has begun to this client, and what became of it.

    What it said to her is kept from when it went out on; before, it is written of what her card says now. Until a
    worker has settled whom it means, it is as before it began.
    """
    one = Recipient.objects.filter(campaign=campaign, client=client_id).select_related("client", "campaign").first()
    given = seen_as_sent(one, salon) if one else None
    if given is None:
        seen = campaign_seen_by(client_id, campaign, salon=salon, rules=rules_now(), now=now)
        if one is not None or _is_settled(campaign):
            seen.remark, seen.warns = _so_far(one, seen.name)
        elif campaign.state == CampaignState.ENDED:
            seen.remark, seen.warns = _("It was ended before it went out to anybody."), False
        return seen
    return given


def _is_settled(campaign: Campaign) -> bool:
    """Return whether it is written down whom a campaign means; what is sent may have meant nobody."""
    return campaign.state == CampaignState.SENT or Recipient.objects.filter(campaign=campaign).exists()


def _so_far(one: Recipient | None, name: str) -> tuple[str, bool]:
    """Return what became of a mail whose words are not kept, and whether that is bad."""
    if one is None:
        return (_("%(name)s is not among those whom it was meant for.") % {"name": name} if name else ""), True
    why = RecipientReason(one.reason).label
    if one.sent_at is not None:
        told = _("It went out on %(at)s. Its words were not kept then: these are with what is on the card today.")
        return told % {"at": moment_text(one.sent_at)}, False
    if one.state == RecipientState.EXCLUDED:
        return _("%(name)s did not get it: %(why)s.") % {"name": name, "why": why}, True
    if one.state == RecipientState.FAILED:
        return _("What became of it: %(why)s. Its words are with what is on the card today.") % {"why": why}, True
    return _("It has not gone out yet: this is how it would arrive, with what is on the card today."), False
