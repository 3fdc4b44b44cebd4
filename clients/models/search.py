"""What finds a card again."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from clients.models.card import Client
from salon.tenancy.constraints import RowLevelSecurity, SalonKey, SalonReference
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon


class TokenField(models.IntegerChoices):
    """Where a token stands on the card."""

    NAME = 1, _("Name")
    NUMBER = 2, _("Client number")
    EMAIL = 3, _("E-mail")
    PHONE = 4, _("Phone")
    PLACE = 5, _("Address")
    CARD = 6, _("Treatcard")
    BIRTHDAY = 7, _("Birthday")


class SearchToken(models.Model):
    """One folded thing a card can be found by; read by ranges, the only text search leakproof operators allow.

    `beginnings`: how the card's words begin, which tells most cards without another word of a search from those with it
    in the index itself (its key includes it); "" says nothing.
    """

    pk = models.CompositePrimaryKey("salon", "field", "token", "client")
    salon = models.ForeignKey(
        Salon, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+", default=current_salon_id
    )
    field = models.PositiveSmallIntegerField(choices=TokenField)
    token = models.CharField(max_length=254, db_collation="C")
    client = models.ForeignKey(
        Client, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="tokens"
    )
    beginnings = models.CharField(max_length=254, blank=True, db_collation="C", db_default="", default="")

    class Meta:
        constraints = [
            SalonKey(name="clients_searchtoken_salon"),
            SalonReference("client", name="clients_searchtoken_client", cascade=True),
            RowLevelSecurity(name="clients_searchtoken_tenancy"),
        ]
        # The client first: no index but the key may look as good for a token of a salon that was never counted.
        indexes = [models.Index(fields=["client", "salon"], name="clients_searchtoken_by_client")]

    def __str__(self) -> str:
        return f"{self.field}:{self.token}"
