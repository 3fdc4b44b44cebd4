"""The client list, the card, and the form that makes and changes it (ui.md §2.3, §2.4)."""

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clients.cards import (
    AlreadyMade,
    ConflictingChange,
    Duplicates,
    PossibleDuplicate,
    Saved,
    create_client,
    get_client,
    update_client,
)
from clients.cursors import cursor_of, hit_at
from clients.details import LABELS, ClientDetails
from clients.listing import PAGE, Sort, count_clients, list_clients, search_clients
from clients.models import Client, CreatedVia
from clients.web.forms import ENTERED, ClientForm, initial_of
from clients.web.history import worded
from clients.web.shown import Row, ShownClient, rows, shown
from salon.errors import InvalidInput
from salon.identity.roles import Permission
from salon.keyset import InvalidCursor
from salon.tenancy.models import new_id
from salon.web.access import SalonRequest, requires
from salon.web.forms import show_errors


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

    return ListPage(rows(page.rows, request.salon), link(page.next), link(page.previous))


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
        return _form_page(request, ClientForm(initial={**given, "card_id": new_id()}), cancel_url=cancel_url)
    form = ClientForm(request.POST)
    if not form.is_valid():
        return _form_page(request, form, cancel_url=cancel_url)
    card_id = form.cleaned_data["card_id"]
    try:
        saved = create_client(
            actor=request.actor,
            salon=request.salon,
            details=ClientDetails(**form.changes),
            created_via=CreatedVia.STAFF,
            now=timezone.now(),
            duplicates=Duplicates.KEEP if request.POST.get("confirm") == "duplicate" else Duplicates.REFUSE,
            client_id=card_id,
        )
    except InvalidInput as refusal:
        show_errors(form, refusal.errors)
        return _form_page(request, form, cancel_url=cancel_url)
    except PossibleDuplicate as refusal:
        twins = rows(refusal.clients, request.salon)
        return _form_page(request, form, cancel_url=cancel_url, duplicates=twins)
    except AlreadyMade:
        return redirect("client_card", request.salon.slug, card_id)
    return _saved(request, saved, _("%(name)s is saved."))


@requires(Permission.CLIENTS_WRITE)
def edit(request: SalonRequest, client_id: UUID) -> HttpResponse:
    """The card's form; what somebody else changed meanwhile is kept, or shown side by side where both did."""
    client = get_client(client_id)
    cancel_url = reverse("client_card", args=[request.salon.slug, client.pk])
    if request.method != "POST":
        form = ClientForm(initial=initial_of(client, request.salon.country))
        return _form_page(request, form, cancel_url=cancel_url, client=client)
    form = ClientForm(request.POST)
    if not form.is_valid():
        return _form_page(request, form, cancel_url=cancel_url, client=client)
    try:
        saved = update_client(
            actor=request.actor,
            salon=request.salon,
            client_id=client.pk,
            changes=form.changes,
            seen=form.overwritten if request.POST.get("confirm") == "mine" else form.seen,
            now=timezone.now(),
        )
    except InvalidInput as refusal:
        show_errors(form, refusal.errors)
        return _form_page(request, form, cancel_url=cancel_url, client=client)
    except ConflictingChange as refusal:
        return _conflict_page(request, form, refusal, cancel_url)
    return _saved(request, saved, _("The changes are saved.") if saved.changed else _("Nothing was changed."))


def _conflict_page(
    request: SalonRequest, form: ClientForm, refusal: ConflictingChange, cancel_url: str
) -> HttpResponse:
    theirs = initial_of(refusal.client, request.salon.country)
    mine = {name: form.cleaned_data[name] for name in form.changes}
    conflict = [
        {
            "label": LABELS[name],
            "mine": worded(name, mine[name], request.salon.country),
            "theirs": worded(name, str(theirs[name]), request.salon.country),
        }
        for name in refusal.fields
    ]
    # Mine stay entered, on top of the card as it is by now; only "keep my entries" overwrites what was told.
    stored = {name: str(theirs[name]) for name in ENTERED}
    before = {**stored, **{name: form.shown_before[name] for name in refusal.fields}}
    now_shown = ClientForm(
        {
            **stored,
            **mine,
            **{f"was-{name}": text for name, text in before.items()},
            **{f"told-{name}": stored[name] for name in refusal.fields},
        }
    )
    return _form_page(request, now_shown, cancel_url=cancel_url, client=refusal.client, conflict=conflict)


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


def _saved(request: SalonRequest, saved: Saved, message: str) -> HttpResponse:
    messages.success(request, message % {"name": saved.client.full_name})
    for warning in saved.warnings:
        messages.warning(request, f"{LABELS[warning.field]}: {warning.message}")
    return redirect("client_card", request.salon.slug, saved.client.pk)
