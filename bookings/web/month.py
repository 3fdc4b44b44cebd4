"""The date picker of the calendar: one month of days, each a link."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape

from django.utils import dateformat
from django.utils.safestring import SafeString, mark_safe

# From Monday on, as everywhere in the product.
_MONTHS = calendar.Calendar(firstweekday=0)


@dataclass(frozen=True, slots=True)
class Month:
    """One month in whole weeks; `rows` is a line of a table for each, written here because a template takes longer for
    it than for all the rest of the bar."""

    first: date
    weekdays: list[str]
    rows: SafeString

    @property
    def previous(self) -> date:
        """The first day of the month before."""
        return (self.first - timedelta(days=1)).replace(day=1)

    @property
    def next(self) -> date:
        """The first day of the month behind."""
        return (self.first + timedelta(days=31)).replace(day=1)


def month_of(day: date, *, chosen: date, today: date, page: str, kept: str) -> Month:
    """Return the month that a day lies in; each day leads to `page` with itself and `kept` in the query."""
    month = dateformat.format(day, "F")
    weeks = _MONTHS.monthdatescalendar(day.year, day.month)
    before, behind = escape(f"{page}?day="), escape(kept)
    lines = []
    for week in weeks:
        cells = []
        for one in week:
            own = one.month == day.month
            marks = "" if own else ' class="other"'
            if one == chosen:
                marks += ' aria-current="date"'
            elif one == today:
                marks += " data-today"
            name = f"{one.day}. {month if own else dateformat.format(one, 'F')}"
            cells.append(f'<td><a href="{before}{one}{behind}"{marks} aria-label="{escape(name)}">{one.day}</a></td>')
        lines.append(f'<tr><th scope="row">{week[0].isocalendar().week}</th>{"".join(cells)}</tr>')
    return Month(
        first=day.replace(day=1),
        weekdays=[dateformat.format(one, "D") for one in weeks[0]],
        rows=mark_safe("".join(lines)),  # noqa: S308 - dates and escaped text alone
    )
