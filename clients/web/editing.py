"""The card's form: a new card, and an old one as a whole (ui.md §2.4); field by field it is `clients.web.inline`."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clients.cards import ConflictingChange, get_client
from clients.details import LABELS, ClientDetails
from clients.editing import AlreadyMade, Duplicates, PossibleDuplicate, Saved, create_client
from clients.models import Client, CreatedVia
from clients.web.consent import news_hint, told_of_news, wish_hint
from clients.web.forms import (
    FIRST_ENTERED,
    ClientForm,
    Difference,
    NewClientForm,
    change_card,
    conflicting_form,
    differences,
    fields_for,
    initial_of,
)
from clients.web.shown import Row, rows, shown
from salon.errors import InvalidInput
from salon.identity.roles import Permission
from salon.tenancy.models import new_id
from salon.web.access import SalonRequest, requires
from salon.web.forms import show_errors


@requires(Permission.CLIENTS_WRITE)
def create(request: SalonRequest) -> HttpResponse:
    """An empty card to fill in; cards with the same phone or e-mail are shown before a second one is made."""
    cancel_url = reverse("clients:list", args=[request.salon.slug])
    if request.method != "POST":
        given = {name: request.GET[name][:80] for name in ("first_name", "last_name", "gender") if name in request.GET}
        form = NewClientForm(initial={**given, "card_id": new_id()}, names=FIRST_ENTERED)
        return _form_page(request, form, cancel_url=cancel_url)
    form = NewClientForm(request.POST, names=FIRST_ENTERED)
    if not form.is_valid():
        return _form_page(request, form, cancel_url=cancel_url)
    card_id, news, now = form.cleaned_data["card_id"], form.cleaned_data["news"], timezone.now()
    try:
        saved = create_client(
            actor=request.actor,
            salon=request.salon,
            details=ClientDetails(**form.changes),
            created_via=CreatedVia.STAFF,
            now=now,
            duplicates=Duplicates.KEEP if request.POST.get("confirm") == "duplicate" else Duplicates.REFUSE,
            client_id=card_id,
            news=news,
        )
    except InvalidInput as refusal:
        show_errors(form, refusal.errors)
        return _form_page(request, form, cancel_url=cancel_url)
    except PossibleDuplicate as refusal:
        twins = rows(refusal.clients, request.salon)
        return _form_page(request, form, cancel_url=cancel_url, duplicates=twins)
    except AlreadyMade:
        return redirect("client_card", request.salon.slug, card_id)
    response = _saved(request, saved, _("%(name)s is saved."))
    if news:
        messages.success(request, told_of_news(request, saved.client, now))
    return response


@requires(Permission.CLIENTS_WRITE)
def edit(request: SalonRequest, client_id: UUID) -> HttpResponse:
    """The card's form; what somebody else changed meanwhile is kept, or shown side by side where both did."""
    client = get_client(client_id)
    cancel_url = reverse("client_card", args=[request.salon.slug, client.pk])
    names = fields_for(request.actor)
    if request.method != "POST":
        form = ClientForm(initial=initial_of(client, request.salon.country), names=names)
        return _form_page(request, form, cancel_url=cancel_url, client=client)
    form = ClientForm(request.POST, names=names)
    if not form.is_valid():
        return _form_page(request, form, cancel_url=cancel_url, client=client)
    try:
        saved = change_card(request, client.pk, form)
    except InvalidInput as refusal:
        show_errors(form, refusal.errors)
        return _form_page(request, form, cancel_url=cancel_url, client=client)
    except ConflictingChange as refusal:
        return _form_page(
            request,
            conflicting_form(form, refusal, request.salon.country),
            cancel_url=cancel_url,
            client=refusal.client,
            conflict=differences(form, refusal, request.salon.country),
        )
    return _saved(request, saved, _("The changes are saved.") if saved.changed else _("Nothing was changed."))


def _form_page(
    request: SalonRequest,
    form: ClientForm,
    *,
    cancel_url: str,
    client: Client | None = None,
    duplicates: list[Row] | None = None,
    conflict: list[Difference] | None = None,
) -> HttpResponse:
    if client:
        form.fields["email"].help_text = news_hint(client)
    else:
        form.fields["news"].help_text = wish_hint(request.salon)
    context = {
        "form": form,
        "client": client and shown(client, request.salon, request.salon.date_at(timezone.now())),
        "cancel_url": cancel_url,
        "duplicates": duplicates or [],
        "conflict": conflict,
        "referrers_url": reverse("clients:referrers", args=[request.salon.slug]),
    }
    return render(request, "clients/form.html", context, status=422 if form.is_bound else 200)


def _saved(request: SalonRequest, saved: Saved, message: str) -> HttpResponse:
    messages.success(request, message % {"name": saved.client.full_name})
    for warning in saved.warnings:
        messages.warning(request, f"{LABELS[warning.field]}: {warning.message}")
    return redirect("client_card", request.salon.slug, saved.client.pk)
