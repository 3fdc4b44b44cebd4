"""Who signs in, and where they may work. Directory tables: read before a salon is known."""

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from salon.identity.roles import Role
from salon.tenancy.models import Salon, new_id


class Language(models.TextChoices):
    """Language of the screen, chosen by each user."""

    DE = "de", _("German")
    EN = "en", _("English")


class User(AbstractBaseUser):
    """One login: a person who may work in one or several salons."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    language = models.CharField(max_length=2, choices=Language, default=Language.DE)
    is_active = models.BooleanField(default=True)
    # By the name of a list: the columns chosen for it, in no order; a list that is missing shows its own choice.
    columns = models.JSONField(default=dict)
    last_salon = models.ForeignKey(Salon, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    def __str__(self) -> str:
        return self.email


class Membership(models.Model):
    """A user's role in one salon."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    salon = models.ForeignKey(Salon, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "salon"], name="identity_membership_user")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.salon_id}: {self.role}"


class Invitation(models.Model):
    """An open offer of a membership to whoever holds the token; only its hash is stored."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    salon = models.ForeignKey(Salon, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=10, choices=Role)
    token_hash = models.BinaryField(max_length=32, unique=True)
    invited_by = models.CharField(max_length=120)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["salon", "email"], name="identity_invitation_email")]

    def __str__(self) -> str:
        return f"{self.email} to {self.salon_id}"

    def open_at(self, now: datetime) -> bool:
        """Return whether it can still be accepted."""
        return now < self.expires_at


class SignInFailure(models.Model):
    """One failed sign-in, counted per account and per address for fifteen minutes (quality.md §3)."""

    id = models.BigAutoField(primary_key=True)
    key = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["key", "at"], name="identity_failure_key")]

    def __str__(self) -> str:
        return f"{self.key} {self.at}"
