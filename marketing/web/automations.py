"""*Marketing » Automationen*: what goes out by itself, its text beside the mail, and whether it is on (ui.md §2.7)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clients.details import Gender
from clients.models import Client
from marketing.automations import (
    PRESETS,
    Text,
    about_tests_of,
    all_automations,
    automation_for,
    occasion_named,
    save_automation,
    text_of,
    turn_off,
    turn_on,
)
from marketing.models import Automation, Basis, Campaign, Occasion
from marketing.occasions import LOOKS_BACK, would_have_reached
from marketing.placeholders import Person, fill, values_for
from marketing.results import BOOKED_WITHIN, Result, results_of_automations
from marketing.rules import rules_now
from marketing.testing import send_test_letter
from marketing.web.campaign_form import offered_placeholders
from marketing.web.campaign_shown import Seen, seen_by
from marketing.web.campaign_tested import tested_about
from salon.errors import DomainError, InvalidInput, VersionConflict
from salon.identity.roles import Permission
from salon.mail.web.framing import MAIL, WITH_FRAME, framed
from salon.web.access import SalonRequest, requires
from salon.web.amounts import amount_text
from salon.web.forms import show_errors

_ICONS = {
    Occasion.BIRTHDAY: "cake",
    Occasion.ABOUT_TO_LAPSE: "hourglass",
    Occasion.AFTER_FIRST_VISIT: "sparkles",
    Occasion.LAPSED: "door-open",
}
_FOR_WHOM = {
    Occasion.BIRTHDAY: gettext_lazy(
        "Whoever has a birthday on the card. Born on 29 February: in other years on the 28th."
    ),
    Occasion.ABOUT_TO_LAPSE: gettext_lazy("Whoever has not come for almost 365 days and would soon count as new."),
    Occasion.AFTER_FIRST_VISIT: gettext_lazy("Whoever has come for the very first time."),
    Occasion.LAPSED: gettext_lazy("Whoever has not come for more than 365 days and counts as new again."),
}
_WHEN = {
    Occasion.BIRTHDAY: ngettext_lazy("%(days)s day before the birthday", "%(days)s days before the birthday", "number"),
    Occasion.ABOUT_TO_LAPSE: ngettext_lazy(
        "%(days)s day before the 365 days are over", "%(days)s days before the 365 days are over", "number"
    ),
    Occasion.AFTER_FIRST_VISIT: ngettext_lazy(
        "%(days)s day after the first visit", "%(days)s days after the first visit", "number"
    ),
    Occasion.LAPSED: ngettext_lazy(
        "%(days)s day after the 365 days were over", "%(days)s days after the 365 days were over", "number"
    ),
}
_ON_THE_DAY = {
    Occasion.BIRTHDAY: gettext_lazy("On the birthday itself"),
    Occasion.LAPSED: gettext_lazy("On the day on which the 365 days are over"),
}
_DAYS = {
    Occasion.BIRTHDAY: gettext_lazy("Days before the birthday"),
    Occasion.ABOUT_TO_LAPSE: gettext_lazy("Days before the 365 days are over"),
    Occasion.AFTER_FIRST_VISIT: gettext_lazy("Days after the first visit"),
    Occasion.LAPSED: gettext_lazy("Days after the 365 days were over"),
}


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

    def differs_from(self, saved: Text) -> bool:
        """Return whether something else is typed than is saved, valid or not."""
        typed = [str(self[name].value()).replace("\r\n", "\n") for name in ("subject", "body", "days")]
        return typed != [saved.subject, saved.body, str(saved.days)]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of what became of the mails."""

    label: Promise | str
    value: str


@dataclass(frozen=True, slots=True)
class Card:
    """One automation as the page shows it."""

    name: Promise | str
    icon: str
    for_whom: Promise | str
    when: Promise | str
    subject: str
    is_example: bool
    on: bool
    since: datetime | None
    url: str
    switch_url: str
    would_have: int
    figures: list[Figure]

    @property
    def would_have_text(self) -> str:
        """The number as people read it."""
        return number_format(self.would_have, force_grouping=True)


@requires(Permission.MARKETING)
@never_cache
@require_safe
def automations(request: SalonRequest) -> HttpResponse:
    """All of them: whom each writes to and when, and what came of it."""
    now = timezone.now()
    found = all_automations()
    since = now - timedelta(days=LOOKS_BACK)
    results = results_of_automations([one.pk for one in found if one.version], since=since, now=now)
    context = {
        "cards": [_card(request, one, results.get(one.pk), now) for one in found],
        "mails_stay": settings.MAILS_STAY,
        "no_imprint": not rules_now().imprint.strip(),
        "writes": Permission.MARKETING_WRITE in request.actor.permissions,
        "days": LOOKS_BACK,
    }
    return render(request, "marketing/automations.html", context)


@csp_override(WITH_FRAME)
@requires(Permission.MARKETING_WRITE)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def automation(request: SalonRequest, occasion: str) -> HttpResponse:
    """Change text and days; `act=test` sends what is typed to whoever asks, and saves nothing."""
    found = _found(occasion)
    if request.method != "POST":
        return _page(request, found, _form_of(found))
    form = TextForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form)
    if request.POST.get("act") == "test":
        return _test(request, found, form)
    try:
        saved = save_automation(
            actor=request.actor,
            occasion=Occasion(found.occasion),
            text=form.text,
            version=form.cleaned_data["version"],
            now=timezone.now(),
        )
    except InvalidInput as refusal:
        show_errors(form, refusal.errors)
        return _page(request, found, form)
    except VersionConflict as refusal:
        # Saved once more, it is saved over what is told now.
        again = TextForm({**request.POST.dict(), "version": str(found.version)})
        again.add_error(None, str(refusal.message))
        return _page(request, found, again, conflict=True)
    if saved.version == found.version:
        messages.info(request, _("Nothing was changed."))
    else:
        messages.success(request, _("Saved. It holds for mails to come."))
    return redirect("automations", request.salon.slug)


@requires(Permission.MARKETING_WRITE)
@require_POST
def automation_switch(request: SalonRequest, occasion: str) -> HttpResponse:
    """Turn one on, or off."""
    found = _found(occasion)
    on = request.POST.get("on") == "1"
    switch = turn_on if on else turn_off
    try:
        switch(actor=request.actor, occasion=Occasion(found.occasion), now=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, _told_of_switch(on) % {"name": Occasion(found.occasion).label})
    return redirect("automations", request.salon.slug)


def _told_of_switch(on: bool) -> str:
    if not on:
        return _("“%(name)s” is off; nobody is written to any more.")
    if settings.MAILS_STAY:
        return _("“%(name)s” is on. No mail server is set up: its mails are written, but stay on this computer.")
    return _("“%(name)s” is on.")


@csp_override(MAIL)
@xframe_options_sameorigin
@requires(Permission.MARKETING_WRITE)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def automation_preview(request: SalonRequest, occasion: str) -> HttpResponse:
    """The mail as a client gets it, with what is typed if anything is; `part=text` is its text."""
    found = _found(occasion)
    given = request.POST if request.method == "POST" else request.GET
    subject, body = given.get("subject", found.subject), given.get("body", found.body)
    seen = _seen(request, found, subject[:150], body[:10_000], given.get("client", ""))
    return framed(seen.letter, given.get("part"))


@requires(Permission.MARKETING_WRITE)
@never_cache
@require_safe
def automation_tested(request: SalonRequest, occasion: str) -> HttpResponse:
    """What became of the test mail that whoever looks has asked for last: it asks for itself until that is clear."""
    found = _found(occasion)
    if not request.htmx:
        return redirect("automation", *_place(request, found))
    return render(request, "marketing/_campaign_tested.html", _of_test(request, found))


def _of_test(request: SalonRequest, found: Automation) -> dict[str, Any]:
    return {
        "tested": tested_about(request, about_tests_of(Occasion(found.occasion))),
        "tested_url": reverse("automation_tested", args=_place(request, found)),
    }


def _found(name: str) -> Automation:
    return automation_for(occasion_named(name.upper().replace("-", "_")))


def _place(request: SalonRequest, found: Automation) -> list[str]:
    return [request.salon.slug, found.occasion.lower().replace("_", "-")]


def _card(request: SalonRequest, found: Automation, result: Result | None, now: datetime) -> Card:
    occasion, place = Occasion(found.occasion), _place(request, found)
    subject = _example(found.subject, request.salon.name, request.salon.date_at(now))
    return Card(
        name=occasion.label,
        icon=_ICONS[occasion],
        for_whom=_FOR_WHOM[occasion],
        when=_when(occasion, found.days),
        subject=subject,
        is_example=subject != found.subject,
        on=found.enabled_at is not None,
        since=found.enabled_at,
        url=reverse("automation", args=place),
        switch_url=reverse("automation_switch", args=place),
        would_have=would_have_reached(found, today=request.salon.date_at(now), now=now),
        figures=_figures(result, request.salon.currency) if result else [],
    )


def _example(subject: str, salon: str, today: date) -> str:
    """Return a subject as somebody gets it of whom everything is known."""
    person = Person(
        first_name="Petra",
        last_name="Lang",
        gender=Gender.FEMALE,
        points=120,
        visits=8,
        last_visit=today - timedelta(days=60),
        next_visit=today + timedelta(days=14),
        staff="Anna",
        treatcard="1000123",
    )
    return fill(subject, values_for(person, salon=salon, language=settings.LANGUAGE_CODE))


def _when(occasion: Occasion, days: int) -> Promise | str:
    if days == 0 and occasion in _ON_THE_DAY:
        return _ON_THE_DAY[occasion]
    return _WHEN[occasion] % {"number": days, "days": days}


def _figures(result: Result, currency: str) -> list[Figure]:
    """Return what became of the mails; nothing where there were none."""
    if not (result.sent or result.waiting or result.failed or result.excluded):
        return []
    counted: list[tuple[Promise | str, int, bool]] = [
        (_("Waiting"), result.waiting, bool(result.waiting)),
        (_("Sent"), result.sent, True),
        (_("Failed"), result.failed, bool(result.failed)),
        (_("Left out"), result.excluded, True),
        (_("Unsubscribed"), result.unsubscribed, True),
        (_("Booked within %(days)s days") % {"days": BOOKED_WITHIN.days}, result.booked, True),
    ]
    shown = [Figure(label, number_format(count, force_grouping=True)) for label, count, is_shown in counted if is_shown]
    shown.append(Figure(_("Revenue"), amount_text(result.revenue, currency)))
    if result.due:
        shown.append(Figure(_("Not paid yet"), amount_text(result.due, currency)))
    return shown


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
            client_id=_client_id(request.POST.get("client", "")),
            now=timezone.now(),
        )
    except InvalidInput as refusal:
        show_errors(form, refusal.errors)
        return _page(request, found, form)
    return _page(request, found, form, status=200)


def _page(
    request: SalonRequest, found: Automation, form: TextForm, *, conflict: bool = False, status: int | None = None
) -> HttpResponse:
    occasion, place = Occasion(found.occasion), _place(request, found)
    subject, body = str(form["subject"].value() or ""), str(form["body"].value() or "")
    seen = _seen(request, found, subject[:150], body[:10_000], request.POST.get("client", ""))
    context: dict[str, Any] = {
        "automation": found,
        "name": occasion.label,
        "icon_name": _ICONS[occasion],
        "for_whom": _FOR_WHOM[occasion],
        "days_label": _DAYS[occasion],
        "preset": PRESETS[occasion],
        "form": form,
        "unsaved": form.differs_from(text_of(found)),
        "conflict": conflict,
        "seen": seen,
        "mails_stay": settings.MAILS_STAY,
        "placeholders": offered_placeholders(),
        "automations_url": reverse("automations", args=place[:1]),
        "preview_url": reverse("automation_preview", args=place),
        "clients_url": reverse("campaign_clients", args=place[:1]),
        **_of_test(request, found),
    }
    shown = status or (422 if form.is_bound and form.errors else 200)
    return render(request, "marketing/automation.html", context, status=shown)


def _seen(request: SalonRequest, found: Automation, subject: str, body: str, client: str) -> Seen:
    """Return a letter as a client gets it: who is asked for, else whoever comes first on file."""
    client_id = _client_id(client)
    if client_id is None:
        with_mail = Client.objects.listed().filter(email_consent=True).exclude(email="").order_by("number")
        client_id = with_mail.values_list("pk", flat=True).first()
    letter = Campaign(subject=subject, body=body, basis=Basis.CONSENT, name=found.occasion)
    return seen_by(client_id, letter, salon=request.salon, rules=rules_now(), now=timezone.now())


def _client_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
