"""What a worker does with a file: read, check, apply, undo, block by block, and on from where another one died."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import batched, chain, islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from uuid import UUID

from django.db import connection
from django.db.models import F

from clients.importing.applying import Applying, apply_lines
from clients.importing.batches import mapping_of, remove_file, storage
from clients.importing.formats import likeliest, place_of_headings
from clients.importing.mapping import left_out
from clients.importing.placing import guess_columns
from clients.importing.planning import plan_lines
from clients.importing.plans import HEALTH, ONLY_NAME
from clients.importing.rows import Result, forget_erased, save_results
from clients.importing.tables import TOP, Line, Sheet, Source, Unreadable, reading_apart
from clients.importing.undoing import AS_IT_WAS, undo_lines
from clients.importing.withdrawing import Undoing
from clients.models import Category, CategoryAssignment, ImportBatch, ImportKey, ImportRow, ImportState, Outcome
from salon.audit.recording import Change, record
from salon.identity.roles import Actor, ActorKind, Permission
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.queue import schedule

DUPLICATES = "clients.tasks.look_for_duplicates"
BLOCK = 500
# Workers that may end over a file that they read, before it is refused.
ATTEMPTS = 5
_MAY = frozenset({Permission.CLIENTS_IMPORT, Permission.CLIENTS_WRITE})


@dataclass(frozen=True, slots=True)
class Worker:
    """Whoever works on an import, the how manieth in a row to try the same.

    `beat` is a sign of life and a fence, the first thing of each transaction.
    """

    salon: Salon
    batch_id: UUID
    clock: Callable[[], datetime]
    beat: Callable[[], None]
    number: int = 1

    @contextmanager
    def block(self, state: ImportState) -> Iterator[ImportBatch | None]:
        """Open the transaction of one block on the import, locked; None when it is not in that state (any more)."""
        with salon_scope(self.salon.pk):
            self.beat()
            _plan_anew()
            rows = ImportBatch.objects.select_for_update(no_key=True)
            yield rows.filter(pk=self.batch_id, state=state).first()


def _plan_anew() -> None:
    """Let PostgreSQL plan by what there is by now.

    What it planned while there were hardly any cards it goes on with until it counts them, which may be after the
    import: each reference to a card would be checked by reading all cards of the salon.
    """
    with connection.cursor() as cursor:
        cursor.execute("DISCARD PLANS")


def work_on(worker: Worker) -> None:
    """Do what waits to be done with an import, until a person has to decide or nothing is left."""
    with salon_scope(worker.salon.pk):
        batch = ImportBatch.objects.filter(pk=worker.batch_id).first()
    if batch is None:
        return
    if batch.state == ImportState.READING:
        _read(worker, batch)
    elif batch.state in _STAGES:
        while _STAGES[ImportState(batch.state)](worker):
            pass


def _read(worker: Worker, batch: ImportBatch) -> None:
    try:
        if worker.number > ATTEMPTS:
            raise Unreadable("too_complex")
        sheets: list[Sheet] = []

        def pick(found: Sequence[Sheet]) -> str:
            sheets.extend(found)
            return likeliest(found)

        with (
            _local_copy(batch) as path,
            reading_apart(path, sheet=batch.sheet, pick=pick, waiting=worker.beat) as (source, lines),
        ):
            top = list(islice(lines, TOP))
            place = place_of_headings([line.cells for line in top])
            begins = 0 if place is None else place + 1
            if begins == len(top):
                raise Unreadable("empty")
            for block in batched(chain(top[begins:], lines), BLOCK):
                if not _store(worker, top[:begins], block):
                    return
            _ready_to_map(worker, source, sheets)
    except (Unreadable, FileNotFoundError) as refusal:
        with worker.block(ImportState.READING) as current:
            if current is not None:
                ImportRow.objects.filter(batch=current).delete()
                current.state = ImportState.REFUSED
                current.problem = getattr(refusal, "code", "lost")
                current.problem_line = getattr(refusal, "line", 0)
                remove_file(current)
                current.save()


@contextmanager
def _local_copy(batch: ImportBatch) -> Iterator[Path]:
    with NamedTemporaryFile(suffix=".table") as copy:
        with storage().open(batch.stored_as) as stored:
            for chunk in stored.chunks():
                copy.write(chunk)
        copy.flush()
        yield Path(copy.name)


def _store(worker: Worker, above: Sequence[Line], block: tuple[Line, ...]) -> bool:
    """Store some lines, but those that another worker has stored before it died; return whether to go on.

    The last of those `above` the clients holds the headings.
    """
    with worker.block(ImportState.READING) as batch:
        if batch is None:
            return False
        new = [line for line in block if line.number > batch.done_through]
        ImportRow.objects.bulk_create(ImportRow(batch=batch, number=line.number, cells=line.cells) for line in new)
        if new:
            if batch.done_through == 0:
                batch.without_headings = not above
                batch.first_line = above[-1].number if above else new[0].number
                batch.header = above[-1].cells if above else []
                batch.above = [[line.number, line.cells] for line in above[:-1]]
            batch.done_through = new[-1].number
            batch.lines += len(new)
            batch.done = batch.lines
            top = ["header", "above", "first_line", "without_headings"]
            batch.save(update_fields=[*top, "done_through", "lines", "done"])
    return True


def _ready_to_map(worker: Worker, source: Source, sheets: Sequence[Sheet]) -> None:
    with worker.block(ImportState.READING) as batch:
        if batch is None:
            return
        batch.kind, batch.encoding = source.kind, source.encoding
        batch.sheet = source.sheet
        batch.sheets = [[one.name, one.rows] for one in sheets] or batch.sheets
        guess_columns(batch, worker.salon)
        batch.state = ImportState.MAPPING
        if len(batch.sheets) < 2:
            # Of several sheets another one may be asked for.
            remove_file(batch)
        batch.save()


def _next_rows(batch: ImportBatch, **only: object) -> list[ImportRow]:
    rows = ImportRow.objects.filter(batch=batch, number__gt=batch.done_through, **only)
    return list(rows.order_by("number")[:BLOCK])


def _check_block(worker: Worker) -> bool:
    with worker.block(ImportState.CHECKING) as batch:
        if batch is None:
            return False
        rows = _next_rows(batch)
        if not rows:
            batch.state = ImportState.CHECKED
            batch.save(update_fields=["state"])
            return False
        mapping = mapping_of(batch, worker.salon, worker.clock())
        plans = plan_lines(batch, mapping, rows)
        results = [
            Result(row, plan, plan.card.pk if plan.card else None) for row, plan in zip(rows, plans, strict=True)
        ]
        save_results(results)
        in_vain = left_out((row.cells for row in rows), mapping.targets)
        batch.left_out_columns = sorted(in_vain.union(batch.left_out_columns))
        _count(batch, results)
    return True


def _apply_block(worker: Worker) -> bool:
    now = worker.clock()
    with worker.block(ImportState.APPLYING) as batch:
        if batch is None:
            return False
        rows = _next_rows(batch)
        if not rows:
            batch.state, batch.applied_at = ImportState.APPLIED, now
            batch.save(update_fields=["state", "applied_at"])
            ImportKey.objects.filter(batch=batch).delete()
            forget_erased(batch)
            if batch.created or batch.updated:
                schedule(task=DUPLICATES, subject_id=batch.pk, due_at=now, salon_id=worker.salon.pk)
            _record(batch, "import.applied", now)
            return False
        work = Applying(_actor(batch), worker.salon, batch, mapping_of(batch, worker.salon, now), now)
        _count(batch, apply_lines(work, rows))
    return True


def _undo_block(worker: Worker) -> bool:
    now = worker.clock()
    with worker.block(ImportState.UNDOING) as batch:
        if batch is None:
            return False
        # Another time only what was left as it was.
        rows = _next_rows(batch) if batch.undone_at is None else _next_rows(batch, kept_because__in=AS_IT_WAS)
        if not rows:
            batch.state, batch.undone_at = ImportState.UNDONE, now
            batch.kept = ImportRow.objects.filter(batch=batch).exclude(kept_because="").count()
            _take_back_categories(batch, now)
            batch.save(update_fields=["state", "undone_at", "kept", "made_categories"])
            _record(batch, "import.undone", now)
            return False
        batch.kept += undo_lines(Undoing(_actor(batch), now, worker.salon.date_at(now)), rows)
        batch.done_through = rows[-1].number
        batch.done += len(rows)
        batch.save(update_fields=["kept", "done", "done_through"])
    return True


_STAGES = {
    ImportState.CHECKING: _check_block,
    ImportState.APPLYING: _apply_block,
    ImportState.UNDOING: _undo_block,
}


def _count(batch: ImportBatch, results: list[Result]) -> None:
    outcomes = [result.plan.outcome for result in results]
    batch.created += outcomes.count(Outcome.CREATE)
    batch.updated += outcomes.count(Outcome.UPDATE)
    batch.same += outcomes.count(Outcome.SAME)
    batch.faulty += outcomes.count(Outcome.FAULTY)
    batch.erased += sum(result.plan.is_erased for result in results)
    batch.incomplete += sum(bool(result.plan.left_out) for result in results)
    batch.only_a_name += sum(ONLY_NAME in result.plan.found for result in results)
    batch.with_health += sum(HEALTH in result.plan.found for result in results)
    batch.done += len(results)
    batch.done_through = results[-1].plan.number
    counts = ("created", "updated", "same", "faulty", "erased", "incomplete", "only_a_name", "with_health")
    batch.save(update_fields=[*counts, "done", "done_through", "made_categories", "left_out_columns"])


def _take_back_categories(batch: ImportBatch, now: datetime) -> None:
    """Take the categories that the import made out of use, unless somebody has one of them."""
    made = Category.objects.filter(pk__in=batch.made_categories, deleted_at=None)
    used = CategoryAssignment.objects.filter(category__in=made).values("category")
    made.exclude(pk__in=used).update(deleted_at=now, version=F("version") + 1)
    # Those of cards that were left may go another time.
    batch.made_categories = [str(category_id) for category_id in made.values_list("pk", flat=True)]


def _actor(batch: ImportBatch) -> Actor:
    """Return who asked for the stage in hand, and was allowed to."""
    return Actor(ActorKind(batch.actor_kind), batch.actor_id, batch.actor_name, _MAY)


def _record(batch: ImportBatch, action: str, now: datetime) -> None:
    counts = {"created": batch.created, "updated": batch.updated, "faulty": batch.faulty, "kept": batch.kept}
    changes = [Change("file_name", None, batch.file_name)]
    changes += [Change(name, None, str(count)) for name, count in counts.items() if count]
    record(actor=_actor(batch), action=action, subject_kind="import", subject_id=batch.pk, changes=changes, now=now)
