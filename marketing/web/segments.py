"""*Marketing » Zielgruppen*: groups of clients, described, counted while they are described, and used (ui.md §2.7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as each_with
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, F, Q, Window
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marketing.campaigns import scheduled_to
from marketing.choosing import clients_in, count_of
from marketing.models import Basis, Segment
from marketing.rule import EVERYBODY, Group, parse
from marketing.segments import (
    LONGEST_NAME,
    READY_MADE,
    chosen_rule,
    create_segment,
    delete_segment,
    get_segment,
    list_segments,
    restore_segment,
    rule_of,
    update_segment,
)
from marketing.vocabulary import FIELDS
from marketing.web.builder import Builder, ShownGroup, errors_by_place, menu
from marketing.web.campaign_shown import audience_of, foreseen
from marketing.web.drafts import (
    DraftCondition,
    DraftGroup,
    Place,
    change,
    draft_of,
    field_of,
    part_at,
    read_draft,
    without,
)
from marketing.web.rule_words import ids_in, marked_sentence, names_of
from marketing.web.segment_since import kept_by
from marketing.web.segments_in_list import rule_in_address
from salon.errors import FieldError, InvalidInput, VersionConflict
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Card:
    """One segment of the page; the addresses of changes are None where it cannot be changed."""

    key: str
    name: str
    words: SafeString | str
    count_url: str
    list_url: str
    campaign_url: str | None
    edit_url: str | None
    copy_url: str | None
    delete_url: str | None


@dataclass(frozen=True, slots=True)
class Example:
    """One client whom a rule means."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Lack:
    """One part of a rule that is not complete, or (`words`) not right, and the names of the fields that it is about."""

    place: Place
    label: str
    words: str
    fields: str

    @property
    def key(self) -> str:
        """Its place, as ids carry it."""
        return "-".join(map(str, self.place))


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whom a rule means: how many, how many of them want news by e-mail, and the first few; or what is `wrong` with it.
    What is still `open` is not counted."""

    sentence: SafeString | str = ""
    total: int = 0
    total_text: str = ""
    agreed: int = 0
    agreed_text: str = ""
    examples: Sequence[Example] = ()
    wrong: list[Lack] = each_with(default_factory=list)
    open: list[Lack] = each_with(default_factory=list)


@requires(Permission.MARKETING)
@require_safe
def segments(request: SalonRequest) -> HttpResponse:
    """Those of the salon and those that every salon has; how many each means is asked for by itself."""
    own = list_segments()
    rules = [rule_of(one) for one in own]
    names = names_of(ids_in(rules))
    writes = Permission.MARKETING_WRITE in request.actor.permissions
    currency = request.salon.currency
    context = {
        "own": [
            _card(request, str(one.pk), one.name, marked_sentence(rule, names, currency), own=True)
            for one, rule in zip(own, rules, strict=True)
        ],
        "ready": [
            _card(request, one.key, str(one.name), str(one.description), own=False) for one in READY_MADE.values()
        ],
        "new_url": reverse("segment_new", args=[request.salon.slug]) if writes else None,
    }
    return render(request, "marketing/segments.html", context)


def _card(request: SalonRequest, key: str, name: str, words: str, *, own: bool) -> Card:
    place, chosen = [request.salon.slug], urlencode({"segment": key})
    writes = Permission.MARKETING_WRITE in request.actor.permissions
    return Card(
        key=key,
        name=name,
        words=words,
        count_url=f"{reverse('segment_count', args=place)}?{chosen}",
        list_url=f"{reverse('clients:list', args=place)}?{chosen}",
        campaign_url=_campaign_url(request, key),
        edit_url=reverse("segment", args=[*place, key]) if own else None,
        copy_url=f"{reverse('segment_new', args=place)}?{chosen}" if writes else None,
        delete_url=reverse("segment_delete", args=[*place, key]) if own and writes else None,
    )


def _campaign_url(request: SalonRequest, key: str) -> str | None:
    if Permission.MARKETING_WRITE not in request.actor.permissions:
        return None
    return f"{reverse('campaign_new', args=[request.salon.slug])}?{urlencode({'segment': key})}"


@requires(Permission.MARKETING)
@require_http_methods(["GET", "HEAD", "POST"])
def count(request: SalonRequest) -> HttpResponse:
    """How many clients a segment means (`?segment=`) and (`mail`) how many of them a campaign would reach, or (posted)
    the rule that is being built, and the first few."""
    if request.method == "POST":
        outcome = outcome_of(request, read_draft(request.POST))
        return render(request, "marketing/_segment_outcome.html", {"outcome": outcome, "said": True})
    _name, rule = chosen_rule(request.GET.get("segment", ""))
    now = timezone.now()
    if "mail" not in request.GET:
        return HttpResponse(_clients_text(count_of(rule, salon=request.salon, now=now)))
    audience = audience_of(foreseen(rule, Basis.CONSENT, salon=request.salon, now=now).counts)
    words = ngettext("%(people)s, %(count)s gets the mail", "%(people)s, %(count)s get the mail", audience.included)
    return HttpResponse(words % {"people": _clients_text(audience.total), "count": audience.included_text})


def _clients_text(total: int) -> str:
    shown = number_format(total, force_grouping=True)
    return ngettext("%(total)s person", "%(total)s people", total) % {"total": shown}


def outcome_of(request: SalonRequest, draft: DraftGroup) -> Outcome:
    """Return whom a draft means; one statement finds and counts them."""
    undone: list[Lack] = []
    try:
        rule = parse(draft.json)
    except InvalidInput as refusal:
        lacks = _lacks(draft, refusal.errors)
        undone = [one for one in lacks if not one.words]
        if wrong := [one for one in lacks if one.words]:
            return Outcome(wrong=wrong, open=undone)
        rule = parse(without(draft, {one.place for one in undone}).json)
    found = (
        clients_in(rule, salon=request.salon, now=timezone.now())
        .annotate(
            total=Window(Count("pk")),
            agreed=Window(Count("pk", filter=Q(email_consent=True))),
        )
        .order_by("sort_key", "pk")
        .values_list("pk", "first_name", "last_name", F("total"), F("agreed"))
    )
    first = list(found[:EXAMPLES])
    total, agreed = (first[0][3], first[0][4]) if first else (0, 0)
    return Outcome(
        sentence=marked_sentence(rule, names_of(ids_in([rule])), request.salon.currency),
        total=total,
        total_text=number_format(total, force_grouping=True),
        agreed=agreed,
        agreed_text=number_format(agreed, force_grouping=True),
        examples=[
            Example(f"{given} {family}".strip(), reverse("client_card", args=[request.salon.slug, pk]))
            for pk, given, family, _total, _agreed in first
        ],
        open=undone,
    )


def _lacks(draft: DraftGroup, errors: list[FieldError]) -> list[Lack]:
    """Return the parts that are not complete or not right; what is only not there yet is no error so far."""
    wrong = errors_by_place(error for error in errors if error.code != "required")
    found = []
    for place in errors_by_place(errors):
        part, said, label, named = part_at(draft, place), wrong.get(place, []), _("Group of conditions"), []
        if isinstance(part, DraftCondition):
            label = str(FIELDS[part.field].label)
            said = [(where, words) for where, words in said if not part.lacks(where)]
            named = [field_of(part, place, where) for where, _words in said]
        words, fields = dict.fromkeys(words for _where, words in said), dict.fromkeys(named)
        found.append(Lack(place, label, " ".join(words), " ".join(fields)))
    return found


@requires(Permission.MARKETING_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def segment_new(request: SalonRequest) -> HttpResponse:
    """A new segment, empty, like another one (`?segment=`) or (`?like=list`) as the client list was narrowed;
    `campaign` is the name of one that waits for it."""
    if request.method == "POST":
        return _posted(request, None)
    name, rule = "", EVERYBODY
    narrowed = rule_in_address(request, timezone.now())
    if narrowed is not None:
        rule = narrowed
    elif request.GET.get("segment"):
        name, rule = chosen_rule(request.GET["segment"])
        name = (_("%(name)s (copy)") % {"name": name})[:LONGEST_NAME]
    return _page(request, None, name=name, draft=draft_of(rule))


@requires(Permission.MARKETING)
@require_http_methods(["GET", "HEAD", "POST"])
def segment(request: SalonRequest, segment_id: UUID) -> HttpResponse:
    """One segment: its rule, to be changed, and whom it means."""
    found = get_segment(segment_id)
    if request.method == "POST":
        request.actor.require(Permission.MARKETING_WRITE)
        return _posted(request, found)
    return _page(request, found, name=found.name, draft=draft_of(rule_of(found)))


def _posted(request: SalonRequest, found: Segment | None) -> HttpResponse:
    draft, name = read_draft(request.POST), request.POST.get("name", "")
    asked = request.POST.get("do", "")
    if asked:
        focus = _changed(draft, asked)
        if request.htmx:
            response = render(request, "marketing/_rule.html", _rule_context(request, draft, focus=focus))
            # Told at the body: the button that asked may be gone.
            response["HX-Trigger-After-Settle"] = "built"
            return response
        return _page(request, found, name=name, draft=draft, focus=focus, outcome=asked == "count")
    now = timezone.now()
    try:
        if found is None:
            saved = create_segment(actor=request.actor, name=name, rule=draft.json, now=now)
        else:
            saved = update_segment(
                actor=request.actor,
                segment_id=found.pk,
                name=name,
                rule=draft.json,
                version=_version(request.POST.get("version", "")),
                now=now,
            )
    except InvalidInput as refusal:
        return _page(request, found, name=name, draft=draft, errors=refusal.errors)
    except VersionConflict:
        # What was read before may be older than what refused the change.
        return _page(request, found and get_segment(found.pk), name=name, draft=draft, conflict=True)
    text = _("The segment “%(name)s” is saved.") % {"name": saved.name}
    messages.success(
        request, " ".join([text, *kept_by(one for one in scheduled_to(saved.pk) if one.rule != saved.rule)])
    )
    waiting = _waiting(request)
    if waiting is not None and found is None:
        return redirect(_new_campaign_url(request, waiting, str(saved.pk)))
    return redirect("segments", request.salon.slug)


def _waiting(request: SalonRequest) -> str | None:
    """Return the name of the campaign that waits for a new segment, None where there is none."""
    given = _given(request).get("campaign")
    return None if given is None else given[:LONGEST_NAME]


def _given(request: SalonRequest) -> QueryDict:
    return request.POST if request.method == "POST" else request.GET


def _new_campaign_url(request: SalonRequest, name: str, segment: str = "") -> str:
    along = {key: _given(request).get(key, "")[:LONGEST_NAME] for key in ("begin", "draft")}
    asked = {key: value for key, value in {"name": name, "segment": segment, **along}.items() if value}
    return f"{reverse('campaign_new', args=[request.salon.slug])}?{urlencode(asked)}"


def _version(text: str) -> int:
    # What is no version is none that holds.
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _changed(draft: DraftGroup, asked: str) -> tuple[Place, str] | None:
    """Do what a button asks; return which part has the focus then, and what of it."""
    place = change(draft, asked)
    if place is None:
        return None
    name = asked.partition(":")[0]
    if name == "add":
        return place, "value"
    if name == "put":
        return None
    return place, {"group": "add"}.get(name, name)


def _rule_context(
    request: SalonRequest,
    draft: DraftGroup,
    *,
    errors: list[FieldError] | None = None,
    focus: tuple[Place, str] | None = None,
) -> dict[str, Any]:
    shown: ShownGroup = Builder(
        draft, currency=request.salon.currency, errors=errors_by_place(errors or []), focus=focus
    ).shown()
    return {
        "rule": shown,
        "menu": menu(),
        "writes": Permission.MARKETING_WRITE in request.actor.permissions,
        "here": request.path,
    }


def _page(
    request: SalonRequest,
    found: Segment | None,
    *,
    name: str,
    draft: DraftGroup,
    errors: list[FieldError] | None = None,
    focus: tuple[Place, str] | None = None,
    conflict: bool = False,
    outcome: bool = False,
) -> HttpResponse:
    place, refused = [request.salon.slug], conflict or bool(errors)
    card = _card(request, str(found.pk), found.name, "", own=True) if found else None
    theirs = rule_of(found) if found and conflict else None
    waiting = None if found else _waiting(request)
    context = {
        **_rule_context(request, draft, errors=errors, focus=focus),
        "segment": found,
        "scheduled": scheduled_to(found.pk) if found else [],
        # As it was read, until somebody who has seen what is stored saves over it.
        "version": found.version if found and (conflict or request.method != "POST") else request.POST.get("version"),
        "card": card,
        "name": name,
        "name_errors": [str(one.message) for one in errors or [] if one.field == "name"],
        "longest_name": LONGEST_NAME,
        "wrong": bool(errors),
        "theirs": found and theirs and _theirs(request, theirs),
        "count_url": reverse("segment_count", args=place),
        "segments_url": reverse("segments", args=place),
        "waiting": waiting,
        "begin": _given(request).get("begin", ""),
        "draft": _given(request).get("draft", ""),
        "waiting_url": "" if waiting is None else _new_campaign_url(request, waiting),
        "outcome": outcome_of(request, draft) if outcome else None,
    }
    return render(request, "marketing/segment.html", context, status=422 if refused else 200)


def _theirs(request: SalonRequest, rule: Group) -> SafeString:
    return marked_sentence(rule, names_of(ids_in([rule])), request.salon.currency)


@requires(Permission.MARKETING_WRITE)
@require_POST
def segment_delete(request: SalonRequest, segment_id: UUID) -> HttpResponse:
    """Takes a segment out of use, and offers it back."""
    deleted = delete_segment(actor=request.actor, segment_id=segment_id, now=timezone.now())
    undo_url = reverse("segment_restore", args=[request.salon.slug, deleted.pk])
    text = _("The segment “%(name)s” is deleted.") % {"name": deleted.name}
    messages.success(request, " ".join([text, *kept_by(scheduled_to(deleted.pk))]), extra_tags=undo_url)
    return redirect("segments", request.salon.slug)


@requires(Permission.MARKETING_WRITE)
@require_POST
def segment_restore(request: SalonRequest, segment_id: UUID) -> HttpResponse:
    """Brings a deleted segment back."""
    try:
        restored = restore_segment(actor=request.actor, segment_id=segment_id, now=timezone.now())
    except InvalidInput as refusal:
        messages.error(request, str(refusal.errors[0].message))
    else:
        messages.success(request, _("The segment “%(name)s” is there again.") % {"name": restored.name})
    return redirect("segments", request.salon.slug)
