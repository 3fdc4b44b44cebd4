"""The calendar of some days as the page shows it (domain.md §5, ui.md §2.1), in a fixed number of statements."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from bookings.busy import STEP, Period
from bookings.hours import Presence, presence
from bookings.lanes import Lane, lanes
from bookings.models import Appointment, AppointmentItem
from bookings.states import CHANGEABLE, TAKING_TIME, State
from clients.classification import Status
from clients.models import Note
from salon.catalogue.models import Absence, AbsenceKind, StaffMember
from salon.tenancy.models import Salon

ROWS_OF_DAY = 24 * 60 // STEP
# A block of five minutes would be lower than its text.
LEAST_ROWS = 2
# Shown where nobody works and nothing is booked: nine to six.
USUAL = (9 * 60 // STEP, 18 * 60 // STEP)
ALONE = Lane()
SECONDS = STEP * 60
_STATES = {state.value: state for state in State}
NEW = Status.NEW.value
# No appointment lasts longer: those that began earlier are over.
LONGEST = timedelta(days=1)
WEEK = 7


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a day in rows of five minutes, counted from midnight on the salon's clock."""

    row: int
    rows: int

    @property
    def end(self) -> int:
        """The row behind it."""
        return self.row + self.rows


@dataclass(frozen=True, slots=True)
class Away:
    """Time in which somebody is not to be booked; `note` only of what is blocked for something else."""

    absence_id: UUID
    stretch: Stretch
    kind: AbsenceKind
    note: str


@dataclass(frozen=True, slots=True)
class Block:
    """One stretch of work at one item, as it stands in a column.

    `starts_at` to `ends_at` are those of the whole item. An item with processing has two blocks; only the last one of
    an item has the edge that makes it longer. `strip` is the place among the slim strips at the edge of the column, of
    what takes nobody's time and would hide what does.
    """

    appointment_id: UUID
    item_id: UUID
    position: int
    version: int
    stretch: Stretch
    starts_at: datetime
    ends_at: datetime
    part: int
    last: bool
    state: State
    name: str
    service: str
    new: bool
    walk_in: bool
    alert: str
    lane: Lane = ALONE
    strip: int | None = None
    strips: int = 0

    @property
    def changeable(self) -> bool:
        """Whether it can still be moved and made longer."""
        return self.state in CHANGEABLE


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
    """Places instants in the rows of some days."""

    def __init__(self, zone: ZoneInfo, first: date, last: date) -> None:
        self.zone = zone
        self.days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        self.begin = datetime.combine(first, time.min, zone)
        self.end = datetime.combine(last + timedelta(days=1), time.min, zone)

    def place(self, starts_at: datetime, ends_at: datetime) -> list[tuple[date, Stretch]]:
        """Return the part of a period in each of the days that it touches.

        In the night of the long hour a period is as long as it lasts, from the row that its start is shown at.
        """
        start, end = starts_at.astimezone(self.zone), ends_at.astimezone(self.zone)
        first, last = start.date(), end.date()
        if first == last:
            row = _row(start)
            rows = -(-int((ends_at - starts_at).total_seconds()) // SECONDS)
            return [(first, Stretch(row, min(rows, ROWS_OF_DAY - row)))]
        found = []
        for day in self.days:
            if first <= day <= last:
                row = _row(start) if day == first else 0
                until = _row(end) if day == last else ROWS_OF_DAY
                if until > row:
                    found.append((day, Stretch(row, until - row)))
        return found


def _row(moment: datetime) -> int:
    return (moment.hour * 60 + moment.minute) // STEP


def _calendar(salon: Salon, first: date, last: date, staff_ids: Collection[UUID] | None) -> Calendar:
    clock = _Clock(ZoneInfo(salon.timezone), first, last)
    everybody = list(StaffMember.objects.in_order().only("id", "name", "colour", "archived_at"))
    wanted = None if staff_ids is None else {one.pk for one in everybody if one.pk in set(staff_ids)}
    rows = _items(clock, wanted or None)
    booked = {row[_STAFF] for row in rows}
    team = [Person(one.pk, one.name, one.colour) for one in everybody if one.archived_at is None or one.pk in booked]
    shown = [one for one in team if not wanted or one.id in wanted]
    filled: dict[tuple[UUID, date], _Filling] = defaultdict(_Filling)
    alerts = _alerts(clock) if any(row[_CLIENT] for row in rows) else {}
    used = _fill_items(filled, clock, rows, alerts)
    there = _fill_hours(filled, clock, [one.id for one in shown], salon)
    columns = []
    for day in clock.days:
        for one in shown:
            found = filled[one.id, day]
            column = Column(
                staff_id=one.id,
                name=one.name,
                colour=one.colour,
                day=day,
                work=found.work,
                away=found.away,
                processing=found.processing,
                blocks=_side_by_side(found.blocks),
                closed=there.closed.get(day, ""),
            )
            columns.append(column)
    first_row, last_row = _hours_shown(columns)
    return Calendar(
        team=team,
        columns=columns,
        first_row=first_row,
        last_row=last_row,
        appointments=len({row[_APPOINTMENT] for row in rows if row[_STATE] != State.CANCELLED}),
        used=used,
        workable=sum(_workable(there.working[one.id], there.absent[one.id]) for one in shown),
    )


_COLUMNS = (
    "pk",
    "appointment_id",
    "position",
    "staff_id",
    "starts_at",
    "ends_at",
    "apply_minutes",
    "processing_minutes",
    "finish_minutes",
    "service__name",
    "appointment__state",
    "appointment__version",
    "appointment__client_status",
    "appointment__client_id",
    "appointment__client__first_name",
    "appointment__client__last_name",
)
_APPOINTMENT, _STAFF, _STATE, _CLIENT = 1, 3, 10, 13
# The columns as they come from the database; typed where they are taken apart.
_Row = tuple[UUID, UUID, int, UUID, datetime, datetime, int, int, int, str, str, int, str, UUID | None, str, str]


def _items(clock: _Clock, staff_ids: Collection[UUID] | None) -> Sequence[_Row]:
    found = AppointmentItem.objects.filter(
        starts_at__gte=clock.begin - LONGEST, starts_at__lt=clock.end, ends_at__gt=clock.begin
    )
    if staff_ids is not None:
        found = found.filter(staff_id__in=staff_ids)
    return list(found.order_by("starts_at", "appointment_id", "position").values_list(*_COLUMNS))


def _alerts(clock: _Clock) -> dict[UUID, str]:
    """Return the pinned notes of all whose appointments lie in these days; what is health data is no note."""
    theirs: QuerySet[Appointment, UUID | None] = Appointment.objects.filter(
        starts_at__gte=clock.begin - LONGEST, starts_at__lt=clock.end, client__isnull=False
    ).values_list("client_id", flat=True)
    notes = Note.objects.filter(pinned=True, deleted_at=None, client_id__in=theirs).order_by("written_at", "id")
    found: dict[UUID, str] = {}
    for client_id, text in notes.values_list("client_id", "text"):
        found[client_id] = f"{found[client_id]} · {text}" if client_id in found else text
    return found


def _fill_items(
    filled: dict[tuple[UUID, date], _Filling], clock: _Clock, rows: Sequence[_Row], alerts: dict[UUID, str]
) -> int:
    """Put blocks and processing times into the columns; return the minutes of work."""
    used = 0
    for row in rows:
        (pk, appointment, position, staff, starts_at, ends_at, apply, processing, finish, service) = row[:10]
        (state, version, status, client, first_name, last_name) = row[10:]
        parts = [(starts_at, ends_at)]
        if state in TAKING_TIME:
            used += apply + finish
            if processing:
                applied = starts_at + timedelta(minutes=apply)
                finishing = applied + timedelta(minutes=processing)
                parts = [(starts_at, applied), (finishing, ends_at)]
                for day, stretch in clock.place(applied, finishing):
                    filled[staff, day].processing.append(stretch)
        last = len(parts) - 1
        for number, (begin, end) in enumerate(parts):
            for day, stretch in clock.place(begin, end):
                block = Block(
                    appointment_id=appointment,
                    item_id=pk,
                    position=position,
                    version=version,
                    stretch=stretch if stretch.rows >= LEAST_ROWS else Stretch(stretch.row, LEAST_ROWS),
                    starts_at=starts_at.astimezone(clock.zone),
                    ends_at=ends_at.astimezone(clock.zone),
                    part=number,
                    last=number == last,
                    state=_STATES[state],
                    name=f"{first_name} {last_name}".strip() if client else "",
                    service=service,
                    new=status == NEW,
                    walk_in=client is None,
                    alert=alerts.get(client, "") if client else "",
                )
                filled[staff, day].blocks.append(block)
    return used


def _fill_hours(
    filled: dict[tuple[UUID, date], _Filling], clock: _Clock, staff_ids: Sequence[UUID], salon: Salon
) -> Presence:
    """Put working hours and absences into the columns."""
    there = presence(staff_ids, clock.days[0], clock.days[-1], salon)
    for staff_id in staff_ids:
        for period in there.working[staff_id]:
            for day, stretch in clock.place(period.starts_at, period.ends_at):
                filled[staff_id, day].work.append(stretch)
    absences = Absence.objects.filter(staff_id__in=staff_ids, ends_at__gt=clock.begin, starts_at__lt=clock.end)
    for absence in absences.order_by("starts_at", "id"):
        # Whether somebody is ill is nobody's business who walks past the screen.
        kind = AbsenceKind.OTHER if absence.kind == AbsenceKind.SICK else AbsenceKind(absence.kind)
        note = absence.note if kind == AbsenceKind.BLOCKED else ""
        for day, stretch in clock.place(absence.starts_at, absence.ends_at):
            filled[absence.staff_id, day].away.append(Away(absence.pk, stretch, kind, note))
    return there


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
    blocks.sort(key=_place)
    if all(one.stretch.end <= other.stretch.row for one, other in pairwise(blocks)):
        return blocks
    taking = [block for block in blocks if block.state in TAKING_TIME]
    strips: list[Block] = []
    wide: list[Block] = []
    for block in blocks:
        gives_way = block.state not in TAKING_TIME and any(_overlap(block, one) for one in taking)
        (strips if gives_way else wide).append(block)
    lanes_of_strips = lanes([(one.stretch.row, one.stretch.end) for one in strips])
    placed = [replace(block, strip=lane.number) for block, lane in zip(strips, lanes_of_strips, strict=True)]
    for block, lane in zip(wide, lanes([(one.stretch.row, one.stretch.end) for one in wide]), strict=True):
        beside = [one.of for strip, one in zip(strips, lanes_of_strips, strict=True) if _overlap(block, strip)]
        placed.append(replace(block, lane=lane, strips=max(beside, default=0)))
    placed.sort(key=_place)
    return placed


def _place(block: Block) -> tuple[int, datetime]:
    return block.stretch.row, block.starts_at


def _overlap(one: Block, other: Block) -> bool:
    return one.stretch.row < other.stretch.end and other.stretch.row < one.stretch.end


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
