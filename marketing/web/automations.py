"""*Marketing » Automationen*: what goes out by itself, what came of it, and whether it is on (ui.md §2.7)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from clients.details import Gender
from marketing.automations import all_automations, turn_off, turn_on
from marketing.catching_up import count_passed_over, leaves_at, write_to_passed_over
from marketing.models import Automation, Occasion
from marketing.occasions import LOOKS_BACK, due_today, due_tomorrow, would_have_reached
from marketing.placeholders import Person, fill, values_for
from marketing.results import BOOKED_WITHIN, Result, results_of_automations
from marketing.rules import rules_now
from marketing.web.automation_words import FOR_WHOM, ICONS, automation_at, place_of, when
from marketing.web.mail_shown import where_mails_go
from salon.errors import DomainError
from salon.identity.roles import Permission
from salon.tenancy.models import Salon
from salon.web.access import SalonRequest, requires
from salon.web.amounts import amount_text


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of what became of the mails."""

    label: Promise | str
    value: str


@dataclass(frozen=True, slots=True)
class Day:
    """How many mails leave at nine on one of the next days."""

    label: str
    mails: int

    @property
    def text(self) -> str:
        """The number as people read it."""
        return number_format(self.mails, force_grouping=True)


@dataclass(frozen=True, slots=True)
class Card:
    """One automation as the page shows it; `passed` are those whom it has passed over."""

    name: Promise | str
    icon: str
    for_whom: Promise | str
    when: Promise | str
    subject: str
    is_example: bool
    on: bool
    since: datetime | None
    url: str
    recipients_url: str
    switch_url: str
    days: list[Day]
    would_have: int
    passed: int
    figures: list[Figure]

    @property
    def passed_text(self) -> str:
        """The number as people read it."""
        return number_format(self.passed, force_grouping=True)

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
    results = results_of_automations([one.pk for one in found], since=since, now=now)
    context = {
        "cards": [_card(request, one, results.get(one.pk), now) for one in found],
        **where_mails_go(request),
        "no_imprint": not rules_now().imprint.strip(),
        "writes": Permission.MARKETING_WRITE in request.actor.permissions,
        "days": LOOKS_BACK,
    }
    return render(request, "marketing/automations.html", context)


@requires(Permission.MARKETING_WRITE)
@require_POST
def automation_switch(request: SalonRequest, occasion: str) -> HttpResponse:
    """Turn one on, or off."""
    found = automation_at(occasion)
    on = request.POST.get("on") == "1"
    switch = turn_on if on else turn_off
    try:
        switch(actor=request.actor, occasion=Occasion(found.occasion), now=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, _told_of_switch(on) % {"name": Occasion(found.occasion).label})
    return redirect("automations", request.salon.slug)


@requires(Permission.MARKETING_WRITE)
@require_POST
def automation_catch_up(request: SalonRequest, occasion: str) -> HttpResponse:
    """Write to everybody whom one has passed over."""
    found, now = automation_at(occasion), timezone.now()
    try:
        written = write_to_passed_over(
            actor=request.actor, occasion=Occasion(found.occasion), salon=request.salon, now=now
        )
    except DomainError as refusal:
        messages.error(request, str(refusal.message))
    else:
        words = _told_of_leaving(written, request.salon, now)
        messages.success(request, words % {"count": number_format(written, force_grouping=True)})
    return redirect("automation_recipients", *place_of(request, found))


def _told_of_leaving(written: int, salon: Salon, now: datetime) -> str:
    at = leaves_at(salon, now)
    if at <= now:
        return ngettext("%(count)s mail goes out.", "%(count)s mails go out.", written)
    if salon.date_at(at) == salon.date_at(now):
        return ngettext("%(count)s mail goes out today at nine.", "%(count)s mails go out today at nine.", written)
    return ngettext("%(count)s mail goes out tomorrow at nine.", "%(count)s mails go out tomorrow at nine.", written)


def _told_of_switch(on: bool) -> str:
    if not on:
        return _("“%(name)s” is off; nobody is written to any more.")
    if settings.MAILS_STAY:
        return _("“%(name)s” is on. No mail server is set up: its mails are written, but stay on this computer.")
    return _("“%(name)s” is on.")


def _card(request: SalonRequest, found: Automation, result: Result | None, now: datetime) -> Card:
    occasion, place = Occasion(found.occasion), place_of(request, found)
    subject = _example(found.subject, request.salon.name, request.salon.date_at(now))
    return Card(
        name=occasion.label,
        icon=ICONS[occasion],
        for_whom=FOR_WHOM[occasion],
        when=when(occasion, found.days),
        subject=subject,
        is_example=subject != found.subject,
        on=found.enabled_at is not None,
        since=found.enabled_at,
        url=reverse("automation", args=place),
        recipients_url=reverse("automation_recipients", args=place),
        switch_url=reverse("automation_switch", args=place),
        days=_days(request, found, now) if found.enabled_at else [],
        would_have=would_have_reached(found, today=request.salon.date_at(now), now=now),
        passed=count_passed_over(found, salon=request.salon, now=now) if found.enabled_at else 0,
        figures=_figures(result, request.salon.currency) if result else [],
    )


def _days(request: SalonRequest, found: Automation, now: datetime) -> list[Day]:
    """Return whom one that is on still writes to today, before its mails leave, and tomorrow."""
    today = due_today(found, salon=request.salon, now=now)
    first = [] if today is None else [Day(_("Today at nine"), today)]
    return [*first, Day(_("Tomorrow at nine"), due_tomorrow(found, salon=request.salon, now=now))]


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
        (_("Answers"), result.answered, True),
        (_("Booked within %(days)s days") % {"days": BOOKED_WITHIN.days}, result.booked, True),
    ]
    shown = [Figure(label, number_format(count, force_grouping=True)) for label, count, is_shown in counted if is_shown]
    shown.append(Figure(_("Revenue"), amount_text(result.revenue, currency)))
    if result.due:
        shown.append(Figure(_("Not paid yet"), amount_text(result.due, currency)))
    return shown
