"""A client's address that mails come back from, as her card and her thread tell of it (ui.md §2.4)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clients.cards import get_client
from clients.models import Client
from marketing.undeliverable import NotMarked, mark_of, take_back
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires


@dataclass(frozen=True, slots=True)
class Undeliverable:
    """What is told of an address: since when, what the mail server said, and where it is taken back and changed, for
    whoever may."""

    address: str
    since: datetime
    said: str
    url: str
    edit_url: str


def undeliverable_of(request: SalonRequest, client: Client) -> Undeliverable | None:
    """Return what is told of a client's address, None where mails arrive there."""
    found = mark_of(client.email)
    if found is None:
        return None
    place, writes = [request.salon.slug, client.pk], Permission.CLIENTS_WRITE in request.actor.permissions
    return Undeliverable(
        address=client.email,
        since=found.at,
        said=found.said,
        url=reverse("message_deliverable", args=place) if writes else "",
        edit_url=reverse("clients:edit", args=place) if writes else "",
    )


@requires(Permission.CLIENTS_READ)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def message_deliverable(request: SalonRequest, client_id: UUID) -> HttpResponse:
    """What is told of a client's address on her card; posted to, mails to many go there again."""
    client = get_client(client_id)
    if request.method != "POST":
        if not request.htmx:
            return redirect("client_card", request.salon.slug, client.pk)
        context = {"undeliverable": undeliverable_of(request, client), "back": "card"}
        return render(request, "marketing/_undeliverable.html", context)
    try:
        take_back(actor=request.actor, client_id=client.pk, now=timezone.now())
    except NotMarked as refusal:
        messages.info(request, str(refusal.message))
    else:
        messages.success(request, _("Mails go to %(address)s again.") % {"address": client.email})
    back = "client_card" if request.POST.get("back") == "card" else "message_thread"
    return redirect(back, request.salon.slug, client.pk)
