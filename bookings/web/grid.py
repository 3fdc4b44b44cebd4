"""The columns of the calendar as HTML.

They are written here: by a template a full day took as long as ten other pages. Whatever comes from a card, a note or
the catalogue goes through `escape`. No element has a `style`: rows of five minutes are the classes `r0`… (where it
starts) and `h1`… (how long) of calendar-grid.css.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from html import escape
from itertools import repeat
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from bookings.busy import STEP
from bookings.calendar import ROWS_OF_DAY, Away, Block, Calendar, Column
from bookings.states import CHANGEABLE, State
from bookings.stretches import Stretch
from bookings.web.reach import NONE, Reach, reaches
from salon.catalogue.models import AbsenceKind

ROWS_OF_HOUR = 60 // STEP
# Up to so many rows there is one line, up to so many the lines run on.
ONE_LINE = 4
RUNNING = 6
# So many rows have no room for a word.
SMALL = 2
# The icons of the states, as symbols of the page.
STATES: dict[State, tuple[str, str]] = {
    State.BOOKED: ("booked", "calendar"),
    State.ARRIVED: ("arrived", "door-open"),
    State.COMPLETED: ("completed", "check"),
    State.NO_SHOW: ("no-show", "user-x"),
    State.CANCELLED: ("cancelled", "x"),
}
_GIFT = '<svg class="i" aria-hidden="true"><use href="#cal-treat"/></svg>'
_MONEY = '<svg class="i" aria-hidden="true"><use href="#cal-paid"/></svg>'
_WORDS: dict[str, Promise] = {
    "walk_in": _("Walk-in"),
    "new": _("New"),
    "reward": _("Reward"),
    "paid": _("Paid"),
    "finish": _("finish"),
    "free": _("Processing · free"),
    "break": _("Break"),
    "alert": _("Note"),
    "stranded": _("Not there then: still to be arranged"),
    "erased": _("Erased card"),
}


class Look(NamedTuple):
    """How blocks of one state look: their class, their icon, and whether they can still be moved and made longer."""

    name: str
    icon: str
    changeable: bool


class Escaped(dict[str, str]):
    """Texts as they stand in HTML, each escaped once for a page: clients and services come again and again."""

    def __missing__(self, text: str) -> str:
        escaped = self[text] = escape(text)
        return escaped


@dataclass(frozen=True, slots=True)
class Writing:
    """What all columns of one page are written with."""

    first_row: int
    last_row: int
    words: dict[str, str]
    states: dict[State, "Look"]
    kinds: dict[AbsenceKind, str]
    escaped: Escaped = field(default_factory=Escaped)


def writing_of(calendar: Calendar) -> Writing:
    """Return the words of the active language, escaped once, and the hours that are shown."""
    return Writing(
        first_row=calendar.first_row,
        last_row=calendar.last_row,
        words={key: escape(str(word)) for key, word in _WORDS.items()},
        states={
            state: Look(
                key,
                f'<svg class="i" role="img" aria-label="{escape(str(state.label))}"><use href="#cal-{key}"/></svg>',
                state in CHANGEABLE,
            )
            for state, (key, _icon) in STATES.items()
        },
        kinds={kind: escape(str(kind.label)) for kind in AbsenceKind},
    )


# The times of day by their minute: 540 -> "09:00".
CLOCK = [f"{minute // 60:02}:{minute % 60:02}" for minute in range(24 * 60)]


def body(column: Column, writing: Writing, *, now_row: int | None) -> SafeString:
    """Return all that stands in one column."""
    far = reaches(column, first_row=writing.first_row, last_row=writing.last_row)
    parts = [
        *(_area("work", one, writing) for one in column.work),
        *_slots(column, writing),
        *(_area("break", one, writing, writing.words["break"]) for one in column.breaks),
        *(_away(one, writing) for one in column.away),
        *(_area("free", one, writing, writing.words["free"] if one.rows > SMALL else "") for one in _free(column)),
        *map(block, column.blocks, repeat(writing), far),
    ]
    if now_row is not None and writing.first_row <= now_row < writing.last_row:
        parts.append(f'<i class="now r{now_row - writing.first_row}"></i>')
    return mark_safe("".join(parts))  # noqa: S308 - escaped piece by piece


def _free(column: Column) -> Iterable[Stretch]:
    """Return when somebody else can be taken while something takes effect: not in a break, nor while she is away."""
    free = column.processing
    for taken in [*column.breaks, *(one.stretch for one in column.away)]:
        free = [left for one in free for left in one.without(taken)]
    return free


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
        f'<a class="slot r{row - writing.first_row}{where}{CLOCK[row * STEP]}"></a>'
        for row in range(writing.first_row, writing.last_row, ROWS_OF_HOUR)
    ]


def block(one: Block, writing: Writing, reach: Reach = NONE) -> str:
    """Return one block: a link to its appointment that reads as time, state, client, service; `reach` is how far beyond
    what is seen of it it can be hit."""
    row = max(one.stretch.row, writing.first_row)
    rows = one.stretch.end - row
    icon = writing.states[one.state].icon
    item = f' data-i="{one.item_id}"' if one.position else ""
    offset = f' data-o="{(one.stretch.row - one.starts // STEP) % 288}"' if one.part else ""
    service = writing.escaped[one.service] + (f" · {writing.words['finish']}" if one.part else "")
    alert = ""
    if one.alert:
        said = escape(one.alert)
        alert = (
            f'<span class="alert" role="img" aria-label="{writing.words["alert"]}: {said}" title="{said}">'
            '<svg class="i"><use href="#cal-alert"/></svg></span>'
        )
    if one.stranded:
        alert += (
            f'<span class="alert" role="img" aria-label="{writing.words["stranded"]}"'
            f' title="{writing.words["stranded"]}"><svg class="i"><use href="#cal-stranded"/></svg></span>'
        )
    marks = _paid_word(one, writing) + (f"<em>{writing.words['new']}</em>" if one.new else "")
    if one.reward:
        mark = f'<em class="treat">{_GIFT}<span>{writing.words["reward"]}</span></em>'
        # In few lines it stands in front, or there might be no room for it.
        marks, service = (marks + mark, service) if rows <= RUNNING else (marks, f"{service} {mark}")
    return (
        f'<a class="{_look(one, writing, row, rows, reach)}" href="appointments/{one.appointment_id}/"'
        f' data-v="{one.version}"{item}{offset}>'
        f'<span class="t">{CLOCK[row * STEP]}<i>–{CLOCK[one.ends]}</i></span>{icon}{alert}{marks}'
        f" <b>{_name(one, writing)}</b> <span>{service}</span></a>"
    )


def _look(one: Block, writing: Writing, row: int, rows: int, reach: Reach) -> str:
    state, _icon, changeable = writing.states[one.state]
    look = f"b {state} r{row - writing.first_row} h{rows}"
    if rows <= RUNNING:
        look += " line" if rows <= ONE_LINE else " run"
    if one.walk_in:
        look += " walk"
    if one.stranded:
        look += " stranded"
    if changeable:
        look += " m e" if one.last else " m"
    if one.strip is not None:
        look += f" strip l{one.strip}"
    elif one.lane.of > 1:
        look += f" l{one.lane.number} w{one.lane.of}"
    if one.strips:
        look += f" s{one.strips}"
    if reach.above:
        look += f" u{reach.above}"
    if reach.below:
        look += f" d{reach.below}"
    return look


def line(one: Block, writing: Writing) -> SafeString:
    """Return one line of the week of the whole team."""
    state, icon, _changeable = writing.states[one.state]
    html = (
        f'<a class="{state}" href="appointments/{one.appointment_id}/" data-v="{one.version}">'
        f"{CLOCK[one.starts]} {icon}<b>{_name(one, writing)}</b> <span>{writing.escaped[one.service]}</span>"
        f"{_reward_word(one, writing)}{_paid_word(one, writing)}</a>"
    )
    return mark_safe(html)  # noqa: S308 - escaped piece by piece


def _reward_word(one: Block, writing: Writing) -> str:
    return f' <em class="treat"><span>{writing.words["reward"]}</span></em>' if one.reward else ""


def _paid_word(one: Block, writing: Writing) -> str:
    return f'<em class="paid">{_MONEY}<span>{writing.words["paid"]}</span></em>' if one.paid else ""


def _name(one: Block, writing: Writing) -> str:
    return writing.words["walk_in"] if one.walk_in else writing.escaped[one.name] or writing.words["erased"]


def hours_axis(calendar: Calendar) -> SafeString:
    """Return the hours beside the columns."""
    rows = range(calendar.first_row, calendar.last_row, ROWS_OF_HOUR)
    html = "".join(f'<span class="r{row - calendar.first_row}">{CLOCK[row * STEP]}</span>' for row in rows)
    return mark_safe(html)  # noqa: S308 - times of day alone


def hours_text(column: Column) -> str:
    """Return from when to when somebody is there that day, "" where not at all: "09–18", "09:30–18"."""
    there = column.there
    return f"{_short(there[0].row)}–{_short(there[-1].end)}" if there else ""


def _short(row: int) -> str:
    # Midnight at the end of a day is 24.
    return "24" if row == ROWS_OF_DAY else CLOCK[row * STEP].removesuffix(":00")


def days_of(columns: Iterable[Column]) -> list[date]:
    """Return the days of some columns, each once."""
    return list(dict.fromkeys(column.day for column in columns))
