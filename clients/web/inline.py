"""Master data changed where they stand on the card, a few fields at a time (ui.md §2.4).

Each group of fields is shown by `clients/_fact.html` and edited by `clients/_fact_form.html` in its place; without a
script its pencil leads to the whole form. Two people changing one field are told as in the whole form.
"""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_http_methods

from clients.cards import ConflictingChange, get_client
from clients.models import Client
from clients.web.consent import consent_panel, news_hint
from clients.web.facts import CHANGED, GROUPS, Group, fact_of
from clients.web.forms import ClientForm, Difference, change_card, conflicting_form, differences, initial_of
from salon.errors import FieldError, InvalidInput
from salon.web.access import SalonRequest, View, requires
from salon.web.forms import show_errors


def _field_view(group: Group) -> View:
    @require_http_methods(["GET", "POST"])
    def change(request: SalonRequest, client_id: UUID) -> HttpResponse:
        client = get_client(client_id)
        if request.method == "POST":
            return _save(request, client, group)
        if not request.htmx:
            return redirect(f"{reverse('clients:edit', args=[request.salon.slug, client.pk])}#id_{group.fields[0]}")
        if "shown" in request.GET:
            return _shown(request, client, group, [])
        form = ClientForm(initial=initial_of(client, request.salon.country), names=group.fields)
        return _form(request, client, group, form)

    return requires(group.permission)(change)


def _save(request: SalonRequest, client: Client, group: Group) -> HttpResponse:
    form = ClientForm(request.POST, names=group.fields)
    if not form.is_valid():
        return _form(request, client, group, form)
    try:
        saved = change_card(request, client.pk, form)
    except InvalidInput as refusal:
        show_errors(form, refusal.errors)
        return _form(request, client, group, form)
    except ConflictingChange as refusal:
        country = request.salon.country
        told = differences(form, refusal, country)
        return _form(request, refusal.client, group, conflicting_form(form, refusal, country), conflict=told)
    if not request.htmx:
        return redirect("client_card", request.salon.slug, client.pk)
    own = [warning for warning in saved.warnings if warning.field in group.fields]
    response = _shown(request, saved.client, group, own, anew=True)
    response["HX-Trigger"] = CHANGED
    return response


def _shown(
    request: SalonRequest, client: Client, group: Group, warnings: list[FieldError], *, anew: bool = False
) -> HttpResponse:
    context = {"fact": fact_of(request, client, group, warnings), "focus": True}
    if anew and "email" in group.fields:
        # News are agreed to at an address: at another one it is asked for anew.
        return render(request, "clients/_email_saved.html", {**context, "panel": consent_panel(request, client)})
    return render(request, group.template, context)


def _form(
    request: SalonRequest, client: Client, group: Group, form: ClientForm, *, conflict: list[Difference] | None = None
) -> HttpResponse:
    if "email" in group.fields:
        form.fields["email"].help_text = news_hint(client)
    context = {
        "group": group,
        "form": form,
        "form_url": reverse(f"clients:field_{group.key}", args=[request.salon.slug, client.pk]),
        "card_url": reverse("client_card", args=[request.salon.slug, client.pk]),
        "client_name": client.full_name,
        "referrers_url": reverse("clients:referrers", args=[request.salon.slug]),
        "conflict": conflict,
        "single": len(group.fields) == 1,
    }
    template = "clients/_fact_form.html" if request.htmx else "clients/field.html"
    return render(request, template, context, status=422 if form.is_bound else 200)


# One path for each group: /clients/<id>/fields/<key>/.
urlpatterns: list[URLPattern] = [
    path(f"<uuid:client_id>/fields/{group.key}/", _field_view(group), name=f"field_{group.key}") for group in GROUPS
]
