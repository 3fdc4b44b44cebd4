"""`kill -9` of a worker in the middle of an import: every line once, whoever finishes it (quality.md §2)."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db.models import Count
from django.utils import timezone

from clients.importing import stages
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

# What a worker takes at once, here (see `halting_imports`) and in earnest.
BLOCK = stages.BLOCK if os.environ.get("SOAK") else 50
MANY = 8 * BLOCK if os.environ.get("SOAK") else 4 * BLOCK


@pytest.fixture
def imports_dir(settings: Any, tmp_path: Path) -> Path:
    """Uploaded files of this process where its workers, whose data lie in `tmp_path`, look for them."""
    folder = tmp_path / "imports"
    options = {"location": folder}
    settings.STORAGES = {**settings.STORAGES, "imports": {**settings.STORAGES["imports"], "OPTIONS": options}}
    return folder


def _assert_each_line_once(addresses: set[str]) -> None:
    assert set(Client.objects.values_list("number", flat=True)) == set(range(1, MANY + 1))
    assert set(Client.objects.values_list("email", flat=True)) == addresses
    assert not Client.objects.annotate(times=Count("notes")).exclude(times=1).exists()
    assert AuditEntry.objects.filter(action="client.imported").count() == MANY
    assert ImportRow.objects.filter(outcome="CREATE", card_id__isnull=False).count() == MANY


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

        def kill_in_the_second_block(ask_for: Callable[[], None], state: ImportState) -> None:
            """Ask for a stage, and let the worker die that has written its second block but not committed it."""
            point = f"{state.value}-2"
            faults.halt("import", point)
            ask_for()
            until(lambda: faults.has_been("import", point), patience=120)
            half = now()
            assert (half.state, half.done) == (state, BLOCK)
            assert DueWork.objects.get().claimed_at is not None

        def finished_by_another(worker: ExitStack, killed: ImportState, state: ImportState) -> ImportBatch:
            """Kill the worker, and return the import when the next one has finished the stage; that one goes on."""
            worker.close()
            faults.go_on("import", f"{killed.value}-2")
            let_leases_end()
            assert dispatch() == 1
            worker.enter_context(faults.worker())
            until(lambda: now().state == state, patience=240)
            until(lambda: not DueWork.objects.exists())
            return now()

        with ExitStack() as worker:
            worker.enter_context(faults.worker())
            uploading = partial(ask, upload, file_name="kunden.csv", content=ContentFile(content))
            kill_in_the_second_block(uploading, ImportState.READING)
            read = finished_by_another(worker, ImportState.READING, ImportState.MAPPING)
            assert (read.lines, list(imports_dir.iterdir())) == (MANY, [])

            checking = partial(ask, choose, batch_id=read.pk, choices=choices_of(read))
            kill_in_the_second_block(checking, ImportState.CHECKING)
            assert finished_by_another(worker, ImportState.CHECKING, ImportState.CHECKED).created == MANY

            kill_in_the_second_block(partial(ask, begin, batch_id=read.pk), ImportState.APPLYING)
            applied = finished_by_another(worker, ImportState.APPLYING, ImportState.APPLIED)
            assert (applied.created, applied.updated, applied.same, applied.faulty) == (MANY, 0, 0, 0)
            with salon_scope(sonnenschein.pk):
                _assert_each_line_once({email for _name, email, _note in rows})

            kill_in_the_second_block(partial(ask, undo, batch_id=read.pk), ImportState.UNDOING)
            assert finished_by_another(worker, ImportState.UNDOING, ImportState.UNDONE).kept == 0
        with salon_scope(sonnenschein.pk):
            assert not Client.objects.exists()
            assert not SearchToken.objects.exists()
            assert AuditEntry.objects.filter(action="client.import_removed").count() == MANY
