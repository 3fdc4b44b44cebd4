"""The calendar of some days as the page shows it (domain.md §5, ui.md §2.1), in a fixed number of statements."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
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
    lane: Lane
    strip: int | None
    strips: int

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
        pairs = zip(self.work, self.work[1:], strict=False)
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


@dataclass(frozen=True, slots=True)
class _Part:
    """One stretch of work of an item that is still to be placed among the others of its column."""

    stretch: Stretch
    number: int
    last: bool
    row: "_Row"


@dataclass(slots=True)
class _Filling:
    """What a column will hold."""

    work: list[Stretch] = field(default_factory=list)
    away: list[Away] = field(default_factory=list)
    processing: list[Stretch] = field(default_factory=list)
    parts: list[_Part] = field(default_factory=list)


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
    used = _fill_items(filled, clock, rows)
    there = _fill_hours(filled, clock, [one.id for one in shown], salon)
    alerts = _alerts(clock) if any(row[_CLIENT] for row in rows) else {}
    columns = [
        _column(one, day, filled[one.id, day], clock, alerts, there.closed.get(day, ""))
        for day in clock.days
        for one in shown
    ]
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


def _fill_items(filled: dict[tuple[UUID, date], _Filling], clock: _Clock, rows: Sequence[_Row]) -> int:
    """Put stretches of work and processing times into the columns; return the minutes of work."""
    used = 0
    for row in rows:
        _pk, _appointment, _position, staff, starts_at, ends_at, apply, processing, finish = row[:9]
        takes_time = row[_STATE] in TAKING_TIME
        parts = [(starts_at, ends_at)]
        if processing and takes_time:
            applied = starts_at + timedelta(minutes=apply)
            finishing = applied + timedelta(minutes=processing)
            parts = [(starts_at, applied), (finishing, ends_at)]
            for day, stretch in clock.place(applied, finishing):
                filled[staff, day].processing.append(stretch)
        for number, (begin, end) in enumerate(parts):
            for day, stretch in clock.place(begin, end):
                shown = Stretch(stretch.row, max(stretch.rows, LEAST_ROWS))
                filled[staff, day].parts.append(_Part(shown, number, number == len(parts) - 1, row))
        used += (apply + finish) if takes_time else 0
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


def _column(
    person: Person, day: date, filling: _Filling, clock: _Clock, alerts: dict[UUID, str], closed: str
) -> Column:
    taking, missed = [], []
    for part in filling.parts:
        (taking if part.row[_STATE] in TAKING_TIME else missed).append(part)
    # What takes nobody's time gives way to what does: a slim strip beside it.
    strips = [part for part in missed if any(_overlap(part, one) for one in taking)]
    wide = taking + [part for part in missed if part not in strips]
    lane_of_strip = lanes([(part.stretch.row, part.stretch.end) for part in strips])
    blocks = [
        _block(part, clock, alerts, ALONE, strip=lane.number) for part, lane in zip(strips, lane_of_strip, strict=True)
    ]
    for part, lane in zip(wide, lanes([(one.stretch.row, one.stretch.end) for one in wide]), strict=True):
        beside = 0
        for other, one in zip(strips, lane_of_strip, strict=True):
            if _overlap(part, other):
                beside = max(beside, one.of)
        blocks.append(_block(part, clock, alerts, lane, strips=beside))
    blocks.sort(key=lambda block: (block.stretch.row, block.starts_at))
    return Column(
        staff_id=person.id,
        name=person.name,
        colour=person.colour,
        day=day,
        work=filling.work,
        away=filling.away,
        processing=filling.processing,
        blocks=blocks,
        closed=closed,
    )


def _overlap(one: _Part, other: _Part) -> bool:
    return one.stretch.row < other.stretch.end and other.stretch.row < one.stretch.end


def _block(
    part: _Part,
    clock: _Clock,
    alerts: dict[UUID, str],
    lane: Lane,
    *,
    strip: int | None = None,
    strips: int = 0,
) -> Block:
    (pk, appointment, position, _staff, starts_at, ends_at, _apply, _processing, _finish, service) = part.row[:10]
    (state, version, status, client, first_name, last_name) = part.row[10:]
    return Block(
        appointment_id=appointment,
        item_id=pk,
        position=position,
        version=version,
        stretch=part.stretch,
        starts_at=starts_at.astimezone(clock.zone),
        ends_at=ends_at.astimezone(clock.zone),
        part=part.number,
        last=part.last,
        state=_STATES[state],
        name=f"{first_name} {last_name}".strip() if client else "",
        service=service,
        new=status == Status.NEW,
        walk_in=client is None,
        alert=alerts.get(client, "") if client else "",
        lane=lane,
        strip=strip,
        strips=strips,
    )


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
