"""Who waits for a time to become free."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bookings.models.appointments import Appointment
from clients.models import Client
from salon.catalogue.models import Service, StaffMember
from salon.tenancy.constraints import SalonReference, owned_by_salon
from salon.tenancy.models import SalonOwned


class WaitingState(models.TextChoices):
    """What became of a wish."""

    WAITING = "WAITING", _("waiting")
    BOOKED = "BOOKED", _("booked")
    REMOVED = "REMOVED", _("removed")


class WaitingEntry(SalonOwned):
    """One client wishes for an appointment between two days (both included) and two minutes of the day, half-open."""

    client = models.ForeignKey(
        Client, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="waiting"
    )
    staff = models.ForeignKey(
        StaffMember,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    starts_on = models.DateField()
    ends_on = models.DateField()
    from_minute = models.PositiveSmallIntegerField(default=0)
    until_minute = models.PositiveSmallIntegerField(default=1440)
    note = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=WaitingState, default=WaitingState.WAITING)
    appointment = models.ForeignKey(
        Appointment,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    created_by_name = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            *owned_by_salon("bookings_waitingentry"),
            SalonReference("client", name="bookings_waitingentry_client", cascade=True),
            SalonReference("staff", name="bookings_waitingentry_staff"),
            SalonReference("appointment", name="bookings_waitingentry_appointment"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="bookings_waitingentry_days"),
            models.CheckConstraint(
                condition=Q(until_minute__gt=F("from_minute"), until_minute__lte=1440),
                name="bookings_waitingentry_minutes",
            ),
        ]
        indexes = [
            models.Index(
                fields=["salon", "ends_on"], condition=Q(state=WaitingState.WAITING), name="bookings_waiting_open"
            ),
            models.Index(fields=["salon", "client"], name="bookings_waiting_of_client"),
        ]

    def __str__(self) -> str:
        return f"{self.client_id}: {self.starts_on}–{self.ends_on}"


class WaitingService(SalonOwned):
    """One of the services somebody waits for, in order."""

    entry = models.ForeignKey(
        WaitingEntry, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="services"
    )
    service = models.ForeignKey(
        Service, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    position = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            *owned_by_salon("bookings_waitingservice"),
            SalonReference("entry", name="bookings_waitingservice_entry", cascade=True),
            SalonReference("service", name="bookings_waitingservice_service", cascade=True),
            models.UniqueConstraint(fields=["salon", "entry", "position"], name="bookings_waitingservice_position"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}: {self.service_id}"
