"""Segments as the client list is narrowed to them, by whoever sees that list (ui.md §2.3)."""

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from clients.web.handed_in import Segment
from marketing.choosing import meeting
from marketing.segments import READY_MADE, SegmentGone, chosen_rule, list_segments
from salon.web.access import SalonRequest


def segment_in_list(request: SalonRequest, key: str, now: datetime) -> Segment:
    """Return the segment to which the client list is narrowed; nobody is in one that is gone."""
    try:
        name, rule = chosen_rule(key)
    except SegmentGone as gone:
        return Segment(key, "", Q(pk__in=[]), unseen=gone.message)
    return Segment(key, name, meeting(rule, salon=request.salon, now=now))


def segments_for_list() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return what the client list can be narrowed to: those of the salon, and those that every salon has."""
    groups = [
        (_("Your segments"), [(str(one.pk), one.name) for one in list_segments()]),
        (_("Ready-made segments"), [(key, str(one.name)) for key, one in READY_MADE.items()]),
    ]
    return [(label, choices) for label, choices in groups if choices]
