"""The tenant, and what every row of a tenant has in common."""

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from salon.tenancy.context import current_salon_id

new_id: Callable[[], UUID] = uuid7


class Country(models.TextChoices):
    """Where a salon can be: decides dialling code, currency and till rules."""

    DE = "DE", _("Germany")
    AT = "AT", _("Austria")
    CH = "CH", _("Switzerland")


class Salon(models.Model):
    """One business with its own clients, staff, catalogue, rules and time zone (domain.md §1)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    street = models.CharField(max_length=120, blank=True, db_default="")
    postal_code = models.CharField(max_length=12, blank=True, db_default="")
    city = models.CharField(max_length=80, blank=True)
    # In E.164.
    phone = models.CharField(max_length=16, blank=True, db_default="")
    website = models.CharField(max_length=200, blank=True, db_default="")
    country = models.CharField(max_length=2, choices=Country, default=Country.DE)
    timezone = models.CharField(max_length=60, default="Europe/Berlin")
    currency = models.CharField(max_length=3, default="EUR")
    created_at = models.DateTimeField(db_default=Now())
    # Counts the changes of what the salon says of itself.
    version = models.PositiveIntegerField(db_default=1)
    # When the night of this salon is due; that of a new one is at once.
    next_night_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["next_night_at"], name="tenancy_salon_next_night_at")]

    def __str__(self) -> str:
        return self.name

    def date_at(self, moment: datetime) -> date:
        """Return the local date of an instant."""
        return moment.astimezone(ZoneInfo(self.timezone)).date()


class SalonOwned(models.Model):
    """A row that belongs to one salon; `Meta.constraints` of each subclass starts with `owned_by_salon(table)`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    salon = models.ForeignKey(
        Salon, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+", default=current_salon_id
    )

    class Meta:
        abstract = True


class ReplyAddress(models.Model):
    """Where answers of one client come in: by the hash of a secret that is part of the address (domain.md §9.4).

    Read before the salon is known; `client_id` is the card that it was made for, also where that went into another.
    """

    token_hash = models.BinaryField(primary_key=True, max_length=32)
    salon = models.ForeignKey(Salon, on_delete=models.CASCADE, db_index=False, related_name="+")
    client_id = models.UUIDField()
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["salon", "client_id"], name="tenancy_replyaddress_client")]

    def __str__(self) -> str:
        return str(self.client_id)
