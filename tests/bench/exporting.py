"""The export of a large salon against the bare writer, in a process of its own so that its memory can be told."""

import json
import os
import resource
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import django

from tests.bench.measuring import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from salon.tenancy.models import Salon

MEGABYTE = 1024 * 1024
# The best of so many counts, of both: what else the machine does meanwhile is nobody's figure.
ROUNDS = 3


def export_figures(slug: str, size: int) -> list[Figure]:
    """Measure the export of a salon as a worker writes it."""
    command = [sys.executable, "-m", "tests.bench.exporting", slug]
    seen = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    if seen["rows"] != size:
        raise RuntimeError(f"{seen['rows']} rows written of {size}")
    name = f"export, {size:,} clients × {seen['columns']} columns"
    return [
        Figure(f"{name}, against the bare writer", seen["seconds"], "s", seen["bare_seconds"], 1.8, "≤ 1.8 × writer"),
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

    from salon.desk.models import Export, ExportState
    from salon.desk.tasks import write_export
    from salon.tenancy.context import salon_scope
    from salon.tenancy.directory import find_salon

    salon = find_salon(slug)
    assert salon is not None
    # What a worker has loaded before its first export is not the export's.
    translation.activate("de")
    timezone.now()
    before = _peak()
    seconds, steps, export, megabytes = [], 0, None, 0.0
    for _ in range(ROUNDS):
        work_id = _asked(salon)
        started = time.perf_counter()
        with _watched(salon) as progress:
            write_export(work_id)
        seconds.append(time.perf_counter() - started)
        steps, megabytes = max(steps, len(progress)), _peak() - before
        with salon_scope(salon.pk):
            export = Export.objects.newest_first()[0]
            assert export.state == ExportState.DONE, export.error
            Export.objects.filter(pk=export.pk).delete()
    assert export is not None
    told = {"rows": export.rows, "seconds": min(seconds), "megabytes": megabytes, "steps": steps}
    return {**told, "megabytes_of_file": export.size / MEGABYTE, **_bare(salon, folder / "bare.xlsx")}


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
def _watched(salon: "Salon") -> "Iterator[set[int]]":
    """Look at the progress five times a second, as pages do."""
    from django.db import connection

    from salon.desk.models import Export
    from salon.tenancy.context import salon_scope

    seen: set[int] = set()
    ended = Event()

    def look() -> None:
        while not ended.wait(0.2):
            with salon_scope(salon.pk):
                seen.add(Export.objects.newest_first()[0].rows)
        connection.close()

    watcher = Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()


def _bare(salon: "Salon", path: Path) -> dict[str, float]:
    """Give the same rows, in memory, to the same writer with the same columns."""
    from zoneinfo import ZoneInfo

    from django.utils import timezone
    from rustpy_xlsxwriter import FastExcel

    from salon.desk.client_columns import COLUMNS, Words, exported, next_batch
    from salon.tenancy.context import salon_scope

    headings = [str(column.heading) for column in COLUMNS]
    read = partial(next_batch, words=Words(), zone=ZoneInfo(salon.timezone), now=timezone.now())
    rows: list[dict[str, Any]] = []
    last_number = 0
    with salon_scope(salon.pk):
        while batch := read(exported(None), after=last_number):
            rows += [dict(zip(headings, row, strict=True)) for row in batch.rows]
            last_number = batch.last_number
    seconds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        FastExcel(path).sheet("Kunden", rows).save()
        seconds.append(time.perf_counter() - started)
    return {"bare_seconds": min(seconds), "columns": len(headings)}


def _peak() -> float:
    # Kilobytes here, bytes on a Mac.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MEGABYTE


if __name__ == "__main__":
    main()
