"""What a salon sells: services and products in groups, and special offers on them."""

from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Mod
from django.db.models.lookups import Exact, LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from salon.catalogue.details import LONGEST_MINUTES, STEP
from salon.fields import MoneyField
from salon.tenancy.constraints import SalonReference, owned_by_salon
from salon.tenancy.models import SalonOwned


class ItemKind(models.TextChoices):
    """The two kinds of things that are sold."""

    SERVICE = "SERVICE", _("Service")
    PRODUCT = "PRODUCT", _("Product")


class CatalogueGroup(SalonOwned):
    """A heading under which services or products stand, in the order of `position`."""

    kind = models.CharField(max_length=10, choices=ItemKind)
    name = models.CharField(max_length=60)
    # The name without case and accents: what may stand once in a salon.
    name_key = models.CharField(max_length=120, db_collation="C")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            *owned_by_salon("catalogue_group"),
            models.UniqueConstraint(fields=["salon", "kind", "name_key"], name="catalogue_group_name"),
        ]

    def __str__(self) -> str:
        return self.name


class _Sold(SalonOwned):
    """What services and products have in common; an archived one is kept for what was booked and sold."""

    group = models.ForeignKey(
        CatalogueGroup, null=True, blank=True, on_delete=models.PROTECT, db_constraint=False, db_index=False
    )
    name = models.CharField(max_length=80)
    name_key = models.CharField(max_length=160, db_collation="C")
    position = models.PositiveSmallIntegerField(default=0)
    price = MoneyField()
    # In percent, of the price with VAT in it.
    vat_rate = models.DecimalField(max_digits=4, decimal_places=2, default=Decimal("19.00"))
    # Flat Treatcard points a unit; None: the salon's rate on the price, 0: none.
    points_override = models.PositiveIntegerField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class SoldQuerySet[Model: _Sold](models.QuerySet[Model]):
    """Services or products of the open salon."""

    def offered(self) -> "SoldQuerySet[Model]":
        """Return those that are not archived."""
        return self.filter(archived_at=None)

    def in_order(self) -> "SoldQuerySet[Model]":
        """Return them as the catalogue lists them: by group, position, name; without a group last."""
        return self.order_by(F("group__position").asc(nulls_last=True), "group__name_key", "position", "name_key", "id")


class Service(_Sold):
    """One thing that is done for a client, by somebody, in some time (domain.md §5).

    The staff member works `apply_minutes`, is free for somebody else for `processing_minutes` (Einwirkzeit), works
    `finish_minutes`; nothing is processing where the last two are 0. `buffer_minutes` behind it belong to nobody's
    appointment, but are not free.
    """

    apply_minutes = models.PositiveSmallIntegerField()
    processing_minutes = models.PositiveSmallIntegerField(default=0)
    finish_minutes = models.PositiveSmallIntegerField(default=0)
    buffer_minutes = models.PositiveSmallIntegerField(default=0)
    duration_minutes = models.GeneratedField(
        expression=F("apply_minutes") + F("processing_minutes") + F("finish_minutes"),
        output_field=models.PositiveSmallIntegerField(),
        db_persist=True,
    )
    online = models.BooleanField(default=True)
    # Whether an appointment with it makes the client a returning one; a consultation does not (domain.md §4.2).
    counts_as_visit = models.BooleanField(default=True)

    objects = SoldQuerySet["Service"].as_manager()

    class Meta:
        constraints = [
            *owned_by_salon("catalogue_service"),
            SalonReference("group", name="catalogue_service_group"),
            models.UniqueConstraint(
                fields=["salon", "name_key"], condition=Q(archived_at=None), name="catalogue_service_name"
            ),
            models.CheckConstraint(
                condition=Q(apply_minutes__gte=STEP)
                & Q(apply_minutes__lte=LONGEST_MINUTES)
                & Q(processing_minutes__lte=LONGEST_MINUTES)
                & Q(finish_minutes__lte=LONGEST_MINUTES)
                & Q(buffer_minutes__lte=LONGEST_MINUTES),
                name="catalogue_service_minutes",
            ),
            models.CheckConstraint(
                condition=Q(
                    Exact(Mod("apply_minutes", STEP), 0),
                    Exact(Mod("processing_minutes", STEP), 0),
                    Exact(Mod("finish_minutes", STEP), 0),
                    Exact(Mod("buffer_minutes", STEP), 0),
                    LessThanOrEqual(
                        F("apply_minutes") + F("processing_minutes") + F("finish_minutes"), LONGEST_MINUTES
                    ),
                ),
                name="catalogue_service_steps",
            ),
            models.CheckConstraint(
                condition=Q(processing_minutes=0, finish_minutes=0)
                | Q(processing_minutes__gte=STEP, finish_minutes__gte=STEP),
                name="catalogue_service_processing",
            ),
            models.CheckConstraint(condition=Q(price__gte=0), name="catalogue_service_price"),
            models.CheckConstraint(condition=Q(vat_rate__gte=0, vat_rate__lt=100), name="catalogue_service_vat"),
        ]


class Product(_Sold):
    """One thing that is sold over the counter."""

    barcode = models.CharField(max_length=40, blank=True)

    objects = SoldQuerySet["Product"].as_manager()

    class Meta:
        constraints = [
            *owned_by_salon("catalogue_product"),
            SalonReference("group", name="catalogue_product_group"),
            models.UniqueConstraint(
                fields=["salon", "name_key"], condition=Q(archived_at=None), name="catalogue_product_name"
            ),
            models.UniqueConstraint(
                fields=["salon", "barcode"],
                condition=Q(archived_at=None) & ~Q(barcode=""),
                name="catalogue_product_barcode",
            ),
            models.CheckConstraint(condition=Q(price__gte=0), name="catalogue_product_price"),
            models.CheckConstraint(condition=Q(vat_rate__gte=0, vat_rate__lt=100), name="catalogue_product_vat"),
        ]


class SpecialOffer(SalonOwned):
    """Another price for one service or product from a day to a day, both included; one at a time for each."""

    service = models.ForeignKey(
        Service,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        db_constraint=False,
        db_index=False,
        related_name="offers",
    )
    product = models.ForeignKey(
        Product,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        db_constraint=False,
        db_index=False,
        related_name="offers",
    )
    price = MoneyField()
    starts_on = models.DateField()
    ends_on = models.DateField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            *owned_by_salon("catalogue_specialoffer"),
            SalonReference("service", name="catalogue_specialoffer_service"),
            SalonReference("product", name="catalogue_specialoffer_product"),
            models.CheckConstraint(
                condition=Q(service__isnull=False, product=None) | Q(service=None, product__isnull=False),
                name="catalogue_specialoffer_item",
            ),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="catalogue_specialoffer_days"),
            models.CheckConstraint(condition=Q(price__gte=0), name="catalogue_specialoffer_price"),
            ExclusionConstraint(
                name="catalogue_specialoffer_service_once",
                expressions=[
                    ("salon", RangeOperators.EQUAL),
                    ("service", RangeOperators.EQUAL),
                    (Func("starts_on", "ends_on", Value("[]"), function="daterange"), RangeOperators.OVERLAPS),
                ],
                condition=Q(service__isnull=False),
            ),
            ExclusionConstraint(
                name="catalogue_specialoffer_product_once",
                expressions=[
                    ("salon", RangeOperators.EQUAL),
                    ("product", RangeOperators.EQUAL),
                    (Func("starts_on", "ends_on", Value("[]"), function="daterange"), RangeOperators.OVERLAPS),
                ],
                condition=Q(product__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_on}–{self.ends_on}: {self.price}"
