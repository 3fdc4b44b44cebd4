"""*Marketing » Kampagnen*: all of them, a new one, a copy, one taken away and brought back (ui.md §2.7)."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bookings.web.draft import uuid_in
from marketing.beginnings import BEGINNINGS
from marketing.campaigns import (
    LONGEST_NAME,
    AlreadyBegun,
    ChangedCampaign,
    StillGoingOut,
    campaign_with_id,
    copy_campaign,
    create_campaign,
    delete_campaign,
    list_campaigns,
    restore_campaign,
    update_campaign,
)
from marketing.models import Campaign, CampaignState
from marketing.placeholders import in_words
from marketing.results import BOOKED_WITHIN, Result, results_of
from marketing.segments import deleted_groups, group_name, list_segments
from marketing.web.campaign_form import StartForm, marked_name, segment_groups, segment_of
from marketing.web.campaign_shown import asks_every, urls_of
from salon.errors import InvalidInput, VersionConflict
from salon.identity.roles import Permission
from salon.keyset import InvalidCursor
from salon.web.access import SalonRequest, requires
from salon.web.amounts import amount_text
from salon.web.forms import show_errors

SHOWN = 30
# So many of the last campaigns are offered as what another one begins with.
EARLIER = 6


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of a campaign, as its line shows it."""

    sent: str
    excluded: str
    unsubscribed: str
    booked: str
    revenue: str
    due: str


@dataclass(frozen=True, slots=True)
class Row:
    """One campaign as its line shows it."""

    url: str
    name: str
    segment: str
    state: str
    state_label: Promise | str
    when: datetime | None
    figures: Figures | None
    copy_url: str
    delete_url: str


@dataclass(frozen=True, slots=True)
class BeginningChoice:
    """One text that a campaign can begin with."""

    url: str
    name: str
    words: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class BeginningGroup:
    """Texts of one origin."""

    label: str
    choices: list[BeginningChoice]


@requires(Permission.MARKETING)
@never_cache
@require_safe
def campaigns(request: SalonRequest) -> HttpResponse:
    """All campaigns, the newest first, with what became of those that have gone out; nothing (204) while they stand
    as whoever looks has `seen`."""
    try:
        page = list_campaigns(limit=SHOWN, cursor=request.GET.get("after") or None)
    except InvalidCursor:
        return redirect("campaigns", request.salon.slug)
    here = reverse("campaigns", args=[request.salon.slug])
    now = timezone.now()
    asks = min(filter(None, (asks_every(one, now) for one in page.rows)), default=None)
    mark = ".".join([str(asks), *(one.state for one in page.rows)])
    if request.htmx and request.GET.get("seen") == mark:
        return HttpResponse(status=204)
    begun = [one.pk for one in page.rows if one.started_at is not None]
    results = results_of(begun, now=now) if begun else {}
    writes = Permission.MARKETING_WRITE in request.actor.permissions
    deleted = deleted_groups(page.rows)
    context = {
        "rows": [_row(request, one, results.get(one.pk), is_deleted=one.segment_key in deleted) for one in page.rows],
        "next_url": f"{here}?after={page.next}" if page.next else "",
        "previous_url": f"{here}?after={page.previous}" if page.previous else "",
        "writes": writes,
        "new_url": reverse("campaign_new", args=[request.salon.slug]) if writes else "",
        "days": BOOKED_WITHIN.days,
        "any_figures": len(begun) > 1,
        "asks_every": asks,
        "again_url": f"{here}?{urlencode({'after': request.GET.get('after', ''), 'seen': mark})}",
    }
    return render(request, "marketing/campaigns.html", context)


@requires(Permission.MARKETING_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_new(request: SalonRequest) -> HttpResponse:
    """Name a campaign and choose whom it goes to; `?segment=` has chosen already, `?begin=` a text to begin with (of
    `BEGINNINGS`, or of an earlier campaign). `?draft=` is one that has its group, and no words yet. `act=segment`
    describes a new one."""
    now, given = timezone.now(), _given(request)
    asked = uuid_in(given.get("draft"))
    draft = campaign_with_id(asked) if asked else None
    if draft and (draft.state != CampaignState.DRAFT or draft.subject or draft.body):
        return redirect("campaign", request.salon.slug, draft.pk)
    if request.POST.get("act") == "segment":
        waits = {"campaign": given.get("name", ""), "begin": given.get("begin", ""), "draft": given.get("draft", "")}
        kept = {name: text[:LONGEST_NAME] for name, text in waits.items() if text or name == "campaign"}
        return redirect(f"{reverse('segment_new', args=[request.salon.slug])}?{urlencode(kept)}")
    if request.method == "POST":
        form = StartForm(request.POST)
        if form.is_valid():
            try:
                made = _started(request, form, draft, now)
            except InvalidInput as refusal:
                show_errors(form, refusal.errors)
            else:
                return redirect("campaign_edit", request.salon.slug, made.pk)
    else:
        form = StartForm(initial=_initial(request, draft, now))
    chosen = str(form["segment"].value() or "")
    beginnings = _beginnings(given, str(form["begin"].value() or ""))
    context = {
        "form": form,
        "draft": draft,
        "groups": segment_groups(chosen, marked=marked_name(draft) if draft else ""),
        "beginnings": beginnings,
        "begun": next((one.name for group in beginnings[1:] for one in group.choices if one.chosen), ""),
        "campaigns_url": reverse("campaigns", args=[request.salon.slug]),
        "count_url": reverse("segment_count", args=[request.salon.slug]),
    }
    return render(request, "marketing/campaign_new.html", context, status=422 if form.is_bound else 200)


def _given(request: SalonRequest) -> QueryDict:
    return request.POST if request.method == "POST" else request.GET


def _initial(request: SalonRequest, draft: Campaign | None, now: datetime) -> dict[str, str]:
    """Return what a new campaign is called and whom it goes to until somebody says otherwise."""
    begin = request.GET.get("begin", "")
    ready = BEGINNINGS.get(begin)
    name, segment = str(ready.name) if ready else "", ready.segment if ready else ""
    if draft:
        name, segment = name or draft.name, segment_of(draft, list_segments())
    month = date_format(timezone.localtime(now), "F Y")
    return {
        "name": request.GET.get("name") or name or _("News in %(month)s") % {"month": month},
        "segment": request.GET.get("segment") or segment,
        "begin": begin,
    }


def _started(request: SalonRequest, form: StartForm, draft: Campaign | None, now: datetime) -> Campaign:
    """Begin a campaign as it is entered, or give a draft its words; one that has got some meanwhile keeps those.

    Raises: InvalidInput, NoSuchCampaign.
    """
    subject, body = _words(form.cleaned_data["begin"])
    details = ChangedCampaign(**form.details, subject=subject, body=body)
    if draft is None:
        return create_campaign(actor=request.actor, details=details, now=now)
    with suppress(VersionConflict):
        return update_campaign(
            actor=request.actor, campaign_id=draft.pk, changes=details, version=draft.version, now=now
        )
    return draft


@requires(Permission.MARKETING)
@require_safe
def campaign(request: SalonRequest, campaign_id: UUID) -> HttpResponse:
    """Lead to where a campaign is: to its draft, or to what became of it."""
    found = campaign_with_id(campaign_id)
    may_edit = Permission.MARKETING_WRITE in request.actor.permissions
    is_draft = found.state == CampaignState.DRAFT and may_edit
    return redirect("campaign_edit" if is_draft else "campaign_results", request.salon.slug, found.pk)


@requires(Permission.MARKETING_WRITE)
@require_POST
def campaign_copy(request: SalonRequest, campaign_id: UUID) -> HttpResponse:
    """Begin a draft that says the same to the same group."""
    made = copy_campaign(actor=request.actor, campaign_id=campaign_id, now=timezone.now())
    messages.success(request, _("Copied. This is the new draft."))
    return redirect("campaign_edit", request.salon.slug, made.pk)


@requires(Permission.MARKETING_WRITE)
@require_POST
def campaign_delete(request: SalonRequest, campaign_id: UUID) -> HttpResponse:
    """Take a draft away; the message brings it back."""
    try:
        gone = delete_campaign(actor=request.actor, campaign_id=campaign_id, now=timezone.now())
    except (StillGoingOut, AlreadyBegun) as refusal:
        messages.error(request, str(refusal.message))
        return redirect("campaign", request.salon.slug, campaign_id)
    back = reverse("campaign_restore", args=[request.salon.slug, campaign_id])
    messages.success(request, _("“%(name)s” is deleted.") % {"name": gone.name}, extra_tags=back)
    return redirect("campaigns", request.salon.slug)


@requires(Permission.MARKETING_WRITE)
@require_POST
def campaign_restore(request: SalonRequest, campaign_id: UUID) -> HttpResponse:
    """Bring a deleted campaign back."""
    found = restore_campaign(actor=request.actor, campaign_id=campaign_id, now=timezone.now())
    messages.success(request, _("“%(name)s” is there again.") % {"name": found.name})
    return redirect("campaigns", request.salon.slug)


def _words(begin: str) -> tuple[str, str]:
    """Return subject and text of what a campaign begins with.

    Raises: NoSuchCampaign.
    """
    if begin in BEGINNINGS:
        return BEGINNINGS[begin].words()
    earlier = uuid_in(begin)
    if earlier is None:
        return "", ""
    found = campaign_with_id(earlier)
    return found.subject, found.body


def _beginnings(given: QueryDict, chosen: str) -> list[BeginningGroup]:
    """Return what a campaign can begin with: nothing, a ready-made text, or that of one of the last campaigns; what is
    given already goes along."""
    kept = {name: given[name] for name in ("draft", "name", "segment") if given.get(name)}

    def choice(key: str, name: Promise | str, words: Promise | str) -> BeginningChoice:
        return BeginningChoice(f"?{urlencode({**kept, 'begin': key})}", str(name), in_words(str(words)), key == chosen)

    empty = choice("", _("An empty mail"), _("You write everything yourself."))
    ready = [choice(key, one.name, one.words()[0]) for key, one in BEGINNINGS.items()]
    written = [one for one in list_campaigns(limit=EARLIER).rows if one.body]
    earlier = [choice(str(one.pk), one.name, one.subject) for one in written]
    groups = [
        BeginningGroup("", [empty]),
        BeginningGroup(_("Ready-made texts"), ready),
        BeginningGroup(_("Your earlier campaigns"), earlier),
    ]
    return [one for one in groups if one.choices]


def _row(request: SalonRequest, one: Campaign, result: Result | None, *, is_deleted: bool) -> Row:
    urls = urls_of(request, one)
    return Row(
        url=reverse("campaign", args=[request.salon.slug, one.pk]),
        name=one.name,
        segment=_("%(name)s (deleted)") % {"name": group_name(one)} if is_deleted else group_name(one),
        state=one.state,
        state_label=CampaignState(one.state).label,
        when=one.finished_at or one.started_at or one.scheduled_at,
        figures=_figures(result, request.salon.currency) if result else None,
        copy_url=urls["copy_url"],
        delete_url=urls["delete_url"],
    )


def _figures(result: Result, currency: str) -> Figures:
    sent, excluded, unsubscribed, booked = (
        number_format(count, force_grouping=True)
        for count in (result.sent, result.excluded, result.unsubscribed, result.booked)
    )
    due = amount_text(result.due, currency) if result.due else ""
    return Figures(sent, excluded, unsubscribed, booked, amount_text(result.revenue, currency), due)
