"""Work that waits in the database until a worker has done it, and the nights of each salon (architecture.md §5)."""

from datetime import timedelta
from typing import TypedDict

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from salon.tenancy.constraints import owned_by_salon
from salon.tenancy.models import Salon, SalonOwned, new_id


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
        indexes = [
            models.Index(fields=["due_at"], name="work_duework_due_at"),
            models.Index(fields=["subject_id"], name="work_duework_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.subject_id} due {self.due_at}"


class StepState(models.TextChoices):
    """How far a step of the night is."""

    WAITING = "WAITING", _("waiting")
    RUNNING = "RUNNING", _("running")
    DONE = "DONE", _("done")
    FAILED = "FAILED", _("failed")


class Trouble(models.TextChoices):
    """Why a step did not succeed, in a sentence that anybody may read."""

    DATABASE = "DATABASE", _("The database did not answer.")
    DISK_FULL = "DISK_FULL", _("There is no room left on the disk.")
    FILE = "FILE", _("A file could not be read or written.")
    SLOW = "SLOW", _("It took too long and was interrupted.")
    KILLED = "KILLED", _("The program was ended several times while it was at it.")
    UNKNOWN = "UNKNOWN", _("This version of the software does not know the step any more.")
    FAULT = "FAULT", _("The software made an error; its log says which.")


class EarlierRun(TypedDict):
    """What a step did in a run that another one of the same day came after; its beginning in ISO."""

    started_at: str | None
    asked_by: str
    state: str
    counts: dict[str, int]


class NightStep(SalonOwned):
    """One step of the night of one salon and local date; a second run of that date replaces the first and keeps what it
    counted in `earlier`, as `EarlierRun` reads it. `asked_by`: who wanted this run, where somebody did.

    `step` is a path of NIGHT_STEPS; `done` of `total` (0: unknown) tells how far it is; `trouble` and `error` (the name
    of an exception's type, never its text) tell why the last attempt failed, also while it waits for the next.
    """

    date = models.DateField()
    step = models.CharField(max_length=120)
    position = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=StepState, default=StepState.WAITING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    warning = models.BooleanField(default=False)
    asked_by = models.CharField(max_length=120, blank=True, default="", db_default="")
    earlier = models.JSONField(default=list, db_default=[])
    attempts = models.PositiveIntegerField(default=0)
    trouble = models.CharField(max_length=10, choices=Trouble, blank=True)
    error = models.CharField(max_length=120, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            *owned_by_salon("work_nightstep"),
            models.UniqueConstraint(fields=["salon", "date", "step"], name="work_nightstep_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=[StepState.DONE, StepState.FAILED], finished_at__isnull=False)
                | models.Q(state__in=[StepState.WAITING, StepState.RUNNING], finished_at=None),
                name="work_nightstep_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.step}: {self.state}"

    @property
    def has_ended(self) -> bool:
        """Whether it will not run any more."""
        return self.state in {StepState.DONE, StepState.FAILED}

    @property
    def duration(self) -> timedelta | None:
        """How long its last attempt took."""
        return self.finished_at - self.started_at if self.started_at and self.finished_at else None
