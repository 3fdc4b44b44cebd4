"""Whom a campaign that has not begun would reach now, by name, and why not the others (domain.md §9.2)."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise

from clients.listing import ORDERS, Sort
from clients.models import Client
from marketing.choosing import clients_in
from marketing.eligibility import INCLUDED
from marketing.models import Basis, Campaign, RecipientReason
from marketing.recipients import foreseen_among, foreseen_reasons
from marketing.web.campaign_shown import audience_of, foreseen, page_of, rule_of_campaign
from salon import keyset
from salon.web.access import SalonRequest

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Row:
    """One client who is meant."""

    url: str
    name: str
    address: str
    reason_label: Promise | str
    is_included: bool


def foreseen_page(request: SalonRequest, found: Campaign) -> HttpResponse:
    """Return the page of those who would get it, or of those of one `reason`, by the same query as their number."""
    here, given, now = reverse("campaign_recipients", args=[request.salon.slug, found.pk]), request.GET, timezone.now()
    reason = RecipientReason(given["reason"]) if given.get("reason") in RecipientReason else None
    asked = {"reason": str(reason)} if reason else {}
    rule, basis = rule_of_campaign(found), Basis(found.basis)
    who = foreseen(rule, basis, salon=request.salon, now=now)
    clients = clients_in(rule, salon=request.salon, now=now) if rule else Client.objects.none()
    wanted = [reason] if reason else sorted(INCLUDED)
    cards = foreseen_among(clients, wanted, basis=basis, now=now)
    try:
        page = keyset.page(cards, ORDERS[Sort.NAME], limit=SHOWN, cursor=given.get("after") or None)
    except keyset.InvalidCursor:
        return redirect(f"{here}?{urlencode(asked)}")
    reasons = foreseen_reasons(clients, [card.pk for card in page.rows], basis=basis, now=now)
    context = {
        **page_of(request, found),
        "audience": audience_of(who.counts),
        "reason": str(reason or ""),
        "rows": [_row(request, card, reasons[card.pk]) for card in page.rows if card.pk in reasons],
        "next_url": f"{here}?{urlencode({**asked, 'after': page.next})}" if page.next else "",
        "previous_url": f"{here}?{urlencode({**asked, 'after': page.previous})}" if page.previous else "",
    }
    return render(request, "marketing/campaign_foreseen.html", context)


def _row(request: SalonRequest, card: Client, reason: RecipientReason) -> Row:
    url = reverse("client_card", args=[request.salon.slug, card.pk])
    return Row(url, card.full_name, card.email, reason.label, reason in INCLUDED)
