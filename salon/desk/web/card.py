"""The client card: everything known about one client, on one page (ui.md §2.4)."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from clients.cards import MergedAway, get_client
from clients.web.history import history_of
from clients.web.shown import shown
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires


@requires(Permission.CLIENTS_READ)
def card(request: SalonRequest, client_id: UUID) -> HttpResponse:
    """Everything known about one client; the address of a merged card leads to the one it went into."""
    try:
        found = get_client(client_id)
    except MergedAway as merged:
        return redirect("client_card", request.salon.slug, merged.survivor_id)
    client = shown(found, request.salon, request.salon.date_at(timezone.now()))
    context = {
        "client": client,
        "missing_contact": client.has_no_contact,
        "history": history_of(client.id, request.salon.country),
        "edit_url": reverse("clients:edit", args=[request.salon.slug, client.id])
        if Permission.CLIENTS_WRITE in request.actor.permissions
        else None,
    }
    return render(request, "desk/card.html", context)
