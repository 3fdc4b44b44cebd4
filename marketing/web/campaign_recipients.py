"""The recipients of a campaign: looked through, searched, and the mail that one of them got (domain.md §9.2)."""

from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from clients.models import CardState
from marketing.campaigns import campaign_with_id
from marketing.eligibility import INCLUDED
from marketing.models import Campaign, Recipient, RecipientState
from marketing.recipient_list import counts_of, recipients_by_name
from marketing.results import bookings_of
from marketing.web.campaign_foreseen import foreseen_page
from marketing.web.campaign_sent import seen_in
from marketing.web.campaign_shown import page_of
from marketing.web.recipient_rows import asked_for, choices_of, row_of, wanted_in
from salon.identity.roles import Permission
from salon.keyset import InvalidCursor
from salon.mail.web.framing import WITH_FRAME
from salon.web.access import SalonRequest, requires

SHOWN = 50
# Whose mail can be shown: whom it was written for.
_WRITTEN = frozenset({RecipientState.WAITING, RecipientState.SENDING, RecipientState.SENT, RecipientState.FAILED})


@csp_override(WITH_FRAME)
@requires(Permission.MARKETING)
@never_cache
@require_safe
def campaign_recipients(request: SalonRequest, campaign_id: UUID) -> HttpResponse:
    """Every client it was meant for, by name, and why she got it or not; narrowed to those who are looked for. Of one
    that has not begun, who would get it now."""
    found, wanted = campaign_with_id(campaign_id), wanted_in(request.GET)
    if found.started_at is None:
        return foreseen_page(request, found)
    here = reverse("campaign_recipients", args=[request.salon.slug, found.pk])
    asked = asked_for(wanted)
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
        "rows": [
            row_of(request, one, bookings.get(one.pk), mail_url=_mail_url(request, found, one)) for one in page.rows
        ],
        **choices_of(counts, wanted),
        "empty": _("Who gets it is settled when it begins."),
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


def _mail_url(request: SalonRequest, found: Campaign, one: Recipient) -> str:
    is_shown = one.state in _WRITTEN or one.reason in INCLUDED
    if not is_shown or one.client.state != CardState.LISTED:
        return ""
    return reverse("campaign_mail", args=[request.salon.slug, found.pk, one.client_id])
