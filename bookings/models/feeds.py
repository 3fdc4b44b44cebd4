"""Calendars that leave the house."""

from django.db import models

from salon.catalogue.models import StaffMember
from salon.tenancy.constraints import SalonReference, owned_by_salon
from salon.tenancy.models import SalonOwned


class CalendarFeed(SalonOwned):
    """A secret address under which one staff member's appointments can be subscribed to; only its hash is stored."""

    staff = models.ForeignKey(
        StaffMember, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="feeds"
    )
    token_hash = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()
    created_by_name = models.CharField(max_length=120)
    last_read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            *owned_by_salon("bookings_calendarfeed"),
            SalonReference("staff", name="bookings_calendarfeed_staff", cascade=True),
            models.UniqueConstraint(fields=["salon", "token_hash"], name="bookings_calendarfeed_token"),
        ]
        indexes = [models.Index(fields=["salon", "staff"], name="bookings_feed_of_staff")]

    def __str__(self) -> str:
        return str(self.staff_id)
