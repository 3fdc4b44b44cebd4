"""Segments: groups of clients that a salon has described, and those every salon has (domain.md §9.1)."""

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from clients.classification import Reason
from clients.models import Category
from marketing.models import Campaign, Segment
from marketing.rule import EVERYBODY, Condition, Group, Match, as_json, parse, referred
from marketing.vocabulary import Kind
from salon import keyset
from salon.audit.recording import Change, record
from salon.catalogue.models import Product, Service, StaffMember
from salon.errors import FieldError, InvalidInput, NotFound, VersionConflict, refusing
from salon.folding import fold, tidy
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import new_id

LONGEST_NAME = 80
LONGEST_KEY = 160
# Chosen like the key of a segment: all clients of the list.
EVERYONE = "everybody"
_ALL_CLIENTS = _("All clients")
_NEWEST_FIRST = keyset.Order(("created_at", "id"), descending=True)


class SegmentGone(NotFound):
    """A segment does not exist, or somebody has deleted it."""

    message = _("This segment does not exist (any more).")


@dataclass(frozen=True, slots=True)
class ReadyMade:
    """A segment that every salon has; it cannot be changed, but chosen like any other."""

    key: str
    name: Promise
    description: Promise
    rule: Group


def _ready(
    key: str, name: Promise, description: Promise, *conditions: Condition, match: Match = Match.ALL
) -> tuple[str, ReadyMade]:
    return key, ReadyMade(key, name, description, Group(match, conditions))


READY_MADE: dict[str, ReadyMade] = dict(
    [
        _ready(
            "new",
            _("New clients"),
            _("Came for the first time within the last 90 days, or has booked the first visit."),
            Condition("first_visit", "within_last", (90,)),
            Condition("reason", "in", (Reason.FIRST_VISIT_PENDING.value,)),
            match=Match.ANY,
        ),
        _ready(
            "lapsing",
            _("About to lapse"),
            _(
                "Their last visit is soon 365 days ago, and they have no appointment: within 30 days they would count "
                "as new again."
            ),
            Condition("lapsing", "within_next", (30,)),
        ),
        _ready(
            "lapsed",
            _("Lapsed"),
            _("No visit for more than 365 days."),
            Condition("reason", "in", (Reason.LAPSED.value,)),
        ),
        _ready(
            "birthday",
            _("Birthday this month"),
            _("Everybody whose birthday is in the current month."),
            Condition("birthday", "this_month"),
        ),
        _ready(
            "overdue",
            _("Overdue against their own rhythm"),
            _("Came at least three times, has no appointment, and has stayed away half as long again as usual."),
            Condition("overdue", "yes"),
        ),
        _ready(
            "vip",
            _("VIP"),
            _("The 10 percent who have spent most in the last 12 months."),
            Condition("top_spenders", "top_percent", (10,)),
        ),
    ]
)


def create_segment(*, actor: Actor, name: str, rule: Group | object, now: datetime) -> Segment:
    """Describe a group of clients; the rule as JSON has it, or read already.

    Raises: NotAllowed, InvalidInput (`duplicate_name` where a segment of the salon is called so, `not_found` at the
    place of each unknown id).
    """
    actor.require(Permission.MARKETING_WRITE)
    segment = Segment(id=new_id(), created_at=now, updated_at=now)
    with transaction.atomic():
        _describe(segment, name, rule)
        with _refusing_a_second():
            segment.save(force_insert=True)
        _record(actor, "segment.created", segment.pk, [Change("name", None, segment.name)], now)
    return segment


def update_segment(
    *,
    actor: Actor,
    segment_id: UUID,
    name: str | None = None,
    rule: Group | object | None = None,
    now: datetime,
    version: int | None = None,
) -> Segment:
    """Change a segment's name, or whom it means; what is None stays as it is.

    What was sent to its clients already, or is about to be, keeps the rule it was made with; what has not begun calls
    it by its new name.
    Raises: NotAllowed, SegmentGone, VersionConflict, InvalidInput.
    """
    actor.require(Permission.MARKETING_WRITE)
    with transaction.atomic():
        segment = _lock(segment_id, version)
        before = segment.name, segment.rule
        _describe(segment, segment.name if name is None else name, rule)
        if (segment.name, segment.rule) == before:
            return segment
        segment.version += 1
        segment.updated_at = now
        with _refusing_a_second():
            segment.save(update_fields=["name", "name_key", "rule", "version", "updated_at"])
        changes = [
            Change(field, _recorded(old), _recorded(new))
            for field, old, new in zip(("name", "rule"), before, (segment.name, segment.rule), strict=True)
            if old != new
        ]
        if segment.name != before[0]:
            Campaign.objects.filter(segment_key=str(segment.pk), started_at=None).update(segment_name=segment.name)
        _record(actor, "segment.updated", segment.pk, changes, now)
    return segment


def delete_segment(*, actor: Actor, segment_id: UUID, now: datetime, version: int | None = None) -> Segment:
    """Take a segment out of use; it can be restored, and what was sent to its clients stays.

    Raises: NotAllowed, SegmentGone, VersionConflict.
    """
    actor.require(Permission.MARKETING_WRITE)
    with transaction.atomic():
        segment = _lock(segment_id, version)
        _write_deleted(segment, now, now)
        _record(actor, "segment.deleted", segment_id, [Change("name", segment.name, None)], now)
    return segment


def restore_segment(*, actor: Actor, segment_id: UUID, now: datetime) -> Segment:
    """Bring a deleted segment back; one that is in use stays as it is.

    Raises: NotAllowed, SegmentGone, InvalidInput (`duplicate_name` where another one is called so by now).
    """
    actor.require(Permission.MARKETING_WRITE)
    with transaction.atomic():
        segment = Segment.objects.select_for_update(no_key=True).filter(pk=segment_id).first()
        if segment is None:
            raise SegmentGone
        if segment.deleted_at is not None:
            with _refusing_a_second():
                _write_deleted(segment, None, now)
            _record(actor, "segment.restored", segment_id, [Change("name", None, segment.name)], now)
    return segment


def list_segments() -> list[Segment]:
    """Return the segments of the open salon, by name."""
    return list(Segment.objects.live().order_by("name_key", "id"))


def segments_page(*, limit: int, cursor: str | None = None) -> keyset.Page[Segment]:
    """Return one page of the segments of the open salon, the newest first.

    Raises: keyset.InvalidCursor.
    """
    return keyset.page(Segment.objects.live(), _NEWEST_FIRST, limit=limit, cursor=cursor)


def get_segment(segment_id: UUID) -> Segment:
    """Return a segment of the open salon that is in use.

    Raises: SegmentGone.
    """
    segment = Segment.objects.live().filter(pk=segment_id).first()
    if segment is None:
        raise SegmentGone
    return segment


def chosen_rule(chosen: str | UUID) -> tuple[str, Group]:
    """Return the name and the rule of a segment of the salon (its id) or of a ready-made one (its key); EVERYONE is
    chosen like one.

    Raises: SegmentGone.
    """
    if chosen == EVERYONE:
        return str(_ALL_CLIENTS), EVERYBODY
    ready = READY_MADE.get(str(chosen))
    if ready is not None:
        return str(ready.name), ready.rule
    try:
        segment = get_segment(chosen if isinstance(chosen, UUID) else UUID(chosen))
    except ValueError as error:
        raise SegmentGone from error
    return segment.name, rule_of(segment)


def group_name(campaign: Campaign) -> str:
    """Return what the group of a campaign is called: a ready-made one in the language of whoever reads it."""
    if campaign.segment_key == EVERYONE:
        return str(_ALL_CLIENTS)
    ready = READY_MADE.get(campaign.segment_key)
    return str(ready.name) if ready else campaign.segment_name


def deleted_groups(campaigns: Iterable[Campaign]) -> set[str]:
    """Return the keys of those segments that somebody has deleted before these campaigns have gone to them."""
    keys = {one.segment_key for one in campaigns if one.started_at is None} - {"", EVERYONE, *READY_MADE}
    if not keys:
        return set()
    return keys - {str(pk) for pk in Segment.objects.live().filter(pk__in=keys).values_list("pk", flat=True)}


def rule_of(segment: Segment) -> Group:
    """Return whom a segment means."""
    return parse(segment.rule)


def accept_rule(rule: Group | object) -> Group:
    """Return a rule, read if it was not, in which every id is of something of the open salon.

    Something archived can still be asked for; a deleted category cannot. It describes clients, and lists none.
    Raises: InvalidInput.
    """
    if not isinstance(rule, Group):
        return parse(rule, wrong_ids=_wrong_ids)
    errors = [error for kind in (Kind.CLIENT, *_KNOWN) for error in _wrong_ids(kind, referred(rule, kind))]
    if errors:
        raise InvalidInput(errors)
    return rule


_KNOWN: dict[Kind, Callable[[], QuerySet[Any]]] = {
    Kind.CATEGORY: Category.objects.live,
    Kind.SERVICE: Service.objects.all,
    Kind.PRODUCT: Product.objects.all,
    Kind.STAFF: StaffMember.objects.all,
    Kind.CAMPAIGN: Campaign.objects.live,
}


def _wrong_ids(kind: Kind, places: Mapping[str, UUID]) -> list[FieldError]:
    if not places:
        return []
    if kind == Kind.CLIENT:
        message = _("A segment describes clients; it cannot list them by name.")
        listing = dict.fromkeys(place.rpartition(".values.")[0] for place in places)
        return [FieldError(f"{place}.field", "clients_listed", message) for place in listing]
    known = set(_KNOWN[kind]().filter(pk__in=set(places.values())).values_list("pk", flat=True))
    message = _("This does not exist (any more).")
    return [FieldError(place, "not_found", message) for place, wanted in places.items() if wanted not in known]


def _describe(segment: Segment, name: str, rule: Group | object | None) -> None:
    """Set name and rule as they are accepted; a rule that is None stays.

    Raises: InvalidInput naming everything that is wrong with both.
    """
    errors = list(_wrong_name(tidy(name)))
    if rule is not None:
        try:
            segment.rule = as_json(accept_rule(rule))
        except InvalidInput as refusal:
            errors += refusal.errors
    key = (fold(tidy(name)) or tidy(name))[:LONGEST_KEY]
    # One that was called so before there was a ready-made one of that name keeps it.
    if key != segment.name_key and key in _taken():
        errors.append(FieldError("name", "duplicate_name", _("A ready-made segment has this name already.")))
    if errors:
        raise InvalidInput(errors)
    segment.name, segment.name_key = tidy(name), key


def _taken() -> set[str]:
    """Return how the ready-made segments are called, and all clients, in every language: as keys of names."""
    found = set()
    for language, _name in settings.LANGUAGES:
        with override(language):
            found |= {fold(str(name)) for name in (_ALL_CLIENTS, *(one.name for one in READY_MADE.values()))}
    return found


def _wrong_name(name: str) -> Iterable[FieldError]:
    if not name:
        yield FieldError("name", "required", _("Enter a name."))
    elif len(name) > LONGEST_NAME:
        yield FieldError(
            "name", "max_length", _("At most %(longest)d characters fit here.") % {"longest": LONGEST_NAME}
        )
    elif "\x00" in name:
        yield FieldError("name", "invalid", _("This contains a character that cannot be stored."))


def _lock(segment_id: UUID, version: int | None) -> Segment:
    segment = Segment.objects.live().select_for_update(no_key=True).filter(pk=segment_id).first()
    if segment is None:
        raise SegmentGone
    if version is not None and version != segment.version:
        raise VersionConflict
    return segment


def _write_deleted(segment: Segment, moment: datetime | None, now: datetime) -> None:
    segment.deleted_at, segment.updated_at = moment, now
    segment.version += 1
    segment.save(update_fields=["deleted_at", "updated_at", "version"])


def _refusing_a_second() -> AbstractContextManager[None]:
    message = _("There is a segment with this name already.")
    return refusing({"marketing_segment_name": InvalidInput([FieldError("name", "duplicate_name", message)])})


def _recorded(value: str | dict[str, object]) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _record(actor: Actor, action: str, segment_id: UUID, changes: list[Change], now: datetime) -> None:
    record(actor=actor, action=action, subject_kind="segment", subject_id=segment_id, changes=changes, now=now)
