"""The client card, and the numbers it is given."""

from datetime import date
from uuid import UUID

from django.db import models
from django.db.models.functions import Coalesce, Greatest, Least, Lower
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from clients.classification import CreatedVia, Facts, Reason, Status
from clients.details import YES, Birthday, ClientDetails, Gender, parse_birthday
from salon.catalogue.models import StaffMember
from salon.tenancy.constraints import RowLevelSecurity, SalonKey, SalonReference, owned_by_salon
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon, SalonOwned

PLAIN_FIELDS = (
    "first_name",
    "last_name",
    "gender",
    "mobile",
    "landline",
    "email",
    "street",
    "postal_code",
    "city",
    "blocked_reason",
)
# What setting `details` writes.
DETAIL_FIELDS = (
    *PLAIN_FIELDS,
    "birth_day",
    "birth_month",
    "birth_year",
    "preferred_staff_id",
    "referred_by_id",
    "blocked",
    "matrix_exempt",
    "sort_key",
)


class CardState(models.TextChoices):
    """Whether a card is in use."""

    LISTED = "LISTED", _("listed")
    MERGED = "MERGED", _("merged into another card")
    ERASED = "ERASED", _("erased")


class ClientQuerySet(models.QuerySet["Client"]):
    """Cards of the open salon."""

    def listed(self) -> "ClientQuerySet":
        """Return those in use: neither merged into another card nor erased."""
        return self.filter(state=CardState.LISTED)


class Client(SalonOwned):
    """One client card: a person who is served in one salon (domain.md §2).

    Facts about visits come from two sources and are combined when read: `first_visit_on`, `last_visit_on` and
    `visits` from appointments, the `carried_…` from an import (domain.md §4.2). `status`, `status_reason` and
    `status_changes_on` are what `classify` said of them; `email_consent` is whether a consent of the ledger holds for
    the address that the card has (domain.md §9.3).
    """

    number = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=CardState, default=CardState.LISTED)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
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
    referred_by = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    preferred_staff = models.ForeignKey(
        StaffMember,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    blocked = models.BooleanField(default=False)
    blocked_reason = models.CharField(max_length=200, blank=True)
    treatcard_number = models.CharField(max_length=40, blank=True)
    matrix_exempt = models.BooleanField(default=False)
    listed_on = models.DateField()
    # What an import wrote there when no file said it: while it stands, whoever knows an earlier day is believed.
    assumed_listed_on = models.DateField(null=True, blank=True)
    created_via = models.CharField(max_length=20, choices=CreatedVia)
    # "last first" by salon.folding.order_key: German order without ICU, and comparable under row-level security.
    sort_key = models.CharField(max_length=200, db_collation="C")

    first_visit_on = models.DateField(null=True, blank=True)
    last_visit_on = models.DateField(null=True, blank=True)
    visits = models.PositiveIntegerField(default=0)
    carried_first_visit_on = models.DateField(null=True, blank=True)
    carried_last_visit_on = models.DateField(null=True, blank=True)
    carried_visits = models.PositiveIntegerField(default=0)
    # The balance of the ledger (clients.models.points), below zero after a refund of what was already spent.
    points = models.IntegerField(default=0)
    # How many entries the ledger has of her, which is the number of the newest.
    points_number = models.PositiveIntegerField(default=0, db_default=0)
    # LEAST and GREATEST of PostgreSQL pass over NULL.
    first_success_on = models.GeneratedField(
        expression=Least("first_visit_on", "carried_first_visit_on"),
        output_field=models.DateField(null=True),
        db_persist=True,
    )
    last_success_on = models.GeneratedField(
        expression=Greatest("last_visit_on", "carried_last_visit_on"),
        output_field=models.DateField(null=True),
        db_persist=True,
    )
    # The list's order by last visit: comparable, also where there was none.
    last_success_key = models.GeneratedField(
        expression=Coalesce(Greatest("last_visit_on", "carried_last_visit_on"), models.Value(date.min)),
        output_field=models.DateField(),
        db_persist=True,
    )
    # What the list shows and is ordered by.
    visits_in_all = models.GeneratedField(
        expression=models.F("visits") + models.F("carried_visits"),
        output_field=models.PositiveIntegerField(),
        db_persist=True,
    )
    status = models.CharField(max_length=10, choices=Status)
    status_reason = models.CharField(max_length=30, choices=Reason)
    status_changes_on = models.DateField(null=True, blank=True)

    # Where she is who agreed to news: in another's mailbox nobody has. Empty for who agreed before she gave an address.
    email_consent_for = models.CharField(max_length=254, null=True, blank=True)  # noqa: DJ001 - None: nobody agreed
    email_consent = models.GeneratedField(
        expression=Coalesce(Exact(Lower("email"), Lower("email_consent_for")), models.Value(value=False)),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    email_consent_at = models.DateTimeField(null=True, blank=True)

    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = ClientQuerySet.as_manager()

    class Meta:
        constraints = [
            *owned_by_salon("clients_client"),
            SalonReference("merged_into", name="clients_client_merged_into"),
            SalonReference("referred_by", name="clients_client_referred_by"),
            SalonReference("preferred_staff", name="clients_client_preferred_staff"),
            models.UniqueConstraint(fields=["salon", "number"], name="clients_client_number"),
            models.UniqueConstraint(fields=["salon", "sort_key", "id"], name="clients_client_by_name"),
            models.UniqueConstraint(fields=["salon", "listed_on", "id"], name="clients_client_by_listed_on"),
            models.UniqueConstraint(
                fields=["salon", "treatcard_number"],
                condition=~models.Q(treatcard_number=""),
                name="clients_client_treatcard_number",
            ),
            models.CheckConstraint(
                condition=~models.Q(first_name="") | ~models.Q(last_name=""), name="clients_client_named"
            ),
            models.CheckConstraint(
                condition=models.Q(birth_day=None, birth_month=None, birth_year=None)
                | models.Q(birth_day__range=(1, 31), birth_month__range=(1, 12)),
                name="clients_client_birthday",
            ),
            models.CheckConstraint(
                condition=models.Q(blocked=True) | models.Q(blocked_reason=""), name="clients_client_blocked"
            ),
            models.CheckConstraint(
                condition=models.Q(state=CardState.MERGED, merged_into__isnull=False)
                | models.Q(~models.Q(state=CardState.MERGED), merged_into=None),
                name="clients_client_merged",
            ),
        ]
        indexes = [
            models.Index(fields=["salon", "last_success_key", "id"], name="clients_client_by_last_success"),
            models.Index(fields=["salon", "status", "last_success_key", "id"], name="clients_client_by_status"),
            models.Index(fields=["salon", "visits_in_all", "id"], name="clients_client_by_visits"),
            models.Index(fields=["salon", "points", "id"], name="clients_client_by_points"),
            # PostgreSQL skips through the few values of the columns that a filter leaves open.
            models.Index(
                fields=["salon", "status", "status_reason", "created_via", "email_consent", "blocked", "birth_month"],
                name="clients_client_facts",
            ),
            models.Index(
                fields=["salon", "id"],
                condition=models.Q(email="", mobile="", landline=""),
                name="clients_client_without_contact",
            ),
            models.Index(fields=["salon", "status_changes_on"], name="clients_client_changes_on"),
            models.Index(
                fields=["salon", "referred_by"],
                condition=models.Q(referred_by__isnull=False),
                name="clients_client_of_referrer",
            ),
            models.Index(
                fields=["salon", "preferred_staff"],
                condition=models.Q(preferred_staff__isnull=False),
                name="clients_client_of_staff",
            ),
            models.Index(
                fields=["salon", "merged_into"],
                condition=models.Q(merged_into__isnull=False),
                name="clients_client_of_survivor",
            ),
            models.Index(
                fields=["salon", "birth_month", "birth_day"],
                condition=models.Q(birth_day__isnull=False),
                name="clients_client_birthdays",
            ),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        """First and last name, whichever there is."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def birthday(self) -> Birthday | None:
        """The birthday on the card, if there is one."""
        if self.birth_day is None or self.birth_month is None:
            return None
        return Birthday(self.birth_day, self.birth_month, self.birth_year)

    @property
    def details(self) -> ClientDetails:
        """The card's master data as text, phones in E.164, birthday in ISO."""
        return ClientDetails(
            **{name: getattr(self, name) for name in PLAIN_FIELDS},
            birthday=self.birthday.iso if self.birthday else "",
            preferred_staff=str(self.preferred_staff_id or ""),
            referred_by=str(self.referred_by_id or ""),
            blocked=YES if self.blocked else "",
            matrix_exempt=YES if self.matrix_exempt else "",
        )

    @details.setter
    def details(self, details: ClientDetails) -> None:
        for name in PLAIN_FIELDS:
            setattr(self, name, getattr(details, name))
        birthday = parse_birthday(details.birthday) if details.birthday else None
        self.birth_day = birthday.day if birthday else None
        self.birth_month = birthday.month if birthday else None
        self.birth_year = birthday.year if birthday else None
        self.preferred_staff_id = UUID(details.preferred_staff) if details.preferred_staff else None
        self.referred_by_id = UUID(details.referred_by) if details.referred_by else None
        self.blocked = details.blocked == YES
        self.matrix_exempt = details.matrix_exempt == YES
        self.sort_key = details.sort_key

    @property
    def facts(self) -> Facts:
        """What `classify` judges by; of a row as it was read from the database."""
        return Facts(self.listed_on, CreatedVia(self.created_via), self.first_success_on, self.last_success_on)


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
