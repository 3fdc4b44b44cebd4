"""What a client has agreed to."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from clients.models.card import Client
from salon.identity.roles import ActorKind, shown_name
from salon.tenancy.constraints import AppendOnly, SalonReference, owned_by_salon
from salon.tenancy.models import SalonOwned


class ConsentPurpose(models.TextChoices):
    """What is agreed to: one channel of marketing, or that health data are kept."""

    EMAIL_MARKETING = "EMAIL_MARKETING", _("News by e-mail")
    HEALTH_DATA = "HEALTH_DATA", _("Health data")


class Decision(models.TextChoices):
    """What the client said; of news by e-mail, asked for (REQUESTED) until she has confirmed it by a mail's link.

    UNDONE is nothing that she said: what a merge or an import had brought was taken back.
    """

    REQUESTED = "REQUESTED", _("asked for")
    GRANTED = "GRANTED", _("agreed")
    WITHDRAWN = "WITHDRAWN", _("withdrawn")
    UNDONE = "UNDONE", _("taken back")


class ConsentSource(models.TextChoices):
    """Where the client said it; `ADDRESS` is no place: she is asked at another address than she said it for."""

    SALON = "SALON", _("in the salon")
    IMPORT = "IMPORT", _("import")
    API = "API", _("through the interface")
    MERGE = "MERGE", _("merged card")
    CONFIRMATION = "CONFIRMATION", _("link in the mail")
    UNSUBSCRIBE = "UNSUBSCRIBE", _("unsubscribe page")
    ADDRESS = "ADDRESS", _("address changed")


class ConsentWording(SalonOwned):
    """One version of the words that a salon lets its clients agree to; the newest of a purpose holds (domain.md §9.3).

    Without a row those hold that every salon begins with (clients/wordings.py), as number 0.
    """

    purpose = models.CharField(max_length=20, choices=ConsentPurpose)
    number = models.PositiveIntegerField()
    text = models.TextField(max_length=2000)
    created_at = models.DateTimeField()
    actor_kind = models.CharField(max_length=10, choices=ActorKind)
    actor_id = models.UUIDField(null=True, blank=True)
    actor_name = models.CharField(max_length=120)

    class Meta:
        constraints = [
            *owned_by_salon("clients_consentwording"),
            models.UniqueConstraint(fields=["salon", "purpose", "number"], name="clients_consentwording_number"),
            models.CheckConstraint(condition=models.Q(number__gt=0), name="clients_consentwording_counted"),
            AppendOnly(name="clients_consentwording_append_only"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.number}"


class ConsentEntry(SalonOwned):
    """One decision of one client, kept for good: to which words, when, where, recorded by whom (domain.md §9.3).

    The newest entry of a purpose says what holds now. `wording_number` is that of the salon's words, None where others
    were agreed to.
    """

    client = models.ForeignKey(
        Client, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="consent_entries"
    )
    purpose = models.CharField(max_length=20, choices=ConsentPurpose)
    decision = models.CharField(max_length=10, choices=Decision)
    source = models.CharField(max_length=12, choices=ConsentSource)
    wording = models.TextField(blank=True)
    wording_number = models.PositiveIntegerField(null=True, blank=True)
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=10, choices=ActorKind)
    actor_id = models.UUIDField(null=True, blank=True)
    actor_name = models.CharField(max_length=120)

    class Meta:
        constraints = [
            *owned_by_salon("clients_consententry"),
            SalonReference("client", name="clients_consententry_client"),
            AppendOnly(name="clients_consententry_append_only"),
        ]
        indexes = [models.Index(fields=["salon", "client", "purpose", "at", "id"], name="clients_consent_of_client")]

    def __str__(self) -> str:
        return f"{self.client_id} {self.purpose} {self.decision}"

    @property
    def recorded_by(self) -> str:
        """Who wrote it down, as people read it; nobody's name where she decided herself."""
        return shown_name(self.actor_kind, self.actor_name)


class Objection(SalonOwned):
    """An address, in small letters, whose owner wanted no news at it, on whichever card she said so (domain.md §9.3).

    It holds until somebody agrees anew at that address (`lifted_at`), whatever becomes of the card; who once objected
    there stays on record.
    """

    address = models.CharField(max_length=254)
    at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            *owned_by_salon("clients_objection"),
            models.UniqueConstraint(fields=["salon", "address"], name="clients_objection_address"),
        ]

    def __str__(self) -> str:
        return self.address
