"""Keys, how often each may call, and the answers that repeated calls get again."""

from datetime import datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from salon.tenancy.constraints import SalonReference, owned_by_salon
from salon.tenancy.models import Salon, SalonOwned, new_id


class ApiKey(models.Model):
    """One integration's way into one salon; the secret itself is nowhere stored. Read before the salon is known."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    salon = models.ForeignKey(Salon, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    secret_hash = models.BinaryField(max_length=32, unique=True)
    last_four = models.CharField(max_length=4)
    scopes = ArrayField(models.CharField(max_length=40), default=list)
    issued_by = models.CharField(max_length=120)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["salon", "id"], name="api_apikey_key")]

    def __str__(self) -> str:
        return f"{self.name} ({self.shown})"

    @property
    def shown(self) -> str:
        """The key as people may see it again."""
        return f"salon_…{self.last_four}"

    def open_at(self, now: datetime) -> bool:
        """Return whether it still opens the salon."""
        return self.revoked_at is None and now < self.expires_at


class RateBucket(models.Model):
    """How full one key's bucket of calls is, told by the moment at which it will be full again.

    A token drips in every 10 ms (100 a second), 1,000 fit. The table is UNLOGGED: a crash fills all buckets.
    """

    DRIP = timedelta(milliseconds=10)
    CAPACITY = 1000 * DRIP

    key = models.OneToOneField(ApiKey, primary_key=True, on_delete=models.CASCADE, related_name="+")
    full_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.key_id} full at {self.full_at}"


class StoredAnswer(SalonOwned):
    """The first answer to a call with an `Idempotency-Key`, written with the change it tells of, and never changed."""

    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+")
    key = models.CharField(max_length=255, db_collation="C")
    fingerprint = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            *owned_by_salon("api_storedanswer"),
            models.UniqueConstraint(fields=["salon", "api_key", "key"], name="api_storedanswer_once"),
            SalonReference("api_key", name="api_storedanswer_api_key"),
        ]
        indexes = [models.Index(fields=["salon", "created_at"], name="api_storedanswer_age")]

    def __str__(self) -> str:
        return f"{self.key}: {self.status}"
