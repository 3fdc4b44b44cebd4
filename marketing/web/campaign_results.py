"""What became of a campaign: its figures, and of each client why she got it or not (domain.md §9.2)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from clients.models import CardState
from marketing.campaigns import campaign_with_id
from marketing.eligibility import INCLUDED
from marketing.models import Campaign, CampaignState, Recipient, RecipientReason, RecipientState
from marketing.placeholders import in_words
from marketing.results import BOOKED_WITHIN, Result, counts_of, list_recipients, results_of
from marketing.rules import rules_now
from marketing.web.campaign_preview import seen_of
from marketing.web.campaign_shown import page_of, seen_by
from marketing.web.policy import WITH_FRAME
from salon.identity.roles import Permission
from salon.keyset import InvalidCursor
from salon.web.access import SalonRequest, requires
from salon.web.amounts import amount_text

SHOWN = 50
# While these last, the page asks for itself.
_MOVING = frozenset({CampaignState.SENDING})
# Whose mail can be shown: whom it was written for.
_WRITTEN = frozenset({RecipientState.WAITING, RecipientState.SENDING, RecipientState.SENT, RecipientState.FAILED})


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the sending is."""

    done: int
    total: int

    @property
    def done_text(self) -> str:
        """Those done as people read them."""
        return _shown(self.done)

    @property
    def total_text(self) -> str:
        """All of them as people read them."""
        return _shown(self.total)


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure."""

    key: str
    label: str
    shown: str
    words: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that recipients can be narrowed to, and how many there are."""

    value: str
    label: Promise | str
    count: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One recipient as the list shows her."""

    url: str
    name: str
    address: str
    state: str
    state_label: Promise | str
    reason_label: Promise | str
    sent_at: datetime | None
    unsubscribed_at: datetime | None
    mail_url: str


@csp_override(WITH_FRAME)
@requires(Permission.MARKETING)
@never_cache
@require_safe
def campaign_results(request: SalonRequest, campaign_id: UUID) -> HttpResponse:
    """How far a campaign is and what came of it, with the mail as it was written."""
    found = campaign_with_id(campaign_id)
    context = {**_progress(request, found), "seen": seen_of(request, found), "body": in_words(found.body)}
    return render(request, "marketing/campaign_results.html", context)


@requires(Permission.MARKETING)
@never_cache
@require_safe
def campaign_progress(request: SalonRequest, campaign_id: UUID) -> HttpResponse:
    """The part that moves while it is being sent; nothing (204) while it says what `seen` has."""
    campaign = campaign_with_id(campaign_id)
    if not request.htmx:
        return redirect("campaign_results", request.salon.slug, campaign_id)
    context = _progress(request, campaign)
    if request.GET.get("seen") == context["mark"]:
        return HttpResponse(status=204)
    response = render(request, "marketing/_campaign_progress.html", context)
    if not context["moving"]:
        # What stands around it, and the mail, say how far it is too.
        response["HX-Refresh"] = "true"
    return response


@csp_override(WITH_FRAME)
@requires(Permission.MARKETING)
@never_cache
@require_safe
def campaign_recipients(request: SalonRequest, campaign_id: UUID) -> HttpResponse:
    """Every client it was meant for, and why she got it or not."""
    found = campaign_with_id(campaign_id)
    here = reverse("campaign_recipients", args=[request.salon.slug, found.pk])
    state = RecipientState(given) if (given := request.GET.get("state", "")) in RecipientState else None
    reason = RecipientReason(given) if (given := request.GET.get("reason", "")) in RecipientReason else None
    chosen = {name: str(value) for name, value in (("state", state), ("reason", reason)) if value}
    try:
        page = list_recipients(
            found.pk, state=state, reason=reason, limit=SHOWN, cursor=request.GET.get("after") or None
        )
    except InvalidCursor:
        return redirect(f"{here}?{urlencode(chosen)}")
    counts = counts_of(found.pk)
    by_state = {one: sum(many for (at, _why), many in counts.items() if at == one) for one in RecipientState}
    by_reason = {one: sum(many for (_at, why), many in counts.items() if why == one) for one in RecipientReason}
    context = {
        **page_of(request, found),
        "rows": [_row(request, found, one) for one in page.rows],
        "states": [Option(one, one.label, _shown(by_state[one]), one == state) for one in by_state if by_state[one]],
        "reasons": [
            Option(one, one.label, _shown(by_reason[one]), one == reason) for one in by_reason if by_reason[one]
        ],
        "filtered": bool(chosen),
        "next_url": f"{here}?{urlencode({**chosen, 'after': page.next})}" if page.next else "",
        "previous_url": f"{here}?{urlencode({**chosen, 'after': page.previous})}" if page.previous else "",
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
    seen = seen_by(client_id, found, salon=request.salon, rules=rules_now(), now=timezone.now())
    template = "marketing/_campaign_mail_dialog.html" if request.htmx else "marketing/campaign_mail.html"
    response = render(request, template, {**page_of(request, found), "seen": seen, "past": True})
    response["Vary"] = "HX-Request"
    return response


def _progress(request: SalonRequest, found: Campaign) -> dict[str, object]:
    page, now = page_of(request, found), timezone.now()
    result = results_of([found.pk], now=now).get(found.pk) if found.started_at else None
    standing = Standing(result.sent + result.failed, result.sent + result.failed + result.waiting) if result else None
    mark = f"{found.version}.{standing.done if standing else 0}"
    return {
        **page,
        "standing": standing,
        "moving": found.state in _MOVING,
        "tiles": _tiles(request, result, str(page["recipients_url"])) if result else [],
        "mark": mark,
        "progress_url": f"{page['progress_url']}?seen={mark}",
    }


def _tiles(request: SalonRequest, result: Result, recipients_url: str) -> list[Tile]:
    days = BOOKED_WITHIN.days
    left_out = _("%(count)s left out") % {"count": _shown(result.excluded)} if result.excluded else ""
    return [
        Tile("sent", _("Sent"), _shown(result.sent), left_out, f"{recipients_url}?state={RecipientState.SENT}"),
        Tile("failed", _("Failed"), _shown(result.failed), "", f"{recipients_url}?state={RecipientState.FAILED}"),
        Tile(
            "unsubscribed", _("Unsubscribed"), _shown(result.unsubscribed), share_of(result.unsubscribed, result.sent)
        ),
        Tile(
            "booked",
            _("Booked within %(days)d days") % {"days": days},
            _shown(result.booked),
            share_of(result.booked, result.sent),
        ),
        Tile(
            "revenue",
            _("Revenue"),
            amount_text(result.revenue, request.salon.currency),
            _("from what was booked within %(days)d days") % {"days": days},
        ),
    ]


def _row(request: SalonRequest, found: Campaign, one: Recipient) -> Row:
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
        mail_url=reverse("campaign_mail", args=[*place, found.pk, one.client_id]) if shows_mail else "",
    )


def share_of(part: int, whole: int) -> str:
    """Return a share of those it was sent to, in words; half a tenth counts up."""
    if not whole:
        return ""
    share = number_format((Decimal(100 * part) / whole).quantize(Decimal("0.1"), ROUND_HALF_UP), 1)
    return _("{share} % of those it was sent to").format(share=share)


def _shown(number: int) -> str:
    return number_format(number, force_grouping=True)
