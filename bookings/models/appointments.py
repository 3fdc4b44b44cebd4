"""Appointments and their items."""

from uuid import UUID

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from bookings.busy import Minutes
from bookings.states import TAKING_TIME, Source, State
from clients.classification import Reason, Status
from clients.models import Client
from loyalty.models import Redemption
from salon.catalogue.models import Service, StaffMember
from salon.fields import MoneyField, PeriodsField
from salon.identity.roles import ActorKind
from salon.tenancy.constraints import SalonReference, owned_by_salon
from salon.tenancy.models import SalonOwned

# The fields of an item that say how long it takes.
MINUTES = ("apply_minutes", "processing_minutes", "finish_minutes", "buffer_minutes")


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    """Appointments of the open salon."""

    def taking_time(self) -> "AppointmentQuerySet":
        """Return those that take somebody's time: neither cancelled nor missed."""
        return self.filter(state__in=TAKING_TIME)


class Appointment(SalonOwned):
    """One visit of one client, or of a walk-in without a card: one or more items, one state (domain.md §5).

    `starts_at` and `ends_at` are those of its items, without buffers. `client_status`, `client_status_reason` and
    `client_evidence` are the verdict that held when it was booked, frozen; a walk-in has none. `booked_as` is what an
    online booking said of the client: her name, and the contact that her card does not have. `visit_on` is the salon's
    date of a visit that took place and counts as one, and None of all others: what a card's facts are counted from.
    `undo` is how the items and the state were before the last move or cancellation, for as long as `version` stays the
    same. `kept_at` is when somebody decided that it takes place as it stands, although nobody should be there then.
    """

    client = models.ForeignKey(
        Client,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="appointments",
    )
    state = models.CharField(max_length=10, choices=State, default=State.BOOKED)
    source = models.CharField(max_length=10, choices=Source)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    note = models.CharField(max_length=500, blank=True)
    booked_by_kind = models.CharField(max_length=10, choices=ActorKind)
    booked_by_id = models.UUIDField(null=True, blank=True)
    booked_by_name = models.CharField(max_length=120)
    booked_as = models.JSONField(default=dict, blank=True)
    client_status = models.CharField(max_length=10, choices=Status, blank=True)
    client_status_reason = models.CharField(max_length=30, choices=Reason, blank=True)
    client_evidence = models.JSONField(null=True, blank=True)
    visit_on = models.DateField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=200, blank=True)
    undo = models.JSONField(null=True, blank=True)
    kept_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        constraints = [
            *owned_by_salon("bookings_appointment"),
            SalonReference("client", name="bookings_appointment_client"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="bookings_appointment_period"),
            models.CheckConstraint(
                condition=Q(visit_on=None) | Q(state=State.COMPLETED), name="bookings_appointment_visit"
            ),
            models.CheckConstraint(
                condition=Q(state=State.CANCELLED, cancelled_at__isnull=False)
                | Q(~Q(state=State.CANCELLED), cancelled_at=None, cancel_reason=""),
                name="bookings_appointment_cancelled",
            ),
            models.CheckConstraint(
                condition=Q(client=None, client_status="", client_status_reason="")
                | Q(Q(client__isnull=False), ~Q(client_status=""), ~Q(client_status_reason="")),
                name="bookings_appointment_verdict",
            ),
        ]
        indexes = [
            models.Index(fields=["salon", "starts_at", "id"], name="bookings_appointment_by_start"),
            # With the state, so that the rhythm of all clients is read without the rows.
            models.Index(
                fields=["salon", "client", "starts_at"], include=["state"], name="bookings_appointment_of_client"
            ),
            # What counts of each client, and what the night completes, without the rows.
            models.Index(
                fields=["salon", "client", "visit_on"],
                condition=Q(visit_on__isnull=False),
                name="bookings_appointment_visits",
            ),
            models.Index(
                fields=["salon", "ends_at"],
                condition=Q(state__in=[State.BOOKED, State.ARRIVED]),
                name="bookings_appointment_open",
            ),
            models.Index(fields=["salon", "created_at", "id"], name="bookings_appointment_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at} {self.state}"


class AppointmentItem(SalonOwned):
    """One service done for the client by one staff member at one time.

    What the service said when it was booked is kept: its minutes, whether it counts as a visit, its list price.
    `busy` are the periods in which the staff member is taken, buffer included; the database lets no two active items of
    one person share an instant. `active` follows from the appointment's state. `price` is what it will cost.
    """

    appointment = models.ForeignKey(
        Appointment, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="items"
    )
    position = models.PositiveSmallIntegerField()
    service = models.ForeignKey(
        Service, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="items"
    )
    staff = models.ForeignKey(
        StaffMember, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="items"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    busy = PeriodsField()
    active = models.BooleanField(default=True)
    apply_minutes = models.PositiveSmallIntegerField()
    processing_minutes = models.PositiveSmallIntegerField(default=0)
    finish_minutes = models.PositiveSmallIntegerField(default=0)
    buffer_minutes = models.PositiveSmallIntegerField(default=0)
    counts_as_visit = models.BooleanField(default=True)
    list_price = MoneyField()
    price = MoneyField()
    # The points that this one was given for, if it is a reward.
    redemption = models.ForeignKey(
        Redemption,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )

    class Meta:
        constraints = [
            *owned_by_salon("bookings_appointmentitem"),
            SalonReference("appointment", name="bookings_appointmentitem_appointment", cascade=True),
            SalonReference("service", name="bookings_appointmentitem_service"),
            SalonReference("staff", name="bookings_appointmentitem_staff"),
            SalonReference("redemption", name="bookings_appointmentitem_redemption"),
            models.CheckConstraint(condition=Q(redemption=None) | Q(price=0), name="bookings_appointmentitem_reward"),
            models.UniqueConstraint(
                fields=["salon", "appointment", "position"],
                name="bookings_appointmentitem_position",
                deferrable=models.Deferrable.IMMEDIATE,
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="bookings_appointmentitem_period"),
            # An empty set would collide with nothing.
            models.CheckConstraint(
                condition=~Q(Func("busy", function="isempty", output_field=models.BooleanField())),
                name="bookings_appointmentitem_busy",
            ),
            models.CheckConstraint(condition=Q(price__gte=0, list_price__gte=0), name="bookings_appointmentitem_price"),
            ExclusionConstraint(
                name="bookings_appointmentitem_once",
                expressions=[
                    ("salon", RangeOperators.EQUAL),
                    ("staff", RangeOperators.EQUAL),
                    ("busy", RangeOperators.OVERLAPS),
                ],
                condition=Q(active=True),
            ),
        ]
        indexes = [
            models.Index(fields=["salon", "starts_at", "staff"], name="bookings_item_by_start"),
            models.Index(fields=["salon", "staff", "starts_at"], name="bookings_item_of_staff"),
            models.Index(fields=["salon", "service", "starts_at"], name="bookings_item_of_service"),
            models.Index(
                fields=["salon", "redemption"],
                condition=Q(redemption__isnull=False),
                name="bookings_item_of_redemption",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at}: {self.service_id}"

    @property
    def minutes(self) -> Minutes:
        """The parts of it, as they were booked."""
        return Minutes(self.apply_minutes, self.processing_minutes, self.finish_minutes, self.buffer_minutes)

    @minutes.setter
    def minutes(self, minutes: Minutes) -> None:
        self.apply_minutes, self.processing_minutes = minutes.apply, minutes.processing
        self.finish_minutes, self.buffer_minutes = minutes.finish, minutes.buffer

    @property
    def reward(self) -> UUID | None:
        """Which reward it is, if it is one."""
        return self.redemption.reward_id if self.redemption else None
