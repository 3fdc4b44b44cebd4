"""What tests of the pages of campaigns begin with: their addresses, what a form sends, what is stored."""

from contextlib import AbstractContextManager

from django.utils import translation

from clients.models import Client
from marketing.models import Campaign, RecipientReason
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon

LIST = "/s/sonnenschein/marketing/campaigns/"
HTMX = {"HX-Request": "true"}


def now_of(campaign: Campaign) -> Campaign:
    """Return a campaign as it is stored now."""
    with inside(campaign):
        return Campaign.objects.get(pk=campaign.pk)


def inside(campaign: Campaign) -> AbstractContextManager[None]:
    """Open the salon of a campaign."""
    assert campaign.salon_id is not None
    return salon_scope(campaign.salon_id)


def typed(campaign: Campaign, **given: object) -> dict[str, object]:
    """Return what the form of the editor sends."""
    return {
        "segment": campaign.segment_key,
        "chosen": campaign.segment_key,
        "basis": "CONSENT",
        "name": campaign.name,
        "subject": campaign.subject,
        "body": campaign.body,
        "version": campaign.version,
        **given,
    }


def card_of(salon: Salon, first_name: str) -> str:
    """Return the id of a card."""
    with salon_scope(salon.pk):
        return str(Client.objects.get(first_name=first_name).pk)


def said(reason: RecipientReason) -> str:
    """Return a reason in words."""
    with translation.override("de"):
        return str(reason.label)
