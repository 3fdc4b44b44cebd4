"""Mails to whoever writes them, before anybody else gets them."""

from django.db import models

from salon.tenancy.constraints import owned_by_salon
from salon.tenancy.models import SalonOwned


class Proof(SalonOwned):
    """One test mail on its way to whoever asked for it, deleted when sent, refused for good or of no more use.

    `client_id` is as whom it is shown, if as anybody: her name and all that is hers stands in it only when it goes out.
    """

    recipient = models.EmailField()
    subject = models.CharField(max_length=150)
    body = models.TextField(max_length=20_000)
    client_id = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [*owned_by_salon("marketing_proof")]

    def __str__(self) -> str:
        return f"{self.subject} to {self.recipient}"
