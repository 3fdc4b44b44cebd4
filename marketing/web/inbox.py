"""*Nachrichten*: the inbox, what waits in it, and what becomes of that (ui.md §2.4, §2.7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from bookings.web.draft import uuid_in
from clients.cards import get_client
from marketing.message_search import LONGEST_SEARCH, Search, parse_search, passage
from marketing.messages import (
    Thread,
    count_unread,
    inbox,
    mark_done,
    mark_read,
    mark_unread,
    reopen,
    threads_among,
)
from marketing.models import Direction
from marketing.quoting import parts_of
from marketing.web.inbox_address import done_url, found_by, inbox_url, thread_url
from salon.identity.roles import Permission
from salon.keyset import InvalidCursor
from salon.web.access import SalonRequest, requires

_EXCERPT = 140
# What the inbox can be asked for; anything else is all of it.
UNREAD, OPEN = "unread", "open"


@dataclass(frozen=True, slots=True)
class Row:
    """One thread as the inbox shows it."""

    name: str
    url: str
    subject: str
    excerpt: str
    at: datetime
    is_ours: bool
    unread: int
    done_url: str
    upto: UUID


@require_safe
@requires(Permission.CLIENTS_READ)
def messages_page(request: SalonRequest) -> HttpResponse:
    """The inbox: what nobody has seen first, what nobody has answered, then what was written last; or what is looked
    for in it."""
    slug = request.salon.slug
    changes = Permission.MARKETING_WRITE in request.actor.permissions
    typed, only = request.GET.get("q", "").strip()[:LONGEST_SEARCH], request.GET.get("filter", "")
    only = only if only in {UNREAD, OPEN} else ""
    try:
        found = _sought(request, typed, only) if typed or only else _inbox(request)
    except InvalidCursor:
        return redirect("messages", slug)
    context = {
        **found,
        "typed": typed,
        "filter": only,
        "longest": LONGEST_SEARCH,
        "all_url": inbox_url(slug, q=typed),
        "unread_url": inbox_url(slug, q=typed, filter=UNREAD),
        "open_url": inbox_url(slug, q=typed, filter=OPEN),
        "templates_url": reverse("message_templates", args=[slug]) if changes else None,
        "clients_url": reverse("clients:list", args=[slug]),
    }
    return render(request, "marketing/messages.html", context)


def _inbox(request: SalonRequest) -> dict[str, Any]:
    found = inbox(cursor=request.GET.get("page") or None)
    return {
        "unread": [_row(request, one) for one in found.unread],
        "open": [_row(request, one) for one in found.open],
        "others": [_row(request, Thread(one, 0)) for one in found.others.rows],
        "previous_url": found.others.previous and inbox_url(request.salon.slug, page=found.others.previous),
        "next_url": found.others.next and inbox_url(request.salon.slug, page=found.others.next),
    }


def _sought(request: SalonRequest, typed: str, only: str) -> dict[str, Any]:
    search = parse_search(typed)
    asked = {"q": typed, "filter": only}
    page, threads = threads_among(
        search=search, unread=only == UNREAD, unanswered=only == OPEN, cursor=request.GET.get("page") or None
    )
    return {
        "found": [_row(request, one, search, asked) for one in threads],
        "previous_url": page.previous and inbox_url(request.salon.slug, **asked, page=page.previous),
        "next_url": page.next and inbox_url(request.salon.slug, **asked, page=page.next),
    }


@require_safe
@requires(Permission.CLIENTS_READ)
@never_cache
def messages_unread(request: SalonRequest) -> HttpResponse:
    """How many answers wait: asked for by every page when it stands already, so that none waits for it."""
    return render(request, "marketing/_unread.html", {"unread": count_unread()})


@requires(Permission.CLIENTS_READ)
@require_POST
def message_read(request: SalonRequest, client_id: UUID) -> HttpResponse:
    """Keep that somebody has seen a client's messages, or that somebody else has to."""
    client = get_client(client_id)
    if request.POST.get("act") == "unread":
        mark_unread(actor=request.actor, client_id=client.pk)
        messages.success(request, _("The answer of %(name)s waits in the inbox again.") % {"name": client.full_name})
        return redirect("messages", request.salon.slug)
    upto = uuid_in(request.POST.get("upto"))
    if upto is not None:
        mark_read(actor=request.actor, client_id=client.pk, upto=upto, now=timezone.now())
    if not request.htmx:
        return redirect("message_thread", request.salon.slug, client.pk)
    response = HttpResponse(status=204)
    response["HX-Trigger"] = "messages-changed"
    return response


@requires(Permission.CLIENTS_WRITE)
@require_POST
def message_done(request: SalonRequest, client_id: UUID) -> HttpResponse:
    """Tick off what a client wrote and nobody need answer, or take that back."""
    client = get_client(client_id)
    back = redirect(inbox_url(request.salon.slug, **found_by(request)))
    if request.GET.get("act") == "open":
        reopen(actor=request.actor, client_id=client.pk)
        return back
    upto = uuid_in(request.POST.get("upto"))
    if upto is not None and mark_done(actor=request.actor, client_id=client.pk, upto=upto, now=timezone.now()):
        told = _("What %(name)s wrote is done.") % {"name": client.full_name}
        undo = done_url(request.salon.slug, client.pk, **found_by(request), act="open")
        messages.success(request, told, extra_tags=undo)
    return back


def _row(
    request: SalonRequest, thread: Thread, search: Search | None = None, asked: Mapping[str, str] | None = None
) -> Row:
    last = thread.last
    text = " ".join((last.text if search else parts_of(last.text).new).split())
    url = thread_url(request.salon.slug, last.client_id, **asked or {})
    # What was found may be an old word of hers: the thread tells what else waits.
    ticks = thread.is_open and search is None and Permission.CLIENTS_WRITE in request.actor.permissions
    return Row(
        name=last.client.full_name,
        url=f"{url}#message-{last.pk}" if search else url,
        subject=last.subject,
        excerpt=passage(search, text, longest=_EXCERPT),
        at=last.created_at,
        is_ours=last.direction == Direction.OUT,
        unread=thread.unread,
        done_url=done_url(request.salon.slug, last.client_id, **asked or {}) if ticks else "",
        upto=last.pk,
    )
