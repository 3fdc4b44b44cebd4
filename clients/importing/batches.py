"""Imports from upload to undo: what people may ask of one, and when (domain.md §10)."""

from collections.abc import Collection, Sequence
from collections.abc import Mapping as Pairs
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.files.base import File
from django.core.files.storage import Storage, storages
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from clients.importing.formats import REPEATABLE, Format, Target
from clients.importing.lines import filled_since, leaves_cards
from clients.importing.mapping import DayOrder, Mapping
from clients.importing.tables import MOST_BYTES
from clients.models import ImportBatch, ImportKey, ImportRow, ImportState, KnownClients, LookAlikes
from salon.audit.recording import Change, record
from salon.errors import DomainError, FieldError, InvalidInput, NotFound, refusing
from salon.folding import fold
from salon.identity.roles import Actor, Permission
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon, new_id
from salon.work.queue import schedule

TASK = "clients.tasks.work_on_import"
# So long the lines of a file are kept, and with them the undo.
KEPT_FOR = timedelta(days=30)
# A file that no import names may be one of an upload that is about to be committed.
_SOON = timedelta(hours=1)
SHOWN = 30
LONGEST_WORDING = 2000
# So many digits from the end tell a phone, however it is written.
_TELLING_DIGITS = 7
WORKING = frozenset({ImportState.READING, ImportState.CHECKING, ImportState.APPLYING, ImportState.UNDOING})


class WrongMoment(DomainError):
    """The import is not where this can be done: somebody has gone on with it, or a worker is at it."""

    code = "wrong_moment"
    message = _("This import has moved on in the meantime. Here is how it stands now.")


class FilledSince(WrongMoment):
    """Another import has filled cards that this one made, and is to be undone first."""

    def __init__(self, batch: ImportBatch) -> None:
        self.batch = batch
        words = _("“%(name)s” has filled in clients of this import since. Undo that import first.")
        super().__init__(words % {"name": batch.file_name})


class AlreadyThere(DomainError):
    """The same file was sent twice at once, and the other one was first."""


@dataclass(frozen=True, slots=True)
class Choices:
    """How a file is to be taken over: what each column means, and what people decided about it."""

    targets: Sequence[str]
    day_order: str = DayOrder.DMY.value
    known_clients: str = KnownClients.FILL.value
    look_alikes: str = LookAlikes.CREATE.value
    create_categories: bool = True
    leave_out_cells: bool = False
    take_erased: bool = False
    consent_wording: str = ""


def storage() -> Storage:
    """Return where uploaded files wait until they are read."""
    return storages["imports"]


def upload(
    *, actor: Actor, file_name: str, content: "File[bytes]", now: datetime, batch_id: UUID | None = None
) -> ImportBatch:
    """Take in a file and let a worker read it; the same `batch_id` a second time is the same file.

    Raises: NotAllowed, InvalidInput (`file`), NotFound where another salon has that `batch_id`.
    """
    actor.require(Permission.CLIENTS_IMPORT)
    if not content.size:
        raise InvalidInput([FieldError("file", "empty", _("This file is empty."))])
    if content.size > MOST_BYTES:
        raise too_large()
    key = batch_id or new_id()
    if known := _known(key):
        return known
    stored_as = storage().save(f"{key}.table", content)
    try:
        with transaction.atomic():
            with refusing({"clients_importbatch_pkey": AlreadyThere()}):
                batch = ImportBatch.objects.create(
                    id=key,
                    state=ImportState.READING,
                    file_name=" ".join(file_name.split())[-200:] or "–",
                    stored_as=stored_as,
                    actor_kind=actor.kind,
                    actor_id=actor.id,
                    actor_name=actor.name,
                    uploaded_at=now,
                )
            _record(actor, "import.uploaded", batch, now)
            _wake(batch, now)
    except AlreadyThere:
        storage().delete(stored_as)
        return get_batch(key)
    return batch


def _known(batch_id: UUID) -> ImportBatch | None:
    return ImportBatch.objects.filter(pk=batch_id).first()


def too_large() -> InvalidInput:
    """Return the refusal of a file beyond MOST_BYTES."""
    message = _("This file is larger than %(most)d MB. Please split it; a workbook gets smaller when saved as CSV.")
    return InvalidInput([FieldError("file", "too_large", message % {"most": MOST_BYTES // 1024 // 1024})])


def choose(*, actor: Actor, batch_id: UUID, choices: Choices, now: datetime) -> ImportBatch:
    """Say what the columns mean and let a worker check every line; also again, after a look at the preview.

    Raises: NotAllowed, NotFound, WrongMoment, InvalidInput.
    """
    actor.require(Permission.CLIENTS_IMPORT)
    with transaction.atomic():
        batch = locked(batch_id, ImportState.MAPPING, ImportState.CHECKED)
        _check_choices(batch, choices)
        batch.targets = list(choices.targets)
        batch.day_order = choices.day_order
        batch.known_clients = choices.known_clients
        batch.look_alikes = choices.look_alikes
        batch.create_categories = choices.create_categories
        batch.leave_out_cells = choices.leave_out_cells
        batch.take_erased = choices.take_erased
        batch.consent_wording = " ".join(choices.consent_wording.split())
        start_checking(batch, actor, now)
    return batch


def _check_choices(batch: ImportBatch, choices: Choices) -> None:
    known = {target.value for target in Target}
    if len(choices.targets) != len(batch.header) or not set(choices.targets) <= known:
        raise InvalidInput([FieldError("columns", "invalid_choice", _("Choose one of the values offered."))])
    chosen = [Target(one) for one in choices.targets]
    errors: list[FieldError] = [
        FieldError(f"column_{index}", "twice", _("Another column is taken for this already."))
        for index, target in enumerate(chosen)
        if target not in REPEATABLE and target in chosen[:index]
    ]
    if not {Target.NAME, Target.FIRST_NAME, Target.LAST_NAME} & set(chosen):
        errors.append(FieldError("columns", "no_name", _("Say which column holds the name: without one, no card.")))
    offered: Pairs[str, tuple[str, Sequence[str]]] = {
        "day_order": (choices.day_order, DayOrder.values),
        "known_clients": (choices.known_clients, KnownClients.values),
        "look_alikes": (choices.look_alikes, LookAlikes.values),
    }
    for field, (value, values) in offered.items():
        if value not in values:
            errors.append(FieldError(field, "invalid_choice", _("Choose one of the values offered.")))
    if len(choices.consent_wording) > LONGEST_WORDING:
        message = _("At most %(longest)d characters fit here.") % {"longest": LONGEST_WORDING}
        errors.append(FieldError("consent_wording", "max_length", message))
    elif "\x00" in choices.consent_wording:
        errors.append(FieldError("consent_wording", "invalid", _("This contains a character that cannot be stored.")))
    if errors:
        raise InvalidInput(errors)


def reconsider(*, actor: Actor, batch_id: UUID) -> ImportBatch:
    """Go back from the preview to the columns.

    Raises: NotAllowed, NotFound, WrongMoment.
    """
    actor.require(Permission.CLIENTS_IMPORT)
    with transaction.atomic():
        batch = locked(batch_id, ImportState.CHECKED)
        batch.state = ImportState.MAPPING
        batch.save(update_fields=["state"])
    return batch


def begin(*, actor: Actor, batch_id: UUID, now: datetime) -> ImportBatch:
    """Let a worker write what the preview shows.

    Raises: NotAllowed, NotFound, WrongMoment.
    """
    actor.require(Permission.CLIENTS_IMPORT)
    with transaction.atomic():
        batch = locked(batch_id, ImportState.CHECKED)
        # From now on the table stands.
        remove_file(batch)
        batch.above = []
        _begin(batch, ImportState.APPLYING, actor, now)
        _record(actor, "import.begun", batch, now)
    return batch


def undo(*, actor: Actor, batch_id: UUID, now: datetime) -> ImportBatch:
    """Let a worker take an import back, as long as its lines are kept; also once more, if all of a card was left.

    Raises: NotAllowed, NotFound, FilledSince, WrongMoment.
    """
    actor.require(Permission.CLIENTS_IMPORT)
    with transaction.atomic():
        batch = locked(batch_id, ImportState.APPLIED, ImportState.UNDONE)
        if batch.forgotten_at is not None:
            raise WrongMoment(_("The lines of this import are not kept any more, so it cannot be undone."))
        if batch.state == ImportState.UNDONE and not leaves_cards(batch):
            raise WrongMoment
        if later := filled_since(batch):
            raise FilledSince(later)
        _begin(batch, ImportState.UNDOING, actor, now)
        _record(actor, "import.undo_begun", batch, now)
    return batch


def discard(*, actor: Actor, batch_id: UUID, now: datetime) -> None:
    """Throw away a file of which nothing has been imported.

    Raises: NotAllowed, NotFound, WrongMoment.
    """
    actor.require(Permission.CLIENTS_IMPORT)
    with transaction.atomic():
        batch = locked(batch_id, ImportState.MAPPING, ImportState.CHECKED, ImportState.REFUSED)
        _record(actor, "import.discarded", batch, now)
        remove_file(batch)
        batch.delete()


def start_reading(batch: ImportBatch, actor: Actor, now: datetime) -> None:
    """Let a worker read the file of a locked import from its beginning."""
    _begin(batch, ImportState.READING, actor, now)


def start_checking(batch: ImportBatch, actor: Actor, now: datetime) -> None:
    """Let a worker check every line of a locked import."""
    ImportKey.objects.filter(batch=batch).delete()
    _begin(batch, ImportState.CHECKING, actor, now)


def _begin(batch: ImportBatch, state: ImportState, actor: Actor, now: datetime) -> None:
    batch.state = state
    batch.done_through = batch.done = batch.kept = 0
    if state == ImportState.CHECKING:
        batch.left_out_columns = []
    if state != ImportState.UNDOING:
        batch.created = batch.updated = batch.same = batch.faulty = batch.erased = batch.incomplete = 0
        batch.only_a_name = batch.with_health = 0
    batch.actor_kind, batch.actor_id, batch.actor_name = actor.kind, actor.id, actor.name
    batch.save()
    _wake(batch, now)


def _wake(batch: ImportBatch, now: datetime) -> None:
    schedule(task=TASK, subject_id=batch.pk, due_at=now, salon_id=current_salon_id())


def locked(batch_id: UUID, *states: ImportState) -> ImportBatch:
    """Return an import of the open salon in one of these states, locked until the transaction ends.

    Raises: NotFound, WrongMoment.
    """
    batch = ImportBatch.objects.select_for_update(no_key=True).filter(pk=batch_id).first()
    if batch is None:
        raise NotFound
    if batch.state not in states:
        raise WrongMoment
    return batch


def _record(actor: Actor, action: str, batch: ImportBatch, now: datetime) -> None:
    changes = [Change("file_name", None, batch.file_name)]
    record(actor=actor, action=action, subject_kind="import", subject_id=batch.pk, changes=changes, now=now)


def get_batch(batch_id: UUID) -> ImportBatch:
    """Return an import of the open salon.

    Raises: NotFound.
    """
    batch = ImportBatch.objects.filter(pk=batch_id).first()
    if batch is None:
        raise NotFound
    return batch


def recent_batches() -> list[ImportBatch]:
    """Return the newest imports of the open salon, newest first."""
    return list(ImportBatch.objects.order_by("-uploaded_at", "-id")[:SHOWN])


def samples_of(batch: ImportBatch, count: int = 200) -> list[list[str]]:
    """Return the cells of the first lines of a file."""
    rows = ImportRow.objects.filter(batch=batch).order_by("number")
    return list(rows.values_list("cells", flat=True)[:count])


def mapping_of(batch: ImportBatch, salon: Salon, now: datetime) -> Mapping:
    """Return how the cells of a file are read."""
    return Mapping(
        targets=tuple(Target(one) for one in batch.targets),
        country=salon.country,
        today=salon.date_at(now),
        day_order=DayOrder(batch.day_order),
        short_postcodes=batch.short_postcodes,
        own_file=batch.format == Format.OURS,
        leave_out_cells=batch.leave_out_cells,
        # Our own categories may have a comma in their names.
        separators=";" if batch.format == Format.OURS else ";,|\n",
        meant_categories={key: meant for key, (_name, meant) in batch.meant_categories.items()},
    )


def remove_file(batch: ImportBatch) -> None:
    """Delete the uploaded file once the open transaction is committed; its lines are read."""
    if batch.stored_as:
        name = batch.stored_as
        transaction.on_commit(lambda: storage().delete(name))
        batch.stored_as = ""


def stored_files() -> set[str]:
    """Return the names of the files that imports of the open salon wait for."""
    return set(ImportBatch.objects.exclude(stored_as="").values_list("stored_as", flat=True))


def delete_unnamed(named: Collection[str], *, now: datetime) -> None:
    """Remove stored files that are not among `named`, those of all salons: what killed processes left."""
    try:
        _folders, found = storage().listdir("")
    except FileNotFoundError:
        return
    for name in found:
        try:
            if name not in named and storage().get_modified_time(name) < now - _SOON:
                storage().delete(name)
        except FileNotFoundError:
            # Read and deleted by its worker meanwhile.
            continue


def forget_old(*, now: datetime) -> int:
    """Delete files, lines and unfinished imports of the open salon older than KEPT_FOR; return of how many imports."""
    old = ImportBatch.objects.filter(uploaded_at__lte=now - KEPT_FOR, forgotten_at=None)
    count = 0
    with transaction.atomic():
        for batch in old.select_for_update(no_key=True).order_by("id"):
            if batch.state in WORKING:
                continue
            count += 1
            remove_file(batch)
            if batch.state in {ImportState.APPLIED, ImportState.UNDONE}:
                ImportKey.objects.filter(batch=batch).delete()
                ImportRow.objects.filter(batch=batch).delete()
                batch.forgotten_at = now
                batch.save(update_fields=["forgotten_at", "stored_as"])
            else:
                batch.delete()
    return count


def forget_clients(card_ids: Collection[UUID], *, traces: Collection[str] = ()) -> None:
    """Erase what lines of imports say of some clients: those of their cards, and others that name them (domain.md §2).

    To be called in the transaction that erases the cards. `traces` are e-mail addresses and phones in E.164: a faulty
    line, or one for the same person, has them without a card.
    """
    numbers = [digits[-_TELLING_DIGITS:] for one in traces if (digits := one.removeprefix("+")).isdigit()]
    emails = [one.casefold() for one in traces if "@" in one]
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM clients_importrow line WHERE line.salon_id = %(salon)s AND (line.card_id = ANY(%(cards)s) "
            "OR (line.card_id IS NULL AND (EXISTS (SELECT 1 FROM unnest(%(emails)s::text[]) email "
            "WHERE strpos(lower(line.cells::text), email) > 0) OR EXISTS (SELECT 1 FROM jsonb_array_elements_text("
            "line.cells) cell, unnest(%(numbers)s::text[]) digits "
            "WHERE strpos(regexp_replace(cell, '\\D', '', 'g'), digits) > 0)))) RETURNING line.batch_id, line.number",
            {"salon": current_salon_id(), "cards": list(card_ids), "emails": emails, "numbers": numbers},
        )
        gone = cursor.fetchall()
    for batch_id, number in gone:
        ImportKey.objects.filter(batch_id=batch_id, number=number).delete()
    # What stands beside the lines goes as a whole: a file kept for its other sheets, and what is above the headings.
    for batch in ImportBatch.objects.filter(state__in=[ImportState.MAPPING, ImportState.CHECKED]):
        remove_file(batch)
        batch.above = []
        batch.save(update_fields=["above", "stored_as"])
    keys = [f"e:{fold(one)}" if "@" in one else f"p:{one}" for one in traces]
    ImportKey.objects.filter(key__in=keys).delete()
