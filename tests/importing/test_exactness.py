"""What an import promises besides its own file: the preview holds, the undo leaves what others did (domain.md §10)."""

import csv
import io
import os
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.test import Client as Browser
from pytest_django import DjangoCaptureOnCommitCallbacks

from clients.editing import update_client
from clients.importing import applying, stages, tables
from clients.importing.batches import begin, upload
from clients.importing.planning import plan_lines
from clients.importing.stages import Worker, work_on
from clients.importing.tables import reading_apart
from clients.models import Client, ImportBatch, ImportRow
from clients.standing import recompute
from clients.tasks import forget_imports
from clients.treatcard import set_treatcard
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon, new_id
from tests.conftest import NOW
from tests.importing.files import MANAGER, SHORE, applied, checked, counts, on_file, table, undone, work

pytestmark = pytest.mark.django_db


def test_what_time_did_is_nobodys_touch(sonnenschein: Salon) -> None:
    rows = (("Vorname", "Kunde seit", "Letzter Besuch"), ("Lea", "01.02.2020", "22.11.2025"))
    batch = applied(sonnenschein, table(*rows))
    later = NOW + timedelta(days=7)
    with salon_scope(sonnenschein.pk):
        assert recompute(today=sonnenschein.date_at(later), after=None, limit=10).changed == 1
    assert undone(sonnenschein, batch, later).kept == 0
    with salon_scope(sonnenschein.pk):
        assert not Client.objects.exists()


def test_a_treatcard_that_somebody_else_has_by_now_stays_theirs(sonnenschein: Salon) -> None:
    card = on_file(sonnenschein, first_name="Petra", email="petra@mail.example")
    other = on_file(sonnenschein, first_name="Mia", email="mia@mail.example")
    with salon_scope(sonnenschein.pk):
        set_treatcard(actor=MANAGER, client_id=card.pk, number="TC-1", now=NOW)
    rows = (("Vorname", "E-Mail", "Ort", "Treatcard-Nummer"), ("Petra", "petra@mail.example", "Bernau", "TC-2"))
    batch = applied(sonnenschein, table(*rows), known_clients="UPDATE")
    assert counts(batch) == (0, 1, 0, 0)
    with salon_scope(sonnenschein.pk):
        set_treatcard(actor=MANAGER, client_id=other.pk, number="TC-1", now=NOW)
    after = undone(sonnenschein, batch)
    assert (after.state, after.kept) == ("UNDONE", 1)
    with salon_scope(sonnenschein.pk):
        assert ImportRow.objects.get().kept_because == "field_changed"
        petra, mia = Client.objects.order_by("number")
        assert (petra.city, petra.treatcard_number, mia.treatcard_number) == ("", "TC-2", "TC-1")


def test_a_card_that_the_file_made_is_no_card_of_a_later_line(
    sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever lines make one block, the file does what its preview shows."""
    monkeypatch.setattr(stages, "BLOCK", 1)
    header = ("Kundennr.", "Vorname", "Nachname", "Mobil", "Ort", "Einwilligung E-Mail")
    on_file(sonnenschein, first_name="Wer", last_name="Anders")
    rows = (
        # Becomes number 2 here; mother and son share a phone, and number 2 of the file is the son.
        ("1", "Anna", "Lang", "0171 5550318", "", ""),
        ("2", "Ben", "Lang", "0171 5550318", "Ulm", ""),
        # Twins of the old salon stay two.
        ("7", "Anna", "Lang", "0171 5550318", "Köln", ""),
    )
    preview = checked(sonnenschein, table(header, *rows))
    assert counts(preview) == (3, 0, 0, 0)
    with salon_scope(sonnenschein.pk):
        begin(actor=MANAGER, batch_id=preview.pk, now=NOW)
    assert counts(work(sonnenschein, preview)) == (3, 0, 0, 0)
    with salon_scope(sonnenschein.pk):
        made = Client.objects.filter(created_via="IMPORT").order_by("number").values_list("first_name", "city")
        assert list(made) == [("Anna", ""), ("Ben", "Ulm"), ("Anna", "Köln")]


def test_a_card_changed_between_look_up_and_lock_keeps_the_change(
    sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often: what is written over a card was read under its lock."""
    card = on_file(sonnenschein, first_name="Petra", email="petra@mail.example")
    batch = checked(sonnenschein, table(("Vorname", "E-Mail", "Ort"), ("Petra", "petra@mail.example", "Bernau")))
    streets = iter(["Alte Gasse 1", "Alte Gasse 2"])

    def plan(*given: object) -> object:
        plans = plan_lines(*given)  # type: ignore[arg-type]
        if street := next(streets, None):
            update_client(actor=MANAGER, salon=sonnenschein, client_id=card.pk, changes={"street": street}, now=NOW)
        return plans

    with salon_scope(sonnenschein.pk):
        begin(actor=MANAGER, batch_id=batch.pk, now=NOW)
    monkeypatch.setattr(applying, "plan_lines", plan)
    work(sonnenschein, batch)
    with salon_scope(sonnenschein.pk):
        now = Client.objects.get(pk=card.pk)
        assert (now.street, now.city) == ("Alte Gasse 2", "Bernau")


def test_a_slow_reader_does_not_lose_the_claim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "SIGN_OF_LIFE", 0.01)
    (tmp_path / "file").write_bytes(SHORE.encode())
    beats: list[None] = []
    with reading_apart(tmp_path / "file", waiting=lambda: beats.append(None)) as (_source, lines):
        assert len(list(lines)) == 3
    # A process does not start in a hundredth of a second.
    assert beats


def test_a_file_that_ended_its_workers_is_refused(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        batch = upload(actor=MANAGER, file_name="k.csv", content=ContentFile(SHORE.encode(), "k.csv"), now=NOW)
    work_on(Worker(sonnenschein, batch.pk, lambda: NOW, lambda: None, number=stages.ATTEMPTS + 1))
    with salon_scope(sonnenschein.pk):
        now = ImportBatch.objects.get()
        assert (now.state, now.problem, now.stored_as) == ("REFUSED", "too_complex", "")


def test_an_upload_sent_twice_at_once_is_one(
    sonnenschein: Salon, imports_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = new_id()
    content = ContentFile(SHORE.encode(), "k.csv")
    with salon_scope(sonnenschein.pk):
        first = upload(actor=MANAGER, file_name="k.csv", content=content, now=NOW, batch_id=key)
        # The second has not seen the first one's row when it looked.
        monkeypatch.setattr("clients.importing.batches._known", _blind())
        assert upload(actor=MANAGER, file_name="k.csv", content=content, now=NOW, batch_id=key).pk == first.pk
        assert ImportBatch.objects.count() == 1
    assert [one.name for one in imports_folder.rglob("*.table")] == [Path(first.stored_as).name]


def _blind() -> object:
    seen: Iterator[ImportBatch | None] = iter([None])

    def known(batch_id: UUID) -> ImportBatch | None:
        return next(seen, ImportBatch.objects.filter(pk=batch_id).first())

    return known


def test_a_file_that_no_import_names_goes(
    sonnenschein: Salon, imports_folder: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    """What a web worker left that died between file and row is personal data all the same."""
    with salon_scope(sonnenschein.pk):
        batch = upload(actor=MANAGER, file_name="k.csv", content=ContentFile(SHORE.encode(), "k.csv"), now=NOW)
    for name, hours in (("left.table", 2), ("arriving.table", 0), (batch.stored_as, 2)):
        (imports_folder / name).touch()
        then = time.time() - hours * 3600
        os.utime(imports_folder / name, (then, then))
    # One that is gone by the time it is looked at.
    (imports_folder / "a-gone.table").symlink_to("nowhere")
    with django_capture_on_commit_callbacks(execute=True):
        forget_imports()
    (imports_folder / "a-gone.table").unlink()
    assert sorted(one.name for one in imports_folder.iterdir()) == sorted(["arriving.table", batch.stored_as])


def test_what_is_to_be_forgotten_is_although_beat_restarts_every_day() -> None:
    """Its schedule does not outlive its container, and an interval that is longer would never be over."""
    schedule: dict[str, dict[str, Any]] = settings.CELERY_BEAT_SCHEDULE
    assert max(entry["schedule"] for entry in schedule.values()) <= 3600


def test_faulty_lines_come_back_as_they_were(
    browser_of: Callable[[User], Browser], manager: User, sonnenschein: Salon
) -> None:
    """Also where a text begins with an apostrophe, or with a sign of another width that counts as a formula's."""
    rows = (("Vorname", "Ort", "E-Mail"), ("''=Tach", "＝1+1", "kaputt@"), ("'+49", "''Ulm", "auch@"))
    batch = applied(sonnenschein, table(*rows))
    answer = browser_of(manager).get(f"/s/sonnenschein/clients/import/{batch.pk}/faulty/")
    given = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    again = checked(sonnenschein, given)
    with salon_scope(sonnenschein.pk):
        lines = [
            [row.cells[:3] for row in ImportRow.objects.filter(batch=one).order_by("number")] for one in (batch, again)
        ]
    assert lines[0] == lines[1] == [["'=Tach", "＝1+1", "kaputt@"], ["+49", "'Ulm", "auch@"]]
    told = list(csv.reader(io.StringIO(given.decode("utf-8-sig")), delimiter=";"))
    assert [row[:2] for row in told[1:]] == [["''=Tach", "'＝1+1"], ["'+49", "''Ulm"]]
