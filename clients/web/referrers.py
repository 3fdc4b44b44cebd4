"""Cards offered while somebody types who referred a client."""

from django.http import HttpResponse
from django.shortcuts import render

from clients.listing import search_clients
from clients.referral import written
from salon.identity.roles import Permission
from salon.phone import display_phone
from salon.web.access import SalonRequest, requires

SUGGESTIONS = 6


@requires(Permission.CLIENTS_READ)
def referrers(request: SalonRequest) -> HttpResponse:
    """The first cards that fit what was typed into the picker."""
    typed = request.GET.get("referred_by", "").strip()[:100]
    found, _more = search_clients(typed, limit=SUGGESTIONS)
    country = request.salon.country
    options = [
        {
            "value": written(client),
            "title": client.full_name,
            "detail": " · ".join(
                part
                for part in (str(client.number), display_phone(client.mobile or client.landline, country), client.city)
                if part
            ),
        }
        for client in found
    ]
    return render(request, "clients/_referrers.html", {"query": typed, "options": options})
