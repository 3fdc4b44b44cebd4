"""The calendar page: a day with a column for each staff member, or a week (ui.md §2.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from bookings.calendar import Calendar, Column, Person, day_of, week_of
from bookings.fingerprint import fingerprint
from bookings.web.drawer import OWN
from bookings.web.grid import STATES, Writing, body, days_of, hours_axis, hours_text, line, writing_of
from bookings.web.month import Month, month_of
from salon.identity.preferences import choose_columns
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires
from salon.years import EARLIEST, LATEST

# What clients are asked at the till: see you in so many weeks.
JUMPS = (2, 4, 6, 8)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks the calendar for."""

    day: date
    week: bool
    staff_id: UUID | None  # of a week: whose; None: everybody's

    def address(self, *, day: date | None = None, week: bool | None = None, staff: UUID | None = None) -> str:
        """Return the query of the same calendar with something else in it; `staff` only concerns a week."""
        asked = {"day": (day or self.day).isoformat()}
        if self.week if week is None else week:
            asked["view"] = "week"
            if whose := staff or self.staff_id:
                asked["who"] = str(whose)
        return f"?{urlencode(asked)}"


def asked_for(request: SalonRequest) -> Asked:
    """Return what an address asks for; what cannot be read is today, and everybody."""
    today = request.salon.date_at(timezone.now())
    day = _date(request.GET.get("day", "")) or today
    week = request.GET.get("view") == "week"
    try:
        staff_id = UUID(request.GET.get("who", "")) if week else None
    except ValueError:
        staff_id = None
    return Asked(day, week, staff_id)


def _date(text: str) -> date | None:
    try:
        return min(max(date.fromisoformat(text), EARLIEST), LATEST)
    except ValueError:
        return None


@requires(Permission.BOOKINGS_READ)
@require_safe
def calendar(request: SalonRequest) -> HttpResponse:
    """The page."""
    asked = asked_for(request)
    shown = _shown(request, asked)
    step = timedelta(days=7 if asked.week else 1)
    today = request.salon.date_at(timezone.now())
    chosen = chosen_staff(request)
    context = {
        **_grid(request, asked, shown),
        "month": _month(request, asked, asked.day),
        "monday": asked.day - timedelta(days=asked.day.weekday()),
        "sunday": asked.day + timedelta(days=6 - asked.day.weekday()),
        "today": today,
        "today_url": asked.address(day=today),
        "previous_url": asked.address(day=max(asked.day - step, EARLIEST)),
        "next_url": asked.address(day=min(asked.day + step, LATEST)),
        "day_url": asked.address(week=False),
        "week_url": asked.address(week=True),
        "team": [(person, not chosen or person.id in chosen) for person in shown.team],
        "filtered": sum(1 for person in shown.team if person.id in chosen),
        "whose": [(person, asked.address(staff=person.id)) for person in shown.team] if asked.week else [],
        "everybody_url": f"?{urlencode({'day': asked.day.isoformat(), 'view': 'week'})}",
        "icons": [(key, icon) for key, icon in STATES.values()],
        "jumps": [(weeks, asked.address(day=min(today + timedelta(weeks=weeks), LATEST))) for weeks in JUMPS],
        "drawer_url": _drawer_url(request),
    }
    return render(request, "bookings/calendar.html", context)


def _drawer_url(request: SalonRequest) -> str | None:
    """Return what the drawer shows by the calendar's address, which follows it: reload and back work."""
    own = urlencode(
        [(name, value) for name, value in request.GET.items() if name in {*OWN, "day"} - {"new", "blocked"}]
    )
    if "appointment" in request.GET:
        wanted = _uuids([request.GET["appointment"]])
        return reverse("appointment", args=[request.salon.slug, wanted[0]]) if wanted else None
    if wanted := _uuids([request.GET.get("blocked", "")]):
        return reverse("absence", args=[request.salon.slug, wanted[0]])
    for name, route in (("new", "booking_new"), ("blocked", "absence_new")):
        if name in request.GET:
            return f"{reverse(route, args=[request.salon.slug])}?{own}"
    return None


@requires(Permission.BOOKINGS_READ)
@require_safe
def poll(request: SalonRequest) -> HttpResponse:
    """The grid alone, or 304 where it still is as the browser has it; asked for every few seconds."""
    asked = asked_for(request)
    first, last = _days(asked)
    zone = ZoneInfo(request.salon.timezone)
    begin = datetime.combine(first, datetime.min.time(), zone)
    end = datetime.combine(last + timedelta(days=1), datetime.min.time(), zone)
    chosen = ",".join(sorted(map(str, chosen_staff(request))))
    tag = f'"{fingerprint(begin, end, asked.address(), chosen, get_language() or "")}"'
    if request.headers.get("If-None-Match") == tag:
        response: HttpResponse = HttpResponseNotModified()
    else:
        context = {**_grid(request, asked, _shown(request, asked)), "polled": True}
        response = render(request, "bookings/_grid.html", context)
    response["ETag"] = tag
    response["Cache-Control"] = "no-store"
    return response


@requires(Permission.BOOKINGS_READ)
@require_safe
def month(request: SalonRequest) -> HttpResponse:
    """Another month of the date picker."""
    asked = asked_for(request)
    shown = _date(request.GET.get("month", "")) or asked.day
    return render(request, "bookings/_month.html", {"month": _month(request, asked, shown), "asked": asked})


def _month(request: SalonRequest, asked: Asked, day: date) -> Month:
    """Return a month whose days lead to the same view."""
    page = reverse("calendar", args=[request.salon.slug])
    kept = asked.address().removeprefix(f"?day={asked.day.isoformat()}")
    today = request.salon.date_at(timezone.now())
    return month_of(day, chosen=asked.day, today=today, page=page, kept=kept)


@requires(Permission.BOOKINGS_READ)
@require_POST
def staff(request: SalonRequest) -> HttpResponse:
    """Show these staff members from now on, to this user in this salon; none means everybody."""
    asked = asked_for(request)
    wanted = {str(one) for one in _uuids(request.POST.getlist("staff"))}
    if "everybody" in request.POST:
        wanted = set()
    choose_columns(user_id=request.user.pk, page=_preference(request), columns=wanted)
    return redirect(f"{reverse('calendar', args=[request.salon.slug])}{asked.address()}")


def chosen_staff(request: SalonRequest) -> frozenset[UUID]:
    """Return the staff members whose columns this user wants to see; nobody stands for everybody."""
    return frozenset(_uuids(request.user.columns.get(_preference(request), [])))


def _preference(request: SalonRequest) -> str:
    return f"calendar {request.salon.slug}"


def _uuids(texts: Sequence[str]) -> list[UUID]:
    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _days(asked: Asked) -> tuple[date, date]:
    if not asked.week:
        return asked.day, asked.day
    monday = asked.day - timedelta(days=asked.day.weekday())
    return monday, monday + timedelta(days=6)


def _shown(request: SalonRequest, asked: Asked) -> Calendar:
    chosen = chosen_staff(request) or None
    if asked.week:
        return week_of(salon=request.salon, day=asked.day, staff_ids=[asked.staff_id] if asked.staff_id else chosen)
    return day_of(salon=request.salon, day=asked.day, staff_ids=chosen)


@dataclass(frozen=True, slots=True)
class ShownColumn:
    """One column with its head."""

    staff: Person
    day: date
    hours_words: str
    closed: str
    body: SafeString
    today: bool


@dataclass(frozen=True, slots=True)
class RosterRow:
    """The week of one staff member in lines."""

    staff: Person
    url: str
    days: list[tuple[date, str, bool, list[SafeString]]]


def _grid(request: SalonRequest, asked: Asked, shown: Calendar) -> dict[str, Any]:
    now = timezone.now().astimezone(ZoneInfo(request.salon.timezone))
    writing = writing_of(shown)
    people = {person.id: person for person in shown.team}
    roster = asked.week and asked.staff_id is None
    now_row = (now.hour * 60 + now.minute) // 5
    return {
        "asked": asked,
        "calendar": shown,
        "roster": _roster(asked, shown, writing, people) if roster else [],
        "days": days_of(shown.columns),
        "columns": []
        if roster
        else [
            ShownColumn(
                staff=people[column.staff_id],
                day=column.day,
                hours_words=_hours_words(column),
                closed=column.closed,
                body=body(column, writing, now_row=now_row if column.day == now.date() else None),
                today=column.day == now.date(),
            )
            for column in shown.columns
        ],
        "hours": hours_axis(shown),
        "rows": shown.last_row - shown.first_row,
        "now": now,
        "now_row": now_row - shown.first_row if shown.first_row <= now_row < shown.last_row else None,
        "writes": Permission.BOOKINGS_WRITE in request.actor.permissions,
        "has_today": any(column.day == now.date() for column in shown.columns),
    }


def _hours_words(column: Column) -> str:
    if hours := hours_text(column):
        return _("{hours} h").format(hours=hours)
    # Why is nobody's business who walks past the screen.
    return _("absent") if column.work else _("not there")


def _hours_in_week(column: Column) -> str:
    return hours_text(column) or (_("absent") if column.work else "")


def _roster(asked: Asked, shown: Calendar, writing: Writing, people: dict[UUID, Person]) -> list[RosterRow]:
    by_person: dict[UUID, list[Column]] = {}
    for column in shown.columns:
        by_person.setdefault(column.staff_id, []).append(column)
    return [
        RosterRow(
            people[staff_id],
            asked.address(staff=staff_id),
            [
                (
                    column.day,
                    _hours_in_week(column),
                    bool(column.there),
                    [line(one, writing) for one in column.blocks if not one.part],
                )
                for column in columns
            ],
        )
        for staff_id, columns in by_person.items()
    ]
