"""Many clients at once from the list: give them categories, take categories from them (ui.md §2.3)."""

from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import conditional_escape
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from clients.categories import CategoryGone, all_categories
from clients.selection import (
    Selection,
    assign_to_selection,
    selected_ids,
    take_back_assignment,
    unassign_from_selection,
)
from clients.web.list_query import ListQuery, asked_for
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires

MOST_MARKED = 1000


def list_of(request: SalonRequest) -> ListQuery:
    """Return the list whose form this is."""
    return asked_for(request, QueryDict(request.POST.get("list", "")), now=timezone.now())


def selection_of(request: SalonRequest) -> Selection:
    """Return whom the list's form marks: the rows ticked, or with `all` everybody the list has."""
    query = list_of(request)
    if request.POST.get("all"):
        return Selection(None, query.typed, query.meeting)
    return Selection(tuple(_ids(request.POST.getlist("client"))[:MOST_MARKED]))


def leading_to(request: SalonRequest, url: str) -> HttpResponse:
    """Lead on from an action of the list."""
    if not request.htmx:
        return redirect(url)
    # A redirect would be followed by the request and land in the page.
    return HttpResponse(status=204, headers={"HX-Redirect": url})


def refused(request: SalonRequest, words: str, more: str = "") -> HttpResponse:
    """Say beside the buttons why an action cannot be done; what is marked stays marked. `more` only fits there."""
    if request.htmx:
        return HttpResponse(conditional_escape(words) + conditional_escape(more), status=422)
    messages.warning(request, words)
    return redirect(list_of(request).address(reverse("clients:list", args=[request.salon.slug])))


@requires(Permission.CLIENTS_WRITE)
@require_POST
def assign(request: SalonRequest) -> HttpResponse:
    """Which categories the marked clients get or lose; once that is chosen, they do."""
    query, selection = list_of(request), selection_of(request)
    back = query.address(reverse("clients:list", args=[request.salon.slug]))
    if selection.empty:
        messages.warning(request, _("Mark the clients in the list first."))
        return leading_to(request, back)
    chosen = _ids(request.POST.getlist("assigned"))
    if not chosen:
        return _choose(request, query, selection, back)
    removing = request.POST.get("action") == "remove"
    now = timezone.now()
    change = unassign_from_selection if removing else assign_to_selection
    try:
        changed = change(actor=request.actor, selection=selection, category_ids=chosen, now=now)
    except CategoryGone as gone:
        messages.error(request, str(gone.message))
        return leading_to(request, back)
    if removing:
        text = ngettext("Category taken from %(count)d client.", "Category taken from %(count)d clients.", changed)
        messages.success(request, text % {"count": changed})
    elif changed:
        text = ngettext("Category given to %(count)d client.", "Category given to %(count)d clients.", changed)
        messages.success(request, text % {"count": changed}, extra_tags=_undo_url(request, query, chosen, now))
    else:
        messages.info(request, _("All of them had it already."))
    return leading_to(request, back)


@requires(Permission.CLIENTS_WRITE)
@require_POST
def take_back(request: SalonRequest) -> HttpResponse:
    """Undo an assignment to many: the categories go from those who got them then."""
    category_ids, at = _ids(request.GET.getlist("assigned")), _moment(request.GET.get("at", ""))
    if not category_ids or at is None:
        raise Http404
    now = timezone.now()
    try:
        count = take_back_assignment(actor=request.actor, category_ids=category_ids, assigned_at=at, now=now)
    except CategoryGone as gone:
        messages.error(request, str(gone.message))
    else:
        text = ngettext("%(count)d assignment is taken back.", "%(count)d assignments are taken back.", count)
        messages.success(request, text % {"count": count})
    query = asked_for(request, QueryDict(request.GET.get("list", "")), now=now)
    return redirect(query.address(reverse("clients:list", args=[request.salon.slug])))


def _choose(request: SalonRequest, query: ListQuery, selection: Selection, back: str) -> HttpResponse:
    removing = request.POST.get("action") == "remove"
    nothing_chosen = request.POST.get("step") == "chosen"
    many = len(selected_ids(selection)) if selection.ids is None else len(selection.ids)
    context = {
        "removing": removing,
        "selection": selection,
        "many": many,
        "list_pairs": urlencode(query.pairs),
        "categories": all_categories(),
        "nothing_chosen": nothing_chosen,
        "assign_url": reverse("clients:assign", args=[request.salon.slug]),
        "back_url": back,
    }
    template = "clients/_assign.html" if request.htmx else "clients/assign.html"
    response = render(request, template, context, status=422 if nothing_chosen else 200)
    response["Vary"] = "HX-Request"
    return response


def _undo_url(request: SalonRequest, query: ListQuery, category_ids: list[UUID], at: datetime) -> str:
    pairs = [("assigned", str(one)) for one in category_ids]
    pairs += [("at", at.isoformat()), ("list", urlencode(query.pairs))]
    return f"{reverse('clients:take_back', args=[request.salon.slug])}?{urlencode(pairs)}"


def _ids(given: list[str]) -> list[UUID]:
    found = []
    for one in given:
        try:
            found.append(UUID(one))
        except ValueError:
            continue
    return list(dict.fromkeys(found))


def _moment(given: str) -> datetime | None:
    try:
        at = parse_datetime(given)
    except ValueError:
        return None
    return at if at and at.tzinfo else None
