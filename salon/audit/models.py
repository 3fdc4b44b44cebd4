"""Who changed what, kept for good (domain.md §8)."""

from django.db import models
from django.db.models.functions import Now

from salon.identity.roles import ActorKind
from salon.tenancy.constraints import AppendOnly, owned_by_salon
from salon.tenancy.models import SalonOwned


class AuditEntry(SalonOwned):
    """One change of one thing by somebody: what it was before and after."""

    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    actor_kind = models.CharField(max_length=10, choices=ActorKind)
    actor_id = models.UUIDField(null=True, blank=True)
    actor_name = models.CharField(max_length=120)
    action = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    # The client it concerns where the subject is something of hers: an appointment, a sale.
    client_id = models.UUIDField(null=True, blank=True)
    changes = models.JSONField(default=list)

    class Meta:
        constraints = [*owned_by_salon("audit_auditentry"), AppendOnly(name="audit_auditentry_append_only")]
        indexes = [
            models.Index(fields=["salon", "subject_id", "at", "id"], name="audit_auditentry_subject"),
            models.Index(
                fields=["salon", "client_id", "at", "id"],
                condition=models.Q(client_id__isnull=False),
                name="audit_auditentry_client",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at} {self.action} {self.subject_id}"
