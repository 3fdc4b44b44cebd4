"""The work list of an absence, asked about one of its appointments."""

from datetime import datetime
from uuid import UUID

from bookings.slots import Slot
from bookings.stand_ins import other_times, work_list
from salon.tenancy.models import Salon


def times_instead(*, salon: Salon, gap_id: UUID, appointment_id: UUID, now: datetime) -> list[Slot]:
    """Return the times that the list offers for an appointment that the absence stands over."""
    tasks = {task.appointment.pk: task for task in work_list(gap_id=gap_id, now=now).tasks}
    return other_times(tasks[appointment_id], salon=salon, now=now)
