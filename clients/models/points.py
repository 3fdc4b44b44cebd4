"""Treatcard points, as a ledger on the card."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clients.models.card import Client
from salon.identity.roles import ActorKind
from salon.tenancy.constraints import AppendOnly, SalonReference, owned_by_salon
from salon.tenancy.models import SalonOwned


class Cause(models.TextChoices):
    """What points came of, or went for (domain.md §7)."""

    EARNED = "EARNED", _("Sale")
    REVERSED = "REVERSED", _("Refund")
    REDEEMED = "REDEEMED", _("Reward redeemed")
    RETURNED = "RETURNED", _("Reward given back")
    ADJUSTED = "ADJUSTED", _("Adjustment")
    MERGED = "MERGED", _("Cards merged")
    UNMERGED = "UNMERGED", _("Merge undone")
    EXPIRED = "EXPIRED", _("Expiry")
    REFERRAL = "REFERRAL", _("Referral")
    OPENING = "OPENING", _("Opening balance")
    WITHDRAWN = "WITHDRAWN", _("Opening balance withdrawn")
    ERASED = "ERASED", _("Client erased")


class PointsEntry(SalonOwned):
    """One immutable change of a client's points; `Client.points` is the sum of hers (domain.md §7).

    `number` counts the entries of one client from 1 on, `balance_after` is the balance with this one. `cause_id` is
    what it came of: a sale, a refund, a redemption, a merge …; the same cause is booked once for a client.
    `rules_version` is the version of the salon's rates that priced it, where rates did.
    """

    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="points_entries"
    )
    number = models.PositiveIntegerField()
    points = models.IntegerField()
    balance_after = models.IntegerField()
    cause = models.CharField(max_length=10, choices=Cause)
    cause_id = models.UUIDField()
    reason = models.CharField(max_length=200, blank=True)
    rules_version = models.PositiveIntegerField(null=True, blank=True)
    actor_kind = models.CharField(max_length=10, choices=ActorKind)
    actor_id = models.UUIDField(null=True, blank=True)
    actor_name = models.CharField(max_length=120)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            *owned_by_salon("clients_pointsentry"),
            SalonReference("client", name="clients_pointsentry_client"),
            AppendOnly(name="clients_pointsentry_append_only"),
            models.UniqueConstraint(fields=["salon", "client", "number"], name="clients_pointsentry_number"),
            models.UniqueConstraint(fields=["salon", "cause_id", "cause", "client"], name="clients_pointsentry_cause"),
            models.CheckConstraint(condition=~Q(points=0), name="clients_pointsentry_not_nothing"),
            models.CheckConstraint(
                condition=Q(number__gt=1) | Q(balance_after=F("points")), name="clients_pointsentry_first"
            ),
        ]
        indexes = [models.Index(fields=["salon", "created_at", "id"], name="clients_points_by_age")]

    def __str__(self) -> str:
        return f"{self.client_id}: {self.points:+}"
