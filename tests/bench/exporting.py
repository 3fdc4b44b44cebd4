"""The export of a large salon against the bare writer, in a process of its own so that its memory can be told."""

import json
import os
import resource
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import django

from tests.bench.measuring import Figure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from salon.tenancy.models import Salon

MEGABYTE = 1024 * 1024
# The best of so many counts, of both: what else the machine does meanwhile is nobody's figure.
ROUNDS = 5


def export_figures(slug: str, size: int) -> list[Figure]:
    """Measure the export of a salon as a worker writes it."""
    command = [sys.executable, "-m", "tests.bench.exporting", slug]
    seen = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    if seen["rows"] != size:
        raise RuntimeError(f"{seen['rows']} rows written of {size}")
    name = f"export, {size:,} clients × {seen['columns']} columns"
    return [
        Figure(f"{name}, against the bare writer", seen["seconds"], "s", seen["bare_seconds"], 1.8, "≤ 1.8 × writer"),
        Figure(f"{name}, processor time", seen["processor"], "s", seen["bare_processor"]),
        Figure(f"{name}, memory", seen["megabytes"], "MB", None, 120, "≤ 120 MB"),
        Figure(f"{name}, times that its progress was seen to change", seen["steps"], "×"),
    ]


def main() -> None:
    """Write the file of the salon named, then its rows once more from memory; print what was seen as JSON."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salon.settings")
    with TemporaryDirectory() as folder:
        os.environ["EXPORTS_DIR"] = folder
        django.setup()
        print(json.dumps(_measured(sys.argv[1], Path(folder))))


def _measured(slug: str, folder: Path) -> dict[str, float]:
    from django.utils import timezone, translation

    from salon.tenancy.directory import find_salon

    salon = find_salon(slug)
    assert salon is not None
    # What a worker has loaded before its first export is not the export's.
    translation.activate("de")
    timezone.now()
    before = _peak()
    with _watched(salon) as seen:
        rows = _exported(salon).rows
    # The writing process is the export's as a whole.
    told = {"megabytes": _peak() - before + seen.writer, "steps": len(seen.progress), "rows": rows}
    # Turn and turn about, so that neither has the quieter machine; nobody looks on, as that would take time from both.
    records, exports, bare = _records(salon), list[Exported](), list[Took]()
    for _ in range(ROUNDS):
        bare.append(_took(partial(_write_bare, records, folder / "bare.xlsx")))
        exports.append(_exported(salon))
    return {
        **told,
        "seconds": min(one.took.seconds for one in exports),
        "processor": min(one.took.processor for one in exports),
        "bare_seconds": min(took.seconds for took in bare),
        "bare_processor": min(took.processor for took in bare),
        "columns": len(records[0]),
    }


@dataclass(frozen=True, slots=True)
class Took:
    """How long something took, and how long this process and those it began were at work."""

    seconds: float
    processor: float


@dataclass(slots=True)
class Seen:
    """What an onlooker saw of an export: how far it was, and how many megabytes its writer had at most."""

    progress: set[int] = field(default_factory=set)
    writer: float = 0.0


@dataclass(frozen=True, slots=True)
class Exported:
    """One export: what it took, and its rows."""

    took: Took
    rows: int


def _took(work: "Callable[[], None]") -> Took:
    started, processor = time.perf_counter(), _processor()
    work()
    return Took(time.perf_counter() - started, _processor() - processor)


def _processor() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _exported(salon: "Salon") -> Exported:
    from salon.desk.models import Export, ExportState
    from salon.desk.tasks import write_export
    from salon.tenancy.context import salon_scope

    work_id = _asked(salon)
    took = _took(partial(write_export, work_id))
    with salon_scope(salon.pk):
        export = Export.objects.newest_first()[0]
        assert export.state == ExportState.DONE, export.error
        Export.objects.filter(pk=export.pk).delete()
    return Exported(took, export.rows)


def _asked(salon: "Salon") -> str:
    from django.utils import timezone

    from salon.desk.exporting import request_export
    from salon.desk.models import FileFormat
    from salon.identity.roles import system_actor
    from salon.tenancy.context import salon_scope
    from salon.work.models import DueWork

    with salon_scope(salon.pk):
        export = request_export(
            actor=system_actor("Bench"), file_format=FileFormat.XLSX, language="de", now=timezone.now()
        )
    return str(DueWork.objects.get(subject_id=export.pk).pk)


@contextmanager
def _watched(salon: "Salon") -> "Iterator[Seen]":
    """Look at the progress five times a second, as pages do, and at the process that writes."""
    from django.db import connection

    from salon.desk.models import Export
    from salon.tenancy.context import salon_scope

    seen = Seen()
    ended = Event()

    def look() -> None:
        while not ended.wait(0.2):
            with salon_scope(salon.pk):
                seen.progress.add(Export.objects.newest_first()[0].rows)
            seen.writer = max(seen.writer, _peak_of_children())
        connection.close()

    watcher = Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()


def _records(salon: "Salon") -> list[dict[str, Any]]:
    """Return the same rows, in memory, as the writer takes them."""
    from zoneinfo import ZoneInfo

    from django.utils import timezone

    from salon.desk.client_columns import COLUMNS, Words, exported, next_batch
    from salon.tenancy.context import salon_scope

    headings = [str(column.heading) for column in COLUMNS]
    read = partial(next_batch, words=Words(), zone=ZoneInfo(salon.timezone), now=timezone.now())
    records: list[dict[str, Any]] = []
    last_number = 0
    with salon_scope(salon.pk):
        while batch := read(exported(None), after=last_number):
            records += [dict(zip(headings, row, strict=True)) for row in batch.rows]
            last_number = batch.last_number
    return records


def _write_bare(records: list[dict[str, Any]], path: Path) -> None:
    from rustpy_xlsxwriter import FastExcel

    FastExcel(path).sheet("Kunden", records).save()


def _peak() -> float:
    # Kilobytes here, bytes on a Mac.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MEGABYTE


def _peak_of_children() -> float:
    """Return the most of a process begun by this one; what the system tells of it itself counts this one's, too."""
    found = [0.0]
    for told in Path("/proc/self/task").glob("*/children"):
        for child in told.read_text().split():
            with suppress(OSError, StopIteration):
                lines = Path(f"/proc/{child}/status").read_text().splitlines()
                found.append(int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024 / MEGABYTE)
    return max(found)


if __name__ == "__main__":
    main()
