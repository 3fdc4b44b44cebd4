"""One number a salon that tells whether anything of its catalogue, team and hours has changed."""

from django.db import models

from salon.tenancy.constraints import RowLevelSecurity, SalonKey
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon


class CatalogueVersion(models.Model):
    """How often a salon's services, products, offers, team, hours, absences or closures have changed.

    Every operation of the catalogue counts it up in its own transaction: whoever shows something of them (the
    calendar, every five seconds) asks for this number alone. No row: nothing has changed yet.
    """

    salon = models.OneToOneField(
        Salon,
        primary_key=True,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="+",
        default=current_salon_id,
    )
    version = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            SalonKey(name="catalogue_catalogueversion_salon"),
            RowLevelSecurity(name="catalogue_catalogueversion_tenancy"),
        ]

    def __str__(self) -> str:
        return str(self.version)
