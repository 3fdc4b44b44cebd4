"""Segments as the client list is narrowed to them, by whoever sees that list (ui.md §2.3)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from clients.web.handed_in import Pairs, Segment
from clients.web.list_query import asked_for
from marketing.choosing import meeting
from marketing.narrowed import rule_of
from marketing.rule import EVERYBODY, Group
from marketing.segments import READY_MADE, SegmentGone, chosen_rule, list_segments
from salon.identity.roles import Permission
from salon.web.access import SalonRequest


def segment_in_list(request: SalonRequest, key: str, now: datetime) -> Segment:
    """Return the segment to which the client list is narrowed; nobody is in one that is gone."""
    try:
        name, rule = chosen_rule(key)
    except SegmentGone as gone:
        return Segment(key, "", Q(pk__in=[]), unseen=gone.message)
    return Segment(key, name, meeting(rule, salon=request.salon, now=now))


def segment_begun(request: SalonRequest, values: Mapping[str, Any], within: str, narrowed: Pairs) -> str:
    """Return where a segment begins that means whom the list's filters mean; empty where no rule can say that."""
    if Permission.MARKETING_WRITE not in request.actor.permissions or _rule(values, within) is None:
        return ""
    return f"{reverse('segment_new', args=[request.salon.slug])}?{urlencode([*narrowed, ('like', 'list')])}"


def rule_in_address(request: SalonRequest, now: datetime) -> Group | None:
    """Return the rule of a segment that begins with what the list was narrowed to, None where it does not."""
    if request.GET.get("like") != "list":
        return None
    query = asked_for(request, request.GET, now=now)
    return _rule(query.values, query.segment.key if query.segment else "")


def _rule(values: Mapping[str, Any], within: str) -> Group | None:
    try:
        return rule_of(values, chosen_rule(within)[1] if within else EVERYBODY)
    except SegmentGone:
        return None


def segments_for_list() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return what the client list can be narrowed to: those of the salon, and those that every salon has."""
    groups = [
        (_("Your segments"), [(str(one.pk), one.name) for one in list_segments()]),
        (_("Ready-made segments"), [(key, str(one.name)) for key, one in READY_MADE.items()]),
    ]
    return [(label, choices) for label, choices in groups if choices]
