"""The mail of a campaign as one client gets it, in a frame of its own."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from bookings.web.draft import uuid_in
from bookings.web.new_client import contact_of
from clients.listing import search_clients
from marketing.campaigns import campaign_with_id
from marketing.models import Campaign
from marketing.rules import rules_now
from marketing.web.campaign_sent import seen_in
from marketing.web.campaign_shown import campaign_seen_by, first_of, foreseen, rule_of_campaign
from marketing.web.mail_shown import Seen
from salon.identity.roles import Permission
from salon.mail.web.framing import MAIL, framed
from salon.web.access import SalonRequest, requires

SUGGESTIONS = 6


@dataclass(frozen=True, slots=True)
class Hit:
    """A card that the mail can be shown for."""

    id: UUID
    title: str
    detail: str


@csp_override(MAIL)
@xframe_options_sameorigin
@requires(Permission.MARKETING)
@never_cache
@require_safe
def campaign_preview(request: SalonRequest, campaign_id: UUID) -> HttpResponse:
    """The mail that `client` gets, as HTML or as its text; `part=lines` is what stands above it."""
    seen = seen_of(request, campaign_with_id(campaign_id))
    part = request.GET.get("part")
    if part == "lines":
        return render(request, "marketing/_mail_lines.html", {"seen": seen})
    return framed(seen.letter, part)


@requires(Permission.MARKETING)
@require_safe
def campaign_clients(request: SalonRequest) -> HttpResponse:
    """The first cards that fit what was typed."""
    typed = request.GET.get("as", "").strip()[:100]
    found, _more = search_clients(typed, limit=SUGGESTIONS)
    hits = [Hit(one.pk, one.full_name, contact_of(one, request.salon.country)) for one in found]
    return render(request, "marketing/_preview_clients.html", {"query": typed, "hits": hits})


def seen_of(request: SalonRequest, campaign: Campaign) -> Seen:
    """Return the mail as whoever is asked for gets it, else as the first who gets it."""
    now = timezone.now()
    client_id = uuid_in(request.GET.get("client"))
    if client_id is None:
        found = None
        if campaign.finished_at is None:
            found = foreseen(rule_of_campaign(campaign), campaign.basis, salon=request.salon, now=now)
        client_id = first_of(campaign, found)
    if campaign.started_at is not None:
        return seen_in(campaign, client_id, salon=request.salon, now=now)
    return campaign_seen_by(client_id, campaign, salon=request.salon, rules=rules_now(), now=now)
