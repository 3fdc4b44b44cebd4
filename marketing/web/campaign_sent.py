"""The mail to one client of a campaign that has begun, or of an automation: as it went out to her, else as it would
arrive."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from marketing.as_sent import letter_as_sent
from marketing.letters import frame_of
from marketing.models import Campaign, CampaignState, Recipient, RecipientReason, RecipientState
from marketing.rules import rules_now
from marketing.unsubscribing import NOBODY, unsubscribe_url
from marketing.web.campaign_shown import Seen, seen_by, sender_line
from salon.tenancy.models import Salon


def seen_in(campaign: Campaign, client_id: UUID | None, *, salon: Salon, now: datetime) -> Seen:
    """Return the mail of a campaign that has begun to this client, and what became of it.

    What it said to her is kept from when it went out on; before, it is written of what her card says now. Until a
    worker has settled whom it means, it is as before it began.
    """
    one = Recipient.objects.filter(campaign=campaign, client=client_id).select_related("client", "campaign").first()
    given = seen_as_sent(one, salon) if one else None
    if given is None:
        seen = seen_by(client_id, campaign, salon=salon, rules=rules_now(), now=now)
        if one is not None or _is_settled(campaign):
            seen.remark, seen.warns = _so_far(one, seen.name)
        elif campaign.state == CampaignState.ENDED:
            seen.remark, seen.warns = _("It was ended before it went out to anybody."), False
        return seen
    return given


def seen_as_sent(one: Recipient, salon: Salon) -> Seen | None:
    """Return the mail that the mail server was given for somebody, and what became of it; None where its words are not
    kept."""
    # Her own way out is for whoever has the mail. Where no mail leaves this computer, nobody has it anywhere else.
    whose = (one.pk, one.client_id) if settings.MAILS_STAY else (NOBODY, NOBODY)
    letter = letter_as_sent(one, unsubscribe_url=unsubscribe_url(*whose, salon.pk))
    if letter is None:
        return None
    frame = frame_of(one.said or {})
    remark, warns = _of_given(one)
    return Seen(
        client_id=one.client_id,
        name=one.client.full_name,
        address=one.address,
        sender=sender_line(frame.sender or frame.salon),
        letter=letter,
        remark=remark,
        warns=warns,
    )


def _is_settled(campaign: Campaign) -> bool:
    """Return whether it is written down whom a campaign means; what is sent may have meant nobody."""
    return campaign.state == CampaignState.SENT or Recipient.objects.filter(campaign=campaign).exists()


def _of_given(one: Recipient) -> tuple[str, bool]:
    """Return what became of a mail that the mail server was given, and whether that is bad."""
    if one.sent_at is not None:
        return _("As it went out on %(at)s.") % {"at": _moment(one.sent_at)}, False
    if one.reason == RecipientReason.REFUSED:
        return _("The mail server refused it: this is what it was given."), True
    return _("Nobody knows whether it arrived: this is what the mail server was given."), True


def _so_far(one: Recipient | None, name: str) -> tuple[str, bool]:
    """Return what became of a mail whose words are not kept, and whether that is bad."""
    if one is None:
        return (_("%(name)s is not among those whom it was meant for.") % {"name": name} if name else ""), True
    why = RecipientReason(one.reason).label
    if one.sent_at is not None:
        told = _("It went out on %(at)s. Its words were not kept then: these are with what is on the card today.")
        return told % {"at": _moment(one.sent_at)}, False
    if one.state == RecipientState.EXCLUDED:
        return _("%(name)s did not get it: %(why)s.") % {"name": name, "why": why}, True
    if one.state == RecipientState.FAILED:
        return _("What became of it: %(why)s. Its words are with what is on the card today.") % {"why": why}, True
    return _("It has not gone out yet: this is how it would arrive, with what is on the card today."), False


def _moment(at: datetime) -> str:
    return date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT")
