"""A working week as it is entered: several stretches of work a day, breaks between them (domain.md §5). No database."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from django.utils.translation import gettext_lazy as _

from salon.errors import FieldError, InvalidInput, Text

STEP = 5
DAY_MINUTES = 24 * 60
WEEKDAYS = range(1, 8)
# So many stretches a day are plenty; more of them are a mistake.
MOST_A_DAY = 6
_ENTERED = re.compile(r"(\d{1,2})(?:\s*[:.h]?\s*(\d{2}))?(?:\s*(?:Uhr|h))?", re.ASCII | re.IGNORECASE)


class NotATime(ValueError):
    """A text is no time of the day."""


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """Work on one weekday (1 is Monday), in minutes from midnight on the salon's clock, half-open."""

    weekday: int
    starts_minute: int
    ends_minute: int


def parse_time(text: str) -> int:
    """Return a time of the day in minutes from midnight: `9`, `9:30`, `0930`, `9.30 Uhr`; `24:00` ends the day.

    Raises: NotATime.
    """
    match = _ENTERED.fullmatch(text.strip())
    if match is None:
        raise NotATime(text)
    minutes = int(match[1]) * 60 + int(match[2] or 0)
    if minutes > DAY_MINUTES or int(match[2] or 0) > 59:
        raise NotATime(text)
    return minutes


def time_text(minutes: int) -> str:
    """Return a time of the day as it is read: `09:00`."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def daily(weekdays: Iterable[int], *stretches: tuple[str, str]) -> list[Stretch]:
    """Return the same stretches on each of these weekdays: `daily(range(1, 7), ("9", "13"), ("14", "18"))`.

    Raises: NotATime.
    """
    return [Stretch(day, parse_time(start), parse_time(end)) for day in weekdays for start, end in stretches]


def by_weekday(week: Iterable[Stretch]) -> Mapping[int, list[Stretch]]:
    """Return the stretches of every weekday, in order."""
    found: dict[int, list[Stretch]] = {day: [] for day in WEEKDAYS}
    for stretch in sorted(week):
        found[stretch.weekday].append(stretch)
    return found


def accept_week(week: Collection[Stretch]) -> list[Stretch]:
    """Return a week in order; no stretch at all is a week without work.

    Stretches that touch stay two. Raises: InvalidInput naming every weekday that is wrong, as `weekday_1`.
    """
    if any(stretch.weekday not in WEEKDAYS for stretch in week):
        raise InvalidInput([FieldError("week", "invalid", _("There are only seven days in a week."))])
    errors = []
    for day, stretches in by_weekday(week).items():
        if error := _fault(stretches):
            errors.append(FieldError(f"weekday_{day}", *error))
    if errors:
        raise InvalidInput(errors)
    return sorted(week)


def _fault(stretches: list[Stretch]) -> tuple[str, Text] | None:
    if len(stretches) > MOST_A_DAY:
        return "too_many", _("More than 6 stretches a day.")
    for one in stretches:
        if not 0 <= one.starts_minute <= DAY_MINUTES or not 0 <= one.ends_minute <= DAY_MINUTES:
            return "range", _("A day has 24 hours.")
        if one.starts_minute % STEP or one.ends_minute % STEP:
            return "step", _("Enter times in steps of 5 minutes.")
        if one.ends_minute <= one.starts_minute:
            return "order", _("The end must be later than the start.")
    if any(after.starts_minute < before.ends_minute for before, after in pairwise(stretches)):
        return "overlap", _("These times overlap.")
    return None
