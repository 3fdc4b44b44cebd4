"""The calendar of a day as full as can be: 8 people × 120 appointments (quality.md §1)."""

import gzip
from functools import partial

from django.utils import timezone

from salon.tenancy.context import salon_scope
from salon.tenancy.directory import add_salon, find_salon
from tests.bench.measuring import Figure, Visitor, timed
from tests.bench.visitors import empty_page, sign_in
from tests.bookings.fullday import a_full_day

SLUG = "full-day"
LARGEST_KB = 60


def calendar_figures(base: str) -> list[Figure]:
    """Time the page and its poll against an empty page of the same server."""
    today = timezone.localdate()
    # The database is used again on other days, on which a salon of before has nobody booked.
    slug = f"{SLUG}-{today:%Y%m%d}"
    if find_salon(slug) is None:
        salon = add_salon(name=slug, slug=slug)
        with salon_scope(salon.pk):
            a_full_day(day=today)
    here = f"/s/{slug}/calendar/"
    cookie = {"Cookie": sign_in(slug)}
    visitor = Visitor(base, cookie)
    empty = timed(partial(_size, visitor, empty_page(slug)))
    page = timed(partial(_size, visitor, f"{here}?day={today}"))
    sent = len(gzip.compress(visitor.get(f"{here}?day={today}"), 6)) / 1000
    tag = visitor.tag(f"{here}poll/?day={today}")
    unchanged = Visitor(base, {**cookie, "If-None-Match": tag})
    poll = timed(lambda _turn: unchanged.unchanged(f"{here}poll/?day={today}"))
    return [
        Figure("calendar, 8 × 120 appointments, p95", page.p95, "ms", empty.p95, 4, "≤ 4 × empty page"),
        Figure("calendar, 8 × 120 appointments, compressed", sent, "kB", None, LARGEST_KB, "≤ 60 kB"),
        Figure("unchanged calendar asked for again, p95", poll.p95, "ms", empty.p95, 1.2, "≤ 1.2 × empty page"),
    ]


def _size(visitor: Visitor, path: str, _turn: int) -> int:
    return len(visitor.get(path))
