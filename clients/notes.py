"""Private notes on a card, and the block of health data that asks for consent first (domain.md §2)."""

from datetime import datetime
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import OuterRef
from django.utils.translation import gettext_lazy as _

from clients.cards import ConflictingChange, lock_client
from clients.consent import holds
from clients.models import ConsentPurpose, HealthRecord, Note
from salon.audit.recording import Change, record
from salon.errors import DomainError, FieldError, InvalidInput, NotFound
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import new_id

LONGEST_NOTE = 4000


class NoteChanged(DomainError):
    """Somebody else has rewritten the note since it was read: `note` as it is now."""

    code = "note_changed"
    message = _("Somebody else has changed this note in the meantime.")

    def __init__(self, note: Note) -> None:
        super().__init__()
        self.note = note


class HealthConsentMissing(DomainError):
    """Health data are stored only while the client's consent to it stands."""

    code = "health_consent_missing"
    message = _("Record the client's consent first: without it, health data must not be stored.")


def notes_of(client_id: UUID) -> list[Note]:
    """Return the notes of a card: pinned ones first, then the newest."""
    return list(Note.objects.filter(client_id=client_id, deleted_at=None).order_by("-pinned", "-written_at", "-id"))


def pinned_on(card: str) -> ArraySubquery:
    """Return the texts pinned on a card, the newest first, for a statement that reads something of it; `card` is what
    that calls its key."""
    pinned = Note.objects.filter(client_id=OuterRef(card), pinned=True, deleted_at=None)
    return ArraySubquery(pinned.order_by("-written_at", "-id").values("text"))


def note_on(note_id: UUID) -> Note:
    """Return a note of the open salon, deleted or not.

    Raises: NotFound.
    """
    note = Note.objects.filter(pk=note_id).first()
    if note is None:
        raise NotFound
    return note


def write_note(
    *, actor: Actor, client_id: UUID, text: str, pinned: bool, now: datetime, note_id: UUID | None = None
) -> Note:
    """Put a note on a card; `note_id` is what a form was given for it, so that sending it twice writes one.

    Raises: NotAllowed, NotFound, InvalidInput.
    """
    actor.require(Permission.CLIENTS_WRITE)
    text = _accepted(text)
    with transaction.atomic():
        client = lock_client(client_id)
        # Under the lock of the card: the same form sent twice finds its note here.
        written = note_id and Note.objects.filter(pk=note_id, client_id=client.pk).first()
        if written:
            return written
        note = Note.objects.create(
            id=note_id or new_id(),
            client_id=client.pk,
            text=text,
            pinned=pinned,
            author_name=actor.name,
            written_at=now,
        )
        _record(actor, "client.note_written", note, [], now)
    return note


def edit_note(*, actor: Actor, note_id: UUID, text: str, seen: str | None, now: datetime) -> Note:
    """Rewrite a note; `seen` is its text as it was read, None to overwrite whatever stands there.

    Raises: NotAllowed, NotFound, InvalidInput, NoteChanged.
    """
    actor.require(Permission.CLIENTS_WRITE)
    text = _accepted(text)
    with transaction.atomic():
        note = _lock_note(note_id)
        if text == note.text:
            return note
        if seen is not None and _plain(seen) != note.text:
            raise NoteChanged(note)
        changes = [Change("note", note.text, text)]
        note.text, note.edited_at = text, now
        note.save(update_fields=["text", "edited_at"])
        _record(actor, "client.note_edited", note, changes, now)
    return note


def pin_note(*, actor: Actor, note_id: UUID, pinned: bool, now: datetime) -> Note:
    """Make a note an alert, or an ordinary one again.

    Raises: NotAllowed, NotFound.
    """
    actor.require(Permission.CLIENTS_WRITE)
    with transaction.atomic():
        note = _lock_note(note_id)
        if note.pinned != pinned:
            note.pinned = pinned
            note.save(update_fields=["pinned"])
            _record(actor, "client.note_pinned" if pinned else "client.note_unpinned", note, [], now)
    return note


def delete_note(*, actor: Actor, note_id: UUID, now: datetime) -> Note:
    """Take a note off its card; `restore_note` puts it back.

    Raises: NotAllowed, NotFound.
    """
    actor.require(Permission.CLIENTS_WRITE)
    with transaction.atomic():
        note = _lock_note(note_id)
        note.deleted_at = now
        note.save(update_fields=["deleted_at"])
        _record(actor, "client.note_deleted", note, [], now)
    return note


def restore_note(*, actor: Actor, note_id: UUID, now: datetime) -> Note:
    """Put a deleted note back on its card.

    Raises: NotAllowed, NotFound.
    """
    actor.require(Permission.CLIENTS_WRITE)
    with transaction.atomic():
        note = _lock_note(note_id, deleted=True)
        if note.deleted_at is not None:
            note.deleted_at = None
            note.save(update_fields=["deleted_at"])
            _record(actor, "client.note_restored", note, [], now)
    return note


def health_of(client_id: UUID) -> HealthRecord | None:
    """Return the health data of a card, if there are any."""
    return HealthRecord.objects.filter(client_id=client_id).first()


def write_health(
    *, actor: Actor, client_id: UUID, text: str, now: datetime, seen: str | None = None
) -> HealthRecord | None:
    """Replace the health data of a card; nothing entered deletes them. The audit tells that, never what.

    `seen` is the text as it was read (nothing where there was none), None to overwrite whatever stands there.
    Raises: NotAllowed, NotFound, InvalidInput, ConflictingChange, HealthConsentMissing.
    """
    actor.require(Permission.CLIENTS_WRITE)
    text = _plain(text)
    _bounded(text)
    with transaction.atomic():
        client = lock_client(client_id)
        before = health_of(client.pk)
        stored = before.text if before else ""
        if text == stored:
            return before
        if seen is not None and _plain(seen) != stored:
            raise ConflictingChange(client, ["health"])
        if not text:
            HealthRecord.objects.filter(client_id=client.pk).delete()
            after = None
            action = "client.health_deleted"
        elif holds(client.pk, ConsentPurpose.HEALTH_DATA):
            after = before or HealthRecord(client_id=client.pk)
            after.text, after.author_name, after.written_at = text, actor.name, now
            after.save()
            action = "client.health_written"
        else:
            raise HealthConsentMissing
        record(actor=actor, action=action, subject_kind="client", subject_id=client.pk, changes=[], now=now)
    return after


def _lock_note(note_id: UUID, *, deleted: bool = False) -> Note:
    found = Note.objects.filter(pk=note_id).values_list("client_id", flat=True).first()
    if found is None:
        raise NotFound
    # The card first, as everywhere: a merge that moves its notes waits for us, or we for it.
    client = lock_client(found)
    note = Note.objects.filter(pk=note_id, client_id=client.pk).first()
    if note is None or (note.deleted_at is not None and not deleted):
        raise NotFound
    return note


def _accepted(text: str) -> str:
    text = _plain(text)
    if not text:
        raise InvalidInput([FieldError("text", "required", _("Write something, or cancel."))])
    _bounded(text)
    return text


def _bounded(text: str) -> None:
    if len(text) > LONGEST_NOTE:
        message = _("At most %(longest)d characters fit here.") % {"longest": LONGEST_NOTE}
        raise InvalidInput([FieldError("text", "max_length", message)])
    if "\x00" in text:
        raise InvalidInput([FieldError("text", "invalid", _("This contains a character that cannot be stored."))])


def _plain(text: str) -> str:
    # Browsers send line ends as CR LF.
    return text.replace("\r\n", "\n").strip()


def _record(actor: Actor, action: str, note: Note, changes: list[Change], now: datetime) -> None:
    record(actor=actor, action=action, subject_kind="client", subject_id=note.client_id, changes=changes, now=now)
