"""What a salon has decided about its client cards."""

from django.db import models

from clients.identity import IdentityPolicy
from salon.tenancy.constraints import RowLevelSecurity, SalonKey
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon


class ClientRules(models.Model):
    """The rules of one salon; without a row the defaults hold."""

    salon = models.OneToOneField(
        Salon,
        primary_key=True,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="+",
        default=current_salon_id,
    )
    identity_policy = models.CharField(max_length=10, choices=IdentityPolicy, default=IdentityPolicy.STRICT)
    # As the rules of the Treatcard say, which stand above the cards (loyalty.rules).
    treatcard_by_itself = models.BooleanField(default=False)

    class Meta:
        constraints = [
            SalonKey(name="clients_clientrules_salon"),
            RowLevelSecurity(name="clients_clientrules_tenancy"),
        ]

    def __str__(self) -> str:
        return self.identity_policy
