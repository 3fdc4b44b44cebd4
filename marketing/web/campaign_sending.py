"""A campaign going out: looked over, sent now or at a time, stopped, let go on or ended (domain.md §9.2)."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bookings.web.booking_form import WhenForm
from bookings.web.draft import uuid_in
from marketing.campaigns import ChangedCampaign, NotADraft, campaign_with_id, update_campaign
from marketing.launching import (
    NotBeingSent,
    NotPaused,
    NotScheduled,
    end,
    pause,
    require_ready,
    resume,
    schedule,
    send_now,
    unschedule,
)
from marketing.letters import fallbacks
from marketing.models import Basis, Campaign, CampaignState
from marketing.reply_addresses import receives
from marketing.results import results_of
from marketing.rules import rules_now
from marketing.segments import list_segments
from marketing.testing import send_test
from marketing.web.campaign_shown import (
    audience_of,
    campaign_seen_by,
    first_of,
    foreseen,
    page_of,
    rule_of_campaign,
)
from marketing.web.gaps import gaps_of
from marketing.web.segment_since import segment_since
from marketing.web.tested import tested
from salon.errors import FieldError, InvalidInput, VersionConflict
from salon.identity.roles import Permission
from salon.mail.web.framing import WITH_FRAME
from salon.web.access import SalonRequest, requires


@dataclass(frozen=True, slots=True)
class Lacking:
    """One thing that is missing or `wrong`, without which nothing goes out, and where it is mended; "" where a button
    here does it: whoever `falls_back` writes only to those who have agreed."""

    message: str
    url: str
    word: str
    wrong: bool
    falls_back: bool = False


@csp_override(WITH_FRAME)
@requires(Permission.MARKETING_WRITE)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_send(request: SalonRequest, campaign_id: UUID) -> HttpResponse:
    """Everything at a glance, and the buttons that send it: now, or at a time."""
    found = campaign_with_id(campaign_id)
    if found.state != CampaignState.DRAFT:
        return _too_late(request, found)
    if request.method != "POST":
        return _page(request, found, WhenForm())
    if "take" in request.POST:
        taken = ChangedCampaign(segment=request.POST["take"])
        return _change(request, found, taken, _("The campaign goes to the segment as it is now."))
    if request.POST.get("basis") == Basis.CONSENT:
        agreed = ChangedCampaign(basis=Basis.CONSENT)
        return _change(request, found, agreed, _("The campaign goes only to clients who have agreed."))
    return _send(request, found)


def _send(request: SalonRequest, found: Campaign) -> HttpResponse:
    when = WhenForm(request.POST)
    later = request.POST.get("act") == "later"
    version = _number(request.POST.get("version", ""))
    try:
        if later:
            at = when.moment(request.salon) if when.is_valid() else None
            if at is None:
                return _page(request, found, when)
            schedule(actor=request.actor, campaign_id=found.pk, at=at, version=version, now=timezone.now())
        else:
            send_now(actor=request.actor, campaign_id=found.pk, version=version, now=timezone.now())
    except InvalidInput as refusal:
        for error in refusal.errors:
            if error.field == "at":
                when.is_valid()
                when.add_error("at", str(error.message))
        return _page(request, found, when if later else WhenForm(), refused=True)
    except NotADraft:
        return _too_late(request, campaign_with_id(found.pk))
    except VersionConflict:
        messages.warning(request, _("The campaign has changed since you looked at it. Please look again."))
        return redirect("campaign_send", request.salon.slug, found.pk)
    text = _("It goes out at that time by itself.") if later else _("The campaign is being sent.")
    messages.success(request, text)
    return redirect("campaign_results", request.salon.slug, found.pk)


def _too_late(request: SalonRequest, found: Campaign) -> HttpResponse:
    """Lead to what became of a campaign that is no draft any more, and tell whoever wanted to send it how it stands."""
    if request.method == "POST":
        messages.info(request, _stands(found))
    return redirect("campaign_results", request.salon.slug, found.pk)


def _change(request: SalonRequest, found: Campaign, changes: ChangedCampaign, done: str) -> HttpResponse:
    """Mend what one button of the page can mend: a segment that says something else by now, a basis that is gone."""
    version = _number(request.POST.get("version", ""))
    try:
        update_campaign(actor=request.actor, campaign_id=found.pk, changes=changes, version=version, now=timezone.now())
    except InvalidInput as refusal:
        messages.error(request, " ".join(str(error.message) for error in refusal.errors))
    except VersionConflict:
        messages.warning(request, _("The campaign has changed since you looked at it. Please look again."))
    else:
        messages.success(request, done)
    return redirect("campaign_send", request.salon.slug, found.pk)


@requires(Permission.MARKETING_WRITE)
@require_POST
def campaign_test(request: SalonRequest, campaign_id: UUID) -> HttpResponse:
    """Send the mail to whoever asks, as the client gets it who is shown; what becomes of it stands below the button."""
    try:
        send_test(
            actor=request.actor,
            salon=request.salon,
            campaign_id=campaign_id,
            client_id=uuid_in(request.POST.get("client")),
            now=timezone.now(),
        )
    except InvalidInput as refusal:
        messages.error(request, " ".join(str(error.message) for error in refusal.errors))
    return redirect(f"{reverse('campaign_send', args=[request.salon.slug, campaign_id])}#test-mail")


@requires(Permission.MARKETING_WRITE)
@never_cache
@require_safe
def campaign_tested(request: SalonRequest, campaign_id: UUID) -> HttpResponse:
    """What became of the test mail that whoever looks has asked for last: it asks for itself until that is clear."""
    found = campaign_with_id(campaign_id)
    if not request.htmx:
        return redirect("campaign", request.salon.slug, campaign_id)
    context = {**page_of(request, found), "tested": tested(request, found.pk)}
    return render(request, "marketing/_tested.html", context)


@requires(Permission.MARKETING_WRITE)
@require_POST
def campaign_unschedule(request: SalonRequest, campaign_id: UUID) -> HttpResponse:
    """Make a draft again of what has not begun."""
    return _step(request, campaign_id, unschedule, _("The campaign is a draft again; nothing goes out."))


@requires(Permission.MARKETING_WRITE)
@require_POST
def campaign_pause(request: SalonRequest, campaign_id: UUID) -> HttpResponse:
    """Write to nobody more for now."""
    return _step(request, campaign_id, pause, _("Stopped. It goes on when you let it."))


@requires(Permission.MARKETING_WRITE)
@require_POST
def campaign_resume(request: SalonRequest, campaign_id: UUID) -> HttpResponse:
    """Go on where it was stopped."""
    return _step(request, campaign_id, resume, _("It goes on."))


@requires(Permission.MARKETING_WRITE)
@require_POST
def campaign_end(request: SalonRequest, campaign_id: UUID) -> HttpResponse:
    """Write to nobody more for good."""
    return _step(request, campaign_id, end, _("Ended. Nobody more is written to; what came of it stays."))


def _step(request: SalonRequest, campaign_id: UUID, operation: Callable[..., Campaign], done: str) -> HttpResponse:
    try:
        operation(actor=request.actor, campaign_id=campaign_id, now=timezone.now())
    except InvalidInput as refusal:
        messages.error(request, " ".join(str(error.message) for error in refusal.errors))
    except (NotScheduled, NotBeingSent, NotPaused):
        messages.info(request, _stands(campaign_with_id(campaign_id)))
    else:
        messages.success(request, done)
    return redirect("campaign", request.salon.slug, campaign_id)


def _stands(found: Campaign) -> str:
    """Return how a campaign stands, in words, for whoever came too late to change that."""
    if found.state == CampaignState.DRAFT:
        return _("It is a draft already; nothing goes out.")
    if found.state == CampaignState.SCHEDULED:
        return _("It is scheduled already, and goes out at its time.")
    sent = results_of([found.pk], now=timezone.now())[found.pk].sent
    told = {
        CampaignState.SENDING: ngettext(
            "It is being sent: %(shown)s mail has gone out so far.",
            "It is being sent: %(shown)s mails have gone out so far.",
            sent,
        ),
        CampaignState.PAUSED: ngettext(
            "Already stopped: %(shown)s mail has gone out.", "Already stopped: %(shown)s mails have gone out.", sent
        ),
        CampaignState.ENDED: ngettext(
            "Already ended: %(shown)s mail has gone out.", "Already ended: %(shown)s mails have gone out.", sent
        ),
        CampaignState.SENT: ngettext(
            "Already finished: %(shown)s mail has gone out.", "Already finished: %(shown)s mails have gone out.", sent
        ),
    }
    return told[CampaignState(found.state)] % {"shown": number_format(sent, force_grouping=True)}


def _page(request: SalonRequest, found: Campaign, when: WhenForm, *, refused: bool = False) -> HttpResponse:
    now, rules = timezone.now(), rules_now()
    said = fallbacks(found.subject, found.body)
    who = foreseen(rule_of_campaign(found), found.basis, salon=request.salon, now=now, placeholders=said)
    audience, lacking = audience_of(who.counts), _lacking(request, found)
    shown = uuid_in(request.GET.get("client")) or first_of(found, who)
    context = {
        **page_of(request, found),
        "when": when,
        "today": request.salon.date_at(now).isoformat(),
        "zone": request.salon.timezone.replace("_", " "),
        "audience": audience,
        "since": segment_since(found, list_segments(), request.salon.currency),
        "gaps": gaps_of(who, said),
        "tested": tested(request, found.pk),
        "lacking": lacking,
        "wrong": any(one.wrong for one in lacking),
        "basis_gone": any(one.falls_back for one in lacking),
        "ready": bool(audience.included) and not lacking,
        "reply_to": _("Messages and the client's card") if receives() else rules.reply_to,
        "seen": campaign_seen_by(shown, found, salon=request.salon, rules=rules, now=now),
    }
    status = 422 if when.errors or refused else 200
    return render(request, "marketing/campaign_send.html", context, status=status)


def _lacking(request: SalonRequest, found: Campaign) -> list[Lacking]:
    """Return everything without which it cannot go out, each with the page where it is added."""
    try:
        require_ready(found)
    except InvalidInput as refusal:
        return [_lack(request, found, error) for error in refusal.errors]
    return []


def _lack(request: SalonRequest, found: Campaign, error: FieldError) -> Lacking:
    if error.field == "basis":
        message = _("The decision to write to existing customers was taken back.")
        return Lacking(message, "", "", wrong=True, falls_back=True)
    if error.field == "imprint":
        rules = reverse("marketing_rules", args=[request.salon.slug])
        return Lacking(str(error.message), rules, _("To the rules"), wrong=False)
    draft = reverse("campaign_edit", args=[request.salon.slug, found.pk])
    message = str(error.message)
    if error.code == "gap":
        # One may stand in both.
        message = f"{_('Subject') if error.field == 'subject' else _('Text')}: {message}"
    return Lacking(message, f"{draft}#id_{error.field}", _("To the draft"), wrong=error.code != "required")


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None
