"""Files that a salon has asked for, and what it has tried out."""

from datetime import datetime
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from salon.identity.models import Language
from salon.identity.roles import Actor, ActorKind
from salon.tenancy.constraints import owned_by_salon
from salon.tenancy.models import SalonOwned


class ExportKind(models.TextChoices):
    """What is in the file."""

    CLIENTS = "CLIENTS", _("Clients")


class FileFormat(models.TextChoices):
    """How the file is written."""

    XLSX = "XLSX", _("Excel (XLSX)")
    CSV = "CSV", _("CSV")

    @property
    def content_type(self) -> str:
        """What a download says the file is."""
        if self is FileFormat.CSV:
            return "text/csv; charset=utf-8"
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ExportState(models.TextChoices):
    """How far a file is; only one that is DONE can be fetched."""

    PENDING = "PENDING", _("waiting")
    RUNNING = "RUNNING", _("being written")
    DONE = "DONE", _("ready")
    FAILED = "FAILED", _("failed")


UNFINISHED = (ExportState.PENDING, ExportState.RUNNING)


class ExportError(models.TextChoices):
    """Why there is no file, in a sentence for whoever waits for it."""

    DISK_FULL = "DISK_FULL", _("There is no room left on the server's disk. Nothing was written.")
    STORAGE = "STORAGE", _("The place where files are stored cannot be written to. Nothing was written.")
    INTERRUPTED = "INTERRUPTED", _("The work was interrupted too often. If this happens again, tell your operator.")


class ExportQuerySet(models.QuerySet["Export"]):
    """Exports of the open salon."""

    def kept(self, now: datetime) -> "ExportQuerySet":
        """Return those whose time is not over."""
        return self.filter(models.Q(expires_at=None) | models.Q(expires_at__gt=now))

    def newest_first(self) -> "ExportQuerySet":
        """Return them as lists show them."""
        return self.order_by("-created_at", "-id")


class Export(SalonOwned):
    """One file that somebody asked for, or that the night of `night_of` wrote; gone when it expires (domain.md §10).

    `rows` of `total` are written so far. `selection` names the clients that are in it, None for all. `file` is its
    name in the storage `exports`: set with the state DONE and not before, so that no half a file is ever offered.
    """

    kind = models.CharField(max_length=10, choices=ExportKind)
    file_format = models.CharField(max_length=5, choices=FileFormat)
    language = models.CharField(max_length=2, choices=Language)
    state = models.CharField(max_length=10, choices=ExportState, default=ExportState.PENDING)
    error = models.CharField(max_length=20, choices=ExportError, blank=True)
    rows = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    selection = ArrayField(models.UUIDField(), null=True, blank=True)
    night_of = models.DateField(null=True, blank=True)
    requested_by_kind = models.CharField(max_length=10, choices=ActorKind)
    requested_by_id = models.UUIDField(null=True, blank=True)
    requested_by_name = models.CharField(max_length=120)
    file = models.CharField(max_length=200, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        constraints = [
            *owned_by_salon("desk_export"),
            models.UniqueConstraint(
                fields=["salon", "night_of"], condition=models.Q(night_of__isnull=False), name="desk_export_night"
            ),
            # Pressing the button twice writes one file.
            models.UniqueConstraint(
                fields=["salon", "kind", "file_format", "language", "requested_by_id"],
                condition=models.Q(state__in=UNFINISHED, night_of=None, selection=None),
                nulls_distinct=False,
                name="desk_export_once",
            ),
            models.CheckConstraint(
                condition=models.Q(models.Q(state=ExportState.DONE), ~models.Q(file=""))
                | models.Q(~models.Q(state=ExportState.DONE), file=""),
                name="desk_export_file",
            ),
            models.CheckConstraint(
                condition=models.Q(models.Q(state=ExportState.FAILED), ~models.Q(error=""))
                | models.Q(~models.Q(state=ExportState.FAILED), error=""),
                name="desk_export_error",
            ),
        ]
        indexes = [models.Index(fields=["salon", "created_at"], name="desk_export_by_created_at")]

    def __str__(self) -> str:
        return f"{self.kind} {self.file_format} {self.created_at}"

    @property
    def requester(self) -> Actor:
        """Whoever asked for it, for the audit: what they may do was decided when they asked."""
        return Actor(ActorKind(self.requested_by_kind), self.requested_by_id, self.requested_by_name, frozenset())

    @property
    def selected(self) -> "models.QuerySet[Export, UUID] | None":
        """The ids of `selection` as the database has them: as parameters, a hundred thousand are too many."""
        if self.selection is None:
            return None
        chosen = models.Func("selection", function="unnest", output_field=models.UUIDField())
        return Export.objects.filter(pk=self.pk).values_list(chosen, flat=True)

    @property
    def percent(self) -> int:
        """How much of it is written; 100 only when it can be fetched."""
        if self.state == ExportState.DONE:
            return 100
        return min(99, 100 * self.rows // self.total) if self.total else 0


class Simulation(SalonOwned):
    """What somebody has tried out of rates and rewards, and what last year's sales came to under it (domain.md §7.3).

    `figures` are those of `salon.desk.simulation.Simulated`, as they were then.
    """

    figures = models.JSONField(encoder=DjangoJSONEncoder)
    made_by_name = models.CharField(max_length=120)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [*owned_by_salon("desk_simulation")]
        indexes = [models.Index(fields=["salon", "created_at"], name="desk_simulation_by_age")]

    def __str__(self) -> str:
        return f"{self.made_by_name} {self.created_at}"
