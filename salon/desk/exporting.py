"""Files of a salon's data: asked for, written in the background, fetched until they expire (domain.md §10)."""

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from django.core import signing
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from salon.audit.recording import Change, record
from salon.desk import files
from salon.desk.apart import write_apart
from salon.desk.client_columns import COLUMNS, Words, exported, next_batch
from salon.desk.models import UNFINISHED, Export, ExportError, ExportKind, ExportState, FileFormat
from salon.desk.workbook import Cell, Table
from salon.errors import DomainError, FieldError, InvalidInput, NotFound, refusing
from salon.identity.roles import Actor, Permission, system_actor
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon
from salon.work.queue import schedule

if TYPE_CHECKING:
    from django.core.files import File

log = structlog.get_logger()

# How long a file that somebody asked for can be fetched, and of how many nights there are files.
KEPT = timedelta(hours=24)
NIGHTS_KEPT = 7
# How long an address that needs no key leads to a file.
LINK_HOLDS = timedelta(minutes=10)
# How often the work at one file is begun anew after its worker was lost.
ATTEMPTS = 5
_SALT = "salon.desk.export"


def _nothing(*_told: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at writing a file, as its worker holds it.

    `open_batch` opens the salon for one transaction and is the sign of life: it raises ClaimLost when somebody else has
    the work. `report` tells rows written and rows in all; `finish` ends the work as part of the last transaction.
    """

    open_batch: Callable[[], AbstractContextManager[None]]
    clock: Callable[[], datetime]
    number: int = 1
    report: Callable[[int, int], None] = _nothing
    finish: Callable[[], None] = _nothing


class NotReady(DomainError):
    """The file is still being written, or could not be."""

    code = "not_ready"
    message = _("This file is not ready.")


class AlreadyAsked(DomainError):
    """The same file is being written already."""

    code = "already_asked"
    message = _("This file is being written already.")


class NotFailed(DomainError):
    """Only what failed can be tried again."""

    code = "not_failed"
    message = _("This file did not fail.")


@dataclass(frozen=True, slots=True)
class Download:
    """A file about to be sent, open from its beginning."""

    file: "File[bytes]"
    name: str
    size: int
    content_type: str


def request_export(
    *,
    actor: Actor,
    file_format: FileFormat,
    language: str,
    now: datetime,
    selection: Sequence[UUID] | None = None,
) -> Export:
    """Ask for a file of all clients, or of those selected, in words of `language`; a worker writes it (domain.md §10).

    Asking again for all of them while the same actor's file is being written gives that one.
    Raises: NotAllowed, InvalidInput.
    """
    actor.require(Permission.EXPORT)
    if selection is not None and not selection:
        raise InvalidInput([FieldError("client", "selection", _("Select at least one client."))])
    with transaction.atomic():
        try:
            with refusing({"desk_export_once": AlreadyAsked()}):
                export = Export.objects.create(
                    kind=ExportKind.CLIENTS,
                    file_format=file_format,
                    language=language,
                    selection=None if selection is None else list(selection),
                    requested_by_kind=actor.kind,
                    requested_by_id=actor.id,
                    requested_by_name=actor.name,
                    created_at=now,
                )
        except AlreadyAsked:
            # Should it be finished by now, it is all the better.
            return _latest_of(actor, file_format, language)
        _schedule(export, now)
        _record(actor, "export.requested", export, now)
    return export


def _latest_of(actor: Actor, file_format: FileFormat, language: str) -> Export:
    mine = Export.objects.filter(requested_by_id=actor.id, file_format=file_format, language=language, selection=None)
    return mine.newest_first()[:1].get()


def retry_export(*, actor: Actor, export_id: UUID, now: datetime) -> Export:
    """Have a file that failed written after all.

    Raises: NotAllowed; NotFound; NotFailed; AlreadyAsked.
    """
    actor.require(Permission.EXPORT)
    with transaction.atomic():
        export = Export.objects.kept(now).filter(pk=export_id, night_of=None).select_for_update().first()
        if export is None:
            raise NotFound
        if export.state != ExportState.FAILED:
            raise NotFailed
        export.state, export.error, export.rows, export.total = ExportState.PENDING, "", 0, 0
        export.finished_at = export.expires_at = None
        with refusing({"desk_export_once": AlreadyAsked()}):
            export.save(update_fields=["state", "error", "rows", "total", "finished_at", "expires_at"])
        _schedule(export, now)
        _record(actor, "export.requested", export, now)
    return export


def list_exports(*, now: datetime, limit: int = 50) -> list[Export]:
    """Return the files of the open salon that are there or on their way, newest first; of nights what is there."""
    of_nights = Q(night_of__isnull=False) & ~Q(state=ExportState.DONE)
    return list(Export.objects.kept(now).exclude(of_nights).newest_first()[:limit])


def get_export(export_id: UUID, *, now: datetime) -> Export:
    """Return one of them.

    Raises: NotFound, also when its time is over.
    """
    export = Export.objects.kept(now).filter(pk=export_id).first()
    if export is None:
        raise NotFound
    return export


def open_export(*, actor: Actor, salon: Salon, export_id: UUID, now: datetime) -> Download:
    """Open a finished file for somebody who may have it.

    Raises: NotAllowed; NotFound; NotReady.
    """
    actor.require(Permission.EXPORT)
    return _open(actor, salon, get_export(export_id, now=now), now)


def link_to(export: Export) -> str:
    """Return the secret of an address under which a file can be fetched without a key for LINK_HOLDS."""
    return signing.dumps([str(export.salon_id), str(export.pk)], salt=_SALT)


def read_link(secret: str) -> tuple[UUID, UUID]:
    """Return salon and export of what `link_to` gave.

    Raises: NotFound when it is not ours or no longer holds.
    """
    try:
        salon_id, export_id = signing.loads(secret, salt=_SALT, max_age=LINK_HOLDS)
    except signing.BadSignature as error:
        raise NotFound from error
    return UUID(salon_id), UUID(export_id)


def open_linked(*, salon: Salon, export_id: UUID, now: datetime) -> Download:
    """Open the file that an address of `link_to` leads to; who was given it is told by the export itself.

    Raises: NotFound; NotReady.
    """
    export = get_export(export_id, now=now)
    return _open(export.requester, salon, export, now)


def _open(actor: Actor, salon: Salon, export: Export, now: datetime) -> Download:
    if export.state != ExportState.DONE:
        raise NotReady
    try:
        file = files.open_file(export.file)
    except FileNotFoundError as error:
        raise NotFound from error
    _record(actor, "export.downloaded", export, now)
    file_format = FileFormat(export.file_format)
    return Download(file, _download_name(export, salon), export.size, file_format.content_type)


def _download_name(export: Export, salon: Salon) -> str:
    with translation.override(export.language):
        clients = pgettext("file name", "clients")
    day = export.night_of or salon.date_at(export.created_at)
    return f"{clients}-{salon.slug}-{day:%Y-%m-%d}.{export.file_format.lower()}"


def write_requested(*, salon: Salon, export_id: UUID, attempt: Attempt) -> None:
    """Write a file that was asked for, from its beginning, and publish it with the end of the work.

    Where it cannot be stored, or ATTEMPTS workers were lost over it, it has FAILED and says why. A worker that is
    killed leaves nothing that is offered.
    Raises: ClaimLost.
    """
    with attempt.open_batch():
        export = Export.objects.filter(pk=export_id, state__in=UNFINISHED).first()
        if export is None:
            attempt.finish()
            return
        if attempt.number > ATTEMPTS:
            _fail(export, ExportError.INTERRUPTED, attempt)
            return
        _begin(export)
    try:
        _write(salon, export, attempt)
    except OSError as error:
        log.warning("export_not_stored", export=str(export.pk), error=str(error))
        with attempt.open_batch():
            _fail(export, _reason_of(error), attempt)


def write_night(*, salon: Salon, night: date, language: str, attempt: Attempt) -> Export:
    """Write the file of one night in place of the one it may have, and let those older than NIGHTS_KEPT nights go.

    Raises: ClaimLost; OSError when it cannot be stored.
    """
    with attempt.open_batch():
        export = _of_night(night, language, attempt.clock())
        if export.state != ExportState.DONE:
            _begin(export)
    try:
        _write(salon, export, attempt)
    except OSError as error:
        with attempt.open_batch():
            if export.state != ExportState.DONE:
                _fail(export, _reason_of(error), attempt)
        raise
    with attempt.open_batch():
        _delete(Export.objects.filter(night_of__isnull=False).order_by("-night_of")[NIGHTS_KEPT:])
    return export


def forget_expired(*, now: datetime) -> None:
    """Delete the open salon's files whose time is over, and those that no export names."""
    _delete(Export.objects.filter(expires_at__lte=now))
    salon_id = current_salon_id()
    named = set(Export.objects.exclude(file="").values_list("file", flat=True))
    transaction.on_commit(lambda: files.delete_unnamed(salon_id, named=named, now=now))


def _delete(exports: QuerySet[Export]) -> None:
    # The rows go first: what still has a row can be fetched.
    over = list(exports.select_for_update())
    Export.objects.filter(pk__in=[export.pk for export in over]).delete()
    for export in over:
        _delete_later(export.file)


def _delete_later(name: str) -> None:
    if name:
        transaction.on_commit(lambda: files.delete(name))


def _of_night(night: date, language: str, now: datetime) -> Export:
    actor = system_actor("Nachtlauf")
    row = Export(
        kind=ExportKind.CLIENTS,
        file_format=FileFormat.XLSX,
        language=language,
        night_of=night,
        requested_by_kind=actor.kind,
        requested_by_name=actor.name,
        created_at=now,
    )
    Export.objects.bulk_create([row], ignore_conflicts=True)
    return Export.objects.select_for_update().get(night_of=night)


def _begin(export: Export) -> None:
    export.state, export.error, export.rows = ExportState.RUNNING, "", 0
    export.total = exported(export.selected).count()
    export.save(update_fields=["state", "error", "rows", "total"])


def _write(salon: Salon, export: Export, attempt: Attempt) -> None:
    with translation.override(export.language), files.scratch_file() as path:
        rows = chain.from_iterable(_batches(salon, export, attempt))
        write_apart(export.file_format, Table(gettext("Clients"), COLUMNS, rows), path)
        name, size = files.store(path, salon_id=salon.pk, suffix=export.file_format.lower()), path.stat().st_size
    try:
        with attempt.open_batch():
            _delete_later(export.file)
            now = attempt.clock()
            export.state, export.file, export.size = ExportState.DONE, name, size
            export.total = export.rows
            export.finished_at, export.expires_at = now, None if export.night_of else now + KEPT
            export.save(update_fields=["state", "file", "size", "rows", "total", "finished_at", "expires_at"])
            _record(export.requester, "clients.exported", export, now)
            attempt.finish()
    except BaseException:
        files.delete(name)
        raise


def _batches(salon: Salon, export: Export, attempt: Attempt) -> Iterator[Iterator[Sequence[Cell]]]:
    """Yield the rows of each batch and count them; the salon is open while one is read, and closed while it waits."""
    words, zone, last_number, total, now = Words(), ZoneInfo(salon.timezone), 0, export.total, attempt.clock()
    export.rows = 0
    while True:
        with attempt.open_batch():
            batch = next_batch(exported(export.selected), after=last_number, words=words, zone=zone, now=now)
            if batch is None:
                return
            export.rows += batch.size
            last_number = batch.last_number
            # What is published already keeps its own number.
            Export.objects.filter(pk=export.pk, state=ExportState.RUNNING).update(rows=export.rows)
        attempt.report(export.rows, max(total, export.rows))
        yield batch.rows


def _fail(export: Export, reason: ExportError, attempt: Attempt) -> None:
    now = attempt.clock()
    export.state, export.error, export.finished_at = ExportState.FAILED, reason, now
    export.expires_at = None if export.night_of else now + KEPT
    export.save(update_fields=["state", "error", "finished_at", "expires_at"])
    attempt.finish()


def _reason_of(error: OSError) -> ExportError:
    return ExportError.DISK_FULL if error.errno in {errno.ENOSPC, errno.EDQUOT} else ExportError.STORAGE


def _schedule(export: Export, now: datetime) -> None:
    schedule(task="salon.desk.tasks.write_export", subject_id=export.pk, due_at=now, salon_id=export.salon_id)


def _record(actor: Actor, action: str, export: Export, now: datetime) -> None:
    told = {
        "format": export.file_format,
        "rows": str(export.rows) if export.state == ExportState.DONE else None,
        "selected": str(len(export.selection)) if export.selection is not None else None,
    }
    changes = [Change(field, None, value) for field, value in told.items() if value]
    record(actor=actor, action=action, subject_kind="export", subject_id=export.pk, changes=changes, now=now)
