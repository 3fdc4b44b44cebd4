"""The drawer at the right of the calendar: the same content inside it, alone, or as a page of its own (ui.md §1).

A request of htmx says by its target how much it wants: `drawer` the whole of it, `in-drawer` its content. Everything
else gets a page. The calendar's address follows what its drawer shows, so that reload and back work.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from salon.web.access import SalonRequest

WHOLE, CONTENT = "drawer", "in-drawer"
# What the calendar's other parts listen for: an appointment or a blocked time is not what it was.
CHANGED = "calendar-changed"
# What of the calendar's address is the drawer's.
OWN = ("appointment", "new", "blocked", "at", "staff", "client", "like", "weeks", "walk-in")


def calendar_url(request: SalonRequest, day: date | None = None, **shown: str) -> str:
    """Return the calendar's address with something in its drawer, other filters kept where it is open already."""
    base = reverse("calendar", args=[request.salon.slug])
    kept = [(name, value) for name, value in _asked_of_calendar(request) if name not in OWN]
    if day is not None:
        kept = [("day", day.isoformat()), *((name, value) for name, value in kept if name != "day")]
    query = urlencode([*kept, *shown.items()])
    return f"{base}?{query}" if query else base


def in_calendar(request: SalonRequest) -> bool:
    """Return whether the request comes from the drawer of the calendar's page."""
    here = urlsplit(request.htmx.current_url or "") if request.htmx else None
    return here is not None and here.path == reverse("calendar", args=[request.salon.slug])


def shows(request: SalonRequest, day: date) -> bool:
    """Return whether the calendar around the drawer shows a day: it is on its own day, or in its week."""
    asked = dict(_asked_of_calendar(request))
    try:
        shown = date.fromisoformat(asked.get("day", ""))
    except ValueError:
        shown = request.salon.date_at(timezone.now())
    return day.isocalendar()[:2] == shown.isocalendar()[:2] if asked.get("view") == "week" else day == shown


def on_day(request: SalonRequest, day: date, **changed: str) -> str:
    """Return the calendar's address on another day, with what its drawer shows; `changed` is what differs of that."""
    own = {name: value for name, value in _asked_of_calendar(request) if name in OWN}
    return calendar_url(request, day, **{**own, **changed})


def names(request: SalonRequest, **shown: str) -> bool:
    """Return whether the calendar's address says already that this is in its drawer."""
    return shown.items() <= dict(_asked_of_calendar(request)).items()


def from_calendar(request: SalonRequest) -> bool:
    """Return whether a form of the calendar's page was sent without a script."""
    return urlsplit(request.headers.get("Referer", "")).path == reverse("calendar", args=[request.salon.slug])


def _asked_of_calendar(request: SalonRequest) -> list[tuple[str, str]]:
    if not in_calendar(request):
        return []
    return parse_qsl(urlsplit(request.htmx.current_url or "").query)


def drawn(
    request: SalonRequest,
    content: str,
    context: Mapping[str, Any],
    *,
    title: str,
    address: str | None = None,
    day: date | None = None,
    status: int = 200,
    changed: bool = False,
) -> HttpResponse:
    """Answer with a drawer's content as it was asked for.

    `address`: what the calendar's address becomes while it shows this. `changed`: the calendar has to look again.
    """
    target = request.htmx.target if request.htmx else None
    template = {WHOLE: "bookings/_drawer.html", CONTENT: content}.get(target or "", "bookings/drawer_page.html")
    is_page = not in_calendar(request)
    words = {**context, "content": content, "title": title, "is_page": is_page, "close_url": calendar_url(request, day)}
    response = render(request, template, words, status=status)
    response["Vary"] = "HX-Request, HX-Target"
    if address and target in {WHOLE, CONTENT}:
        # What replaces something in the drawer, or was brought along to another day, is no step of its own: back leads
        # to the calendar.
        opened = target == WHOLE and not is_page and request.method == "GET"
        response["HX-Push-Url" if opened else "HX-Replace-Url"] = address
    if changed:
        response["HX-Trigger"] = CHANGED
    return response
