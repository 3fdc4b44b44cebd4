"""Who works in a salon, and what each can do."""

from django.db import models
from django.db.models import Q

from salon.catalogue.models.goods import Service
from salon.identity.constraints import MemberReference
from salon.identity.models import User
from salon.tenancy.constraints import RowLevelSecurity, SalonKey, SalonReference, owned_by_salon
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon, SalonOwned

# So many colours tell staff members apart in the calendar; classes `staff-1` … of the stylesheet.
COLOURS = 12


class StaffQuerySet(models.QuerySet["StaffMember"]):
    """Staff members of the open salon."""

    def working(self) -> "StaffQuerySet":
        """Return those who are not archived."""
        return self.filter(archived_at=None)

    def in_order(self) -> "StaffQuerySet":
        """Return them as the calendar shows them."""
        return self.order_by("position", "name_key", "id")


class StaffMember(SalonOwned):
    """One bookable person, who may also be a user (domain.md §5); an archived one is kept for what she has done."""

    name = models.CharField(max_length=60)
    name_key = models.CharField(max_length=120, db_collation="C")
    colour = models.PositiveSmallIntegerField(default=1)
    position = models.PositiveSmallIntegerField(default=0)
    user = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    archived_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    objects = StaffQuerySet.as_manager()

    class Meta:
        constraints = [
            *owned_by_salon("catalogue_staffmember"),
            MemberReference(name="catalogue_staffmember_member"),
            models.UniqueConstraint(
                fields=["salon", "name_key"], condition=Q(archived_at=None), name="catalogue_staffmember_name"
            ),
            models.UniqueConstraint(
                fields=["salon", "user"],
                condition=Q(archived_at=None, user__isnull=False),
                name="catalogue_staffmember_user",
            ),
            models.CheckConstraint(
                condition=Q(colour__gte=1, colour__lte=COLOURS), name="catalogue_staffmember_colour"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class StaffService(models.Model):
    """One staff member can do one service."""

    pk = models.CompositePrimaryKey("salon", "staff", "service")
    salon = models.ForeignKey(
        Salon, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+", default=current_salon_id
    )
    staff = models.ForeignKey(
        StaffMember, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="skills"
    )
    service = models.ForeignKey(
        Service, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="performers"
    )

    class Meta:
        constraints = [
            SalonKey(name="catalogue_staffservice_salon"),
            SalonReference("staff", name="catalogue_staffservice_staff", cascade=True),
            SalonReference("service", name="catalogue_staffservice_service", cascade=True),
            RowLevelSecurity(name="catalogue_staffservice_tenancy"),
        ]
        indexes = [models.Index(fields=["salon", "service"], name="catalogue_staffservice_by")]

    def __str__(self) -> str:
        return f"{self.staff_id}: {self.service_id}"
