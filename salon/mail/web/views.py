"""*Einstellungen » Postausgang*: what was mailed to clients, and whether it went out."""

from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from salon.errors import NotFound
from salon.identity.roles import Permission
from salon.keyset import InvalidCursor
from salon.mail.models import TOLD, ClientMail, MailState
from salon.mail.reading import get_mail, recent_mails
from salon.mail.web.framing import MAIL, WITH_FRAME, framed
from salon.mail.web.handed_in import HANDED_IN
from salon.web.access import SalonRequest, requires

# How each state looks: an icon, and the colour of its badge.
_LOOKS = {
    MailState.WAITING: ("clock", ""),
    MailState.SENDING: ("send", ""),
    MailState.SENT: ("check", "good"),
    MailState.REFUSED: ("circle-alert", "danger"),
    MailState.DROPPED: ("circle-slash", ""),
}


@requires(Permission.SETTINGS)
@never_cache
@require_safe
def mails(request: SalonRequest) -> HttpResponse:
    """One page of the mails to clients, newest first."""
    here = reverse("mails", args=[request.salon.slug])
    try:
        page = recent_mails(cursor=request.GET.get("page"))
    except InvalidCursor as error:
        raise NotFound from error
    rows = [
        {
            "mail": mail,
            "look": _LOOKS[MailState(mail.state)],
            "url": reverse("mail", args=[request.salon.slug, mail.pk]),
        }
        for mail in page.rows
    ]
    urls = [cursor and f"{here}?{urlencode({'page': cursor})}" for cursor in (page.previous, page.next)]
    context = {"rows": rows, "previous_url": urls[0], "next_url": urls[1], "stays": settings.MAILS_STAY}
    return render(request, "mail/mails.html", context)


@csp_override(WITH_FRAME)
@requires(Permission.SETTINGS)
@never_cache
@require_safe
def mail(request: SalonRequest, mail_id: UUID) -> HttpResponse:
    """One mail as its recipient reads it; links that are hers alone stay hers, unless no mail leaves this machine."""
    found = get_mail(mail_id)
    context = {
        "mail": found,
        "look": _LOOKS[MailState(found.state)],
        "hidden": _is_hers_alone(found),
        "told": found.state in TOLD,
        "shown_url": reverse("mail_shown", args=[request.salon.slug, found.pk]),
        "answer_url": HANDED_IN.answer_url(request, found) if HANDED_IN.answer_url else "",
    }
    response = render(request, "mail/mail.html", context)
    response["Referrer-Policy"] = "no-referrer"
    return response


@csp_override(MAIL)
@xframe_options_sameorigin
@requires(Permission.SETTINGS)
@never_cache
@require_safe
def mail_shown(request: SalonRequest, mail_id: UUID) -> HttpResponse:
    """The mail itself, for its frame; `part=text` is its text."""
    found = get_mail(mail_id)
    if _is_hers_alone(found):
        raise NotFound
    response = framed(found, request.GET.get("part"))
    response["Referrer-Policy"] = "no-referrer"
    return response


def _is_hers_alone(found: ClientMail) -> bool:
    return found.writer in settings.LETTERS_WITH_SECRETS and not settings.MAILS_STAY
