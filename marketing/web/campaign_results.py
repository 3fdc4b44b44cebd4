"""What became of a campaign: how far it is, its figures, and the mail as it was written (domain.md §9.2)."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from marketing.campaigns import campaign_with_id
from marketing.launching import is_stopping
from marketing.models import Campaign, CampaignState, RecipientReason, RecipientState
from marketing.placeholders import in_words
from marketing.recipient_list import Effect
from marketing.recipients import count_not_allowed
from marketing.results import BOOKED_WITHIN, Result, counts_until, results_of
from marketing.rules import rules_now, wrong_basis
from marketing.segments import list_segments
from marketing.web.campaign_preview import seen_of
from marketing.web.campaign_shown import ASKS, asks_every, audience_of, foreseen, page_of, rule_of_campaign
from marketing.web.segment_since import rule_in_words, segment_since
from salon.identity.roles import Permission
from salon.mail.web.framing import WITH_FRAME
from salon.web.access import SalonRequest, requires
from salon.web.amounts import amount_text

# What still goes out, now or when its time has come.
_UNDER_WAY = frozenset({CampaignState.SCHEDULED, CampaignState.SENDING, CampaignState.PAUSED})


@dataclass(frozen=True, slots=True)
class TakenBack:
    """That the owner's decision about existing customers was taken back: whether it still `holds_back` somebody, how
    many were left out for it, and where those are."""

    holds_back: bool
    left_out: int
    left_out_text: str
    url: str


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
    """One figure: `url` leads to those whom it counts, "" where it counts nobody; `words_url` to those of whom `words`
    tell."""

    key: str
    label: str
    shown: str
    url: str
    words: str = ""
    words_url: str = ""
    is_good: bool = False


@csp_override(WITH_FRAME)
@requires(Permission.MARKETING)
@never_cache
@require_safe
def campaign_results(request: SalonRequest, campaign_id: UUID) -> HttpResponse:
    """How far a campaign is and what came of it, with the mail as it was written; of one that has not begun, whom it
    would reach now."""
    found = campaign_with_id(campaign_id)
    context = {
        **_progress(request, found),
        "seen": seen_of(request, found),
        "body": in_words(found.body),
        "rule_words": rule_in_words(found, request.salon.currency),
    }
    if found.started_at is None:
        who = foreseen(rule_of_campaign(found), found.basis, salon=request.salon, now=timezone.now())
        context["audience"] = audience_of(who.counts)
        context["since"] = segment_since(found, list_segments(), request.salon.currency)
    return render(request, "marketing/campaign_results.html", context)


@requires(Permission.MARKETING)
@never_cache
@require_safe
def campaign_progress(request: SalonRequest, campaign_id: UUID) -> HttpResponse:
    """The part that moves while it is being sent; nothing (204) while it says what `seen` has."""
    campaign = campaign_with_id(campaign_id)
    if not request.htmx:
        return redirect("campaign_results", request.salon.slug, campaign_id)
    context, seen = _progress(request, campaign), request.GET.get("seen", "")
    if seen == context["mark"]:
        return HttpResponse(status=204)
    response = render(request, "marketing/_campaign_progress.html", context)
    has_begun = seen.startswith(CampaignState.SCHEDULED) and campaign.state != CampaignState.SCHEDULED
    if has_begun or not context["asks_every"]:
        # What stands around it, and the mail, say how far it is too.
        response["HX-Refresh"] = "true"
    return response


def _progress(request: SalonRequest, found: Campaign) -> dict[str, object]:
    page, now = page_of(request, found), timezone.now()
    result = results_of([found.pk], now=now).get(found.pk) if found.started_at else None
    standing = Standing(result.sent + result.failed, result.sent + result.failed + result.waiting) if result else None
    waiting = result.waiting if result else 0
    stopping = is_stopping(found)
    until = counts_until(found.pk) if found.finished_at else None
    # While it may change by itself, the page asks for itself.
    asks = asks_every(found, now)
    if stopping or (found.state == CampaignState.ENDED and waiting > 0):
        asks = ASKS
    mark = f"{found.state}.{found.version}.{standing.done if standing else 0}.{stopping:d}.{asks}"
    return {
        **page,
        "standing": standing,
        "waiting": waiting,
        "waiting_text": _shown(waiting),
        "asks_every": asks,
        "stopping": stopping,
        "taken_back": _taken_back(found, str(page["recipients_url"])),
        "days": BOOKED_WITHIN.days,
        "counts_until": until if until and until > now else None,
        "tiles": _tiles(request, result, str(page["recipients_url"])) if result else [],
        "mark": mark,
        "progress_url": f"{page['progress_url']}?seen={mark}",
    }


def _taken_back(found: Campaign, recipients_url: str) -> TakenBack | None:
    """Return that the decision to write to existing customers was taken back, where that changes who gets it."""
    holds_back = found.state in _UNDER_WAY and any(wrong_basis(found.basis, rules_now()))
    left_out = count_not_allowed(Q(campaign=found)) if found.started_at else 0
    if not holds_back and not left_out:
        return None
    url = f"{recipients_url}?{urlencode({'reason': RecipientReason.NOT_ALLOWED})}"
    return TakenBack(holds_back, left_out, _shown(left_out), url)


def _tiles(request: SalonRequest, result: Result, recipients_url: str) -> list[Tile]:
    days = {"days": BOOKED_WITHIN.days}
    left_out = _("%(count)s left out") % {"count": _shown(result.excluded)} if result.excluded else ""

    def those(many: int | Decimal, **asked: str) -> str:
        return f"{recipients_url}?{urlencode(asked)}" if many else ""

    return [
        Tile(
            "sent",
            _("Sent"),
            _shown(result.sent),
            those(result.sent, state=RecipientState.SENT),
            left_out,
            those(result.excluded, state=RecipientState.EXCLUDED),
        ),
        Tile("failed", _("Failed"), _shown(result.failed), those(result.failed, state=RecipientState.FAILED)),
        Tile(
            "unsubscribed",
            _("Unsubscribed"),
            _shown(result.unsubscribed),
            those(result.unsubscribed, effect=Effect.UNSUBSCRIBED),
            share_of(result.unsubscribed, result.sent),
        ),
        Tile(
            "answered",
            _("Answers"),
            _shown(result.answered),
            those(result.answered, effect=Effect.ANSWERED),
            share_of(result.answered, result.sent),
        ),
        Tile(
            "booked",
            _("Booked within %(days)d days") % days,
            _shown(result.booked),
            those(result.booked, effect=Effect.BOOKED),
            share_of(result.booked, result.sent),
        ),
        Tile(
            "revenue",
            _("Revenue"),
            amount_text(result.revenue, request.salon.currency),
            those(result.revenue, effect=Effect.REVENUE),
            revenue_words(result, request.salon.currency),
            is_good=result.revenue > 0,
        ),
    ]


def revenue_words(result: Result, currency: str) -> str:
    """Return what counts as revenue, and what was booked beside that and is not paid yet."""
    paid = _("from paid sales of what was booked within %(days)d days") % {"days": BOOKED_WITHIN.days}
    if not result.due:
        return paid
    due = _("booked and not paid yet: %(amount)s") % {"amount": amount_text(result.due, currency)}
    return f"{paid} · {due}"


def share_of(part: int, whole: int) -> str:
    """Return a share of those it was sent to, in words; half a tenth counts up."""
    if not whole:
        return ""
    share = number_format((Decimal(100 * part) / whole).quantize(Decimal("0.1"), ROUND_HALF_UP), 1)
    return _("{share} % of those it was sent to").format(share=share)


def _shown(number: int) -> str:
    return number_format(number, force_grouping=True)
