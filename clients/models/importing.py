"""Files of clients that a salon brings along, line by line, and what became of each line (domain.md §10)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from clients.importing.formats import Format
from clients.importing.mapping import DayOrder
from salon.identity.roles import ActorKind
from salon.tenancy.constraints import RowLevelSecurity, SalonKey, SalonReference, owned_by_salon
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon, SalonOwned


class ImportState(models.TextChoices):
    """How far an import is: READING, CHECKING, APPLYING and UNDOING are a worker's, the others wait for a person."""

    READING = "READING", _("is being read")
    REFUSED = "REFUSED", _("could not be read")
    MAPPING = "MAPPING", _("columns to be assigned")
    CHECKING = "CHECKING", _("is being checked")
    CHECKED = "CHECKED", _("ready to import")
    APPLYING = "APPLYING", _("is being imported")
    APPLIED = "APPLIED", _("imported")
    UNDOING = "UNDOING", _("is being undone")
    UNDONE = "UNDONE", _("undone")


class KnownClients(models.TextChoices):
    """What an import does with clients that are on file already."""

    FILL = "FILL", _("Only fill in what is missing on their cards")
    UPDATE = "UPDATE", _("Overwrite their cards with what the file says")
    LEAVE = "LEAVE", _("Leave their cards as they are, import only new clients")


class LookAlikes(models.TextChoices):
    """What an import does with a line that looks like a client on file without being surely the same."""

    CREATE = "CREATE", _("Make a new card; it can be merged later")
    LEAVE_OUT = "LEAVE_OUT", _("Leave the line out and return it with the reason")


class OnlyNames(models.TextChoices):
    """What an import does with lines that say nothing but a name."""

    DIVIDERS = "DIVIDERS", _("Leave out those that look like dividers of the list, keep the others")
    LEAVE_OUT = "LEAVE_OUT", _("Leave all of them out")
    KEEP = "KEEP", _("Make cards of all of them")


class HealthNotes(models.TextChoices):
    """What an import does with notes that look like health data, which are stored only after recorded consent."""

    LEAVE_OUT = "LEAVE_OUT", _("Leave these notes out and return them with the reason")
    TAKE = "TAKE", _("Take them as private notes")


class Outcome(models.TextChoices):
    """What a line does, or has done."""

    CREATE = "CREATE", _("new")
    UPDATE = "UPDATE", _("changed")
    SAME = "SAME", _("unchanged")
    FAULTY = "FAULTY", _("faulty")


class ImportBatch(SalonOwned):
    """One file of clients and how it is taken over.

    `done_through` is the last line that the work in hand is done with: whoever goes on begins behind it.
    """

    state = models.CharField(max_length=10, choices=ImportState)
    file_name = models.CharField(max_length=200)
    stored_as = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=10, blank=True)
    encoding = models.CharField(max_length=20, blank=True)
    # The sheet that is read, and all there are to choose from with the rows of each, if there are several.
    sheet = models.CharField(max_length=200, blank=True)
    sheets = models.JSONField(default=list)
    header = models.JSONField(default=list)
    # The lines above the headings, each as its number and its cells: titles and the like, no clients.
    above = models.JSONField(default=list)
    # The line that holds the headings, or a client if there are none: then all of `header` is empty.
    first_line = models.PositiveIntegerField(default=1)
    without_headings = models.BooleanField(default=False)
    problem = models.CharField(max_length=40, blank=True)
    problem_line = models.PositiveIntegerField(default=0)

    format = models.CharField(max_length=10, choices=Format, default=Format.OTHER)
    targets = models.JSONField(default=list)
    day_order = models.CharField(max_length=3, choices=DayOrder, default=DayOrder.DMY)
    short_postcodes = models.BooleanField(default=False)
    known_clients = models.CharField(max_length=10, choices=KnownClients, default=KnownClients.FILL)
    look_alikes = models.CharField(max_length=10, choices=LookAlikes, default=LookAlikes.CREATE)
    create_categories = models.BooleanField(default=True)
    leave_out_cells = models.BooleanField(default=False)
    take_erased = models.BooleanField(default=False)
    only_names = models.CharField(
        max_length=10, choices=OnlyNames, default=OnlyNames.DIVIDERS, db_default=OnlyNames.DIVIDERS
    )
    health_notes = models.CharField(
        max_length=10, choices=HealthNotes, default=HealthNotes.LEAVE_OUT, db_default=HealthNotes.LEAVE_OUT
    )
    consent_wording = models.TextField(blank=True)
    made_categories = models.JSONField(default=list)
    # By the keys of their names: how a category is called in the file, and which one it means.
    meant_categories = models.JSONField(default=dict)
    # The places of those that hold something and are taken for nothing.
    left_out_columns = models.JSONField(default=list)

    lines = models.PositiveIntegerField(default=0)
    done_through = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    same = models.PositiveIntegerField(default=0)
    faulty = models.PositiveIntegerField(default=0)
    # Of the faulty ones, those of erased clients; of the others, those without their faulty cells.
    erased = models.PositiveIntegerField(default=0)
    incomplete = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)
    # Those that say nothing but a name, and those with notes that look like health data, whatever becomes of them.
    only_a_name = models.PositiveIntegerField(default=0, db_default=0)
    with_health = models.PositiveIntegerField(default=0, db_default=0)

    actor_kind = models.CharField(max_length=10, choices=ActorKind)
    actor_id = models.UUIDField(null=True, blank=True)
    actor_name = models.CharField(max_length=120)
    uploaded_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    # From then on the lines are gone, and with them the undo.
    forgotten_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [*owned_by_salon("clients_importbatch")]
        indexes = [models.Index(fields=["salon", "uploaded_at", "id"], name="clients_import_by_upload")]

    def __str__(self) -> str:
        return f"{self.file_name}: {self.state}"


class ImportRow(SalonOwned):
    """One line of a file: its cells, what it would do or has done, and how to take that back.

    `card_id` is the card it makes or changes; no reference, as undoing removes cards. `plan` is what the preview
    shows, `made` what there is to undo, `kept_because` why the undo left something.
    """

    batch = models.ForeignKey(
        ImportBatch, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="rows"
    )
    number = models.PositiveIntegerField()
    cells = models.JSONField(default=list)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    incomplete = models.BooleanField(default=False)
    card_id = models.UUIDField(null=True, blank=True)
    plan = models.JSONField(default=dict)
    made = models.JSONField(default=dict)
    kept_because = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            *owned_by_salon("clients_importrow"),
            SalonReference("batch", name="clients_importrow_batch", cascade=True),
            models.UniqueConstraint(fields=["salon", "batch", "number"], name="clients_importrow_number"),
        ]
        indexes = [
            models.Index(fields=["salon", "batch", "outcome", "number"], name="clients_importrow_by_outcome"),
            models.Index(
                fields=["salon", "card_id"], condition=models.Q(card_id__isnull=False), name="clients_importrow_of_card"
            ),
            models.Index(
                fields=["salon", "batch", "number"], condition=~models.Q(kept_because=""), name="clients_importrow_kept"
            ),
            models.Index(
                fields=["salon", "batch", "number"],
                condition=models.Q(incomplete=True),
                name="clients_importrow_incomplete",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.number} {self.outcome}"


class ImportKey(models.Model):
    """The first line of a file that names a contact, a card or a name: a later one may be the same person."""

    pk = models.CompositePrimaryKey("salon", "batch", "key")
    salon = models.ForeignKey(
        Salon, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+", default=current_salon_id
    )
    batch = models.ForeignKey(
        ImportBatch, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="keys"
    )
    key = models.CharField(max_length=300, db_collation="C")
    number = models.PositiveIntegerField()

    class Meta:
        constraints = [
            SalonKey(name="clients_importkey_salon"),
            SalonReference("batch", name="clients_importkey_batch", cascade=True),
            RowLevelSecurity(name="clients_importkey_tenancy"),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.number}"
