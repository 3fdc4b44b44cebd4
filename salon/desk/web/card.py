"""The client card: everything known about one client, on one page (ui.md §2.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from clients.cards import MergedAway, get_client
from clients.listing import order_of
from clients.models import Client, ConsentPurpose
from clients.neighbours import Neighbour, neighbours, neighbours_among_hits
from clients.web.categories import categories_panel
from clients.web.consent import consent_panel
from clients.web.facts import facts_of
from clients.web.list_query import asked_for
from clients.web.notes import health_panel, notes_panel
from clients.web.shown import shown
from clients.web.treatcard import treatcard_panel
from clients.web.verdict import carries_services, explain
from salon.desk.favourites import Favourite, favourites_of
from salon.desk.history import PAGE, Kind, history_of
from salon.desk.web.appointments import appointments_panel
from salon.desk.web.erasure import rights_of
from salon.desk.web.history import Event, shown_history
from salon.desk.web.merging import duplicates_hint, merges_hint
from salon.identity.roles import Permission
from salon.keyset import InvalidCursor
from salon.web.access import SalonRequest, requires

# What of an address is the history's own.
_OWN = {"history", "before"}
# Facts that stand elsewhere than among the master data.
_ELSEWHERE = {"name", "matrix"}


@requires(Permission.CLIENTS_READ)
def card(request: SalonRequest, client_id: UUID) -> HttpResponse:
    """Everything known about one client; the address of a merged card leads to the one it went into."""
    try:
        client = get_client(client_id)
    except MergedAway as merged:
        return redirect("client_card", request.salon.slug, merged.survivor_id)
    target = request.htmx.target if request.htmx else None
    if target == "card-duplicates":
        hint = {"duplicates": duplicates_hint(request, client)}
        return _varying(render(request, "desk/_duplicates.html", hint))
    try:
        history = _history(request, client)
    except InvalidCursor:
        return redirect("client_card", request.salon.slug, client.pk)
    part = _HISTORY_PARTS.get(target or "")
    context = {"history": history} if part else {"history": history, **_whole(request, client, merged=history.merged)}
    return _varying(render(request, part or "desk/card.html", context))


# What htmx asks for by the element that it will replace.
_HISTORY_PARTS = {"history": "desk/_history.html", "history-more": "desk/_history_items.html"}


def _varying(response: HttpResponse) -> HttpResponse:
    response["Vary"] = "HX-Request, HX-Target"
    return response


def _whole(request: SalonRequest, client: Client, *, merged: bool) -> dict[str, Any]:
    now = timezone.now()
    today = request.salon.date_at(now)
    card_shown = shown(client, request.salon, today)
    facts = facts_of(request, client)
    writes = Permission.CLIENTS_WRITE in request.actor.permissions
    # The address carries the list that the card was opened from.
    asked = asked_for(request, request.GET, now=now)
    if asked.typed:
        beside = neighbours_among_hits(client, asked.typed, meeting=asked.meeting)
    else:
        beside = neighbours(client, order=order_of(asked.sort, reverse=asked.reverse), meeting=asked.meeting)
    carried = asked.address("")
    consent = consent_panel(request, client)
    favourites = favourites_of(client.pk)
    return {
        "client": card_shown,
        "here": request.get_full_path(),
        "name": facts["name"],
        "facts": [fact for fact in facts.values() if fact.key not in _ELSEWHERE],
        "verdict": explain(client, today, had_services=carries_services(client)),
        "last_visit": client.last_success_on,
        "visits": client.visits + client.carried_visits,
        "appointments": appointments_panel(request, client, now),
        "client_blocked": client.blocked,
        "blocked_reason": client.blocked_reason,
        "missing_contact": card_shown.has_no_contact,
        "undeliverable_url": client.email and reverse("message_deliverable", args=[request.salon.slug, client.pk]),
        "message_url": reverse("message_thread", args=[request.salon.slug, client.pk]) if writes else None,
        "edit_url": reverse("clients:edit", args=[request.salon.slug, client.pk]) if writes else None,
        "list_url": asked.address(reverse("clients:list", args=[request.salon.slug])),
        "previous": _beside(request, beside.previous, carried),
        "next": _beside(request, beside.next, carried),
        "seeks_duplicates": Permission.CLIENTS_MERGE in request.actor.permissions,
        "duplicates": merges_hint(request, client) if merged else None,
        "rights": rights_of(request, client),
        "categories": categories_panel(request, client),
        "notes": notes_panel(request, client),
        "health": health_panel(request, client, consented=consent.of(ConsentPurpose.HEALTH_DATA).granted),
        "consent": consent,
        "treatcard": treatcard_panel(request, client, facts["matrix"]),
        "favourites_title": _("Most booked services"),
        "favourites": _bars(favourites.services),
        "products_title": _("Most bought products"),
        "favourite_products": _bars(favourites.products),
    }


def _bars(favourites: Sequence[Favourite]) -> list[dict[str, Any]]:
    return [{"label": one.name, "value": one.times} for one in favourites]


@dataclass(frozen=True, slots=True)
class Beside:
    """The card before or behind this one."""

    name: str
    url: str


def _beside(request: SalonRequest, neighbour: Neighbour | None, carried: str) -> Beside | None:
    if neighbour is None:
        return None
    url = reverse("client_card", args=[request.salon.slug, neighbour.id])
    return Beside(neighbour.full_name, f"{url}{carried}")


@dataclass(frozen=True, slots=True)
class Filter:
    """One kind of entries to look at alone."""

    key: str
    label: Promise | str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class HistoryPanel:
    """One page of the history; filters only where there are kinds to choose from."""

    events: list[Event]
    filters: list[Filter]
    here_url: str
    older_url: str | None
    newest_url: str | None
    merged: bool


def _history(request: SalonRequest, client: Client) -> HistoryPanel:
    asked = request.GET.get("history", "").upper()
    kind = Kind(asked) if asked in Kind else None
    cursor = request.GET.get("before") or None
    page = history_of(client.pk, kind=kind, limit=PAGE, cursor=cursor)
    # What else the address says (the list's order and filters) stays.
    kept = [(name, value) for name, values in request.GET.lists() if name not in _OWN for value in values]

    def url(one: Kind | None, before: str | None = None) -> str:
        own = [("history", one.lower())] if one else []
        query = urlencode([*kept, *own, *([("before", before)] if before else [])])
        return f"{request.path}?{query}" if query else request.path

    kinds = page.kinds or ([kind] if kind else [])
    filters = [Filter(one.lower(), one.label, url(one), one == kind) for one in kinds]
    everything = Filter("all", _("Everything"), url(None), kind is None)
    return HistoryPanel(
        events=shown_history(
            page.entries,
            request.salon,
            known=[client],
            campaigns=Permission.MARKETING in request.actor.permissions,
        ),
        filters=[everything, *filters] if len(kinds) > 1 or kind else [],
        here_url=url(kind),
        older_url=url(kind, page.next) if page.next else None,
        newest_url=url(kind) if cursor else None,
        merged=page.merged,
    )
