"""When a salon and its people are there, and when not."""

from datetime import datetime

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Mod
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from salon.catalogue.models.staff import StaffMember
from salon.catalogue.weeks import DAY_MINUTES, STEP
from salon.tenancy.constraints import RowLevelSecurity, SalonKey, SalonReference, owned_by_salon
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon, SalonOwned


class Schedule(SalonOwned):
    """The working week of one staff member from a day on, until her next one begins (domain.md §5).

    `changed_at`: since when it has been so; None: since before that was noted.
    """

    staff = models.ForeignKey(
        StaffMember, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="schedules"
    )
    valid_from = models.DateField()
    changed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            *owned_by_salon("catalogue_schedule"),
            SalonReference("staff", name="catalogue_schedule_staff", cascade=True),
            models.UniqueConstraint(fields=["salon", "staff", "valid_from"], name="catalogue_schedule_once"),
        ]

    def __str__(self) -> str:
        return f"{self.staff_id} from {self.valid_from}"


class ScheduleInterval(SalonOwned):
    """One stretch of work on one weekday of a schedule; between two of them lies a break.

    `weekday` is 1 (Monday) to 7; minutes are counted from midnight on the salon's clock, half-open.
    """

    schedule = models.ForeignKey(
        Schedule, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="intervals"
    )
    weekday = models.PositiveSmallIntegerField()
    starts_minute = models.PositiveSmallIntegerField()
    ends_minute = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            *owned_by_salon("catalogue_scheduleinterval"),
            SalonReference("schedule", name="catalogue_scheduleinterval_schedule", cascade=True),
            models.CheckConstraint(condition=Q(weekday__gte=1, weekday__lte=7), name="catalogue_scheduleinterval_day"),
            models.CheckConstraint(
                condition=Q(ends_minute__gt=F("starts_minute"), ends_minute__lte=DAY_MINUTES),
                name="catalogue_scheduleinterval_minutes",
            ),
            models.CheckConstraint(
                condition=Q(Exact(Mod("starts_minute", STEP), 0), Exact(Mod("ends_minute", STEP), 0)),
                name="catalogue_scheduleinterval_steps",
            ),
            ExclusionConstraint(
                name="catalogue_scheduleinterval_once",
                expressions=[
                    ("salon", RangeOperators.EQUAL),
                    ("schedule", RangeOperators.EQUAL),
                    ("weekday", RangeOperators.EQUAL),
                    (
                        Func("starts_minute", "ends_minute", function="int4range"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]
        indexes = [models.Index(fields=["salon", "schedule"], name="catalogue_interval_of_schedule")]

    def __str__(self) -> str:
        return f"{self.weekday}: {self.starts_minute}–{self.ends_minute}"


class AbsenceKind(models.TextChoices):
    """Why somebody is not there, or not to be booked."""

    VACATION = "VACATION", _("Vacation")
    SICK = "SICK", _("Sick")
    TRAINING = "TRAINING", _("Training")
    OTHER = "OTHER", _("Absent")
    BLOCKED = "BLOCKED", _("Blocked time")


class Absence(SalonOwned):
    """A period in which a staff member is not bookable: absent, or blocked for something else (domain.md §5).

    `note` is for the team alone; of a blocked time the calendar shows it. `changed_at`: since when it has had
    these times and this person; None: from the start.
    """

    staff = models.ForeignKey(
        StaffMember, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="absences"
    )
    kind = models.CharField(max_length=10, choices=AbsenceKind)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            *owned_by_salon("catalogue_absence"),
            SalonReference("staff", name="catalogue_absence_staff", cascade=True),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="catalogue_absence_period"),
        ]
        indexes = [
            models.Index(fields=["salon", "ends_at", "starts_at"], name="catalogue_absence_by_end"),
            models.Index(fields=["salon", "staff", "ends_at"], name="catalogue_absence_of_staff"),
        ]

    def __str__(self) -> str:
        return f"{self.staff_id}: {self.starts_at}–{self.ends_at}"

    @property
    def decided_at(self) -> datetime:
        """When somebody decided that she is away then."""
        return self.changed_at or self.created_at


class Closure(SalonOwned):
    """Days on which the whole salon is closed, the first and the last included.

    `changed_at`: since when it has been these; None: from the start.
    """

    starts_on = models.DateField()
    ends_on = models.DateField()
    name = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            *owned_by_salon("catalogue_closure"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="catalogue_closure_days"),
        ]
        indexes = [models.Index(fields=["salon", "ends_on"], name="catalogue_closure_by_end")]

    def __str__(self) -> str:
        return self.name

    @property
    def decided_at(self) -> datetime:
        """When somebody decided to close on these days."""
        return self.changed_at or self.created_at


class OpenDay(models.Model):
    """A public holiday on which a salon is open all the same."""

    pk = models.CompositePrimaryKey("salon", "day")
    salon = models.ForeignKey(
        Salon, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+", default=current_salon_id
    )
    day = models.DateField()

    class Meta:
        constraints = [
            SalonKey(name="catalogue_openday_salon"),
            RowLevelSecurity(name="catalogue_openday_tenancy"),
        ]

    def __str__(self) -> str:
        return str(self.day)


class HolidayRules(models.Model):
    """Which public holidays a salon keeps; without a row, the nationwide ones of its country (domain.md §5)."""

    salon = models.OneToOneField(
        Salon,
        primary_key=True,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="+",
        default=current_salon_id,
    )
    # The federal state or canton, as the library `holidays` names it; empty: only what the whole country keeps.
    region = models.CharField(max_length=4, blank=True)
    closed = models.BooleanField(default=True)

    class Meta:
        constraints = [
            SalonKey(name="catalogue_holidayrules_salon"),
            RowLevelSecurity(name="catalogue_holidayrules_tenancy"),
        ]

    def __str__(self) -> str:
        return self.region
