"""When the people of the demo are away, and what keeps them from their clients (domain.md §11)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import count
from uuid import UUID
from zoneinfo import ZoneInfo

from salon.catalogue.models import Absence, AbsenceKind
from salon.demo.days import is_closed
from salon.demo.diary import MIDNIGHT
from salon.demo.team import SCHOOL, Colleague, Stretch
from salon.tenancy.models import new_id

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Away:
    """Somebody is not to be booked between two minutes of each day, from a day to another, both included."""

    staff: str
    kind: AbsenceKind
    first: date
    last: date
    stretch: Stretch = (0, MIDNIGHT)
    note: str = ""


def absences_of(team: Sequence[Colleague], *, region: str, today: date) -> list[Away]:
    """Return who is away and when; the illness comes last, as nobody knew of it when the day was booked."""
    monday = today + timedelta(days=7 - today.weekday())
    stocktaking = monday + timedelta(days=10)
    found = [Away(team[0].name, AbsenceKind.BLOCKED, stocktaking, stocktaking, (17 * 60, 18 * 60), "Inventur")]
    for one in team:
        for ahead in range(-21, 71):
            day = today + timedelta(days=ahead)
            if day.isoweekday() in one.school and not is_closed(region, day):
                found.append(Away(one.name, AbsenceKind.TRAINING, day, day, SCHOOL, "Berufsschule"))
    *_others, second, third = team[:3]
    if len(team) > 3:
        fourth = team[3].name
        past = monday - 13 * _WEEK
        dentist = _working_day(team[3], region, today + timedelta(days=4))
        found += [
            Away(fourth, AbsenceKind.VACATION, past, past + timedelta(days=12), note="Türkei"),
            Away(fourth, AbsenceKind.OTHER, dentist, dentist, (16 * 60 + 30, 18 * 60), "Zahnarzt"),
            Away(third.name, AbsenceKind.BLOCKED, today, today, (15 * 60 + 30, 16 * 60), "Warenlieferung"),
        ]
    vacation = monday + 2 * _WEEK
    found.append(Away(third.name, AbsenceKind.VACATION, vacation, vacation + timedelta(days=5)))
    ill = _working_day(second, region, today + timedelta(days=2))
    return [*found, Away(second.name, AbsenceKind.SICK, ill, ill, note="Hat sich am Morgen gemeldet")]


def by_day(absences: Iterable[Away]) -> Mapping[tuple[str, date], list[Stretch]]:
    """Return the stretches in which each is away, by name and day."""
    found = defaultdict(list)
    for away in absences:
        for ahead in range((away.last - away.first).days + 1):
            found[away.staff, away.first + timedelta(days=ahead)].append(away.stretch)
    return found


def write_absences(absences: Iterable[Away], *, staff: Mapping[str, UUID], zone: ZoneInfo, now: datetime) -> None:
    """Write when the people of the open salon are away."""
    Absence.objects.bulk_create(
        Absence(
            id=new_id(),
            staff_id=staff[away.staff],
            kind=away.kind,
            starts_at=_moment(away.first, away.stretch[0], zone),
            ends_at=_moment(away.last, away.stretch[1], zone),
            note=away.note,
            created_at=now,
        )
        for away in absences
    )


def _working_day(one: Colleague, region: str, day: date) -> date:
    """Return the first of the days from one on which somebody works."""
    days = (day + timedelta(days=ahead) for ahead in count())
    return next(day for day in days if day.isoweekday() in one.week and not is_closed(region, day))


def _moment(day: date, minute: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone) + timedelta(minutes=minute)
