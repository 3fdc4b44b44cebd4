"""The file of each night (domain.md §10)."""

import errno
from datetime import date
from pathlib import Path

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from salon.audit.models import AuditEntry
from salon.desk import files
from salon.desk.exporting import NIGHTS_KEPT, list_exports, write_night
from salon.desk.models import Export, ExportError, ExportState
from salon.identity.roles import ActorKind
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.exporting.writing import FullDisk, add_client, attempt_at, stored_in


def write_night_of(salon: Salon, day: int) -> Export:
    return write_night(salon=salon, night=date(2026, 11, day), language="de", attempt=attempt_at(salon))


def test_the_night_writes_one_file_for_each_date(
    in_sonnenschein: Salon, somewhere: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    add_client(in_sonnenschein)
    with django_capture_on_commit_callbacks(execute=True):
        first = write_night_of(in_sonnenschein, 21)
    add_client(in_sonnenschein)
    with django_capture_on_commit_callbacks(execute=True):
        again = write_night_of(in_sonnenschein, 21)
    assert (again.pk, again.rows, again.expires_at) == (first.pk, 2, None)
    assert [str(path.relative_to(somewhere)) for path in stored_in(somewhere)] == [again.file]
    assert list(AuditEntry.objects.values_list("actor_kind", flat=True).distinct()) == [ActorKind.SYSTEM]


def test_the_files_of_seven_nights_are_kept(
    in_sonnenschein: Salon, somewhere: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for day in range(1, NIGHTS_KEPT + 3):
            write_night_of(in_sonnenschein, day)
    days = [export.night_of.day for export in Export.objects.order_by("night_of") if export.night_of]
    assert days == [3, 4, 5, 6, 7, 8, 9]
    assert len(stored_in(somewhere)) == 7


def test_a_night_without_room_keeps_the_file_it_has(
    in_sonnenschein: Salon, somewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = write_night_of(in_sonnenschein, 20)
    monkeypatch.setattr(files, "_storage", lambda: FullDisk(errno.ENOSPC))
    for day in (20, 21):
        with pytest.raises(OSError, match="no room"):
            write_night_of(in_sonnenschein, day)
    states = Export.objects.order_by("night_of").values_list("state", "error", "file")
    assert list(states) == [(ExportState.DONE, "", kept.file), (ExportState.FAILED, ExportError.DISK_FULL, "")]
    assert len(stored_in(somewhere)) == 1
    # The page of the night tells of failures.
    assert [one.night_of for one in list_exports(now=NOW)] == [date(2026, 11, 20)]
