"""The text of an automation, and beside it the mail as a client gets it (ui.md §2.7)."""

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_http_methods, require_safe

from bookings.web.draft import uuid_in
from clients.models import Client
from marketing.automations import LONGEST_BODY, PRESETS, Text, about_tests_of, save_automation, text_of, tidied
from marketing.facts import Moment
from marketing.letters import LONGEST_SUBJECT, fallbacks
from marketing.models import Automation, Basis, Occasion
from marketing.occasions import clients_ever
from marketing.people import lacking
from marketing.pictures import check_mail
from marketing.recipients import foresee
from marketing.rules import rules_now
from marketing.testing import send_test_letter
from marketing.web.automation_words import FOR_WHOM, around_days, automation_at, place_of
from marketing.web.campaign_form import offered_placeholders
from marketing.web.compared import theirs_beside
from marketing.web.gaps import Gaps, gaps_of
from marketing.web.mail_shown import Seen, seen_by, where_mails_go
from marketing.web.tested import tested
from salon.errors import InvalidInput, VersionConflict
from salon.identity.roles import Permission
from salon.mail.web.framing import MAIL, WITH_FRAME, framed
from salon.web.access import SalonRequest, requires
from salon.web.forms import show_errors


class TextForm(forms.Form):
    """What an automation writes, as it is typed."""

    subject = forms.CharField(label=gettext_lazy("Subject"), required=False, strip=False)
    body = forms.CharField(label=gettext_lazy("Text"), required=False, strip=False, widget=forms.Textarea)
    days = forms.IntegerField(label=gettext_lazy("Days"))
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    @property
    def text(self) -> Text:
        """What was typed; to be called on a valid form."""
        given = self.cleaned_data
        return Text(subject=given["subject"], body=given["body"], days=given["days"])

    def differing(self, saved: Text) -> list[tuple[Promise | str, str, str]]:
        """Return what is saved otherwise than it is typed, valid or not: labels, each with both."""
        names = ("days", "subject", "body")
        typed = {name: self[name].value() for name in names}
        pairs = [
            (self[name].label, "" if typed[name] is None else tidied(str(typed[name])), str(getattr(saved, name)))
            for name in names
        ]
        return [(label, mine, theirs) for label, mine, theirs in pairs if mine != theirs]


@csp_override(WITH_FRAME)
@requires(Permission.MARKETING_WRITE)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def automation(request: SalonRequest, occasion: str) -> HttpResponse:
    """Change text and days; `act=test` sends what is typed to whoever asks, and saves nothing."""
    found = automation_at(occasion)
    if request.method != "POST":
        return _page(request, found, _form_of(found))
    form = TextForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form)
    if request.POST.get("act") == "test":
        return _test(request, found, form)
    return _save(request, found, form)


def _save(request: SalonRequest, found: Automation, form: TextForm) -> HttpResponse:
    occasion = Occasion(found.occasion)
    try:
        saved = save_automation(
            actor=request.actor,
            occasion=occasion,
            text=form.text,
            version=form.cleaned_data["version"],
            now=timezone.now(),
        )
    except InvalidInput as refusal:
        show_errors(form, refusal.errors)
        return _page(request, found, form)
    except VersionConflict:
        # What was read before may be older than what refused the change.
        found = automation_at(occasion)
        if form.differing(text_of(found)):
            # Saved once more, it is saved over what is told now.
            again = TextForm({**request.POST.dict(), "version": str(found.version)})
            return _page(request, found, again, conflict=True)
        saved = found
    if saved.version == found.version:
        messages.info(request, _("Nothing was changed."))
    else:
        messages.success(request, _("Saved. It holds for mails to come."))
    return redirect("automations", request.salon.slug)


@csp_override(MAIL)
@xframe_options_sameorigin
@requires(Permission.MARKETING_WRITE)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def automation_preview(request: SalonRequest, occasion: str) -> HttpResponse:
    """The mail as `client` gets it, with what is typed if anything is; `part=text` is its text, `part=lines` what
    stands above it, and what its placeholders leave open where they are others than those `told` of."""
    found = automation_at(occasion)
    typed = request.POST.get("subject", found.subject), request.POST.get("body", found.body)
    seen = _seen(request, found, *typed)
    part = request.GET.get("part")
    if part == "lines":
        is_told = request.POST.get("told") == _placeholders(*typed)
        context = {"seen": seen, "fields": _checked(request), **({} if is_told else _gaps(request, found, *typed))}
        return render(request, "marketing/_automation_lines.html", context)
    return framed(seen.letter, part)


@requires(Permission.MARKETING_WRITE)
@never_cache
@require_safe
def automation_tested(request: SalonRequest, occasion: str) -> HttpResponse:
    """What became of the test mail that whoever looks has asked for last: it asks for itself until that is clear."""
    found = automation_at(occasion)
    if not request.htmx:
        return redirect("automation", *place_of(request, found))
    return render(request, "marketing/_tested.html", _of_test(request, found))


def _of_test(request: SalonRequest, found: Automation) -> dict[str, Any]:
    return {
        **where_mails_go(request),
        "tested": tested(request, about_tests_of(Occasion(found.occasion))),
        "tested_url": reverse("automation_tested", args=place_of(request, found)),
    }


def _form_of(found: Automation) -> TextForm:
    text = text_of(found)
    return TextForm(initial={"subject": text.subject, "body": text.body, "days": text.days, "version": found.version})


def _test(request: SalonRequest, found: Automation, form: TextForm) -> HttpResponse:
    text = form.text
    try:
        send_test_letter(
            actor=request.actor,
            salon=request.salon,
            about_id=about_tests_of(Occasion(found.occasion)),
            subject=text.subject,
            body=text.body,
            client_id=uuid_in(request.POST.get("client")),
            now=timezone.now(),
            longest=LONGEST_BODY,
        )
    except InvalidInput as refusal:
        show_errors(form, refusal.errors)
        return _page(request, found, form)
    return _page(request, found, form, status=200)


def _page(
    request: SalonRequest, found: Automation, form: TextForm, *, conflict: bool = False, status: int | None = None
) -> HttpResponse:
    occasion, place = Occasion(found.occasion), place_of(request, found)
    subject, body = str(form["subject"].value() or ""), str(form["body"].value() or "")
    seen = _seen(request, found, subject, body)
    differing = form.differing(text_of(found))
    context: dict[str, Any] = {
        "automation": found,
        "name": occasion.label,
        "for_whom": FOR_WHOM[occasion],
        "around": around_days(occasion),
        "preset": PRESETS[occasion],
        "form": form,
        "unsaved": bool(differing),
        "conflict": conflict,
        "theirs": theirs_beside(differing) if conflict else [],
        "seen": seen,
        **_gaps(request, found, subject, body),
        "placeholders": offered_placeholders(),
        "automations_url": reverse("automations", args=place[:1]),
        "preview_url": reverse("automation_preview", args=place),
        "clients_url": reverse("campaign_clients", args=place[:1]),
        **_of_test(request, found),
    }
    shown = status or (422 if conflict or (form.is_bound and form.errors) else 200)
    return render(request, "marketing/automation.html", context, status=shown)


def _seen(request: SalonRequest, found: Automation, subject: str, body: str) -> Seen:
    """Return a letter as a client gets it: who is asked for, else whoever comes first of those who have agreed."""
    client_id = uuid_in(request.POST.get("client") or request.GET.get("client"))
    if client_id is None:
        with_mail = Client.objects.listed().filter(email_consent=True).exclude(email="").order_by("number")
        client_id = with_mail.values_list("pk", flat=True).first()
    typed, now = (subject[:LONGEST_SUBJECT], body[:LONGEST_BODY]), timezone.now()
    return seen_by(client_id, *typed, basis=Basis.CONSENT, salon=request.salon, rules=rules_now(), now=now)


def _checked(request: SalonRequest) -> list[forms.BoundField]:
    """Return the fields of what is typed, with what cannot go out as it stands."""
    form = TextForm(request.POST)
    form.is_valid()
    try:
        check_mail(form["subject"].value() or "", form["body"].value() or "", longest=LONGEST_BODY)
    except InvalidInput as refusal:
        show_errors(form, refusal.errors)
    return [form["subject"], form["body"]]


def _gaps(request: SalonRequest, found: Automation, subject: str, body: str) -> dict[str, object]:
    """Return what the placeholders leave open of those who may get the mail some day, and which placeholders are meant:
    counted anew where they change, not with every word."""
    now = timezone.now()
    at, said = Moment.of(request.salon, now), _said(subject, body)
    lacks = lacking(said, at)
    gaps = Gaps([], "")
    if lacks:
        who = clients_ever(found.occasion, at)
        gaps = gaps_of(foresee(who, basis=Basis.CONSENT, now=now, lacking=lacks), said)
    return {"gaps": gaps, "told": _placeholders(subject, body)}


def _placeholders(subject: str, body: str) -> str:
    return json.dumps(_said(subject, body), sort_keys=True)


def _said(subject: str, body: str) -> dict[str, list[str]]:
    return fallbacks(subject[:LONGEST_SUBJECT], body[:LONGEST_BODY])
