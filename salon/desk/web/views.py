"""What spans the sections: global search."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clients.listing import near_clients, search_clients
from clients.models import Client
from salon.identity.roles import Permission
from salon.phone import display_phone
from salon.web.access import SalonRequest, requires

SUGGESTIONS = 8
RESULTS = 50


@dataclass(frozen=True, slots=True)
class Item:
    """One thing found."""

    title: str
    detail: str
    url: str
    icon: str


@dataclass(frozen=True, slots=True)
class Group:
    """Things found of one kind, best first."""

    label: Promise
    items: list[Item]


@requires(Permission.CLIENTS_READ)
def search(request: SalonRequest) -> HttpResponse:
    """What fits the words typed anywhere: a short list while typing, a page with Enter."""
    typed = request.GET.get("q", "").strip()
    typing = bool(request.htmx) and not request.htmx.history_restore_request
    limit = SUGGESTIONS if typing else RESULTS
    clients, more = search_clients(typed, limit=limit)
    near = near_clients(typed, besides=clients, limit=limit - len(clients))
    groups = [
        Group(label, [_client_item(request, client) for client in found])
        for label, found in ((_("Clients"), clients), (_("Similar names"), near))
        if found
    ]
    more_url = f"{reverse('clients:list', args=[request.salon.slug])}?{urlencode({'q': typed})}" if more else None
    context = {"query": typed, "groups": groups, "nobody": not clients, "more_url": more_url}
    response = render(request, "desk/_search_results.html" if typing else "desk/search.html", context)
    response["Vary"] = "HX-Request"
    return response


def _client_item(request: SalonRequest, client: Client) -> Item:
    phone = display_phone(client.mobile or client.landline, request.salon.country)
    number = f"{_('No.')} {client.number}"
    detail = " · ".join(part for part in (number, phone, client.email, client.city) if part)
    return Item(client.full_name, detail, reverse("client_card", args=[request.salon.slug, client.pk]), "user")
