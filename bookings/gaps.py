"""Why nobody is there where somebody was booked: an absence, hours decided anew, closed days (domain.md §5)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum, auto
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Max, Min, Q

from bookings.busy import LONGEST_ITEM, Period, busy_periods, collides
from bookings.hours import ONE_DAY, days_between, hours_in, local_moment, presence
from bookings.models import Appointment, AppointmentItem
from bookings.states import CHANGEABLE
from salon.catalogue.closing import next_holidays
from salon.catalogue.models import Absence, Schedule, StaffMember
from salon.catalogue.rota import closures_since
from salon.catalogue.weeks import Stretch
from salon.errors import NotFound
from salon.tenancy import directory
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon

# Somewhat more than a year of them.
HOLIDAYS_AHEAD = 14


class Cause(Enum):
    """What keeps somebody, or everybody, from being there."""

    ABSENCE = auto()
    HOURS = auto()
    CLOSURE = auto()
    HOLIDAYS = auto()


@dataclass(frozen=True, slots=True)
class Gap:
    """The time, `away`, in which somebody, or (`staff` None) everybody, is not there, from `starts_at` on.

    `away` is empty where nobody is booked in it. `id` is that of the absence, schedule or closure, for public holidays
    that of the salon. Whoever books outside the hours at the desk was warned: hours stand only over what was
    `booked_before` they were decided. What somebody has kept since it was `decided_at` stays as it is.
    """

    id: UUID
    cause: Cause
    salon: Salon
    staff: StaffMember | None
    starts_at: datetime
    away: Sequence[Period]
    name: str = ""
    absence: Absence | None = None
    booked_before: datetime | None = None
    decided_at: datetime | None = None

    @property
    def near(self) -> Q:
        """The items that may lie in it; whether they do, `stands_over` says."""
        if not self.away:
            return Q(pk__in=[])
        spans = self.away if self.staff is None else [Period(self.away[0].starts_at, self.away[-1].ends_at)]
        found = Q(
            *[Q(starts_at__gt=one.starts_at - LONGEST_ITEM, starts_at__lt=one.ends_at) for one in spans],
            _connector=Q.OR,
        )
        if self.staff is not None:
            found &= Q(staff_id=self.staff.pk)
        if self.booked_before is not None:
            found &= Q(appointment__created_at__lt=self.booked_before)
        return found

    def stands_over(self, item: AppointmentItem, appointment: Appointment, now: datetime) -> bool:
        """Return whether an item takes somebody's time who is not there, can be changed, and is not kept as it is."""
        return not is_kept(appointment.kept_at, self.decided_at) and self.meets(item, appointment, now)

    def meets(self, item: AppointmentItem, appointment: Appointment, now: datetime) -> bool:
        """Return the same of what is kept as it is, too."""
        minutes = item.minutes
        if self.cause == Cause.HOURS:
            # The work is done in time; what she clears away behind it is no matter of the client's.
            minutes = replace(minutes, buffer=0)
        return (
            (self.staff is None or item.staff_id == self.staff.pk)
            and appointment.state in CHANGEABLE
            and item.ends_at > now
            and (self.booked_before is None or appointment.created_at < self.booked_before)
            and collides(busy_periods(item.starts_at, minutes), self.away)
        )


def is_kept(kept_at: datetime | None, decided_at: datetime | None) -> bool:
    """Return whether somebody has decided that an appointment stays as it is, and nothing new was decided since."""
    return kept_at is not None and (decided_at is None or kept_at >= decided_at)


def gap_with_id(gap_id: UUID, *, now: datetime) -> Gap:
    """Return the gap that an absence, a schedule, a closure, or the public holidays of the salon leave.

    Raises: NotFound, where there is none from today on.
    """
    absence = Absence.objects.select_related("staff", "salon").filter(pk=gap_id).first()
    if absence is not None:
        away = Period(absence.starts_at, absence.ends_at)
        return Gap(
            gap_id,
            Cause.ABSENCE,
            absence.salon,
            absence.staff,
            absence.starts_at,
            [away],
            absence=absence,
            decided_at=absence.decided_at,
        )
    salon = directory.get_salon(current_salon_id())
    found = next((one for one in gaps_ahead(salon=salon, now=now) if one.id == gap_id), None)
    if found is None:
        raise NotFound
    return found


def gaps_ahead(*, salon: Salon, now: datetime) -> list[Gap]:
    """Return what hours, closures and public holidays leave from today on, in a fixed number of statements."""
    today, zone = salon.date_at(now), ZoneInfo(salon.timezone)
    closed = [(one, whole_days(max(one.starts_on, today), one.ends_on, zone)) for one in closures_since(today)]
    closures = [
        Gap(one.pk, Cause.CLOSURE, salon, None, days.starts_at, [days], name=one.name, decided_at=one.decided_at)
        for one, days in closed
    ]
    holidays = next_holidays(salon=salon, since=today, many=HOLIDAYS_AHEAD)
    kept = [whole_days(one.day, one.day, zone) for one in holidays if not one.is_open]
    begin = local_moment(today, 0, zone)
    return [*_hours(salon, today, zone), *closures, Gap(salon.pk, Cause.HOLIDAYS, salon, None, begin, kept)]


def _hours(salon: Salon, today: date, zone: ZoneInfo) -> Iterator[Gap]:
    """Yield what each schedule leaves: nothing where it is over, or nobody knows when it was decided; in three
    statements."""
    by_staff: dict[UUID, list[Schedule]] = defaultdict(list)
    for schedule in Schedule.objects.select_related("staff").order_by("valid_from"):
        by_staff[schedule.staff_id].append(schedule)
    decided = {key: [one.changed_at for one in some if one.changed_at] for key, some in by_staff.items()}
    last_days = _last_days(salon, {key: max(some) for key, some in decided.items() if some}, today, zone)
    there = presence(list(last_days), today, max(last_days.values(), default=today), salon)
    for staff_id, schedules in by_staff.items():
        last_day = last_days.get(staff_id, today)
        untils = [one.valid_from - ONE_DAY for one in schedules[1:]]
        for schedule, until in zip(schedules, [*untils, date.max], strict=True):
            first = max(schedule.valid_from, today)
            open_days = [day for day in days_between(first, min(until, last_day)) if day not in there.closed]
            yield Gap(
                schedule.pk,
                Cause.HOURS,
                salon,
                schedule.staff,
                local_moment(first, 0, zone),
                list(_outside(there.working[staff_id], open_days, zone))
                if schedule.changed_at and staff_id in last_days
                else [],
                booked_before=schedule.changed_at,
                decided_at=schedule.changed_at,
            )


def _last_days(salon: Salon, decided: Mapping[UUID, datetime], today: date, zone: ZoneInfo) -> dict[UUID, date]:
    """Return the last day on which those are booked who were so before some of their hours were decided."""
    if not decided:
        return {}
    rows = AppointmentItem.objects.filter(
        active=True,
        starts_at__gte=local_moment(today, 0, zone),
        staff_id__in=list(decided),
        appointment__created_at__lt=max(decided.values()),
    )
    last = rows.order_by().values("staff_id").annotate(last=Max("ends_at"))
    return {one["staff_id"]: salon.date_at(one["last"]) for one in last}


def _outside(working: Sequence[Period], days: Sequence[date], zone: ZoneInfo) -> Iterator[Period]:
    """Yield what of these days lies outside somebody's hours."""
    for day in days:
        whole = whole_days(day, day, zone)
        free_from = whole.starts_at
        for one in working:
            if one.overlaps(whole):
                if one.starts_at > free_from:
                    yield Period(free_from, one.starts_at)
                free_from = one.ends_at
        if free_from < whole.ends_at:
            yield Period(free_from, whole.ends_at)


def hours_left_out(
    *, salon: Salon, staff: StaffMember, valid_from: date, week: Iterable[Stretch], now: datetime
) -> list[Period]:
    """Return what would lie outside somebody's hours if she worked this week from a day on, as far as she is booked."""
    today, zone = salon.date_at(now), ZoneInfo(salon.timezone)
    last_day = _last_days(salon, {staff.pk: now}, today, zone).get(staff.pk)
    following = Schedule.objects.filter(staff=staff, valid_from__gt=valid_from).aggregate(first=Min("valid_from"))
    first, until = max(valid_from, today), following["first"]
    if last_day is not None and until is not None:
        last_day = min(last_day, until - ONE_DAY)
    if last_day is None or last_day < first:
        return []
    there = presence([], first, last_day, salon)
    open_days = [day for day in days_between(first, last_day) if day not in there.closed]
    return list(_outside(hours_in(week, open_days, zone), open_days, zone))


def whole_days(first: date, last: date, zone: ZoneInfo) -> Period:
    """Return some days of a salon, both included."""
    return Period(local_moment(first, 0, zone), local_moment(last + ONE_DAY, 0, zone))
