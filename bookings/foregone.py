"""What new hours, a closure or an absence would leave to be arranged, before they are saved (domain.md §5)."""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bookings.busy import Period
from bookings.gaps import Cause, Gap, hours_left_out, whole_days
from bookings.stand_ins import counted
from salon.catalogue.models import StaffMember
from salon.catalogue.weeks import Stretch
from salon.tenancy.models import Salon, new_id


def booked_in_absence(
    *, salon: Salon, staff: StaffMember, starts_at: datetime, ends_at: datetime, now: datetime
) -> int:
    """Return over how many appointments an absence would stand, as its work list would say."""
    return _count(Cause.ABSENCE, salon, staff, [Period(starts_at, ends_at)], now)


def booked_in_closure(*, salon: Salon, starts_on: date, ends_on: date, now: datetime) -> int:
    """Return over how many appointments a closure, both days included, would stand."""
    first = max(starts_on, salon.date_at(now))
    if ends_on < first:
        return 0
    return _count(Cause.CLOSURE, salon, None, [whole_days(first, ends_on, ZoneInfo(salon.timezone))], now)


def booked_outside_hours(
    *, salon: Salon, staff: StaffMember, valid_from: date, week: Iterable[Stretch], now: datetime
) -> int:
    """Return over how many appointments this week would stand, if somebody worked it from a day on."""
    away = hours_left_out(salon=salon, staff=staff, valid_from=valid_from, week=week, now=now)
    return _count(Cause.HOURS, salon, staff, away, now)


def _count(cause: Cause, salon: Salon, staff: StaffMember | None, away: list[Period], now: datetime) -> int:
    if not away:
        return 0
    gap = Gap(new_id(), cause, salon, staff, away[0].starts_at, away, decided_at=now)
    return counted([gap], now)[gap.id]
