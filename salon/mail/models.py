"""Mails on their way out."""

from django.db import models
from django.db.models.functions import Now

from salon.tenancy.models import new_id


class AccountMail(models.Model):
    """One mail about a login (invitation, password reset), deleted when sent, refused for good or of no more use.

    Belongs to a person, not to a salon. From `expires_at` on the link in it is dead, and it is not sent any more.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    recipient = models.EmailField()
    subject = models.CharField(max_length=200)
    body = models.TextField()
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.subject} to {self.recipient}"
