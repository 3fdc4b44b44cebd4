"""What a salon has decided about its marketing."""

from django.db import models
from django.db.models import Q

from salon.tenancy.constraints import RowLevelSecurity, SalonKey
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon


class MarketingRules(models.Model):
    """The rules of one salon; without a row the defaults hold (domain.md §9).

    `imprint` stands under every mail of marketing: who writes, with address; `logo` is the name of the picture on top
    (marketing/pictures.py), "" for the salon's name in words. `existing_customers_at` is since when the
    owner lets mails go to clients who have bought and not objected, without their consent (§ 7 (3) UWG), `…_by` who
    decided it; without it nobody gets one without consent.
    """

    salon = models.OneToOneField(
        Salon,
        primary_key=True,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="+",
        default=current_salon_id,
    )
    sender_name = models.CharField(max_length=80, blank=True)
    reply_to = models.EmailField(blank=True)
    imprint = models.TextField(max_length=600, blank=True)
    logo = models.CharField(max_length=40, blank=True, default="", db_default="")
    existing_customers_at = models.DateTimeField(null=True, blank=True)
    existing_customers_by = models.CharField(max_length=120, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            SalonKey(name="marketing_marketingrules_salon"),
            RowLevelSecurity(name="marketing_marketingrules_tenancy"),
            models.CheckConstraint(
                condition=Q(existing_customers_at=None, existing_customers_by="")
                | (Q(existing_customers_at__isnull=False) & ~Q(existing_customers_by="")),
                name="marketing_marketingrules_decision",
            ),
        ]

    def __str__(self) -> str:
        return str(self.salon_id)
