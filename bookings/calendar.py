"""The calendar of some days as the page shows it (domain.md §5, ui.md §2.1), in a fixed number of statements.

What there are a thousand of on a full day are tuples: a frozen dataclass takes five times as long to make.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from bookings.busy import STEP, Period
from bookings.daybook import Daybook, daybook
from bookings.gaps import is_kept
from bookings.hours import Presence, presence
from bookings.lanes import Lane, lanes
from bookings.states import CHANGEABLE, TAKING_TIME, State
from bookings.stretches import Stretch
from clients.classification import Status
from salon.catalogue.models import AbsenceKind, StaffMember
from salon.tenancy.models import Salon

ROWS_OF_DAY = 24 * 60 // STEP
# A block of five minutes would be lower than its text.
LEAST_ROWS = 2
# Shown where nobody works and nothing is booked: nine to six.
USUAL = (9 * 60 // STEP, 18 * 60 // STEP)
ALONE = Lane()
SECONDS = STEP * 60
DAY = 24 * 60 * 60
# With each, whether it takes anybody's time.
_STATES = {state.value: (state, state in TAKING_TIME) for state in State}
NEW = Status.NEW.value
CANCELLED = State.CANCELLED.value
WEEK = 7


@dataclass(frozen=True, slots=True)
class Away:
    """Time in which somebody is not to be booked; `note` only of what is blocked for something else."""

    absence_id: str
    stretch: Stretch
    kind: AbsenceKind
    note: str
    decided: datetime


class Block(NamedTuple):
    """One stretch of work at one item, as it stands in a column.

    `starts` to `ends` are minutes of the day on the salon's clock, of the whole item. An item with processing has two
    blocks; only the last one of an item has the edge that makes it longer. `stranded`: whoever should do it is away.
    `strip` is the place among the slim strips at the edge of the column, of what takes nobody's time and would hide
    what does.
    """

    stretch: Stretch
    starts: int
    appointment_id: str
    item_id: str
    position: int
    version: int
    ends: int
    part: int
    last: bool
    state: State
    name: str
    service: str
    new: bool
    walk_in: bool
    alert: str
    reward: bool = False
    paid: bool = False
    lane: Lane = ALONE
    strip: int | None = None
    strips: int = 0
    stranded: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One staff member on one day."""

    staff_id: UUID
    name: str
    colour: int
    day: date
    work: list[Stretch]
    away: list[Away]
    processing: list[Stretch]
    blocks: list[Block]
    closed: str  # why the salon is closed that day, "" where it is open

    @property
    def breaks(self) -> list[Stretch]:
        """What lies between two stretches of work."""
        pairs = pairwise(self.work)
        return [Stretch(one.end, other.row - one.end) for one, other in pairs if other.row > one.end]

    @property
    def there(self) -> list[Stretch]:
        """The work without absences; what is blocked for something else is done there."""
        left = self.work
        for absent in _absent(self.away):
            left = [part for one in left for part in one.without(absent)]
        return left


@dataclass(frozen=True, slots=True)
class Person:
    """One staff member whose column can be shown."""

    id: UUID
    name: str
    colour: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """Some days of some staff members: columns by day, then in the order of the team.

    `first_row` to `last_row` are the rows from the earliest to the latest hour that anything falls into. `used` and
    `workable` are minutes, absences taken off.
    """

    team: list[Person]
    columns: list[Column]
    first_row: int
    last_row: int
    appointments: int
    used: int
    workable: int

    @property
    def utilisation(self) -> int | None:
        """Booked of the bookable time in percent, None where there is none."""
        return min(100, round(100 * self.used / self.workable)) if self.workable else None


def day_of(*, salon: Salon, day: date, staff_ids: Collection[UUID] | None = None) -> Calendar:
    """Return one day with a column for each of these staff members, or for all who work or are booked."""
    return _calendar(salon, day, day, staff_ids)


def week_of(*, salon: Salon, day: date, staff_ids: Collection[UUID] | None = None) -> Calendar:
    """Return the week, Monday to Sunday, that a day lies in, with a column for each of its days and staff members."""
    monday = day - timedelta(days=day.weekday())
    return _calendar(salon, monday, monday + timedelta(days=WEEK - 1), staff_ids)


@dataclass(slots=True)
class _Filling:
    """What a column will hold."""

    work: list[Stretch] = field(default_factory=list)
    away: list[Away] = field(default_factory=list)
    processing: list[Stretch] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)


class _Clock:
    """Places periods, in seconds since the epoch, in the rows of some days."""

    def __init__(self, zone: ZoneInfo, first: date, last: date) -> None:
        self.zone = zone
        self.days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        self.begin = datetime.combine(first, time.min, zone)
        self.end = datetime.combine(last + timedelta(days=1), time.min, zone)
        midnights = [int(datetime.combine(day, time.min, zone).timestamp()) for day in self.days]
        # Days on which the clock is not changed: a row is so many minutes after midnight.
        self._even = [
            (day, midnight)
            for day, midnight, following in zip(
                self.days, midnights, [*midnights[1:], int(self.end.timestamp())], strict=True
            )
            if following - midnight == DAY
        ]
        # A full day begins eight appointments at the same minute.
        self.minute = cache(self._minute)
        self.place = cache(self._place)

    def _minute(self, moment: int) -> int:
        """Return the minute of the day that an instant is shown at."""
        for _day, midnight in self._even:
            if 0 <= moment - midnight < DAY:
                return (moment - midnight) // 60
        there = datetime.fromtimestamp(moment, self.zone)
        return there.hour * 60 + there.minute

    def _place(self, starts: int, ends: int) -> list[tuple[date, Stretch]]:
        """Return the part of a period in each of the days that it touches.

        In the night of the long hour a period is as long as it lasts, from the row that its start is shown at.
        """
        for day, midnight in self._even:
            if midnight <= starts and ends < midnight + DAY:
                return [(day, Stretch((starts - midnight) // SECONDS, -(-(ends - starts) // SECONDS)))]
        start, end = datetime.fromtimestamp(starts, self.zone), datetime.fromtimestamp(ends, self.zone)
        first, last = start.date(), end.date()
        if first == last:
            row = _row(start)
            return [(first, Stretch(row, min(-(-(ends - starts) // SECONDS), ROWS_OF_DAY - row)))]
        found = []
        for day in self.days:
            if first <= day <= last:
                row = _row(start) if day == first else 0
                until = _row(end) if day == last else ROWS_OF_DAY
                if until > row:
                    found.append((day, Stretch(row, until - row)))
        return found

    def place_period(self, period: Period) -> list[tuple[date, Stretch]]:
        """Do the same with a period of instants."""
        return self.place(int(period.starts_at.timestamp()), int(period.ends_at.timestamp()))


def _row(moment: datetime) -> int:
    return (moment.hour * 60 + moment.minute) // STEP


def _calendar(salon: Salon, first: date, last: date, staff_ids: Collection[UUID] | None) -> Calendar:
    clock = _Clock(ZoneInfo(salon.timezone), first, last)
    everybody = list(StaffMember.objects.in_order().only("id", "name", "colour", "archived_at"))
    wanted = None if staff_ids is None else {one.pk for one in everybody if one.pk in set(staff_ids)}
    book = daybook(clock.begin, clock.end, staff_ids=wanted or None)
    booked = {item.staff_id for item in book.items}
    team = [
        Person(one.pk, one.name, one.colour) for one in everybody if one.archived_at is None or str(one.pk) in booked
    ]
    shown = [one for one in team if not wanted or one.id in wanted]
    filled: dict[tuple[str, date], _Filling] = defaultdict(_Filling)
    used = _fill_items(filled, clock, book)
    there = _fill_hours(filled, clock, [one.id for one in shown], salon)
    _fill_absences(filled, clock, book)
    columns = []
    for day in clock.days:
        for one in shown:
            found = filled[str(one.id), day]
            column = Column(
                staff_id=one.id,
                name=one.name,
                colour=one.colour,
                day=day,
                work=found.work,
                away=found.away,
                processing=found.processing,
                blocks=_side_by_side(_stranded(found, one.id, day, there, book)),
                closed=there.closed.get(day, ""),
            )
            columns.append(column)
    first_row, last_row = _hours_shown(columns)
    return Calendar(
        team=team,
        columns=columns,
        first_row=first_row,
        last_row=last_row,
        appointments=len(
            {one.appointment_id for one in book.items if book.heads[one.appointment_id].state != CANCELLED}
        ),
        used=used,
        workable=sum(_workable(there.working[one.id], there.absent[one.id]) for one in shown),
    )


def _fill_items(filled: dict[tuple[str, date], _Filling], clock: _Clock, book: Daybook) -> int:
    """Put blocks and processing times into the columns; return the minutes of work."""
    used = 0
    for item in book.items:
        head = book.heads[item.appointment_id]
        state, takes_time = _STATES[head.state]
        starts, ends = item.starts, item.ends
        parts = [(starts, ends)]
        if takes_time:
            used += item.apply_minutes + item.finish_minutes
            if item.processing_minutes:
                applied = starts + item.apply_minutes * 60
                finishing = applied + item.processing_minutes * 60
                parts = [(starts, applied), (finishing, ends)]
                for day, stretch in clock.place(applied, finishing):
                    filled[item.staff_id, day].processing.append(stretch)
        last = len(parts) - 1
        client_id = head.client_id
        for number, (begin, end) in enumerate(parts):
            for day, stretch in clock.place(begin, end):
                block = Block(
                    stretch if stretch.rows >= LEAST_ROWS else Stretch(stretch.row, LEAST_ROWS),
                    clock.minute(starts),
                    item.appointment_id,
                    item.id,
                    item.position,
                    head.version,
                    clock.minute(ends),
                    part=number,
                    last=number == last,
                    state=state,
                    name=book.clients.get(client_id, "") if client_id else "",
                    service=book.services.get(item.service_id, ""),
                    new=head.client_status == NEW,
                    walk_in=client_id is None,
                    alert=book.alerts.get(client_id, "") if client_id else "",
                    reward=item.reward,
                    paid=item.appointment_id in book.paid,
                )
                filled[item.staff_id, day].blocks.append(block)
    return used


def _fill_hours(
    filled: dict[tuple[str, date], _Filling], clock: _Clock, staff_ids: Sequence[UUID], salon: Salon
) -> Presence:
    """Put working hours into the columns."""
    there = presence(staff_ids, clock.days[0], clock.days[-1], salon)
    for staff_id in staff_ids:
        for period in there.working[staff_id]:
            for day, stretch in clock.place_period(period):
                filled[str(staff_id), day].work.append(stretch)
    return there


def _fill_absences(filled: dict[tuple[str, date], _Filling], clock: _Clock, book: Daybook) -> None:
    """Put absences into the columns."""
    for absence in book.absences:
        # Whether somebody is ill is nobody's business who walks past the screen.
        kind = AbsenceKind.OTHER if absence.kind == AbsenceKind.SICK else AbsenceKind(absence.kind)
        note = absence.note if kind == AbsenceKind.BLOCKED else ""
        for day, stretch in clock.place(absence.starts, absence.ends):
            filled[absence.staff_id, day].away.append(
                Away(absence.id, stretch, kind, note, datetime.fromisoformat(absence.decided))
            )


def _absent(away: Iterable[Away]) -> list[Stretch]:
    return [one.stretch for one in away if one.kind != AbsenceKind.BLOCKED]


def _stranded(found: _Filling, staff_id: UUID, day: date, there: Presence, book: Daybook) -> list[Block]:
    """Return the blocks of a column, those marked that somebody has to arrange; as `gaps` has it."""
    absent, closed = [one for one in found.away if one.kind != AbsenceKind.BLOCKED], day in there.closed
    decided = None if closed else there.hours_decided(staff_id, day)

    def is_stranded(one: Block) -> bool:
        head = book.heads[one.appointment_id]
        kept = datetime.fromisoformat(head.kept_at) if head.kept_at else None
        if closed and not is_kept(kept, there.closed_since.get(day)):
            return True
        if any(one.stretch.meets(off.stretch) and not is_kept(kept, off.decided) for off in absent):
            return True
        if decided is None or datetime.fromisoformat(head.booked_at) >= decided or is_kept(kept, decided):
            return False
        return not any(work.row <= one.stretch.row and one.stretch.end <= work.end for work in found.work)

    if not (absent or closed or decided):
        return found.blocks
    return [one._replace(stranded=one.state in CHANGEABLE and is_stranded(one)) for one in found.blocks]


def _workable(hours: Iterable[Period], away: list[Period]) -> int:
    """Return the minutes of the hours that lie in no absence."""
    minutes = 0.0
    for period in hours:
        free_from = period.starts_at
        for one in sorted(away):
            if one.ends_at > free_from and one.starts_at < period.ends_at:
                minutes += max(0.0, (one.starts_at - free_from).total_seconds() / 60)
                free_from = min(one.ends_at, period.ends_at)
        minutes += (period.ends_at - free_from).total_seconds() / 60
    return round(minutes)


def _side_by_side(blocks: list[Block]) -> list[Block]:
    """Return the blocks of a column, in the order in which they start, so that none hides another.

    What takes nobody's time gives way to what does: it becomes a slim strip beside it.
    """
    blocks.sort(key=_PLACE)
    if all(one.stretch.end <= other.stretch.row for one, other in pairwise(blocks)):
        return blocks
    taking = [block for block in blocks if block.state in TAKING_TIME]
    strips: list[Block] = []
    wide: list[Block] = []
    for block in blocks:
        gives_way = block.state not in TAKING_TIME and any(_overlap(block, one) for one in taking)
        (strips if gives_way else wide).append(block)
    lanes_of_strips = lanes([(one.stretch.row, one.stretch.end) for one in strips])
    placed = [block._replace(strip=lane.number) for block, lane in zip(strips, lanes_of_strips, strict=True)]
    for block, lane in zip(wide, lanes([(one.stretch.row, one.stretch.end) for one in wide]), strict=True):
        beside = [one.of for strip, one in zip(strips, lanes_of_strips, strict=True) if _overlap(block, strip)]
        placed.append(block._replace(lane=lane, strips=max(beside, default=0)))
    placed.sort(key=_PLACE)
    return placed


_PLACE = attrgetter("stretch.row", "starts")


def _overlap(one: Block, other: Block) -> bool:
    return one.stretch.meets(other.stretch)


def _hours_shown(columns: Sequence[Column]) -> tuple[int, int]:
    """Return the rows of the whole hours around work and appointments."""
    stretches = [one for column in columns for one in column.work]
    stretches += [block.stretch for column in columns for block in column.blocks]
    if not stretches:
        return USUAL
    hour = 60 // STEP
    first = min(one.row for one in stretches) // hour * hour
    last = -(-min(ROWS_OF_DAY, max(one.end for one in stretches)) // hour) * hour
    return first, max(last, min(first + 4 * hour, ROWS_OF_DAY))
