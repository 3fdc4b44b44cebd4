"""The recipients of a campaign: looked through, searched, and the mail that one of them got (domain.md §9.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import TextChoices
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from clients.models import CardState
from marketing.campaigns import campaign_with_id
from marketing.eligibility import INCLUDED
from marketing.models import Campaign, Recipient, RecipientReason, RecipientState
from marketing.recipient_list import LONGEST_TYPED, Effect, Wanted, counts_of, recipients_by_name
from marketing.results import Booked, bookings_of
from marketing.web.campaign_sent import seen_in
from marketing.web.campaign_shown import page_of
from salon.identity.roles import Permission
from salon.keyset import InvalidCursor
from salon.mail.web.framing import WITH_FRAME
from salon.web.access import SalonRequest, requires
from salon.web.amounts import amount_text

SHOWN = 50
# Whose mail can be shown: whom it was written for.
_WRITTEN = frozenset({RecipientState.WAITING, RecipientState.SENDING, RecipientState.SENT, RecipientState.FAILED})


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that recipients can be narrowed to, and how many there are."""

    value: str
    label: Promise | str
    count: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Appointment:
    """An appointment that counts for a mail: `url` opens it in the calendar."""

    url: str
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Row:
    """One recipient as the list shows her; `booked` is what she made of it, in words, and `appointments` where those
    are, for whoever may see them."""

    url: str
    name: str
    address: str
    state: str
    state_label: Promise | str
    reason_label: Promise | str
    sent_at: datetime | None
    unsubscribed_at: datetime | None
    booked: str
    appointments: list[Appointment]
    mail_url: str


@csp_override(WITH_FRAME)
@requires(Permission.MARKETING)
@never_cache
@require_safe
def campaign_recipients(request: SalonRequest, campaign_id: UUID) -> HttpResponse:
    """Every client it was meant for, by name, and why she got it or not; narrowed to those who are looked for."""
    found, wanted = campaign_with_id(campaign_id), _wanted(request.GET)
    here = reverse("campaign_recipients", args=[request.salon.slug, found.pk])
    asked = _asked(wanted)
    bookings = bookings_of(found.pk, now=timezone.now())
    try:
        page = recipients_by_name(
            found.pk, limit=SHOWN, bookings=bookings, cursor=request.GET.get("after") or None, wanted=wanted
        )
    except InvalidCursor:
        return redirect(f"{here}?{urlencode(asked)}")
    counts = counts_of(found.pk, bookings=bookings)
    context = {
        **page_of(request, found),
        "rows": [_row(request, found, one, bookings.get(one.pk)) for one in page.rows],
        "typed": wanted.typed,
        "longest": LONGEST_TYPED,
        "states": _options(RecipientState, counts.by_state, wanted.state),
        "reasons": _options(RecipientReason, counts.by_reason, wanted.reason),
        "effects": _options(Effect, counts.by_effect, wanted.effect),
        "filtered": bool(asked),
        "next_url": f"{here}?{urlencode({**asked, 'after': page.next})}" if page.next else "",
        "previous_url": f"{here}?{urlencode({**asked, 'after': page.previous})}" if page.previous else "",
    }
    return render(request, "marketing/campaign_recipients.html", context)


@csp_override(WITH_FRAME)
@requires(Permission.MARKETING)
@never_cache
@require_safe
def campaign_mail(request: SalonRequest, campaign_id: UUID, client_id: UUID) -> HttpResponse:
    """The mail to one client of a campaign: in a dialog, or on a page of its own."""
    found = campaign_with_id(campaign_id)
    if not Recipient.objects.filter(campaign=found, client=client_id).exists():
        raise Http404
    seen = seen_in(found, client_id, salon=request.salon, now=timezone.now())
    template = "marketing/_mail_dialog.html" if request.htmx else "marketing/mail_to_client.html"
    url = f"{reverse('campaign_preview', args=[request.salon.slug, found.pk])}?client={client_id}"
    context = {
        **page_of(request, found),
        "seen": seen,
        "html_url": url,
        "text_url": f"{url}&part=text",
        "back_url": reverse("campaign_recipients", args=[request.salon.slug, found.pk]),
        "back": found.name,
    }
    response = render(request, template, context)
    response["Vary"] = "HX-Request"
    return response


def _wanted(asked: Mapping[str, str]) -> Wanted:
    """Read an address of the list; what cannot be read counts as not said."""
    return Wanted(
        state=_one_of(RecipientState, asked.get("state", "")),
        reason=_one_of(RecipientReason, asked.get("reason", "")),
        effect=_one_of(Effect, asked.get("effect", "")),
        typed=asked.get("q", "").replace("\x00", "").strip()[:LONGEST_TYPED],
    )


def _one_of[Choice: TextChoices](choices: type[Choice], given: str) -> Choice | None:
    return choices(given) if given in choices else None


def _asked(wanted: Wanted) -> dict[str, str]:
    """Return what is wanted as an address carries it."""
    said = {"q": wanted.typed, "state": wanted.state, "reason": wanted.reason, "effect": wanted.effect}
    return {name: str(value) for name, value in said.items() if value}


def _options(choices: type[TextChoices], counts: Mapping[Any, int], chosen: TextChoices | None) -> list[Option]:
    """Return what there is of some choices; the chosen one stays, were there nobody."""
    return [
        Option(one, one.label, number_format(counts.get(one, 0), force_grouping=True), one is chosen)
        for one in choices
        if counts.get(one) or one is chosen
    ]


def _row(request: SalonRequest, found: Campaign, one: Recipient, booked: Booked | None) -> Row:
    place = [request.salon.slug]
    is_there = one.client.state == CardState.LISTED
    shows_mail = is_there and (one.state in _WRITTEN or one.reason in INCLUDED)
    return Row(
        url=reverse("client_card", args=[*place, one.client_id]) if is_there else "",
        name=one.client.full_name,
        address=one.address,
        state=one.state,
        state_label=RecipientState(one.state).label,
        reason_label=RecipientReason(one.reason).label,
        sent_at=one.sent_at,
        unsubscribed_at=one.unsubscribed_at,
        booked=_in_words(booked, request.salon.currency) if booked else "",
        appointments=_appointments(request, booked) if booked else [],
        mail_url=reverse("campaign_mail", args=[*place, found.pk, one.client_id]) if shows_mail else "",
    )


def _in_words(booked: Booked, currency: str) -> str:
    many = len(booked.made)
    words = [ngettext("booked %(count)d appointment", "booked %(count)d appointments", many) % {"count": many}]
    if booked.revenue:
        words.append(amount_text(booked.revenue, currency))
    if booked.due:
        words.append(_("%(amount)s not paid yet") % {"amount": amount_text(booked.due, currency)})
    return " · ".join(words)


def _appointments(request: SalonRequest, booked: Booked) -> list[Appointment]:
    if Permission.BOOKINGS_READ not in request.actor.permissions:
        return []
    slug = request.salon.slug
    return [Appointment(reverse("appointment", args=[slug, one.id]), one.starts_at) for one in booked.made]
