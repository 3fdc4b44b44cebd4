"""The client list, the card, and the form that makes and changes it (ui.md §2.3, §2.4)."""

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clients.cards import create_client, get_client, update_client
from clients.cursors import cursor_of, hit_at
from clients.details import LABELS, ClientDetails, accept
from clients.listing import PAGE, Sort, count_clients, list_clients, search_clients, sharing_contact
from clients.models import Client, CreatedVia
from clients.web.forms import ClientForm, initial_of
from clients.web.history import history_of
from clients.web.shown import Row, ShownClient, rows, shown
from salon.errors import FieldError, InvalidInput, VersionConflict
from salon.identity.roles import Permission
from salon.keyset import InvalidCursor
from salon.web.access import SalonRequest, requires


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of rows and the addresses of its neighbours."""

    clients: list[Row]
    next_url: str | None
    previous_url: str | None


def _shown(request: SalonRequest, client: Client) -> ShownClient:
    return shown(client, request.salon, request.salon.date_at(timezone.now()))


@requires(Permission.CLIENTS_READ)
def clients(request: SalonRequest) -> HttpResponse:
    """The list, or what fits the words typed into its search."""
    typed = request.GET.get("q", "").strip()
    sort = Sort(request.GET["sort"]) if request.GET.get("sort") in Sort else Sort.NAME
    cursor = request.GET.get("page") or None
    here = reverse("clients:list", args=[request.salon.slug])
    page = _search_page(request, here, typed, cursor) if typed else _list_page(request, here, sort, cursor)
    if page is None:
        # A cursor of another list, or of yesterday's release: start over rather than fail.
        return redirect(f"{here}?{urlencode({'q': typed} if typed else {'sort': sort})}")
    part = request.htmx and not request.htmx.boosted and not request.htmx.history_restore_request
    context = {
        "page": page,
        "query": typed,
        # Hits stand in the order of how well they fit.
        "sort": "" if typed else sort,
        "sort_urls": {one.value: f"{here}?{urlencode({'sort': one.value})}" for one in Sort},
        "list_url": here,
        "create_url": f"{reverse('clients:create', args=[request.salon.slug])}?{urlencode(_names_in(typed))}",
        "total_hint": None if part else count_clients(),
    }
    response = render(request, "clients/_rows.html" if part else "clients/list.html", context)
    response["Vary"] = "HX-Request"
    return response


def _list_page(request: SalonRequest, here: str, sort: Sort, cursor: str | None) -> ListPage | None:
    try:
        page = list_clients(sort=sort, cursor=cursor)
    except InvalidCursor:
        return None

    def link(to: str | None) -> str | None:
        return to and f"{here}?{urlencode({'sort': sort.value, 'page': to})}"

    return ListPage(rows(page.clients, request.salon), link(page.next), link(page.previous))


def _search_page(request: SalonRequest, here: str, typed: str, cursor: str | None) -> ListPage | None:
    try:
        after = hit_at(cursor) if cursor else None
    except InvalidCursor:
        return None
    found, more = search_clients(typed, limit=PAGE, after=after)
    next_url = f"{here}?{urlencode({'q': typed, 'page': cursor_of(more)})}" if more else None
    first_url = f"{here}?{urlencode({'q': typed})}" if after else None
    return ListPage(rows(found, request.salon), next_url, first_url)


def _names_in(typed: str) -> dict[str, str]:
    if not typed or any(letter.isdigit() or letter == "@" for letter in typed):
        return {}
    first, _space, last = typed.partition(" ")
    return {"first_name": first[:1].upper() + first[1:], "last_name": last[:1].upper() + last[1:]}


@requires(Permission.CLIENTS_WRITE)
def create(request: SalonRequest) -> HttpResponse:
    """An empty card to fill in; cards with the same phone or e-mail are shown before a second one is made."""
    cancel_url = reverse("clients:list", args=[request.salon.slug])
    if request.method != "POST":
        given = {name: request.GET[name][:80] for name in ("first_name", "last_name") if name in request.GET}
        return _form_page(request, ClientForm(initial=dict(given)), cancel_url=cancel_url)
    form = ClientForm(request.POST)
    if form.is_valid():
        now = timezone.now()
        details = ClientDetails(**form.changes)
        try:
            if request.POST.get("confirm") != "duplicate" and (twins := _twins(request, details)):
                return _form_page(request, form, cancel_url=cancel_url, duplicates=twins)
            saved = create_client(
                actor=request.actor, salon=request.salon, details=details, created_via=CreatedVia.STAFF, now=now
            )
        except InvalidInput as refusal:
            add_errors(form, refusal.errors)
        else:
            return _saved(request, saved.client, saved.warnings, _("%(name)s is saved."))
    return _form_page(request, form, cancel_url=cancel_url)


@requires(Permission.CLIENTS_WRITE)
def edit(request: SalonRequest, client_id: UUID) -> HttpResponse:
    """The card's form; what somebody else changed meanwhile is shown side by side, and nothing is lost."""
    client = get_client(client_id)
    cancel_url = reverse("clients:card", args=[request.salon.slug, client.pk])
    if request.method != "POST":
        form = ClientForm(initial=initial_of(client, request.salon.country))
        return _form_page(request, form, cancel_url=cancel_url, client=client)
    form = ClientForm(request.POST)
    if form.is_valid():
        try:
            saved = update_client(
                actor=request.actor,
                salon=request.salon,
                client_id=client.pk,
                changes=form.changes,
                version=form.cleaned_data["version"],
                now=timezone.now(),
            )
        except InvalidInput as refusal:
            add_errors(form, refusal.errors)
        except VersionConflict:
            return _conflict_page(request, form, get_client(client_id), cancel_url)
        else:
            return _saved(request, saved.client, saved.warnings, _("The changes are saved."))
    return _form_page(request, form, cancel_url=cancel_url, client=client)


def _twins(request: SalonRequest, details: ClientDetails) -> list[Row]:
    accepted = accept(details, country=request.salon.country, today=request.salon.date_at(timezone.now()))
    return rows(sharing_contact(accepted.details), request.salon)


def add_errors(form: ClientForm, errors: list[FieldError]) -> None:
    """Show an operation's errors beside their fields."""
    for error in errors:
        form.add_error(error.field if error.field in form.fields else None, str(error.message))


def _conflict_page(request: SalonRequest, form: ClientForm, theirs: Client, cancel_url: str) -> HttpResponse:
    shown = initial_of(theirs, request.salon.country)
    conflict = [
        {"label": label, "mine": form.cleaned_data[name], "theirs": shown[name]}
        for name, label in LABELS.items()
        if form.cleaned_data[name] != shown[name]
    ]
    # Entered values stay, on top of what the card is by now.
    form.data = {**form.data.dict(), "version": str(theirs.version)} if isinstance(form.data, QueryDict) else form.data
    return _form_page(request, form, cancel_url=cancel_url, client=theirs, conflict=conflict)


def _form_page(
    request: SalonRequest,
    form: ClientForm,
    *,
    cancel_url: str,
    client: Client | None = None,
    duplicates: list[Row] | None = None,
    conflict: list[dict[str, object]] | None = None,
) -> HttpResponse:
    context = {
        "form": form,
        "client": client and _shown(request, client),
        "cancel_url": cancel_url,
        "duplicates": duplicates or [],
        "conflict": conflict,
    }
    return render(request, "clients/form.html", context, status=422 if form.is_bound else 200)


def _saved(request: SalonRequest, client: Client, warnings: list[FieldError], message: str) -> HttpResponse:
    messages.success(request, message % {"name": client.full_name})
    for warning in warnings:
        messages.warning(request, f"{LABELS[warning.field]}: {warning.message}")
    return redirect("clients:card", request.salon.slug, client.pk)


@requires(Permission.CLIENTS_READ)
def card(request: SalonRequest, client_id: UUID) -> HttpResponse:
    """Everything known about one client, on one page."""
    client = _shown(request, get_client(client_id))
    context = {
        "client": client,
        "missing_contact": client.has_no_contact,
        "history": history_of(client.id),
        "edit_url": reverse("clients:edit", args=[request.salon.slug, client.id])
        if Permission.CLIENTS_WRITE in request.actor.permissions
        else None,
    }
    return render(request, "clients/card.html", context)
