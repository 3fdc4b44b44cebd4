"""`kill -9` of a worker in the middle of an export: nothing is offered, and the next worker does it (quality.md §2)."""

from pathlib import Path
from uuid import UUID

import pytest
from django.utils import timezone
from python_calamine import CalamineWorkbook

from clients.models import Client, CreatedVia
from salon.desk import files
from salon.desk.exporting import request_export
from salon.desk.models import Export, ExportState, FileFormat
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.models import DueWork
from salon.work.tasks import dispatch
from tests.conftest import NOW
from tests.faults.workers import Faults, let_leases_end, until
from tests.work.broker import emptied_broker

MANY = 12_000


def _fill(salon: Salon) -> None:
    today = NOW.date()
    with salon_scope(salon.pk):
        Client.objects.bulk_create(
            Client(
                number=number,
                first_name="Anna",
                last_name=f"Nr. {number}",
                sort_key=f"{number:06}",
                listed_on=today,
                created_via=CreatedVia.IMPORT,
                status="RETURNING",
                status_reason="LISTED",
                created_at=NOW,
                updated_at=NOW,
            )
            for number in range(1, MANY + 1)
        )


def _export(salon: Salon, export_id: UUID) -> Export:
    with salon_scope(salon.pk):
        return Export.objects.get(pk=export_id)


@pytest.mark.django_db(transaction=True)
def test_what_a_killed_worker_was_writing_the_next_one_writes(
    sonnenschein: Salon, exports_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(sonnenschein)
    with emptied_broker() as broker:
        monkeypatch.setenv("CELERY_BROKER_URL", broker)
        faults = Faults(broker, tmp_path)
        with salon_scope(sonnenschein.pk):
            export_id = request_export(
                actor=system_actor("Tests"), file_format=FileFormat.XLSX, language="de", now=timezone.now()
            ).pk
        with faults.worker():
            until(lambda: 0 < _export(sonnenschein, export_id).rows < MANY)
        killed = _export(sonnenschein, export_id)
        assert (killed.state, killed.file) == (ExportState.RUNNING, "")
        assert 0 < killed.rows < MANY
        assert not exports_dir.exists()
        work = DueWork.objects.get()
        assert (work.attempts, work.claimed_at is not None) == (1, True)
        assert dispatch() == 0

        # The lease is over.
        let_leases_end()
        assert dispatch() == 1
        with faults.worker():
            until(lambda: _export(sonnenschein, export_id).state == ExportState.DONE)
            until(lambda: not DueWork.objects.exists())
    done = _export(sonnenschein, export_id)
    assert (done.rows, done.total) == (MANY, MANY)
    assert [str(path.relative_to(exports_dir)) for path in exports_dir.rglob("*.*")] == [done.file]
    with files.open_file(done.file) as file:
        rows = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows[1:]] == list(range(1, MANY + 1))
