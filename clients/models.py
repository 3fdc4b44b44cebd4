"""The client card and what finds it again."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from clients.details import Gender
from salon.tenancy.constraints import RowLevelSecurity, SalonKey, SalonReference, owned_by_salon
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon, SalonOwned


class CreatedVia(models.TextChoices):
    """How a card came to be (domain.md §2)."""

    STAFF = "STAFF", _("entered by staff")
    ONLINE_BOOKING = "ONLINE_BOOKING", _("online booking")
    IMPORT = "IMPORT", _("import")


class Client(SalonOwned):
    """One client card: a person who is served in one salon (domain.md §2)."""

    number = models.PositiveIntegerField()
    first_name = models.CharField(max_length=80, blank=True)
    last_name = models.CharField(max_length=80, blank=True)
    gender = models.CharField(max_length=10, choices=Gender, blank=True)
    birth_day = models.PositiveSmallIntegerField(null=True, blank=True)
    birth_month = models.PositiveSmallIntegerField(null=True, blank=True)
    birth_year = models.PositiveSmallIntegerField(null=True, blank=True)
    mobile = models.CharField(max_length=16, blank=True)
    landline = models.CharField(max_length=16, blank=True)
    email = models.EmailField(blank=True)
    street = models.CharField(max_length=120, blank=True)
    postal_code = models.CharField(max_length=12, blank=True)
    city = models.CharField(max_length=80, blank=True)
    listed_on = models.DateField()
    created_via = models.CharField(max_length=20, choices=CreatedVia)
    # "last first" by salon.folding.order_key: German order without ICU, and comparable under row-level security.
    sort_key = models.CharField(max_length=200, db_collation="C")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            *owned_by_salon("clients_client"),
            models.UniqueConstraint(fields=["salon", "number"], name="clients_client_number"),
            models.UniqueConstraint(fields=["salon", "sort_key", "id"], name="clients_client_by_name"),
            models.UniqueConstraint(fields=["salon", "listed_on", "id"], name="clients_client_by_listed_on"),
            models.CheckConstraint(
                condition=~models.Q(first_name="") | ~models.Q(last_name=""), name="clients_client_named"
            ),
            models.CheckConstraint(
                condition=models.Q(birth_day=None, birth_month=None, birth_year=None)
                | models.Q(birth_day__range=(1, 31), birth_month__range=(1, 12)),
                name="clients_client_birthday",
            ),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        """First and last name, whichever there is."""
        return f"{self.first_name} {self.last_name}".strip()


class TokenField(models.IntegerChoices):
    """Where a token stands on the card; the order is that of search results."""

    NAME = 1, _("Name")
    NUMBER = 2, _("Client number")
    EMAIL = 3, _("E-mail")
    PHONE = 4, _("Phone")
    PLACE = 5, _("Address")


class SearchToken(models.Model):
    """One folded thing a card can be found by; read by ranges, the only text search leakproof operators allow."""

    pk = models.CompositePrimaryKey("salon", "field", "token", "client")
    salon = models.ForeignKey(
        Salon, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+", default=current_salon_id
    )
    field = models.PositiveSmallIntegerField(choices=TokenField)
    token = models.CharField(max_length=254, db_collation="C")
    client = models.ForeignKey(
        Client, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="tokens"
    )

    class Meta:
        constraints = [
            SalonKey(name="clients_searchtoken_salon"),
            SalonReference("client", name="clients_searchtoken_client", cascade=True),
            RowLevelSecurity(name="clients_searchtoken_tenancy"),
        ]
        indexes = [models.Index(fields=["salon", "client"], name="clients_searchtoken_of_client")]

    def __str__(self) -> str:
        return f"{self.field}:{self.token}"


class ClientNumbers(models.Model):
    """The last client number a salon has given; its row is locked while the next is drawn."""

    salon = models.OneToOneField(
        Salon,
        primary_key=True,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="+",
        default=current_salon_id,
    )
    last_number = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            SalonKey(name="clients_clientnumbers_salon"),
            RowLevelSecurity(name="clients_clientnumbers_tenancy"),
        ]

    def __str__(self) -> str:
        return str(self.last_number)
