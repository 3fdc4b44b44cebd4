"""Groups of clients by rule."""

from django.db import models
from django.db.models import Q

from salon.tenancy.constraints import owned_by_salon
from salon.tenancy.models import SalonOwned


class SegmentQuerySet(models.QuerySet["Segment"]):
    """Segments of the open salon."""

    def live(self) -> "SegmentQuerySet":
        """Return those that are not deleted."""
        return self.filter(deleted_at=None)


class Segment(SalonOwned):
    """One group of clients that a salon has described; who is in it is asked anew each time (domain.md §9.1).

    `rule` is the tree of `marketing.rule`, as JSON. `name_key` is the name folded, for its order and to tell twins.
    """

    name = models.CharField(max_length=80)
    name_key = models.CharField(max_length=160, db_collation="C")
    rule = models.JSONField()
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = SegmentQuerySet.as_manager()

    class Meta:
        constraints = [
            *owned_by_salon("marketing_segment"),
            models.UniqueConstraint(
                fields=["salon", "name_key"], condition=Q(deleted_at=None), name="marketing_segment_name"
            ),
        ]
        indexes = [models.Index(fields=["salon", "name_key", "id"], name="marketing_segment_by_name")]

    def __str__(self) -> str:
        return self.name
