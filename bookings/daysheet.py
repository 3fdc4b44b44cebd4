"""The day sheet: what each staff member has before her on one day, to work from on paper (ui.md §2.1)."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Prefetch

from bookings.busy import LONGEST_APPOINTMENT
from bookings.calendar import Column, day_of
from bookings.hours import ONE_DAY, local_moment
from bookings.models import Appointment, AppointmentItem
from bookings.states import State
from salon.tenancy.models import Salon


@dataclass(frozen=True, slots=True)
class Sheet:
    """The day of one staff member: her column of the calendar, and of each appointment what she does of it; `names` are
    those of the team."""

    column: Column
    visits: list[tuple[Appointment, list[AppointmentItem]]]
    names: dict[UUID, str]


def sheets_of(*, salon: Salon, day: date, staff_ids: Collection[UUID] | None = None) -> list[Sheet]:
    """Return the sheets of these staff members, or of all, without what is cancelled; who neither works nor is away nor
    has anything booked gets none."""
    zone = ZoneInfo(salon.timezone)
    begin, end = local_moment(day, 0, zone), local_moment(day + ONE_DAY, 0, zone)
    items_in_order = AppointmentItem.objects.prefetch_related("service").order_by("position")
    booked = (
        Appointment.objects.exclude(state=State.CANCELLED)
        .filter(starts_at__gte=begin - LONGEST_APPOINTMENT, starts_at__lt=end, ends_at__gt=begin)
        .select_related("client")
        .prefetch_related(Prefetch("items", items_in_order))
    )
    visits: dict[UUID, list[tuple[Appointment, list[AppointmentItem]]]] = defaultdict(list)
    for one in booked:
        hers: dict[UUID, list[AppointmentItem]] = defaultdict(list)
        for item in one.items.all():
            if item.starts_at < end and item.ends_at > begin:
                hers[item.staff_id].append(item)
        for staff_id, items in hers.items():
            visits[staff_id].append((one, items))
    # Of everybody: somebody else may do a part of it.
    shown = day_of(salon=salon, day=day)
    names = {one.id: one.name for one in shown.team}
    return [
        Sheet(column, sorted(visits[column.staff_id], key=lambda visit: visit[1][0].starts_at), names)
        for column in shown.columns
        if (staff_ids is None or column.staff_id in staff_ids)
        and (column.work or column.away or visits[column.staff_id])
    ]
