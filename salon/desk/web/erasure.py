"""A client's rights: all data as a download, and erasure (domain.md §2, Art. 15, 17, 20 DSGVO)."""

from dataclasses import dataclass
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from bookings.erasing import to_come
from clients.cards import MergedAway, get_client
from clients.models import Client
from salon.desk.erasure import erase_card
from salon.desk.personal_data import data_of_person
from salon.desk.web.archive import archive_of
from salon.errors import InvalidInput
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires
from salon.web.forms import show_errors


class EraseForm(forms.Form):
    """The only thing that is typed to be sure."""

    confirmation = forms.CharField(label=gettext_lazy("Name or client number"), required=False, max_length=200)


@dataclass(frozen=True, slots=True)
class Rights:
    """Where a card is merged, downloaded and erased; None where the role does not allow it."""

    merge_url: str | None
    data_url: str | None
    erase_url: str | None


def rights_of(request: SalonRequest, client: Client) -> Rights:
    """Return what the card's menu (`desk/_card_more.html`) offers whoever looks at it."""

    def url(name: str, permission: Permission) -> str | None:
        return reverse(name, args=[request.salon.slug, client.pk]) if permission in request.actor.permissions else None

    return Rights(
        merge_url=url("client_merge", Permission.CLIENTS_MERGE),
        data_url=url("client_data", Permission.CLIENTS_ERASE),
        erase_url=url("client_erase", Permission.CLIENTS_ERASE),
    )


@requires(Permission.CLIENTS_ERASE)
def erase(request: SalonRequest, client_id: UUID) -> HttpResponse:
    """What is erased and what stays; a POST with the name or number typed erases."""
    try:
        client = get_client(client_id)
        form = EraseForm(request.POST if request.method == "POST" else None)
        if form.is_bound and form.is_valid():
            erase_card(
                actor=request.actor,
                salon=request.salon,
                client_id=client_id,
                confirmation=form.cleaned_data["confirmation"],
                now=timezone.now(),
            )
            messages.success(request, _("Client no. %(number)s is erased.") % {"number": client.number})
            return redirect("clients:list", request.salon.slug)
    except MergedAway as merged:
        return redirect("client_erase", request.salon.slug, merged.survivor_id)
    except InvalidInput as refusal:
        show_errors(form, refusal.errors)
    context = {
        "client": client,
        "form": form,
        "to_come": to_come([client.pk], now=timezone.now()).count(),
        "card_url": reverse("client_card", args=[request.salon.slug, client.pk]),
        "data_url": reverse("client_data", args=[request.salon.slug, client.pk]),
    }
    return render(request, "desk/erase.html", context, status=422 if form.is_bound else 200)


@requires(Permission.CLIENTS_ERASE)
@require_safe
def data(request: SalonRequest, client_id: UUID) -> HttpResponse:
    """Everything about one client as a ZIP of JSON and XLSX."""
    try:
        found = data_of_person(actor=request.actor, client_id=client_id, now=timezone.now())
    except MergedAway as merged:
        return redirect("client_data", request.salon.slug, merged.survivor_id)
    name = _("client-%(number)s") % {"number": found.number}
    response = HttpResponse(archive_of(found, name, request.salon), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{name}.zip"'
    response["Cache-Control"] = "no-store"
    return response


urlpatterns = [
    path("clients/<uuid:client_id>/erase/", erase, name="client_erase"),
    path("clients/<uuid:client_id>/data/", data, name="client_data"),
]
