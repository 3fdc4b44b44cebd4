"""What an absence leaves to be done."""

from django.db import models

from bookings.models.appointments import Appointment
from salon.catalogue.models import Absence
from salon.tenancy.constraints import SalonReference, owned_by_salon
from salon.tenancy.models import SalonOwned


class AbsenceTask(SalonOwned):
    """One appointment that stood in the way of an absence when somebody looked; done when it no longer does."""

    absence = models.ForeignKey(
        Absence, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    appointment = models.ForeignKey(
        Appointment, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            *owned_by_salon("bookings_absencetask"),
            SalonReference("absence", name="bookings_absencetask_absence", cascade=True),
            SalonReference("appointment", name="bookings_absencetask_appointment", cascade=True),
            models.UniqueConstraint(fields=["salon", "absence", "appointment"], name="bookings_absencetask_once"),
        ]

    def __str__(self) -> str:
        return f"{self.absence_id}: {self.appointment_id}"
