"""What the team writes down about a client."""

from django.db import models

from clients.models.card import Client
from salon.tenancy.constraints import SalonReference, owned_by_salon
from salon.tenancy.models import SalonOwned


class Note(SalonOwned):
    """One private note on a card, never shown to the client; a pinned one is an alert (domain.md §2)."""

    client = models.ForeignKey(
        Client, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="notes"
    )
    text = models.TextField(max_length=4000)
    pinned = models.BooleanField(default=False)
    author_name = models.CharField(max_length=120)
    written_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            *owned_by_salon("clients_note"),
            SalonReference("client", name="clients_note_client", cascade=True),
        ]
        indexes = [models.Index(fields=["salon", "client", "written_at"], name="clients_note_of_client")]

    def __str__(self) -> str:
        return self.text[:60]


class HealthRecord(SalonOwned):
    """Allergies and the like of one client: stored only while consent to it stands in the ledger (domain.md §2)."""

    client = models.ForeignKey(
        Client, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="health_records"
    )
    text = models.TextField(max_length=4000)
    author_name = models.CharField(max_length=120)
    written_at = models.DateTimeField()

    class Meta:
        constraints = [
            *owned_by_salon("clients_healthrecord"),
            SalonReference("client", name="clients_healthrecord_client", cascade=True),
            models.UniqueConstraint(fields=["salon", "client"], name="clients_healthrecord_one"),
        ]

    def __str__(self) -> str:
        return str(self.client_id)


class CarriedService(SalonOwned):
    """A service that a client had before the salon came here, by its name, and how often (import, domain.md §10)."""

    client = models.ForeignKey(
        Client, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="carried_services"
    )
    name = models.CharField(max_length=120)
    times = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            *owned_by_salon("clients_carriedservice"),
            SalonReference("client", name="clients_carriedservice_client", cascade=True),
            models.UniqueConstraint(fields=["salon", "client", "name"], name="clients_carriedservice_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} × {self.times}"
