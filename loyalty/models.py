"""What a salon gives for points, and what was given."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clients.models import Client
from loyalty.eligibility import Matrix
from salon.catalogue.models import ItemKind, Product, Service
from salon.fields import MoneyField
from salon.identity.roles import ActorKind
from salon.tenancy.constraints import AppendOnly, SalonReference, owned_by_salon
from salon.tenancy.models import SalonOwned

__all__ = ["LoyaltyRules", "Matrix", "PriorUse", "Redemption", "Returned", "Reward"]


class LoyaltyRules(SalonOwned):
    """One version of a salon's Treatcard settings; the highest holds, without one the defaults do (domain.md §7).

    Points for 1.00 of services and of products. What is missed gives the points of its rewards back where
    `no_show_returns`. Off by default: `numbers_by_itself` (a new card gets a Treatcard number), `clients_see_rewards`,
    `expire_after_months` (points older than that), `referral_points` (for whoever referred a client who pays for the
    first time).
    """

    version = models.PositiveIntegerField()
    points_per_euro_services = models.DecimalField(max_digits=6, decimal_places=2, default=Decimal("1.00"))
    points_per_euro_products = models.DecimalField(max_digits=6, decimal_places=2, default=Decimal("2.00"))
    no_show_returns = models.BooleanField(default=True)
    numbers_by_itself = models.BooleanField(default=False)
    clients_see_rewards = models.BooleanField(default=False)
    expire_after_months = models.PositiveSmallIntegerField(null=True, blank=True)
    referral_points = models.PositiveIntegerField(null=True, blank=True)
    actor_kind = models.CharField(max_length=10, choices=ActorKind)
    actor_id = models.UUIDField(null=True, blank=True)
    actor_name = models.CharField(max_length=120)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            *owned_by_salon("loyalty_loyaltyrules"),
            AppendOnly(name="loyalty_loyaltyrules_append_only"),
            models.UniqueConstraint(fields=["salon", "version"], name="loyalty_loyaltyrules_version"),
            models.CheckConstraint(
                condition=Q(points_per_euro_services__gte=0, points_per_euro_products__gte=0),
                name="loyalty_loyaltyrules_rates",
            ),
            models.CheckConstraint(
                condition=Q(expire_after_months=None) | Q(expire_after_months__gt=0),
                name="loyalty_loyaltyrules_expiry",
            ),
            models.CheckConstraint(
                condition=Q(referral_points=None) | Q(referral_points__gt=0), name="loyalty_loyaltyrules_referral"
            ),
        ]

    def __str__(self) -> str:
        return str(self.version)


class RewardQuerySet(models.QuerySet["Reward"]):
    """Rewards of the open salon."""

    def live(self) -> "RewardQuerySet":
        """Return those that can be redeemed: not archived."""
        return self.filter(archived_at=None)


class Reward(SalonOwned):
    """One service or product that clients get for points; of one item at most one is not archived (domain.md §7.1).

    `list_price` is the item's price when the points were set: the row says so when the price has moved since.
    """

    kind = models.CharField(max_length=10, choices=ItemKind)
    service = models.ForeignKey(
        Service, null=True, blank=True, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    product = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    points = models.PositiveIntegerField()
    list_price = MoneyField()
    matrix = models.CharField(max_length=10, choices=Matrix, default=Matrix.FIRST_TIME)
    archived_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    objects = RewardQuerySet.as_manager()

    class Meta:
        constraints = [
            *owned_by_salon("loyalty_reward"),
            SalonReference("service", name="loyalty_reward_service"),
            SalonReference("product", name="loyalty_reward_product"),
            models.CheckConstraint(
                condition=Q(kind=ItemKind.SERVICE, service__isnull=False, product=None)
                | Q(kind=ItemKind.PRODUCT, service=None, product__isnull=False),
                name="loyalty_reward_item",
            ),
            models.CheckConstraint(condition=Q(points__gt=0), name="loyalty_reward_points"),
            models.UniqueConstraint(
                fields=["salon", "service"], condition=Q(archived_at=None), name="loyalty_reward_service_once"
            ),
            models.UniqueConstraint(
                fields=["salon", "product"], condition=Q(archived_at=None), name="loyalty_reward_product_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_id or self.product_id}: {self.points}"


class Returned(models.TextChoices):
    """Why a redemption was taken back."""

    REMOVED = "REMOVED", _("removed")
    CANCELLED = "CANCELLED", _("cancelled")
    NO_SHOW = "NO_SHOW", _("missed")
    REFUNDED = "REFUNDED", _("refunded")
    VOIDED = "VOIDED", _("sale voided")


class RedemptionQuerySet(models.QuerySet["Redemption"]):
    """Redemptions of the open salon."""

    def standing(self) -> "RedemptionQuerySet":
        """Return those that were not taken back."""
        return self.filter(returned_at=None)


class Redemption(SalonOwned):
    """A client has given points for a reward; with `returned_at` she has them back (domain.md §7.2).

    `points` and `list_price` are those of the moment it was redeemed.
    """

    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="redemptions"
    )
    reward = models.ForeignKey(
        Reward, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="redemptions"
    )
    points = models.PositiveIntegerField()
    list_price = MoneyField()
    # The first time for this client, as the matrix counts it: what the uplift looks at.
    first_time = models.BooleanField()
    redeemed_at = models.DateTimeField()
    actor_kind = models.CharField(max_length=10, choices=ActorKind)
    actor_id = models.UUIDField(null=True, blank=True)
    actor_name = models.CharField(max_length=120)
    returned_at = models.DateTimeField(null=True, blank=True)
    return_reason = models.CharField(max_length=10, choices=Returned, blank=True)

    objects = RedemptionQuerySet.as_manager()

    class Meta:
        constraints = [
            *owned_by_salon("loyalty_redemption"),
            SalonReference("client", name="loyalty_redemption_client"),
            SalonReference("reward", name="loyalty_redemption_reward"),
            models.CheckConstraint(
                condition=Q(returned_at=None, return_reason="") | Q(Q(returned_at__isnull=False), ~Q(return_reason="")),
                name="loyalty_redemption_returned",
            ),
            models.CheckConstraint(
                condition=Q(returned_at=None) | Q(returned_at__gte=F("redeemed_at")), name="loyalty_redemption_order"
            ),
        ]
        indexes = [
            models.Index(fields=["salon", "client", "reward"], name="loyalty_redemption_of_client"),
            models.Index(fields=["salon", "reward", "redeemed_at"], name="loyalty_redemption_of_reward"),
            models.Index(fields=["salon", "redeemed_at"], name="loyalty_redemption_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.client_id}: {self.reward_id}"


class PriorUse(SalonOwned):
    """The team knows that a client has had a service or product before the salon's own history (*Hatte sie schon*)."""

    client = models.ForeignKey(
        Client, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="prior_uses"
    )
    service = models.ForeignKey(
        Service, null=True, blank=True, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    product = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    noted_by_name = models.CharField(max_length=120)
    noted_at = models.DateTimeField()

    class Meta:
        constraints = [
            *owned_by_salon("loyalty_prioruse"),
            SalonReference("client", name="loyalty_prioruse_client", cascade=True),
            SalonReference("service", name="loyalty_prioruse_service", cascade=True),
            SalonReference("product", name="loyalty_prioruse_product", cascade=True),
            models.CheckConstraint(
                condition=Q(service__isnull=False, product=None) | Q(service=None, product__isnull=False),
                name="loyalty_prioruse_item",
            ),
            models.UniqueConstraint(fields=["salon", "client", "service"], name="loyalty_prioruse_service_once"),
            models.UniqueConstraint(fields=["salon", "client", "product"], name="loyalty_prioruse_product_once"),
        ]

    def __str__(self) -> str:
        return f"{self.client_id}: {self.service_id or self.product_id}"
