"""The draft of a campaign: whom, what, and beside it the mail as a client gets it (domain.md §9.2)."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_http_methods, require_safe

from bookings.web.draft import uuid_in
from marketing.campaigns import campaign_with_id, update_campaign
from marketing.letters import fallbacks
from marketing.marked_group import MARKED, marked_group
from marketing.models import Basis, Campaign, CampaignState
from marketing.pictures import check_mail, missing_pictures
from marketing.rule import Group
from marketing.rules import rules_now, wrong_basis
from marketing.segments import SegmentGone, chosen_rule, group_name, list_segments
from marketing.testing import send_test
from marketing.web.campaign_form import (
    KEPT,
    CampaignForm,
    basis_choices,
    kept_name,
    marked_name,
    offered_placeholders,
    segment_groups,
    segment_of,
)
from marketing.web.campaign_shown import (
    audience_of,
    campaign_seen_by,
    first_of,
    foreseen,
    page_of,
    rule_of_campaign,
)
from marketing.web.compared import Theirs, theirs_beside
from marketing.web.gaps import gaps_of
from marketing.web.segment_since import segment_since
from marketing.web.tested import tested
from salon.errors import InvalidInput, VersionConflict
from salon.identity.roles import Permission
from salon.mail.web.framing import WITH_FRAME
from salon.web.access import SalonRequest, requires
from salon.web.forms import show_errors


@dataclass(frozen=True, slots=True)
class Saving:
    """What became of saving a draft: what is stored, what is wrong, and what somebody else has stored meanwhile."""

    campaign: Campaign
    form: CampaignForm
    conflict: Campaign | None = None
    faulty: bool = False

    @property
    def saved(self) -> bool:
        """Whether what was typed is stored."""
        return self.conflict is None and not self.faulty


@csp_override(WITH_FRAME)
@requires(Permission.MARKETING_WRITE)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_edit(request: SalonRequest, campaign_id: UUID) -> HttpResponse:
    """Write a draft; it is saved by itself, and `next` leads on: to sending, or to a test mail."""
    found = campaign_with_id(campaign_id)
    if found.state != CampaignState.DRAFT:
        if request.method == "POST" and _has_written(found, CampaignForm(_entered(request))):
            told = _("It was sent or scheduled meanwhile: what you wrote here last is not in it.")
            messages.warning(request, told)
        return redirect("campaign_results", request.salon.slug, found.pk)
    own = list_segments()
    chosen = segment_of(found, own)
    if request.method != "POST":
        form = CampaignForm.of(found, chosen)
        return _page(request, Saving(found, form))
    said = fallbacks(found.subject, found.body)
    saving = _save(request, found, CampaignForm(_entered(request)), chosen)
    tests = request.POST.get("next") == "test" and saving.saved
    refused = _test(request, saving) if tests else ""
    if saving.saved and request.POST.get("next") == "send":
        return redirect("campaign_send", request.salon.slug, found.pk)
    if request.htmx:
        response = _answer(request, saving, refused, tests=tests)
        if fallbacks(saving.campaign.subject, saving.campaign.body) != said:
            response["HX-Trigger"] = "placeholders-changed"
        return response
    if not saving.saved:
        return _page(request, saving, status=422 if saving.faulty else 409)
    _tell(request, found, saving, refused)
    return redirect("campaign_edit", request.salon.slug, found.pk)


def _tell(request: SalonRequest, found: Campaign, saving: Saving, refused: str) -> None:
    if request.POST.get("take"):
        messages.success(request, _("The campaign goes to the segment as it is now."))
    if (found.basis, saving.campaign.basis) == (Basis.EXISTING_CUSTOMER, Basis.CONSENT):
        messages.success(request, _("The campaign goes only to clients who have agreed."))
    if refused:
        messages.error(request, refused)


@requires(Permission.MARKETING_WRITE)
@never_cache
@require_safe
def campaign_audience(request: SalonRequest) -> HttpResponse:
    """How many are in the segment that is chosen, how many of them may be written to, and of how many of those the
    placeholders of the draft have nothing to say."""
    now, chosen, basis = timezone.now(), request.GET.get("segment", ""), request.GET.get("basis", "")
    rule: Group | None = None
    drafted = uuid_in(request.GET.get("campaign"))
    campaign = campaign_with_id(drafted) if drafted else None
    if chosen == KEPT:
        rule = rule_of_campaign(campaign) if campaign else None
    elif chosen == MARKED:
        rule = marked_group(campaign) if campaign else None
    elif chosen:
        try:
            _name, rule = chosen_rule(chosen)
        except SegmentGone:
            rule = None
    said = fallbacks(campaign.subject, campaign.body) if campaign else {}
    basis = basis if basis in Basis else Basis.CONSENT
    found = foreseen(rule, basis, salon=request.salon, now=now, placeholders=said)
    context = {
        "audience": audience_of(found.counts),
        "foreseen_url": reverse("campaign_recipients", args=[request.salon.slug, campaign.pk]) if campaign else "",
        "basis_gone": any(wrong_basis(basis, rules_now())),
        "gaps": gaps_of(found, said),
        "missing": missing_pictures(campaign.body) if campaign else [],
    }
    return render(request, "marketing/_campaign_foreseen.html", context)


def _has_written(found: Campaign, form: CampaignForm) -> bool:
    """Whether what was typed is something else than what is stored."""
    return not form.is_valid() or bool(_theirs(found, form))


def _entered(request: SalonRequest) -> QueryDict:
    """Return what was typed; `take` chooses a segment anew whose older words the draft has kept."""
    entered = request.POST.copy()
    if taken := entered.get("take"):
        entered["segment"], entered["chosen"] = taken, ""
    return entered


def _save(request: SalonRequest, found: Campaign, form: CampaignForm, chosen: str) -> Saving:
    form.is_valid()
    if form.errors:
        return Saving(found, form, faulty=True)
    version = form.cleaned_data["over"] or form.cleaned_data["version"]
    changes = form.changes(chosen)
    try:
        saved = update_campaign(
            actor=request.actor, campaign_id=found.pk, changes=changes, version=version, now=timezone.now()
        )
    except VersionConflict:
        # What was read before may be older than what refused the change.
        found = campaign_with_id(found.pk)
        return Saving(found, form, conflict=found if _theirs(found, form) else None)
    except InvalidInput as refusal:
        show_errors(form, refusal.errors)
        return Saving(found, form, faulty=True)
    # A draft may lack words; what cannot go out as it stands is told at once, and stored all the same.
    try:
        check_mail(saved.subject, saved.body)
    except InvalidInput as refusal:
        show_errors(form, refusal.errors)
    return Saving(saved, form)


def _test(request: SalonRequest, saving: Saving) -> str:
    """Ask for a test mail; return why there is none. What becomes of it is told beside its button."""
    try:
        send_test(
            actor=request.actor,
            salon=request.salon,
            campaign_id=saving.campaign.pk,
            client_id=uuid_in(request.POST.get("client")),
            now=timezone.now(),
        )
    except InvalidInput as refusal:
        return " ".join(str(error.message) for error in refusal.errors)
    return ""


def _context(saving: Saving) -> dict[str, object]:
    return {
        "form": saving.form,
        "conflict": saving.conflict,
        "theirs": _theirs(saving.conflict, saving.form) if saving.conflict else [],
        "faulty": saving.faulty,
        "renamed": saving.form.is_bound and saving.saved and saving.form.cleaned_data["name"] != saving.campaign.name,
        **_as_read(saving),
    }


def _as_read(saving: Saving) -> dict[str, object]:
    """Return the version and the segment that the page goes on from: what is not saved stays so until it is."""
    form = saving.form
    if not form.is_bound:
        return {"version": saving.campaign.version, "chosen": form.initial["chosen"]}
    if saving.saved:
        return {"version": saving.campaign.version, "chosen": form.cleaned_data["segment"]}
    return {
        "version": form.cleaned_data.get("version") or saving.campaign.version,
        "chosen": form.cleaned_data.get("chosen", ""),
    }


def _theirs(stored: Campaign, form: CampaignForm) -> list[Theirs]:
    """Return what of a draft is stored otherwise than it is typed."""
    typed = form.cleaned_data
    compared = {
        "segment": _groups(typed["segment"], typed["chosen"], stored),
        "basis": (str(Basis(typed["basis"] or stored.basis).label), str(Basis(stored.basis).label)),
        **{name: (typed[name], getattr(stored, name)) for name in ("name", "subject", "body")},
    }
    return theirs_beside((form[name].label, *pair) for name, pair in compared.items())


def _groups(typed: str, chosen: str, stored: Campaign) -> tuple[str, str]:
    """Return the names of the group on a page, which came with the one `chosen`, and of the stored one: the same for
    the same."""
    now = segment_of(stored, list_segments())
    hers = kept_name(stored) if now == KEPT else group_name(stored)
    if typed == now or typed == chosen == stored.segment_key:
        return hers, hers
    if typed == MARKED:
        return marked_name(stored), hers
    try:
        # What a page came with that is no choice any more has no name here.
        return "" if typed in {"", KEPT} else chosen_rule(typed)[0], hers
    except SegmentGone:
        return "", hers


def _answer(request: SalonRequest, saving: Saving, refused: str, *, tests: bool) -> HttpResponse:
    context = {**page_of(request, saving.campaign), **_context(saving), "tests": tests, "refused": refused}
    if tests:
        context["tested"] = tested(request, saving.campaign.pk)
    status = 409 if saving.conflict else 422 if saving.faulty else 200
    return render(request, "marketing/_campaign_draft.html", context, status=status)


def _page(request: SalonRequest, saving: Saving, *, status: int = 200) -> HttpResponse:
    now, rules, own = timezone.now(), rules_now(), list_segments()
    found, form = saving.campaign, saving.form
    so_far = segment_of(found, own)
    chosen, basis = str(form["segment"].value() or ""), str(form["basis"].value())
    said = fallbacks(found.subject, found.body)
    who = foreseen(rule_of_campaign(found), found.basis, salon=request.salon, now=now, placeholders=said)
    shown = uuid_in(request.GET.get("client")) or first_of(found, who)
    seen = campaign_seen_by(shown, found, salon=request.salon, rules=rules, now=now)
    place = [request.salon.slug]
    context = {
        **page_of(request, found),
        **_context(saving),
        "groups": segment_groups(
            chosen, own, kept=kept_name(found) if so_far == KEPT else "", marked=marked_name(found)
        ),
        "since": segment_since(found, own, request.salon.currency),
        "nobody_yet": not chosen,
        "bases": basis_choices(basis, rules, decides=Permission.EXISTING_CUSTOMERS in request.actor.permissions),
        "basis_gone": any(wrong_basis(basis, rules)),
        "tested": tested(request, found.pk),
        "audience": audience_of(who.counts),
        "gaps": gaps_of(who, said),
        "missing": missing_pictures(found.body),
        "audience_url": f"{reverse('campaign_audience', args=place)}?campaign={found.pk}",
        "placeholders": offered_placeholders(),
        "seen": seen,
    }
    return render(request, "marketing/campaign_edit.html", context, status=status)
