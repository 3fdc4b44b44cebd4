"""Files that were asked for: who may have them, what goes wrong, when they go (domain.md §10)."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.files.storage import storages
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from salon.audit.models import AuditEntry
from salon.desk import files
from salon.desk.exporting import (
    ATTEMPTS,
    KEPT,
    AlreadyAsked,
    NotFailed,
    NotReady,
    forget_expired,
    get_export,
    link_to,
    list_exports,
    open_export,
    open_linked,
    read_link,
    request_export,
    retry_export,
    write_requested,
)
from salon.desk.models import Export, ExportError, ExportState, FileFormat
from salon.desk.tasks import forget_exports, write_export
from salon.errors import NotAllowed, NotFound
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work import queue
from salon.work.models import DueWork
from tests.conftest import NOW
from tests.exporting.writing import FullDisk, add_client, attempt_at, stored_in, write_asked


def recorded() -> list[str]:
    return list(AuditEntry.objects.filter(subject_kind="export").order_by("id").values_list("action", flat=True))


def test_who_may_not_gets_nothing(in_sonnenschein: Salon, front_desk: Actor, boss: Actor) -> None:
    with pytest.raises(NotAllowed):
        request_export(actor=front_desk, file_format=FileFormat.XLSX, language="de", now=NOW)
    assert not Export.objects.exists()
    assert not DueWork.objects.exists()
    export = request_export(actor=boss, file_format=FileFormat.XLSX, language="de", now=NOW)
    write_asked(export)
    with pytest.raises(NotAllowed):
        open_export(actor=front_desk, salon=in_sonnenschein, export_id=export.pk, now=NOW)
    with pytest.raises(NotAllowed):
        retry_export(actor=front_desk, export_id=export.pk, now=NOW)


def test_every_step_is_recorded(ask: Callable[..., Export], in_sonnenschein: Salon, boss: Actor) -> None:
    export = ask()
    write_asked(export)
    with time_machine.travel(NOW):
        open_export(actor=boss, salon=in_sonnenschein, export_id=export.pk, now=NOW).file.close()
    assert recorded() == ["export.requested", "clients.exported", "export.downloaded"]
    assert set(AuditEntry.objects.values_list("actor_id", "actor_name")) == {(boss.id, "Carla Neumann")}


def test_asking_twice_writes_one_file(ask: Callable[..., Export]) -> None:
    first = ask()
    assert ask().pk == first.pk
    assert DueWork.objects.count() == 1
    assert ask(file_format=FileFormat.CSV).pk != first.pk
    assert ask(language="en").pk != first.pk
    write_asked(first)
    assert ask().pk != first.pk


def test_what_is_fetched_is_named_after_salon_and_day(
    ask: Callable[..., Export], in_sonnenschein: Salon, boss: Actor
) -> None:
    # The next day in Berlin.
    late = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    export = ask(now=late)
    with pytest.raises(NotReady):
        open_export(actor=boss, salon=in_sonnenschein, export_id=export.pk, now=late)
    with time_machine.travel(late, tick=False):
        write_asked(export)
    found = open_export(actor=boss, salon=in_sonnenschein, export_id=export.pk, now=late)
    with found.file:
        assert len(found.file.read()) == found.size == export.size
    assert found.name == "kunden-sonnenschein-2026-11-22.xlsx"
    Export.objects.update(language="en", file_format=FileFormat.CSV)
    other = open_export(actor=boss, salon=in_sonnenschein, export_id=export.pk, now=late)
    other.file.close()
    assert (other.name, other.content_type) == ("clients-sonnenschein-2026-11-22.csv", "text/csv; charset=utf-8")


def test_only_this_user_may_read_the_file(ask: Callable[..., Export], somewhere: Path) -> None:
    write_asked(ask())
    (path,) = stored_in(somewhere)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("number", "reason"), [(errno.ENOSPC, ExportError.DISK_FULL), (errno.EACCES, ExportError.STORAGE)]
)
def test_no_room_fails_plainly_and_can_be_tried_again(
    ask: Callable[..., Export],
    boss: Actor,
    somewhere: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    reason: ExportError,
) -> None:
    export = ask()
    with monkeypatch.context() as patched:
        disk = FullDisk(number)
        patched.setattr(files, "_storage", lambda: disk)
        write_asked(export)
    assert (export.state, export.error, export.file) == (ExportState.FAILED, reason, "")
    assert len(disk.deleted) == 1
    assert list((tmp_path / "scratch").iterdir()) == []
    assert not DueWork.objects.exists()
    assert AuditEntry.objects.filter(action="clients.exported").count() == 0
    now = timezone.now()
    assert retry_export(actor=boss, export_id=export.pk, now=now).state == ExportState.PENDING
    write_asked(export)
    assert (export.state, export.error) == (ExportState.DONE, "")
    assert len(stored_in(somewhere)) == 1
    with pytest.raises(NotFailed):
        retry_export(actor=boss, export_id=export.pk, now=now)


def test_a_scratch_disk_without_room_fails_plainly(ask: Callable[..., Export], monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def full() -> Iterator[Path]:
        yield Path("/dev/full")

    monkeypatch.setattr(files, "scratch_file", full)
    export = ask()
    write_asked(export)
    assert (export.state, export.error) == (ExportState.FAILED, ExportError.DISK_FULL)


def test_trying_again_waits_for_the_same_file(ask: Callable[..., Export], boss: Actor) -> None:
    failed = ask()
    Export.objects.update(state=ExportState.FAILED, error=ExportError.STORAGE)
    ask()
    with pytest.raises(AlreadyAsked):
        retry_export(actor=boss, export_id=failed.pk, now=NOW)


def test_whoever_lost_the_claim_publishes_nothing(
    ask: Callable[..., Export], in_sonnenschein: Salon, somewhere: Path, tmp_path: Path
) -> None:
    add_client(in_sonnenschein)
    export = ask()

    def lost() -> None:
        raise queue.ClaimLost

    with pytest.raises(queue.ClaimLost):
        write_requested(salon=in_sonnenschein, export_id=export.pk, attempt=attempt_at(in_sonnenschein, finish=lost))
    export.refresh_from_db()
    assert (export.state, export.file) == (ExportState.RUNNING, "")
    assert stored_in(somewhere) == []
    assert list((tmp_path / "scratch").iterdir()) == []
    assert "clients.exported" not in recorded()


def test_a_file_that_kills_its_workers_is_given_up(ask: Callable[..., Export], in_sonnenschein: Salon) -> None:
    export = ask()
    attempt = attempt_at(in_sonnenschein, number=ATTEMPTS + 1)
    write_requested(salon=in_sonnenschein, export_id=export.pk, attempt=attempt)
    export.refresh_from_db()
    assert (export.state, export.error) == (ExportState.FAILED, ExportError.INTERRUPTED)


def test_work_that_comes_twice_is_done_once(sonnenschein: Salon, boss: Actor, somewhere: Path) -> None:
    with salon_scope(sonnenschein.pk):
        request_export(actor=boss, file_format=FileFormat.XLSX, language="de", now=NOW)
    work_id = str(DueWork.objects.get().pk)
    write_export(work_id)
    assert not DueWork.objects.exists()
    with salon_scope(sonnenschein.pk):
        (before,) = Export.objects.values()
        assert before["state"] == ExportState.DONE
    write_export(work_id)
    with salon_scope(sonnenschein.pk):
        attempt = attempt_at(sonnenschein)
        write_requested(salon=sonnenschein, export_id=before["id"], attempt=attempt)
        assert list(Export.objects.values()) == [before]
    assert len(stored_in(somewhere)) == 1


def test_files_go_when_their_time_is_over(
    ask: Callable[..., Export],
    boss: Actor,
    in_sonnenschein: Salon,
    somewhere: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    export = ask()
    with time_machine.travel(NOW, tick=False):
        write_asked(export)
    assert export.expires_at == NOW + KEPT
    almost = NOW + KEPT - timedelta(microseconds=1)
    assert [one.pk for one in list_exports(now=almost)] == [export.pk]
    assert get_export(export.pk, now=almost).pk == export.pk
    assert list_exports(now=NOW + KEPT) == []
    with pytest.raises(NotFound):
        open_export(actor=boss, salon=in_sonnenschein, export_id=export.pk, now=NOW + KEPT)
    with django_capture_on_commit_callbacks(execute=True):
        forget_expired(now=almost)
    assert len(stored_in(somewhere)) == 1
    with django_capture_on_commit_callbacks(execute=True):
        forget_expired(now=NOW + KEPT)
    assert stored_in(somewhere) == []
    assert not Export.objects.exists()


def test_what_killed_workers_left_goes_too(
    sonnenschein: Salon,
    boss: Actor,
    somewhere: Path,
    tmp_path: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with salon_scope(sonnenschein.pk):
        export = request_export(actor=boss, file_format=FileFormat.XLSX, language="de", now=NOW)
        write_asked(export)
    orphan = somewhere / str(sonnenschein.pk) / "orphan.xlsx"
    scratch = tmp_path / "scratch" / "salon-export-abc"
    other = tmp_path / "scratch" / "somebody-elses"
    for path in (orphan, scratch, other):
        path.write_bytes(b"x")
    with django_capture_on_commit_callbacks(execute=True):
        forget_exports()
    # It may be one that is about to be named.
    assert orphan.exists()
    assert scratch.exists()
    later = timezone.now() + timedelta(hours=2)
    with time_machine.travel(later), django_capture_on_commit_callbacks(execute=True):
        forget_exports()
    assert not orphan.exists()
    assert not scratch.exists()
    assert other.exists()
    assert storages["exports"].exists(export.file)


def test_a_link_holds_ten_minutes(ask: Callable[..., Export], in_sonnenschein: Salon) -> None:
    export = ask()
    with time_machine.travel(NOW, tick=False) as clock:
        write_asked(export)
        secret = link_to(export)
        clock.shift(timedelta(minutes=10))
        assert read_link(secret) == (in_sonnenschein.pk, export.pk)
        open_linked(salon=in_sonnenschein, export_id=export.pk, now=timezone.now()).file.close()
        assert recorded()[-1] == "export.downloaded"
        with pytest.raises(NotFound):
            read_link(secret[:-1] + ("A" if secret[-1] != "A" else "B"))
        clock.shift(timedelta(seconds=1))
        with pytest.raises(NotFound):
            read_link(secret)
