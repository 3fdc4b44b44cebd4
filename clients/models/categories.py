"""Labels on clients, which may grant a discount."""

from decimal import Decimal

from django.db import models

from clients.labels import CategoryDetails, DiscountOn
from clients.models.card import Client
from salon.tenancy.constraints import RowLevelSecurity, SalonKey, SalonReference, owned_by_salon
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon, SalonOwned

# What setting `details` writes.
CATEGORY_FIELDS = (
    "name",
    "name_key",
    "description",
    "discount_percent",
    "discount_on",
    "discount_special_offers",
)


class CategoryQuerySet(models.QuerySet["Category"]):
    """Categories of the open salon."""

    def live(self) -> "CategoryQuerySet":
        """Return those that nobody has deleted."""
        return self.filter(deleted_at=None)


class Category(SalonOwned):
    """One client category of a salon (domain.md §3); a deleted one keeps its row and its clients, unseen."""

    name = models.CharField(max_length=60)
    # The name without case and accents: what may stand once in a salon.
    name_key = models.CharField(max_length=120, db_collation="C")
    description = models.CharField(max_length=200, blank=True)
    discount_percent = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    discount_on = models.CharField(max_length=10, choices=DiscountOn, default=DiscountOn.BOTH)
    discount_special_offers = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = CategoryQuerySet.as_manager()

    class Meta:
        constraints = [
            *owned_by_salon("clients_category"),
            models.UniqueConstraint(
                fields=["salon", "name_key"], condition=models.Q(deleted_at=None), name="clients_category_name"
            ),
            models.CheckConstraint(
                condition=models.Q(discount_percent=None) | models.Q(discount_percent__gt=0, discount_percent__lte=100),
                name="clients_category_percent",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def details(self) -> CategoryDetails:
        """What the category says, the percentage as text with two places."""
        return CategoryDetails(
            name=self.name,
            description=self.description,
            discount_percent="" if self.discount_percent is None else f"{self.discount_percent:.2f}",
            discount_on=self.discount_on,
            discount_special_offers=self.discount_special_offers,
        )

    @details.setter
    def details(self, details: CategoryDetails) -> None:
        self.name = details.name
        self.name_key = details.name_key
        self.description = details.description
        self.discount_percent = Decimal(details.discount_percent) if details.discount_percent else None
        self.discount_on = details.discount_on
        self.discount_special_offers = details.discount_special_offers


class CategoryAssignment(models.Model):
    """One client has one category."""

    pk = models.CompositePrimaryKey("salon", "category", "client")
    salon = models.ForeignKey(
        Salon, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+", default=current_salon_id
    )
    category = models.ForeignKey(
        Category, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="assignments"
    )
    client = models.ForeignKey(
        Client, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="assignments"
    )
    assigned_at = models.DateTimeField()

    class Meta:
        constraints = [
            SalonKey(name="clients_categoryassignment_salon"),
            SalonReference("category", name="clients_categoryassignment_category", cascade=True),
            SalonReference("client", name="clients_categoryassignment_client", cascade=True),
            RowLevelSecurity(name="clients_categoryassignment_tenancy"),
        ]
        indexes = [models.Index(fields=["salon", "client"], name="clients_assignment_of_client")]

    def __str__(self) -> str:
        return f"{self.client_id}: {self.category_id}"
