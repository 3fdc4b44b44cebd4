"""Whom an automation has written to and what came of it, and whom it means today and tomorrow, by name (ui.md §2.7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from django.http import HttpResponse
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
from marketing.catching_up import passed_over
from marketing.eligibility import INCLUDED
from marketing.models import Occasion, Recipient, RecipientReason
from marketing.occasions import LOOKS_BACK, Meant, meant_today, meant_tomorrow, would_have_meant
from marketing.recipient_list import counts_of_automation, recipients_of_automation
from marketing.results import bookings_of_automation
from marketing.web.automation_words import FOR_WHOM, automation_at, place_of
from marketing.web.mail_shown import where_mails_go
from marketing.web.recipient_rows import asked_for, choices_of, row_of, wanted_in
from salon.identity.roles import Permission
from salon.keyset import InvalidCursor
from salon.mail.web.framing import WITH_FRAME
from salon.web.access import SalonRequest, requires

SHOWN = 50
# So many names stand there at most; of more their number tells.
_NAMED = 100


@dataclass(frozen=True, slots=True)
class Name:
    """One client who is meant: whether she gets the mail, and why or why not."""

    url: str
    name: str
    reason_label: Promise | str
    is_included: bool


@dataclass(frozen=True, slots=True)
class Names:
    """Who is meant, those who get the mail first; `many` are those, `more` who is not named."""

    rows: list[Name]
    many: int
    more: int

    @property
    def included(self) -> str:
        """Those who get the mail as people read them."""
        return number_format(self.many, force_grouping=True)


@csp_override(WITH_FRAME)
@requires(Permission.MARKETING)
@never_cache
@require_safe
def automation_recipients(request: SalonRequest, occasion: str) -> HttpResponse:
    """Everybody it has meant in the last LOOKS_BACK days, the latest first, and why she got it or not; narrowed to
    those who are looked for. Above them whom it means today, before its mails leave, and tomorrow, and whom it has
    passed over, or, where it is off, whom it would have meant."""
    found, now, wanted = automation_at(occasion), timezone.now(), wanted_in(request.GET)
    here, asked = reverse("automation_recipients", args=place_of(request, found)), asked_for(wanted)
    since = now - timedelta(days=LOOKS_BACK)
    bookings = bookings_of_automation(found.pk, since=since, now=now)
    try:
        page = recipients_of_automation(
            found.pk,
            since=since,
            limit=SHOWN,
            bookings=bookings,
            cursor=request.GET.get("after") or None,
            wanted=wanted,
        )
    except InvalidCursor:
        return redirect(f"{here}?{urlencode(asked)}")
    is_on, today = found.enabled_at is not None, request.salon.date_at(now)
    first = meant_today(found, salon=request.salon, now=now) if is_on else None
    passed = passed_over(found, salon=request.salon, now=now)
    context = {
        **where_mails_go(request),
        "name": Occasion(found.occasion).label,
        "for_whom": FOR_WHOM[Occasion(found.occasion)],
        "days": LOOKS_BACK,
        "automations_url": reverse("automations", args=[request.salon.slug]),
        "today": None if first is None else _names(request, first),
        "tomorrow": _names(request, meant_tomorrow(found, salon=request.salon, now=now)) if is_on else None,
        "passed": _names(request, passed) if passed else None,
        "catches_up": Permission.MARKETING_WRITE in request.actor.permissions,
        "catch_up_url": reverse("automation_catch_up", args=place_of(request, found)),
        "would_have": None if is_on else _names(request, would_have_meant(found, today=today, now=now)),
        "rows": [row_of(request, one, bookings.get(one.pk), mail_url=_mail_url(request, one)) for one in page.rows],
        **choices_of(counts_of_automation(found.pk, since=since, bookings=bookings), wanted),
        "recipients_url": here,
        "empty": _("Nobody in the last %(days)s days.") % {"days": LOOKS_BACK},
        "next_url": f"{here}?{urlencode({**asked, 'after': page.next})}" if page.next else "",
        "previous_url": f"{here}?{urlencode({**asked, 'after': page.previous})}" if page.previous else "",
    }
    return render(request, "marketing/automation_recipients.html", context)


def _mail_url(request: SalonRequest, one: Recipient) -> str:
    is_kept = one.said is not None and one.client.state == CardState.LISTED
    return reverse("automation_mail", args=[request.salon.slug, one.pk]) if is_kept else ""


def _names(request: SalonRequest, found: Sequence[Meant]) -> Names:
    rows = [
        Name(
            url=reverse("client_card", args=[request.salon.slug, one.client.pk]),
            name=one.client.full_name,
            reason_label=RecipientReason(one.reason).label,
            is_included=one.reason in INCLUDED,
        )
        for one in found[:_NAMED]
    ]
    return Names(rows, sum(one.reason in INCLUDED for one in found), max(0, len(found) - _NAMED))
