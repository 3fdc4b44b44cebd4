"""Duplicates: the list of pairs, the page that merges two cards, and the way back (domain.md §2)."""

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from clients.cards import MergedAway, get_client
from clients.combining import FIELDS
from clients.duplicates import dismiss, duplicates_of, open_proposals, reopen
from clients.listing import near_clients, search_clients
from clients.merging import MergeErased, MergeNotNewest, MergeUndone, get_merge, merges_into
from clients.models import Client, Likeness
from clients.sure_pairs import surely_one
from salon.desk.merging import merge_cards, merge_sure, undo_merge, undo_together
from salon.desk.web.comparing import Comparison, bookings_and_revenue, compare
from salon.errors import VersionConflict
from salon.identity.roles import Permission
from salon.keyset import InvalidCursor
from salon.phone import display_phone
from salon.web.access import SalonRequest, requires

PAIRS = 20
FOUND = 8
THEIRS = "theirs"

# What the list shows at once; the first, as it is nearly always one person.
SHARING, NAMED = "contact", "name"
_KINDS = {
    SHARING: (gettext_lazy("Same phone number or e-mail"), (Likeness.PHONE, Likeness.EMAIL)),
    NAMED: (gettext_lazy("Similar name, same birthday"), (Likeness.NAME_AND_BIRTHDAY,)),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """A proposal as the list shows it; `sure`: nobody has to look at it before it is merged."""

    id: UUID
    sure: bool
    comparison: Comparison
    reason: Promise | str
    merge_url: str
    apart_url: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the two lists of pairs."""

    label: Promise
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A card that could be the other one."""

    name: str
    detail: str
    reasons: str
    url: str


@dataclass(frozen=True, slots=True)
class Undoable:
    """A card that went into this one, and where the merge is undone: of several, the newest first."""

    name: str
    number: str
    undo_url: str | None


@dataclass(frozen=True, slots=True)
class Duplicates:
    """What a card says of others that may be the same person's, or have gone into it."""

    candidates: list[Candidate]
    merged: list[Undoable]


def duplicates_hint(request: SalonRequest, client: Client) -> Duplicates | None:
    """Return the possible duplicates that `desk/_duplicates.html` shows; None to whoever may not merge."""
    if Permission.CLIENTS_MERGE not in request.actor.permissions:
        return None
    return Duplicates(_twins(request, client), [])


def merges_hint(request: SalonRequest, client: Client) -> Duplicates | None:
    """Return the cards gone into this one that `desk/_duplicates.html` shows; None to whoever may not merge."""
    if Permission.CLIENTS_MERGE not in request.actor.permissions:
        return None
    return Duplicates([], _merged(request, client.pk))


def _twins(request: SalonRequest, client: Client) -> list[Candidate]:
    return [
        _candidate(request, client, twin.client, ", ".join(str(likeness.label) for likeness in twin.likenesses))
        for twin in duplicates_of(client)
    ]


def _merged(request: SalonRequest, client_id: UUID) -> list[Undoable]:
    return [
        Undoable(
            merge.duplicate.full_name,
            str(merge.duplicate.number),
            reverse("client_merge_undo", args=[request.salon.slug, merge.pk]) if index == 0 else None,
        )
        for index, merge in enumerate(merges_into(client_id))
    ]


def _candidate(request: SalonRequest, client: Client, other: Client, reasons: str = "") -> Candidate:
    phone = display_phone(other.mobile or other.landline, request.salon.country)
    number = _("No. %(number)s") % {"number": other.number}
    detail = " · ".join(part for part in (number, phone, other.email, other.city) if part)
    return Candidate(other.full_name, detail, reasons, _merge_url(request, client.pk, other.pk))


def _merge_url(request: SalonRequest, survivor_id: UUID, duplicate_id: UUID | None = None) -> str:
    url = reverse("client_merge", args=[request.salon.slug, survivor_id])
    return f"{url}?{urlencode({'with': str(duplicate_id)})}" if duplicate_id else url


@requires(Permission.CLIENTS_MERGE)
def duplicates(request: SalonRequest) -> HttpResponse:
    """Pairs of cards that may be one person's: first those that share a phone or an e-mail, newest first."""
    asked, cursor = request.GET.get("kind", ""), request.GET.get("page") or None
    kind = asked if asked in _KINDS else SHARING
    try:
        page = open_proposals(cursor=cursor, limit=PAIRS, alike_in=_KINDS[kind][1])
    except InvalidCursor:
        return redirect(_list_url(request, kind))
    if cursor and not page.rows:
        # All of that page are decided about.
        return redirect(_list_url(request, kind))
    if not page.rows and kind != asked:
        kind = NAMED
        page = open_proposals(cursor=None, limit=PAIRS, alike_in=_KINDS[kind][1])
    pairs = [
        Pair(
            one.pk,
            surely_one(one.older, one.newer),
            compare(request, one.older, one.newer),
            Likeness(one.likeness).label,
            _merge_url(request, one.older_id),
            reverse("client_told_apart", args=[request.salon.slug, one.older_id]),
        )
        for one in page.rows
    ]
    context = {
        "pairs": pairs,
        "sure": sum(pair.sure for pair in pairs),
        "kinds": [Kind(label, _list_url(request, name), name == kind) for name, (label, _alike) in _KINDS.items()],
        "kind": kind,
        "page": cursor or "",
        "together_url": reverse("client_merge_sure", args=[request.salon.slug]),
        "list_url": reverse("clients:list", args=[request.salon.slug]),
        "next_url": page.next and _list_url(request, kind, page.next),
        "previous_url": page.previous and _list_url(request, kind, page.previous),
    }
    return render(request, "desk/duplicates.html", context)


def _list_url(request: SalonRequest, kind: str = "", page: str = "") -> str:
    query = urlencode({name: text for name, text in (("kind", kind), ("page", page)) if text})
    here = reverse("client_duplicates", args=[request.salon.slug])
    return f"{here}?{query}" if query else here


def _back_to_list(request: SalonRequest) -> HttpResponse:
    """Return to where somebody was in the list of pairs."""
    kind = request.POST.get("kind", "")
    return redirect(_list_url(request, kind if kind in _KINDS else "", request.POST.get("page", "")))


@requires(Permission.CLIENTS_MERGE)
@require_POST
def merged_sure(request: SalonRequest) -> HttpResponse:
    """Merge those of the marked pairs that are surely one person's."""
    try:
        marked = [UUID(one) for one in request.POST.getlist("pair")[:PAIRS]]
    except ValueError:
        marked = []
    merges = merge_sure(actor=request.actor, salon=request.salon, proposal_ids=marked, now=timezone.now())
    if merges:
        count = len(merges)
        text = ngettext("%(count)s pair was merged.", "%(count)s pairs were merged.", count) % {"count": count}
        undo_url = reverse("client_merges_undo", args=[request.salon.slug, merges[0].pk])
        messages.success(request, text, extra_tags=undo_url)
    elif marked:
        messages.info(request, _("None of these pairs is sure any more: somebody has changed or merged the cards."))
    else:
        messages.info(request, _("No pair is marked."))
    return _back_to_list(request)


@requires(Permission.CLIENTS_MERGE)
@require_POST
def undone_together(request: SalonRequest, merge_id: UUID) -> HttpResponse:
    """Take all cards apart again that were merged with one press."""
    undone = undo_together(actor=request.actor, salon=request.salon, merge_id=merge_id, now=timezone.now())
    count = len(undone)
    if undone:
        text = ngettext("%(count)s merge is undone.", "%(count)s merges are undone.", count) % {"count": count}
        messages.success(request, text)
    else:
        messages.error(request, _("These merges can no longer be undone together."))
    return redirect("client_duplicates", request.salon.slug)


@requires(Permission.CLIENTS_MERGE)
def merge(request: SalonRequest, client_id: UUID) -> HttpResponse:
    """Choose the other card and which values stay; a POST merges."""
    try:
        client = get_client(client_id)
        if request.method == "POST":
            return _merge_now(request, client)
        other = _other(request.GET.get("with", ""))
    except MergedAway as merged:
        messages.info(request, _("One of the two cards has been merged already."))
        return redirect("client_card", request.salon.slug, merged.survivor_id)
    if other is None or other == client:
        return _choose(request, client)
    return _compare_page(request, client, other)


def _merge_now(request: SalonRequest, client: Client) -> HttpResponse:
    other = _other(request.POST.get("duplicate", ""))
    if other is None or other == client:
        return _choose(request, client, refused=True)
    versions = {
        card_id: int(version)
        for card_id, name in ((client.pk, "version"), (other.pk, "other_version"))
        if (version := request.POST.get(name, "")).isdecimal() and len(version) < 10
    }
    try:
        made = merge_cards(
            actor=request.actor,
            salon=request.salon,
            survivor_id=client.pk,
            duplicate_id=other.pk,
            wins={name for name in FIELDS if request.POST.get(f"field-{name}") == THEIRS},
            versions=versions,
            now=timezone.now(),
        )
    except VersionConflict:
        return _compare_page(request, get_client(client.pk), get_client(other.pk), changed=True)
    names = {"other": other.full_name, "name": client.full_name}
    undo = reverse("client_merge_undo", args=[request.salon.slug, made.pk])
    messages.success(request, _("%(other)s was merged into %(name)s.") % names, extra_tags=undo)
    if request.POST.get("back") == "list":
        return _back_to_list(request)
    return redirect("client_card", request.salon.slug, client.pk)


def _other(text: str) -> Client | None:
    try:
        return get_client(UUID(text))
    except ValueError:
        return None


def _choose(request: SalonRequest, client: Client, *, refused: bool = False) -> HttpResponse:
    typed = request.GET.get("q", "").strip()[:100]
    found, _more = search_clients(typed, limit=FOUND + 1)
    near = near_clients(typed, besides=found, limit=FOUND + 1 - len(found))
    context = {
        "client": client,
        "card_url": reverse("client_card", args=[request.salon.slug, client.pk]),
        "query": typed,
        "found": [_candidate(request, client, one) for one in found if one != client][:FOUND],
        "near": [_candidate(request, client, one) for one in near if one != client],
        "twins": [] if typed else _twins(request, client),
        "refused": refused,
        "here": _merge_url(request, client.pk),
    }
    # While somebody types only the hits are asked for.
    part = request.htmx and request.htmx.target == "merge-hits" and not request.htmx.history_restore_request
    template = "desk/_merge_hits.html" if part else "desk/merge.html"
    response = render(request, template, context, status=422 if refused else 200)
    response["Vary"] = "HX-Request, HX-Target"
    return response


def _compare_page(request: SalonRequest, client: Client, other: Client, *, changed: bool = False) -> HttpResponse:
    chosen = {name for name in FIELDS if request.POST.get(f"field-{name}") == THEIRS}
    context = {
        "client": client,
        "comparison": compare(request, client, other, more_facts=bookings_and_revenue(request.salon, timezone.now())),
        "chosen": chosen,
        "changed": changed,
        "here": _merge_url(request, client.pk),
        "swap_url": _merge_url(request, other.pk, client.pk),
        "other_url": _merge_url(request, client.pk),
        "apart_url": reverse("client_told_apart", args=[request.salon.slug, client.pk]),
    }
    return render(request, "desk/merge.html", context, status=422 if changed else 200)


@requires(Permission.CLIENTS_MERGE)
@require_POST
def undo(request: SalonRequest, merge_id: UUID) -> HttpResponse:
    """Take two cards apart again."""
    try:
        undone = undo_merge(actor=request.actor, salon=request.salon, merge_id=merge_id, now=timezone.now())
    except (MergeUndone, MergeNotNewest) as refusal:
        messages.error(request, str(refusal.message))
        return redirect("client_card", request.salon.slug, get_merge(merge_id).survivor_id)
    except MergeErased as refusal:
        messages.error(request, str(refusal.message))
        return redirect("clients:list", request.salon.slug)
    messages.success(request, _("The merge is undone: there are two cards again."))
    return redirect("client_card", request.salon.slug, undone.survivor_id)


@requires(Permission.CLIENTS_MERGE)
@require_POST
def told_apart(request: SalonRequest, client_id: UUID) -> HttpResponse:
    """Two cards are two people's."""
    other = _other(request.POST.get("other", ""))
    if other is None:
        return redirect("client_merge", request.salon.slug, get_client(client_id).pk)
    proposal = dismiss(actor=request.actor, client_ids=(client_id, other.pk), now=timezone.now())
    names = {"name": proposal.older.full_name, "other": proposal.newer.full_name}
    undo_url = reverse("client_reopen", args=[request.salon.slug, proposal.pk])
    text = _("%(name)s and %(other)s are two people; nobody will be asked again.") % names
    messages.success(request, text, extra_tags=undo_url)
    return _back_to_list(request)


@requires(Permission.CLIENTS_MERGE)
@require_POST
def reopened(request: SalonRequest, proposal_id: UUID) -> HttpResponse:
    """Perhaps one person after all."""
    reopen(actor=request.actor, proposal_id=proposal_id, now=timezone.now())
    messages.success(request, _("The pair stands in the list again."))
    return redirect("client_duplicates", request.salon.slug)


urlpatterns = [
    path("clients/duplicates/", duplicates, name="client_duplicates"),
    path("clients/duplicates/merge/", merged_sure, name="client_merge_sure"),
    path("clients/duplicates/<uuid:proposal_id>/reopen/", reopened, name="client_reopen"),
    path("clients/merges/<uuid:merge_id>/undo-together/", undone_together, name="client_merges_undo"),
    path("clients/merges/<uuid:merge_id>/undo/", undo, name="client_merge_undo"),
    path("clients/<uuid:client_id>/merge/", merge, name="client_merge"),
    path("clients/<uuid:client_id>/told-apart/", told_apart, name="client_told_apart"),
]
