"""Work that waits in the database until a worker has done it (architecture.md §5)."""

from django.db import models
from django.db.models.functions import Now

from salon.tenancy.models import Salon, new_id


class DueWork(models.Model):
    """One thing to be done by a Celery task from `due_at` on; deleted when done. A directory table: ids only.

    `claimed_at` is the last sign of life of the worker that is at it, and `attempts` tells its claim from all others.
    `error` is the name of an exception's type, never its text, which may tell an address.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    task = models.CharField(max_length=120)
    subject_id = models.UUIDField()
    salon = models.ForeignKey(Salon, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="work_duework_due_at")]

    def __str__(self) -> str:
        return f"{self.task} {self.subject_id} due {self.due_at}"
