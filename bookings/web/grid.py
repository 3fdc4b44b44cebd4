"""The columns of the calendar as HTML.

They are written here: by a template a full day took as long as ten other pages. Whatever comes from a card, a note or
the catalogue goes through `escape`. No element has a `style`: rows of five minutes are the classes `r0`… (where it
starts) and `h1`… (how long) of calendar-grid.css.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from html import escape

from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from bookings.busy import STEP
from bookings.calendar import Away, Block, Calendar, Column, Stretch
from bookings.states import State
from salon.catalogue.models import AbsenceKind

ROWS_OF_HOUR = 60 // STEP
# Up to so many rows there is one line, up to so many the lines run on.
ONE_LINE = 4
RUNNING = 6
# The icons of the states, as symbols of the page.
STATES: dict[State, tuple[str, str]] = {
    State.BOOKED: ("booked", "calendar"),
    State.ARRIVED: ("arrived", "door-open"),
    State.COMPLETED: ("completed", "check"),
    State.NO_SHOW: ("no-show", "user-x"),
    State.CANCELLED: ("cancelled", "x"),
}
_WORDS: dict[str, Promise] = {
    "walk_in": _("Walk-in"),
    "new": _("New"),
    "finish": _("finish"),
    "free": _("Processing · free"),
    "break": _("Break"),
    "alert": _("Note"),
    "erased": _("Erased card"),
}


@dataclass(frozen=True, slots=True)
class Writing:
    """What all columns of one page are written with."""

    first_row: int
    last_row: int
    words: dict[str, str]
    states: dict[State, str]
    kinds: dict[AbsenceKind, str]


def writing_of(calendar: Calendar) -> Writing:
    """Return the words of the active language, escaped once, and the hours that are shown."""
    return Writing(
        first_row=calendar.first_row,
        last_row=calendar.last_row,
        words={key: escape(str(word)) for key, word in _WORDS.items()},
        states={
            state: f'<svg class="i" role="img" aria-label="{escape(str(state.label))}"><use href="#cal-{key}"/></svg>'
            for state, (key, _icon) in STATES.items()
        },
        kinds={kind: escape(str(kind.label)) for kind in AbsenceKind},
    )


@cache
def clock(row: int) -> str:
    """Return the time of day at which a row starts: 108 -> "09:00"."""
    return f"{row // ROWS_OF_HOUR:02}:{row % ROWS_OF_HOUR * STEP:02}"


def body(column: Column, writing: Writing, *, now_row: int | None) -> SafeString:
    """Return all that stands in one column."""
    parts = [
        *(_area("work", one, writing) for one in column.work),
        *_slots(column, writing),
        *(_area("break", one, writing, writing.words["break"]) for one in column.breaks),
        *(_away(one, writing) for one in column.away),
        *(_area("free", one, writing, writing.words["free"]) for one in column.processing),
        *(block(one, writing) for one in column.blocks),
    ]
    if now_row is not None and writing.first_row <= now_row < writing.last_row:
        parts.append(f'<i class="now r{now_row - writing.first_row}"></i>')
    return mark_safe("".join(parts))  # noqa: S308 - escaped piece by piece


def _area(kind: str, stretch: Stretch, writing: Writing, words: str = "") -> str:
    row, end = max(stretch.row, writing.first_row), min(stretch.end, writing.last_row)
    if end <= row:
        return ""
    return f'<i class="{kind} r{row - writing.first_row} h{end - row}">{words}</i>'


def _away(away: Away, writing: Writing) -> str:
    words = escape(away.note) or writing.kinds[away.kind]
    if away.kind != AbsenceKind.BLOCKED:
        return _area("away", away.stretch, writing, words)
    # What is blocked is changed in the drawer.
    area = _area("blocked", away.stretch, writing, words).removeprefix("<i").removesuffix("</i>")
    return f'<a href="blocked/{away.absence_id}/" data-drawer-link{area}</a>' if area else ""


def _slots(column: Column, writing: Writing) -> Iterable[str]:
    """Return a link for each hour; with a script the place of the click says the exact time.

    Readers of the screen and the Tab key take the link in the head of the column.
    """
    where = f'" tabindex="-1" aria-hidden="true" href="new/?day={column.day}&amp;staff={column.staff_id}&amp;at='
    return [
        f'<a class="slot r{row - writing.first_row}{where}{clock(row)}"></a>'
        for row in range(writing.first_row, writing.last_row, ROWS_OF_HOUR)
    ]


def block(one: Block, writing: Writing) -> str:
    """Return one block: a link to its appointment that reads as time, state, client, service."""
    row = max(one.stretch.row, writing.first_row)
    rows = one.stretch.end - row
    look = ["b", STATES[one.state][0], f"r{row - writing.first_row}", f"h{rows}"]
    if rows <= RUNNING:
        look.append("line" if rows <= ONE_LINE else "run")
    if one.walk_in:
        look.append("walk")
    if one.changeable:
        look.append("m e" if one.last else "m")
    if one.strip is not None:
        look.append(f"strip l{one.strip}")
    elif one.lane.of > 1:
        look.append(f"l{one.lane.number} w{one.lane.of}")
    if one.strips:
        look.append(f"s{one.strips}")
    item = f' data-i="{one.item_id}"' if one.position else ""
    offset = f' data-o="{(one.stretch.row - _row_of(one)) % 288}"' if one.part else ""
    name = writing.words["walk_in"] if one.walk_in else escape(one.name) or writing.words["erased"]
    service = escape(one.service) + (f" · {writing.words['finish']}" if one.part else "")
    alert = ""
    if one.alert:
        said = escape(one.alert)
        alert = (
            f'<span class="alert" role="img" aria-label="{writing.words["alert"]}: {said}" title="{said}">'
            '<svg class="i"><use href="#cal-alert"/></svg></span>'
        )
    new = f"<em>{writing.words['new']}</em>" if one.new else ""
    return (
        f'<a class="{" ".join(look)}" href="appointments/{one.appointment_id}/" data-v="{one.version}"{item}{offset}>'
        f'<span class="t">{clock(row)}<i>–{one.ends_at:%H:%M}</i></span>{writing.states[one.state]}{alert}{new}'
        f" <b>{name}</b> <span>{service}</span></a>"
    )


def _row_of(one: Block) -> int:
    return (one.starts_at.hour * 60 + one.starts_at.minute) // STEP


def line(one: Block, writing: Writing) -> SafeString:
    """Return one line of the week of the whole team."""
    name = writing.words["walk_in"] if one.walk_in else escape(one.name) or writing.words["erased"]
    html = (
        f'<a class="{STATES[one.state][0]}" href="appointments/{one.appointment_id}/">'
        f"{one.starts_at:%H:%M} {writing.states[one.state]}<b>{name}</b> <span>{escape(one.service)}</span></a>"
    )
    return mark_safe(html)  # noqa: S308 - escaped piece by piece


def hours_axis(calendar: Calendar) -> SafeString:
    """Return the hours beside the columns."""
    rows = range(calendar.first_row, calendar.last_row, ROWS_OF_HOUR)
    html = "".join(f'<span class="r{row - calendar.first_row}">{clock(row)}</span>' for row in rows)
    return mark_safe(html)  # noqa: S308 - times of day alone


def hours_text(column: Column) -> str:
    """Return from when to when somebody works that day, "" where not at all: "09–18", "09:30–18"."""
    if not column.work:
        return ""
    return f"{_short(column.work[0].row)}–{_short(column.work[-1].end)}"


def _short(row: int) -> str:
    return clock(row).removesuffix(":00")


def days_of(columns: Iterable[Column]) -> list[date]:
    """Return the days of some columns, each once."""
    return list(dict.fromkeys(column.day for column in columns))
