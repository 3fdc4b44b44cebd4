"""The public page on which a client confirms that she wants news by e-mail (domain.md §9.3, ui.md §2.10)."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from clients.confirming import Asked, Standing, asked, confirm
from clients.links import read_link
from salon.errors import NotFound
from salon.tenancy import directory
from salon.tenancy.contact import contact_of
from salon.tenancy.context import salon_scope
from salon.web.access import public


@public("the signed address is the secret; it leads to one request for consent, and tells who the salon is")
@never_cache
# The address is all that is needed, and nobody else knows it; the page asks browsers to send no origin.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def consent_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Show what is to be agreed to; only the button agrees: programs that look at links in mails change nothing."""
    try:
        link = read_link(secret)
    except NotFound:
        return damaged_link(request)
    salon = directory.get_salon(link.salon_id)
    decide = confirm if request.method == "POST" else asked
    with salon_scope(salon.pk), timezone.override(ZoneInfo(salon.timezone)):
        try:
            found = decide(salon=salon, link=link, now=timezone.now())
        except NotFound:
            # A whole link, and what it asks for is gone with its card.
            found = Asked(Standing.FORGOTTEN)
    if request.method == "POST" and found.standing is Standing.CONFIRMED:
        return unreferred(redirect(request.path))
    gone = found.standing not in {Standing.OPEN, Standing.CONFIRMED}
    context = {"salon_name": salon.name, "contact": contact_of(salon), "asked": found}
    return page_for_client(request, "clients/public/consent.html", context, status=410 if gone else 200)


def damaged_link(request: HttpRequest) -> HttpResponse:
    """Say that an address is not as it stood in the mail, and what helps; it names no salon."""
    return page_for_client(request, "clients/public/damaged.html", {}, status=404)


def page_for_client(
    request: HttpRequest, template: str, context: Mapping[str, object], *, status: int = 200
) -> HttpResponse:
    """Show a page that a mail has led to: in the language of that mail, whatever that of the browser."""
    with translation.override(settings.LANGUAGE_CODE):
        # No token, so no cookie: nothing on these pages needs one.
        page = render(request, template, {**context, "csrf_token": ""}, status=status)
        page["Content-Language"] = translation.get_language()
        return unreferred(page)


def unreferred(response: HttpResponse) -> HttpResponse:
    """Keep the address of a page that is a secret from whatever the page leads to, and from search engines."""
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
