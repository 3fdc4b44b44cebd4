"""What an absence, new hours or closed days leave to be done."""

from django.db import models

from bookings.models.appointments import Appointment
from salon.tenancy.constraints import SalonReference, owned_by_salon
from salon.tenancy.models import SalonOwned


class GapTask(SalonOwned):
    """One appointment that stood in the way of a gap when somebody looked; done when it no longer does.

    `gap_id` is that of the absence, schedule or closure, for public holidays that of the salon: what is taken away and
    brought back still knows what was done.
    """

    gap_id = models.UUIDField()
    appointment = models.ForeignKey(
        Appointment, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            *owned_by_salon("bookings_gaptask"),
            SalonReference("appointment", name="bookings_gaptask_appointment", cascade=True),
            models.UniqueConstraint(fields=["salon", "gap_id", "appointment"], name="bookings_gaptask_once"),
        ]

    def __str__(self) -> str:
        return f"{self.gap_id}: {self.appointment_id}"
