"""Mails that go out by themselves on an occasion."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from salon.tenancy.constraints import owned_by_salon
from salon.tenancy.models import SalonOwned


class Occasion(models.TextChoices):
    """What an automation waits for (domain.md §9)."""

    BIRTHDAY = "BIRTHDAY", _("Birthday")
    ABOUT_TO_LAPSE = "ABOUT_TO_LAPSE", _("About to lapse")
    AFTER_FIRST_VISIT = "AFTER_FIRST_VISIT", _("After the first visit")
    LAPSED = "LAPSED", _("Lapsed")


class Automation(SalonOwned):
    """What one salon writes on one kind of occasion, from when it was turned on (`enabled_at`) until it is off again.

    `days` before (birthday, about to lapse) or after (first visit, lapsed) the day itself. Without a row the text that
    every salon begins with holds, and nothing goes out.
    """

    occasion = models.CharField(max_length=20, choices=Occasion)
    subject = models.CharField(max_length=150)
    body = models.TextField(max_length=10_000)
    days = models.PositiveSmallIntegerField()
    enabled_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            *owned_by_salon("marketing_automation"),
            models.UniqueConstraint(fields=["salon", "occasion"], name="marketing_automation_once"),
            models.CheckConstraint(condition=Q(days__lte=365), name="marketing_automation_days"),
        ]

    def __str__(self) -> str:
        return self.occasion
