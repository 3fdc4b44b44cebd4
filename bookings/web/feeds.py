"""*Einstellungen » Kalender-Abos*: addresses under which staff members' calendars can be subscribed to, and those."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bookings.feeds import Opened, open_feed, open_feeds, read_feed, revoke_feed, salon_of
from bookings.web.draft import uuid_in
from salon.catalogue.models import StaffMember
from salon.catalogue.reading import working_staff
from salon.errors import InvalidInput, NotFound
from salon.identity.roles import Permission
from salon.tenancy.context import salon_scope
from salon.web.access import SalonRequest, public, requires


@dataclass(frozen=True, slots=True)
class ShownFeed:
    """One address as the list shows it: without its secret, which nobody knows any more."""

    created_at: datetime
    created_by: str
    last_read_at: datetime | None
    revoke_url: str


@dataclass(frozen=True, slots=True)
class Row:
    """A staff member with her addresses."""

    staff: StaffMember
    feeds: list[ShownFeed]


@requires(Permission.SETTINGS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def calendar_feeds(request: SalonRequest) -> HttpResponse:
    """Everybody's addresses; the answer to a new one shows it, once."""
    if request.method != "POST":
        return _page(request)
    staff_id = uuid_in(request.POST.get("staff"))
    try:
        if staff_id is None:
            raise NotFound
        return _page(request, open_feed(actor=request.actor, staff_id=staff_id, now=timezone.now()))
    except (InvalidInput, NotFound):
        return _page(request, status=422)


@requires(Permission.SETTINGS)
@require_POST
def calendar_feed_revoke(request: SalonRequest, feed_id: UUID) -> HttpResponse:
    """Close an address."""
    revoked = revoke_feed(actor=request.actor, feed_id=feed_id, now=timezone.now())
    messages.success(request, _("The calendar address of %(name)s is revoked.") % {"name": revoked.staff.name})
    return redirect("calendar_feeds", request.salon.slug)


@public("the address is the secret; it leads to the times of one staff member of one salon, until it is revoked")
@require_safe
def calendar_feed(request: HttpRequest, secret: str) -> HttpResponse:
    """The calendar itself, for programs that look at it every few minutes."""
    try:
        with salon_scope(salon_of(secret)):
            found = read_feed(secret=secret, now=timezone.now())
    except NotFound as refusal:
        raise Http404 from refusal
    tag = f'"{found.tag}"'
    response: HttpResponse
    if tag in request.headers.get("If-None-Match", ""):
        response = HttpResponseNotModified()
    else:
        response = HttpResponse(found.text, content_type="text/calendar; charset=utf-8")
        response["Content-Disposition"] = 'inline; filename="kalender.ics"'
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-cache"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


def _page(request: SalonRequest, opened: Opened | None = None, *, status: int = 200) -> HttpResponse:
    known = open_feeds()
    rows = [
        Row(
            one,
            [
                ShownFeed(
                    made.created_at,
                    made.created_by_name,
                    made.last_read_at,
                    reverse("calendar_feed_revoke", args=[request.salon.slug, made.pk]),
                )
                for made in known
                if made.staff_id == one.pk
            ],
        )
        for one in working_staff()
    ]
    context = {
        "rows": rows,
        "opened": opened,
        "address": _address(opened) if opened else "",
        "here": reverse("calendar_feeds", args=[request.salon.slug]),
        "settings_url": reverse("settings", args=[request.salon.slug]),
    }
    return render(request, "bookings/feeds.html", context, status=status)


def _address(opened: Opened) -> str:
    return f"{settings.BASE_URL.rstrip('/')}{reverse('calendar_feed', args=[opened.secret])}"
