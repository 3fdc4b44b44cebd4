"""Clients and services offered while somebody types into the form of a new appointment (ui.md §2.2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from bookings.favourites import favourites_of
from bookings.web.draft import uuid_in
from bookings.web.new_client import contact_of
from bookings.web.wording import minutes_text, price_text
from clients.listing import near_clients, search_clients
from salon.catalogue.models import Product, Service
from salon.catalogue.reading import all_services
from salon.folding import fold
from salon.identity.roles import Permission
from salon.tenancy.models import Salon
from salon.web.access import SalonRequest, requires

CLIENTS, SERVICES = 6, 40


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that fits, or with `near` nearly: the button that takes it sends `act`."""

    act: str
    icon: str
    title: str
    detail: str
    badge: str = ""
    near: bool = False


@requires(Permission.CLIENTS_READ)
def booking_clients(request: SalonRequest) -> HttpResponse:
    """The first cards that fit what was typed, and, where one can be made, the offer to make a new one."""
    typed = request.GET.get("client_q", "").strip()[:100]
    context = {
        "query": typed,
        "hits": client_hits(typed, request.salon),
        "makes_clients": "new" in request.GET and Permission.CLIENTS_WRITE in request.actor.permissions,
    }
    return render(request, "bookings/_client_hits.html", context)


@requires(Permission.CATALOGUE_READ)
def booking_services(request: SalonRequest) -> HttpResponse:
    """The services that fit what was typed; without a word all of them, what this client has most often first."""
    typed = request.GET.get("service_q", "").strip()[:100]
    hits = service_hits(typed, request.salon, client_id=uuid_in(request.GET.get("client")))
    return render(request, "bookings/_service_hits.html", {"query": typed, "hits": hits})


def client_hits(typed: str, salon: Salon) -> list[Hit]:
    """Return the first cards that fit, and where these are few those of similar names."""
    found, _more = search_clients(typed, limit=CLIENTS)
    near = near_clients(typed, besides=found, limit=CLIENTS - len(found))
    return [
        Hit(
            act=f"client:{client.pk}",
            icon="ban" if client.blocked else "user",
            title=client.full_name,
            detail=contact_of(client, salon.country),
            badge=client.status,
            near=client in near,
        )
        for client in (*found, *near)
    ]


def service_hits(typed: str, salon: Salon, *, client_id: UUID | None) -> list[Hit]:
    """Return the services that fit, nearest first; among those that are equally near, favourites first."""
    favourites = {one: place for place, one in enumerate(favourites_of(client_id))} if client_id else {}
    by_favour = sorted(all_services(), key=lambda one: favourites.get(one.pk, len(favourites)))
    return [
        Hit(
            act=f"add:{one.pk}",
            icon="heart" if one.pk in favourites else "plus",
            title=one.name,
            detail=f"{minutes_text(one.duration_minutes)} · {price_text(one.price, salon)}",
        )
        for one in nearest(by_favour, typed)[:SERVICES]
    ]


def nearest[T: (Service, Product, Service | Product)](items: Iterable[T], typed: str) -> list[T]:
    """Return those each of whose typed words stands in the name or the group's name: what is called so first, then what
    begins so, then what has the words in its name, then in its group's; what is equally near stays in order."""
    asked = fold(typed)
    fitting = [(distance, one) for one in items if (distance := distance_to(one, asked)) is not None]
    return [one for _distance, one in sorted(fitting, key=itemgetter(0))]


def distance_to(item: Service | Product, asked: str) -> int | None:
    """Return how far a name is from what is asked for, folded; None where it does not fit."""
    if item.name_key == asked:
        return 0
    if item.name_key.startswith(asked):
        return 1
    words = asked.split()
    group = item.group.name if item.group else ""
    for distance, text in enumerate((item.name_key, f"{item.name_key} {fold(group)}"), 2):
        if all(word in text for word in words):
            return distance
    return None
