"""The client list and what its search finds (ui.md §2.3)."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from clients.cursors import cursor_of, hit_at
from clients.listing import PAGE, Sort, count_clients, list_clients, search_clients
from clients.web.shown import Row, rows
from salon.identity.roles import Permission
from salon.keyset import InvalidCursor
from salon.web.access import SalonRequest, requires


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of rows and the addresses of its neighbours."""

    clients: list[Row]
    next_url: str | None
    previous_url: str | None


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
