"""Who works in the two salons of the demo, when, and at what (domain.md §11)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from salon.catalogue.models import HolidayRules, OpenDay, Schedule, ScheduleInterval, StaffMember, StaffService
from salon.demo.days import is_holiday
from salon.folding import fold
from salon.tenancy.models import new_id

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY = range(1, 7)
# From and until on the salon's clock, in minutes of the day.
Stretch = tuple[int, int]
Week = dict[int, tuple[Stretch, ...]]


@dataclass(frozen=True, slots=True)
class Colleague:
    """One staff member to be; `user` is her sign-in, if she has one, `school` the days of vocational school."""

    name: str
    colour: int
    week: Week
    services: tuple[str, ...]
    user: str = ""
    school: tuple[int, ...] = ()


def _day(*stretches: str) -> tuple[Stretch, ...]:
    return tuple((_minute(start), _minute(end)) for start, end in (stretch.split("–") for stretch in stretches))


def _minute(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def _week(days: tuple[int, ...], *stretches: str) -> Week:
    return dict.fromkeys(days, _day(*stretches))


_ALL_DAYS = (MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY)
SCHOOL = _day("8:00–12:00")[0]
# Hours of a Sunday or public holiday on which the demo is opened: somebody wants to see a calendar at work.
SPECIAL = _day("11:00–13:00", "13:30–18:00")

SONNENSCHEIN = (
    Colleague(
        "Anna",
        1,
        _week(_ALL_DAYS, "9:00–13:00", "13:30–18:00"),
        (
            "Waschen-Schneiden-Föhnen",
            "Föhnen",
            "Hochstecken",
            "Kinder",
            "Herrenschnitt",
            "Maschinenschnitt",
            "Bart",
            "Nassrasur",
            "Ansatzfarbe",
            "Komplettfarbe",
            "Foliensträhnen",
            "Balayage",
            "Glossing",
            "Keratin",
            "Pflegekur",
            "Facial",
            "Anti-Aging",
            "Brauen zupfen",
            "Wimpernlifting",
        ),
        user="anna@sonnenschein.example",
    ),
    Colleague(
        "Bora",
        2,
        _week((TUESDAY, WEDNESDAY, FRIDAY, SATURDAY), "9:00–12:30", "13:00–18:00")
        | _week((THURSDAY,), "11:00–15:00", "15:30–20:00"),
        ("Kinder", "Herrenschnitt", "Maschinenschnitt", "Bart", "Nassrasur", "Pflegekur", "Rückenmassage"),
    ),
    Colleague(
        "Carla",
        3,
        _week((MONDAY, TUESDAY, FRIDAY, SATURDAY), "9:00–12:00", "12:30–18:00")
        | _week((THURSDAY,), "11:00–15:00", "15:30–20:00"),
        (
            "Waschen-Schneiden-Föhnen",
            "Föhnen",
            "Hochstecken",
            "Kinder",
            "Ansatzfarbe",
            "Komplettfarbe",
            "Foliensträhnen",
            "Balayage",
            "Glossing",
            "Keratin",
            "Pflegekur",
            "Brauen zupfen",
            "Maniküre",
            "Shellac",
            "Pediküre",
        ),
        user="carla@sonnenschein.example",
    ),
    Colleague(
        "Dilara",
        4,
        _week((MONDAY, TUESDAY, WEDNESDAY, FRIDAY, SATURDAY), "9:00–12:30", "13:15–18:00"),
        (
            "Brauen zupfen",
            "Facial",
            "Anti-Aging",
            "Wimpernlifting",
            "Maniküre",
            "Shellac",
            "Pediküre",
            "Rückenmassage",
        ),
    ),
    Colleague(
        "Emil",
        5,
        _week((MONDAY, TUESDAY, THURSDAY, FRIDAY), "9:00–12:00", "12:30–17:00") | _week((SATURDAY,), "12:00–18:00"),
        (
            "Waschen-Schneiden-Föhnen",
            "Föhnen",
            "Kinder",
            "Herrenschnitt",
            "Maschinenschnitt",
            "Bart",
            "Glossing",
            "Pflegekur",
            "Maniküre",
            "Pediküre",
            "Shellac",
            "Rückenmassage",
        ),
        school=(TUESDAY, THURSDAY),
    ),
)
_ALL_OF_BARBIER = (
    "Herrenschnitt",
    "Maschinenschnitt",
    "Haare & Bart",
    "Kinder",
    "Bart",
    "Nassrasur",
    "Kopfrasur",
    "Pflegekur",
    "Grauhaarkaschierung",
)
BARBIER = (
    Colleague(
        "Emre",
        6,
        _week(_ALL_DAYS, "10:00–14:00", "14:30–19:00"),
        _ALL_OF_BARBIER,
        user="emre@barbier-am-dom.example",
    ),
    Colleague("Yusuf", 8, _week(_ALL_DAYS[1:], "10:00–13:30", "14:00–19:00"), _ALL_OF_BARBIER),
    Colleague(
        "Mert",
        10,
        _week((MONDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY), "11:00–15:00", "15:30–20:00"),
        _ALL_OF_BARBIER[:-1],
    ),
)


def write_team(
    team: Sequence[Colleague],
    *,
    services: Mapping[str, UUID],
    users: Mapping[str, UUID],
    region: str,
    first_day: date,
    special: date | None,
    now: datetime,
) -> dict[str, UUID]:
    """Write who works in the open salon from its first day on, and what each does; return the staff by name.

    On the special day everybody works although the salon is closed on such days.
    """
    HolidayRules.objects.create(region=region)
    staff = [
        StaffMember(
            id=new_id(),
            name=one.name,
            name_key=fold(one.name),
            colour=one.colour,
            position=position,
            user_id=users.get(one.user),
            created_at=now,
        )
        for position, one in enumerate(team, 1)
    ]
    StaffMember.objects.bulk_create(staff)
    ids = {member.name: member.pk for member in staff}
    StaffService.objects.bulk_create(
        StaffService(staff_id=ids[one.name], service_id=services[name]) for one in team for name in one.services
    )
    weeks = [(one, first_day, one.week) for one in team]
    if special:
        # A Sunday needs hours alone.
        if is_holiday(region, special):
            OpenDay.objects.create(day=special)
        for one in team:
            weeks += [
                (one, special, one.week | {special.isoweekday(): SPECIAL}),
                (one, special + timedelta(days=1), one.week),
            ]
    schedules = [Schedule(id=new_id(), staff_id=ids[one.name], valid_from=day) for one, day, _week in weeks]
    Schedule.objects.bulk_create(schedules)
    ScheduleInterval.objects.bulk_create(
        ScheduleInterval(id=new_id(), schedule_id=schedule.pk, weekday=weekday, starts_minute=starts, ends_minute=ends)
        for schedule, (_one, _day, week) in zip(schedules, weeks, strict=True)
        for weekday, stretches in week.items()
        for starts, ends in stretches
    )
    return ids
