"""The client list: searched, narrowed, ordered, a page at a time (ui.md §2.3)."""

from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from clients.cursors import cursor_of, hit_at
from clients.duplicates import open_pairs
from clients.listing import ORDERS, PAGE, Sort, count_clients, counted, list_clients, search_clients
from clients.naming import typed_name_in
from clients.near_misses import near_misses
from clients.web.chips import chips_of
from clients.web.columns import SORTS, Column, ListRow, chosen_columns, has_chosen, rows_of
from clients.web.handed_in import HANDED_IN
from clients.web.list_query import ListQuery, asked_for
from salon.errors import Text
from salon.identity.roles import Permission
from salon.keyset import InvalidCursor
from salon.tenancy.models import new_id
from salon.web.access import SalonRequest, requires

MOST_PROPOSALS = 99


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of rows and the addresses of its neighbours."""

    clients: list[ListRow]
    next_url: str | None
    previous_url: str | None

    @property
    def whole(self) -> bool:
        """Whether there is nothing but this page."""
        return not (self.next_url or self.previous_url)


@dataclass(frozen=True, slots=True)
class Head:
    """The head of one column: where a click orders the list by it, and how the list is ordered by it now."""

    name: str
    label: str
    url: str
    sorted: str


@dataclass(frozen=True, slots=True)
class Tool:
    """Something to be done with the whole list: a page to open, or with `post` something to ask for."""

    key: str
    url: str
    post: bool = False
    count: int = 0


@dataclass(frozen=True, slots=True)
class Button:
    """An action for those marked."""

    url: str
    label: Text
    icon: str


@requires(Permission.CLIENTS_READ)
@require_safe
def clients(request: SalonRequest) -> HttpResponse:
    """The list, or what fits the words typed into its search, of those who meet the filters."""
    query = asked_for(request, request.GET, now=timezone.now())
    here = reverse("clients:list", args=[request.salon.slug])
    columns = chosen_columns(request.user)
    try:
        page = (_search_page if query.typed else _list_page)(request, query, here, columns)
    except InvalidCursor:
        # A cursor of another list, or of yesterday's release: start over rather than fail.
        return redirect(query.address(here))
    part = request.htmx and not request.htmx.boosted and not request.htmx.history_restore_request
    count_url = reverse("clients:count", args=[request.salon.slug])
    create_url = reverse("clients:create", args=[request.salon.slug])
    writes = Permission.CLIENTS_WRITE in request.actor.permissions
    assign_url = reverse("clients:assign", args=[request.salon.slug]) if writes else None
    actions = _actions(request)
    context = {
        "page": page,
        "query": query,
        "heads": _heads(query, here, columns),
        "chosen": has_chosen(request.user),
        "name_head": _head(Column.NUMBER.value, Sort.NAME, "", query, here),
        "unseen": query.segment.unseen if query.segment else "",
        "without_segment_url": query.address(here, without=("segment",)),
        "chips": chips_of(query, here) if query.narrowed else [],
        "clear_url": query.address(here, without=tuple(name for name, _value in query.narrowed)),
        "segment_url": _segment_url(request, query),
        "count_url": None if page.whole else query.address(count_url),
        "list_pairs": urlencode(query.pairs),
        "filter_url": query.address(reverse("clients:filter", args=[request.salon.slug])),
        "columns_url": query.address(reverse("clients:columns", args=[request.salon.slug])),
        "marks": bool(assign_url or actions),
        "form_id": new_id(),
        "assign_url": assign_url,
        "actions": actions,
        "meant": _meant(query, here, page) if query.typed and page.whole else [],
        "create_url": f"{create_url}?{urlencode(_names_in(query.typed))}" if writes else None,
        **({} if part else {"tools": _tools(request)}),
    }
    response = render(request, "clients/_list.html" if part else "clients/list.html", context)
    response["Vary"] = "HX-Request"
    return response


def _segment_url(request: SalonRequest, query: ListQuery) -> str:
    """Return where whom the list is narrowed to is kept as a segment; what was typed no segment can say."""
    if not query.values or query.typed or HANDED_IN.segments is None:
        return ""
    return HANDED_IN.segments.begun(request, query.values, query.segment.key if query.segment else "", query.narrowed)


@requires(Permission.CLIENTS_READ)
@require_safe
def count(request: SalonRequest) -> HttpResponse:
    """How many clients the list has; asked for by itself, so that no page waits for it."""
    query = asked_for(request, request.GET, now=timezone.now())
    total = count_clients(query.typed, meeting=query.meeting)
    return render(
        request, "clients/_count.html", {"total": total, "counted": counted(query.typed, meeting=query.meeting)}
    )


def _list_page(request: SalonRequest, query: ListQuery, here: str, columns: list[Column]) -> ListPage:
    cursor = request.GET.get("page") or None
    page = list_clients(sort=query.sort, reverse=query.reverse, cursor=cursor, meeting=query.along, among=query.among)

    def link(to: str | None) -> str | None:
        return to and query.address(here, ("page", to))

    return ListPage(_rows(request, page.rows, query, columns), link(page.next), link(page.previous))


def _search_page(request: SalonRequest, query: ListQuery, here: str, columns: list[Column]) -> ListPage:
    cursor = request.GET.get("page")
    after = hit_at(cursor) if cursor else None
    found, more = search_clients(query.typed, limit=PAGE, after=after, meeting=query.meeting)
    return ListPage(
        _rows(request, found, query, columns),
        query.address(here, ("page", cursor_of(more))) if more else None,
        query.address(here) if after else None,
    )


def _rows(request: SalonRequest, found: list[Any], query: ListQuery, columns: list[Column]) -> list[ListRow]:
    section = reverse("clients:list", args=[request.salon.slug])
    carried = query.address("")
    card_url = partial(_card_url, section, carried)
    return rows_of(found, columns, salon=request.salon, card_url=card_url, now=timezone.now())


def _card_url(section: str, carried: str, client_id: UUID) -> str:
    return f"{section}{client_id}/{carried}"


def _heads(query: ListQuery, here: str, columns: list[Column]) -> list[Head]:
    return [_head(column.value, SORTS.get(column), str(column.label), query, here) for column in columns]


def _head(name: str, sort: Sort | None, label: str, query: ListQuery, here: str) -> Head:
    if sort is None or query.typed:
        # Hits stand in the order of how well they fit.
        return Head(name, label, "", "")
    current = query.sort is sort
    pairs: list[tuple[str, str]] = [("sort", sort.value)]
    if current and not query.reverse:
        pairs.append(("dir", "asc" if ORDERS[sort].descending else "desc"))
    url = query.address(here, *pairs, without=("sort", "dir"))
    return Head(name, label, url, ("descending" if query.descending else "ascending") if current else "")


def _tools(request: SalonRequest) -> list[Tool]:
    tools = []
    if url := _route(request, "client_duplicates", Permission.CLIENTS_MERGE):
        tools.append(Tool("duplicates", url, count=open_pairs()[: MOST_PROPOSALS + 1].count()))
    if url := _route(request, "clients:import", Permission.CLIENTS_IMPORT):
        tools.append(Tool("import", url))
    if url := _route(request, "client_export", Permission.EXPORT):
        tools.append(Tool("export", url, post=True))
    return tools


def _actions(request: SalonRequest) -> list[Button]:
    found = ((one, _route(request, one.route, one.permission)) for one in HANDED_IN.actions)
    return [Button(url, one.label, one.icon) for one, url in found if url]


def _route(request: SalonRequest, name: str, permission: Permission) -> str | None:
    """Return the address of a page for whoever may open it."""
    if permission not in request.actor.permissions:
        return None
    try:
        return reverse(name, args=[request.salon.slug])
    except NoReverseMatch:
        return None


def _meant(query: ListQuery, here: str, page: ListPage) -> list[tuple[str, str]]:
    """Return what else could be searched for where nobody was found, or few, with the addresses."""
    texts = near_misses(query.typed, besides={one.id for one in page.clients}, meeting=query.meeting)
    return [(text, query.address(here, ("q", text), without=("q",))) for text in texts]


def _names_in(typed: str) -> dict[str, str]:
    if not typed or any(letter.isdigit() or letter == "@" for letter in typed):
        return {}
    name = typed_name_in(typed)
    given = {"first_name": name.first, "last_name": name.last, "gender": name.gender}
    return {field: text for field, text in given.items() if text}
