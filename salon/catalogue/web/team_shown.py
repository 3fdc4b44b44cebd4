"""Weeks and absences as the pages of the team show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.dates import WEEKDAYS as DAY_NAMES
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from salon.catalogue.models import Absence, AbsenceKind
from salon.catalogue.rota import Week
from salon.catalogue.weeks import Stretch, by_weekday, time_text
from salon.web.access import SalonRequest

# A day of the small bars begins and ends then, unless somebody works earlier or later.
FIRST_MINUTE, LAST_MINUTE = 7 * 60, 21 * 60


def day_name(weekday: int) -> str:
    """Return `Montag` for 1."""
    return str(DAY_NAMES[weekday - 1])


def hours_text(minutes: int) -> str:
    """Return `38,5 Std.`."""
    return _("%(hours)s h") % {
        "hours": number_format((Decimal(minutes) / 60).quantize(Decimal("0.01")).normalize() + 0, force_grouping=False)
    }


def stretch_text(stretch: Stretch) -> str:
    """Return `09:00–13:00`."""
    return f"{time_text(stretch.starts_minute)}–{time_text(stretch.ends_minute)}"


@dataclass(frozen=True, slots=True)
class Box:
    """One stretch in the small picture of a week, in percent."""

    x: str
    width: str
    y: int


@dataclass(frozen=True, slots=True)
class ShownDay:
    """One weekday in words."""

    name: str
    short: str
    hours: str


@dataclass(frozen=True, slots=True)
class ShownWeek:
    """A week in words and as a small picture."""

    days: Sequence[ShownDay]
    boxes: Sequence[Box]
    total: str
    summary: str


def shown_week(week: Week) -> ShownWeek:
    """Return how a week is shown."""
    days, boxes = [], []
    for number, stretches in by_weekday(week.stretches).items():
        hours = ", ".join(map(stretch_text, stretches))
        days.append(ShownDay(day_name(number), str(WEEKDAYS_ABBR[number - 1]), hours))
        for one in stretches:
            start, end = max(one.starts_minute, FIRST_MINUTE), min(one.ends_minute, LAST_MINUTE)
            if end > start:
                boxes.append(Box(_percent(start - FIRST_MINUTE), _percent(end - start), (number - 1) * 5))
    total = hours_text(week.minutes)
    works = [day.short for day in days if day.hours]
    return ShownWeek(days, boxes, total, f"{_in_short(works, days)} · {total}" if works else _("does not work"))


def _in_short(works: list[str], days: Sequence[ShownDay]) -> str:
    """Return `Mo–Fr, So`."""
    names = [day.short for day in days]
    runs: list[list[str]] = []
    for name in works:
        if runs and names.index(name) == names.index(runs[-1][-1]) + 1:
            runs[-1].append(name)
        else:
            runs.append([name])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


def _percent(minutes: int) -> str:
    return f"{100 * minutes / (LAST_MINUTE - FIRST_MINUTE):.2f}%"


@dataclass(frozen=True, slots=True)
class ShownAbsence:
    """An absence in words."""

    absence: Absence
    kind: str
    when: str
    now: bool
    edit_url: str
    remove_url: str


def shown_absence(request: SalonRequest, absence: Absence, now: datetime) -> ShownAbsence:
    """Return how an absence is shown."""
    place = [request.salon.slug, absence.pk]
    return ShownAbsence(
        absence=absence,
        kind=str(AbsenceKind(absence.kind).label),
        when=when_text(absence.starts_at, absence.ends_at, ZoneInfo(request.salon.timezone)),
        now=absence.starts_at <= now < absence.ends_at,
        edit_url=reverse("absences_edit", args=place),
        remove_url=reverse("absences_remove", args=place),
    )


def when_text(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> str:
    """Return whole days as days, and anything else with its times: `24. Nov. 2026, 09:00–12:00`."""
    starts, ends = starts_at.astimezone(zone), ends_at.astimezone(zone)
    first = date_format(starts, "SHORT_DATE_FORMAT")
    if not (starts.hour or starts.minute or ends.hour or ends.minute):
        last = date_format(ends - timedelta(days=1), "SHORT_DATE_FORMAT")
        return first if first == last else f"{first} – {last}"
    end_of_day = not (ends.hour or ends.minute)
    if starts.date() == (ends - timedelta(days=end_of_day)).date():
        return f"{first}, {starts:%H:%M}–{'24:00' if end_of_day else f'{ends:%H:%M}'}"
    return f"{first}, {starts:%H:%M} – {date_format(ends, 'SHORT_DATE_FORMAT')}, {ends:%H:%M}"
