"""The date picker of the calendar: one month of days, each a link."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

# From Monday on, as everywhere in the product.
_MONTHS = calendar.Calendar(firstweekday=0)


@dataclass(frozen=True, slots=True)
class Week:
    """One line of a month."""

    number: int
    days: list[date]


@dataclass(frozen=True, slots=True)
class Month:
    """One month in whole weeks; days of its neighbours fill the first and the last."""

    first: date
    weeks: list[Week]

    @property
    def previous(self) -> date:
        """The first day of the month before."""
        return (self.first - timedelta(days=1)).replace(day=1)

    @property
    def next(self) -> date:
        """The first day of the month behind."""
        return (self.first + timedelta(days=31)).replace(day=1)


def month_of(day: date) -> Month:
    """Return the month that a day lies in."""
    weeks = _MONTHS.monthdatescalendar(day.year, day.month)
    return Month(day.replace(day=1), [Week(week[0].isocalendar().week, week) for week in weeks])
