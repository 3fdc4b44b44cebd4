"""`kill -9` of a worker in the middle of an import: every line once, whoever finishes it (quality.md §2)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db.models import Count
from django.utils import timezone

from clients.importing.batches import begin, choose, undo, upload
from clients.models import Client, ImportBatch, ImportRow, ImportState, SearchToken
from salon.audit.models import AuditEntry
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.models import DueWork
from salon.work.tasks import dispatch
from tests.faults.workers import Faults, let_leases_end, until
from tests.importing.files import MANAGER, choices_of, table
from tests.work.broker import emptied_broker

MANY = 4_000


@pytest.fixture
def imports_dir(settings: Any, tmp_path: Path) -> Path:
    """Uploaded files of this process where its workers, whose data lie in `tmp_path`, look for them."""
    folder = tmp_path / "imports"
    options = {"location": folder}
    settings.STORAGES = {**settings.STORAGES, "imports": {**settings.STORAGES["imports"], "OPTIONS": options}}
    return folder


@pytest.mark.django_db(transaction=True)
def test_an_import_survives_a_kill_at_every_stage(
    sonnenschein: Salon, imports_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [(f"Anna{number}", f"anna{number}@mail.example", f"Notiz {number}") for number in range(MANY)]
    content = table(("Vorname", "E-Mail", "Notiz"), *rows)

    def now() -> ImportBatch:
        with salon_scope(sonnenschein.pk):
            return ImportBatch.objects.get()

    def ask(act: Callable[..., object], **given: object) -> None:
        with salon_scope(sonnenschein.pk):
            act(actor=MANAGER, now=timezone.now(), **given)

    with emptied_broker() as broker:
        monkeypatch.setenv("CELERY_BROKER_URL", broker)
        faults = Faults(broker, tmp_path)

        def killed_and_finished(state: ImportState) -> ImportBatch:
            with faults.worker():
                until(lambda: now().done > 0, patience=120)
            half = now()
            assert 0 < half.done < MANY, half.state
            assert DueWork.objects.get().claimed_at is not None
            let_leases_end()
            assert dispatch() == 1
            with faults.worker():
                until(lambda: now().state == state, patience=240)
                until(lambda: not DueWork.objects.exists())
            return now()

        ask(upload, file_name="kunden.csv", content=ContentFile(content))
        read = killed_and_finished(ImportState.MAPPING)
        assert (read.lines, list(imports_dir.iterdir())) == (MANY, [])

        ask(choose, batch_id=read.pk, choices=choices_of(read))
        assert killed_and_finished(ImportState.CHECKED).created == MANY

        ask(begin, batch_id=read.pk)
        applied = killed_and_finished(ImportState.APPLIED)
        assert (applied.created, applied.updated, applied.same, applied.faulty) == (MANY, 0, 0, 0)
        with salon_scope(sonnenschein.pk):
            assert set(Client.objects.values_list("number", flat=True)) == set(range(1, MANY + 1))
            assert set(Client.objects.values_list("email", flat=True)) == {email for _name, email, _note in rows}
            twice = Client.objects.annotate(times=Count("notes")).exclude(times=1)
            assert not twice.exists()
            assert AuditEntry.objects.filter(action="client.imported").count() == MANY
            assert ImportRow.objects.filter(outcome="CREATE", card_id__isnull=False).count() == MANY

        ask(undo, batch_id=read.pk)
        assert killed_and_finished(ImportState.UNDONE).kept == 0
        with salon_scope(sonnenschein.pk):
            assert not Client.objects.exists()
            assert not SearchToken.objects.exists()
            assert AuditEntry.objects.filter(action="client.import_removed").count() == MANY
