"""A mail of an automation as it went out to somebody: what the history of her card leads to."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from clients.models import CardState
from marketing.models import Occasion, Recipient
from marketing.web.mail_shown import Seen, seen_as_sent, where_mails_go
from salon.identity.roles import Permission
from salon.mail.web.framing import MAIL, WITH_FRAME, framed
from salon.web.access import SalonRequest, requires


@csp_override(WITH_FRAME)
@requires(Permission.MARKETING)
@never_cache
@require_safe
def automation_mail(request: SalonRequest, recipient_id: UUID) -> HttpResponse:
    """The mail to one client: in a dialog, or on a page of its own."""
    one, seen = _sent(request, recipient_id)
    place, is_there = [request.salon.slug], one.client.state == CardState.LISTED
    card, all_of_them = reverse("client_card", args=[*place, one.client_id]), reverse("automations", args=place)
    url = reverse("automation_mail_shown", args=[*place, one.pk])
    context = {
        **where_mails_go(request),
        "seen": seen,
        "occasion": Occasion(one.automation.occasion).label if one.automation else "",
        "html_url": url,
        "text_url": f"{url}?part=text",
        "back_url": card if is_there else all_of_them,
        "back": seen.name if is_there else _("Automations"),
    }
    template = "marketing/_mail_dialog.html" if request.htmx else "marketing/mail_to_client.html"
    response = render(request, template, context)
    response["Vary"] = "HX-Request"
    return response


@csp_override(MAIL)
@xframe_options_sameorigin
@requires(Permission.MARKETING)
@never_cache
@require_safe
def automation_mail_shown(request: SalonRequest, recipient_id: UUID) -> HttpResponse:
    """The mail itself, for its frame; `part=text` is its text."""
    _one, seen = _sent(request, recipient_id)
    return framed(seen.letter, request.GET.get("part"))


def _sent(request: SalonRequest, recipient_id: UUID) -> tuple[Recipient, Seen]:
    rows = Recipient.objects.filter(automation__isnull=False).select_related("client", "automation")
    one = rows.filter(pk=recipient_id).first()
    seen = seen_as_sent(one, request.salon) if one else None
    if one is None or seen is None:
        raise Http404
    return one, seen
