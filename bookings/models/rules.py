"""What a salon has decided about its calendar and its till."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from salon.tenancy.constraints import RowLevelSecurity, SalonKey
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon


class BookingRules(models.Model):
    """The rules of one salon; without a row the defaults hold (domain.md §5).

    Start times are offered every `slot_minutes`; bookings from outside the salon need `lead_minutes` before and lie no
    more than `horizon_days` ahead. What has ended counts as completed from the next night on where
    `complete_by_itself`. Mails to clients: `confirm` what is booked, moved and cancelled, and `remind` a day before;
    answers to them go to `reply_to`.
    """

    salon = models.OneToOneField(
        Salon,
        primary_key=True,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="+",
        default=current_salon_id,
    )
    slot_minutes = models.PositiveSmallIntegerField(default=15)
    lead_minutes = models.PositiveIntegerField(default=120)
    horizon_days = models.PositiveSmallIntegerField(default=180)
    complete_by_itself = models.BooleanField(default=True)
    confirm = models.BooleanField(default=True)
    remind = models.BooleanField(default=True)
    reply_to = models.EmailField(blank=True)

    class Meta:
        constraints = [
            SalonKey(name="bookings_bookingrules_salon"),
            RowLevelSecurity(name="bookings_bookingrules_tenancy"),
            models.CheckConstraint(
                condition=Q(slot_minutes__in=[5, 10, 15, 20, 30, 60]), name="bookings_bookingrules_slot"
            ),
        ]

    def __str__(self) -> str:
        return str(self.salon_id)


class TillMode(models.TextChoices):
    """Whether cash goes through this software: in Germany that would make it a till in the law's sense."""

    EXTERNAL_TILL = "EXTERNAL_TILL", _("Cash goes through the salon's own till")
    OWN_TILL = "OWN_TILL", _("Cash is recorded here")


class DepositRule(models.TextChoices):
    """What becomes of a deposit when the appointment is cancelled."""

    REFUND = "REFUND", _("it is given back")
    KEEP = "KEEP", _("it is kept")
    REFUND_UNTIL = "REFUND_UNTIL", _("it is given back up to some hours before")


class SalesRules(models.Model):
    """How one salon takes money; without a row the defaults hold (domain.md §6).

    `till_mode` empty: by the salon's country. `receipt_head` and `receipt_foot` stand on every receipt.
    """

    salon = models.OneToOneField(
        Salon,
        primary_key=True,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="+",
        default=current_salon_id,
    )
    till_mode = models.CharField(max_length=20, choices=TillMode, blank=True)
    deposit_rule = models.CharField(max_length=20, choices=DepositRule, default=DepositRule.REFUND)
    deposit_hours = models.PositiveSmallIntegerField(default=24)
    receipt_head = models.TextField(max_length=400, blank=True)
    receipt_foot = models.TextField(max_length=400, blank=True)

    class Meta:
        constraints = [
            SalonKey(name="bookings_salesrules_salon"),
            RowLevelSecurity(name="bookings_salesrules_tenancy"),
        ]

    def __str__(self) -> str:
        return str(self.salon_id)
