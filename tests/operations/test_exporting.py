"""Files of all clients: asked for, written, fetched, gone (domain.md §10)."""

import csv
import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.files.storage import storages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from pytest_django import DjangoCaptureOnCommitCallbacks
from python_calamine import CalamineWorkbook

from clients.cards import create_client
from clients.details import ClientDetails
from clients.models import CardState, Category, CategoryAssignment, Client, CreatedVia, HealthRecord, Note
from salon.audit.models import AuditEntry
from salon.desk import client_columns, files
from salon.desk.client_columns import COLUMNS, Words, exported, next_batch
from salon.desk.exporting import (
    ATTEMPTS,
    KEPT,
    NIGHTS_KEPT,
    AlreadyAsked,
    Attempt,
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
    write_night,
    write_requested,
)
from salon.desk.models import Export, ExportError, ExportState, FileFormat
from salon.desk.tasks import forget_exports, write_export
from salon.errors import InvalidInput, NotAllowed, NotFound
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role, system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work import queue
from salon.work.models import DueWork
from tests.conftest import NOW

SCRATCH = "salon-export-*"
BERLIN = "Europe/Berlin"


@pytest.fixture
def boss() -> Actor:
    return Actor(ActorKind.USER, uuid4(), "Carla Neumann", PERMISSIONS[Role.MANAGER])


@pytest.fixture(autouse=True)
def somewhere(exports_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep scratch files apart, so that what is left can be told."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    return exports_dir


@pytest.fixture
def ask(in_sonnenschein: Salon, boss: Actor) -> Callable[..., Export]:
    """Ask for a file as a manager does."""
    return partial(request_export, actor=boss, file_format=FileFormat.XLSX, language="de", now=NOW)


def _client(salon: Salon, *, at: datetime = NOW, **details: str) -> Client:
    given = ClientDetails(**{"first_name": "Anna", **details})
    actor = system_actor("Tests")
    return create_client(actor=actor, salon=salon, details=given, created_via=CreatedVia.STAFF, now=at).client


def _work(export: Export) -> None:
    """Write the file asked for, in the scope that is open."""
    work = DueWork.objects.get(subject_id=export.pk)
    attempt = _attempt(export.salon, clock=timezone.now, finish=work.delete)
    write_requested(salon=export.salon, export_id=export.pk, attempt=attempt)
    export.refresh_from_db()


@contextmanager
def _batch(salon: Salon) -> Iterator[None]:
    with salon_scope(salon.pk):
        yield


def _attempt(salon: Salon, **given: Any) -> Attempt:
    return replace(Attempt(open_batch=partial(_batch, salon), clock=lambda: NOW), **given)


def _rows(export: Export) -> list[list[Any]]:
    with files.open_file(export.file) as file:
        if export.file_format == FileFormat.CSV:
            return list(csv.reader(file.read().decode("utf-8-sig").splitlines(), delimiter=";"))
        return CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python()


def _stored(place: Path) -> list[Path]:
    return [path for path in place.rglob("*") if path.is_file()]


def _actions() -> list[str]:
    return list(AuditEntry.objects.filter(subject_kind="export").order_by("id").values_list("action", flat=True))


GERMAN = [
    *("Kundennr.", "Vorname", "Nachname", "Geschlecht", "Geburtstag", "E-Mail", "Mobil", "Festnetz", "Straße", "PLZ"),
    *("Ort", "Kategorien", "Treatcard-Nr.", "Punkte", "Status", "Grund", "Kunde seit", "Erster Termin"),
    *("Letzter Termin", "Nächster Termin", "Besuche", "Absagen", "Nicht erschienen", "Umsatz Leistungen"),
    *("Umsatz Artikel", "Einwilligung E-Mail", "Einwilligung am", "Quelle", "Notizen"),
]
ENGLISH = [
    *("Client No.", "First name", "Last name", "Gender", "Birthday", "E-mail", "Mobile", "Landline", "Street"),
    *("Postcode", "Town", "Categories", "Treatcard no.", "Points", "Status", "Reason", "Client since"),
    *("First appointment", "Last appointment", "Next appointment", "Visits", "Cancellations", "No-shows"),
    *("Revenue from services", "Revenue from products", "E-mail consent", "Consent on", "Source", "Notes"),
]


def _category(name: str, client: Client, *, deleted: bool = False) -> None:
    gone = NOW if deleted else None
    category = Category.objects.create(name=name, name_key=name.casefold(), created_at=NOW, deleted_at=gone)
    CategoryAssignment.objects.create(category=category, client=client, assigned_at=NOW)


def _note(client: Client, text: str, day: int, *, deleted: bool = False) -> None:
    at = datetime(2026, 11, day, tzinfo=UTC)
    Note.objects.create(client=client, text=text, author_name="Bora", written_at=at, deleted_at=at if deleted else None)


def _full_card(salon: Salon) -> Client:
    client = _client(
        salon,
        first_name="Sarah",
        last_name="=Müller",
        gender="FEMALE",
        birthday="1990-11-21",
        email="sarah@example.com",
        mobile="0171 5550318",
        landline="030 901820",
        street="Kastanienallee 12",
        postal_code="01067",
        city="Dresden",
    )
    Client.objects.filter(pk=client.pk).update(
        treatcard_number="0004711",
        carried_points=350,
        first_visit_on=date(2025, 3, 1),
        last_visit_on=date(2026, 11, 1),
        visits=4,
        carried_first_visit_on=date(2024, 2, 3),
        carried_last_visit_on=date(2024, 9, 9),
        carried_visits=8,
        email_consent=True,
        # Half an hour past midnight in Berlin.
        email_consent_at=datetime(2026, 10, 30, 23, 30, tzinfo=UTC),
        status="RETURNING",
        status_reason="RECENT_VISIT",
    )
    _category("VIP", client)
    _category("Stammkunden", client)
    _category("Gelöscht", client, deleted=True)
    _note(client, "Zweite Notiz", 3)
    _note(client, "Erste Notiz", 2)
    _note(client, "Gelöschte Notiz", 4, deleted=True)
    HealthRecord.objects.create(client=client, text="Allergie gegen PPD", author_name="Bora", written_at=NOW)
    return client


def test_the_file_says_everything_of_a_card_but_its_health(ask: Callable[..., Export], in_sonnenschein: Salon) -> None:
    _full_card(in_sonnenschein)
    export = ask()
    _work(export)
    heads, row = _rows(export)
    assert heads == GERMAN
    with translation.override("de"):
        words = Words()
    assert row == [
        *(1, "Sarah", "=Müller", "weiblich", date(1990, 11, 21), "sarah@example.com", "+491715550318", "+4930901820"),
        *("Kastanienallee 12", "01067", "Dresden", "Stammkunden; VIP", "0004711", 350),
        *(words.status["RETURNING"], words.reason["RECENT_VISIT"], date(2026, 11, 21), date(2024, 2, 3)),
        *(date(2026, 11, 1), "", 12, 0, 0, 0, 0, "ja", date(2026, 10, 31), words.source["STAFF"]),
        "Erste Notiz\n\nZweite Notiz",
    ]
    assert "PPD" not in str(row)


def test_an_empty_card(ask: Callable[..., Export], in_sonnenschein: Salon) -> None:
    _client(in_sonnenschein, birthday="29.2.")
    export = ask(language="en", file_format=FileFormat.CSV)
    _work(export)
    heads, row = _rows(export)
    assert heads == ENGLISH
    assert row == [
        *("1", "Anna", "", "", "29.02.", "", "", "", "", "", "", "", "", "0", "Returning", "on file", "21.11.2026"),
        *("", "", "", "0", "0", "0", "0,00", "0,00", "no", "", "entered by staff", ""),
    ]


def test_headings_are_those_of_the_domain_in_both_languages() -> None:
    for language, expected in (("de", GERMAN), ("en", ENGLISH)):
        with translation.override(language):
            assert [str(column.heading) for column in COLUMNS] == expected


def test_only_cards_in_use_by_number(ask: Callable[..., Export], in_sonnenschein: Salon) -> None:
    first, second, third, fourth = (_client(in_sonnenschein, last_name=name) for name in "ZYXW")
    Client.objects.filter(pk=first.pk).update(state=CardState.MERGED, merged_into=second)
    Client.objects.filter(pk=third.pk).update(state=CardState.ERASED)
    export = ask()
    _work(export)
    assert [row[0] for row in _rows(export)[1:]] == [second.number, fourth.number]
    assert (export.rows, export.total, export.state) == (2, 2, ExportState.DONE)


def test_only_those_selected(ask: Callable[..., Export], in_sonnenschein: Salon) -> None:
    first, _second, third = (_client(in_sonnenschein, last_name=name) for name in "ABC")
    export = ask(selection=[third.pk, first.pk, uuid4()])
    _work(export)
    assert [row[2] for row in _rows(export)[1:]] == ["A", "C"]
    assert AuditEntry.objects.get(action="clients.exported").changes == [
        {"field": "format", "old": None, "new": "XLSX"},
        {"field": "rows", "old": None, "new": "2"},
        {"field": "selected", "old": None, "new": "3"},
    ]
    with pytest.raises(InvalidInput):
        ask(selection=[])


def test_batches_follow_each_other(
    ask: Callable[..., Export], in_sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_columns, "BATCH", 2)
    for name in "ABCDE":
        _client(in_sonnenschein, last_name=name)
    export = ask()
    _work(export)
    assert [row[2] for row in _rows(export)[1:]] == list("ABCDE")


@pytest.mark.parametrize("count", [2, 20])
def test_queries_do_not_grow_with_the_rows(in_sonnenschein: Salon, count: int) -> None:
    for number in range(count):
        client = _client(in_sonnenschein, last_name=f"Nr {number}")
        _category(f"Kategorie {number}", client)
        _note(client, "Notiz", 2)
    with CaptureQueriesContext(connection) as queries:
        batch = next_batch(exported(None), after=0, words=Words(), zone=ZoneInfo(BERLIN))
        assert batch is not None
        rows = list(batch.rows)
    assert (batch.size, len(rows), len(queries)) == (count, count, 3)


def test_progress_is_told_after_each_batch(
    ask: Callable[..., Export], in_sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_columns, "BATCH", 2)
    for name in "ABCDE":
        _client(in_sonnenschein, last_name=name)
    export, seen, told = ask(), [], []

    @contextmanager
    def open_batch() -> Iterator[None]:
        with salon_scope(in_sonnenschein.pk):
            seen.append(Export.objects.get().percent)
            yield

    attempt = Attempt(open_batch=open_batch, clock=lambda: NOW, report=lambda *numbers: told.append(numbers))
    write_requested(salon=in_sonnenschein, export_id=export.pk, attempt=attempt)
    # Begun, three batches, the look behind the last, published.
    assert seen == [0, 0, 40, 80, 99, 99]
    assert told == [(2, 5), (4, 5), (5, 5)]
    assert Export.objects.get().percent == 100


def test_who_may_not_gets_nothing(in_sonnenschein: Salon, front_desk: Actor, boss: Actor) -> None:
    with pytest.raises(NotAllowed):
        request_export(actor=front_desk, file_format=FileFormat.XLSX, language="de", now=NOW)
    assert not Export.objects.exists()
    assert not DueWork.objects.exists()
    export = request_export(actor=boss, file_format=FileFormat.XLSX, language="de", now=NOW)
    _work(export)
    with pytest.raises(NotAllowed):
        open_export(actor=front_desk, salon=in_sonnenschein, export_id=export.pk, now=NOW)
    with pytest.raises(NotAllowed):
        retry_export(actor=front_desk, export_id=export.pk, now=NOW)


def test_every_step_is_recorded(ask: Callable[..., Export], in_sonnenschein: Salon, boss: Actor) -> None:
    export = ask()
    _work(export)
    with time_machine.travel(NOW):
        open_export(actor=boss, salon=in_sonnenschein, export_id=export.pk, now=NOW).file.close()
    assert _actions() == ["export.requested", "clients.exported", "export.downloaded"]
    assert set(AuditEntry.objects.values_list("actor_id", "actor_name")) == {(boss.id, "Carla Neumann")}


def test_asking_twice_writes_one_file(ask: Callable[..., Export]) -> None:
    first = ask()
    assert ask().pk == first.pk
    assert DueWork.objects.count() == 1
    assert ask(file_format=FileFormat.CSV).pk != first.pk
    assert ask(language="en").pk != first.pk
    _work(first)
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
        _work(export)
    found = open_export(actor=boss, salon=in_sonnenschein, export_id=export.pk, now=late)
    with found.file:
        assert len(found.file.read()) == found.size == export.size
    assert found.name == "kunden-sonnenschein-2026-11-22.xlsx"
    Export.objects.update(language="en", file_format=FileFormat.CSV)
    other = open_export(actor=boss, salon=in_sonnenschein, export_id=export.pk, now=late)
    other.file.close()
    assert (other.name, other.content_type) == ("clients-sonnenschein-2026-11-22.csv", "text/csv; charset=utf-8")


def test_only_this_user_may_read_the_file(ask: Callable[..., Export], somewhere: Path) -> None:
    _work(ask())
    (path,) = _stored(somewhere)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


class _FullDisk:
    """A storage that has no room."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.deleted: list[str] = []

    def save(self, name: str, content: Any) -> str:  # noqa: ARG002 - Django's signature
        raise OSError(self.number, "no room")

    def delete(self, name: str) -> None:
        self.deleted.append(name)


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
        disk = _FullDisk(number)
        patched.setattr(files, "_storage", lambda: disk)
        _work(export)
    assert (export.state, export.error, export.file) == (ExportState.FAILED, reason, "")
    assert len(disk.deleted) == 1
    assert list((tmp_path / "scratch").iterdir()) == []
    assert not DueWork.objects.exists()
    assert AuditEntry.objects.filter(action="clients.exported").count() == 0
    now = timezone.now()
    assert retry_export(actor=boss, export_id=export.pk, now=now).state == ExportState.PENDING
    _work(export)
    assert (export.state, export.error) == (ExportState.DONE, "")
    assert len(_stored(somewhere)) == 1
    with pytest.raises(NotFailed):
        retry_export(actor=boss, export_id=export.pk, now=now)


def test_a_scratch_disk_without_room_fails_plainly(ask: Callable[..., Export], monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def full() -> Iterator[Path]:
        yield Path("/dev/full")

    monkeypatch.setattr(files, "scratch_file", full)
    export = ask()
    _work(export)
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
    _client(in_sonnenschein)
    export = ask()

    def lost() -> None:
        raise queue.ClaimLost

    with pytest.raises(queue.ClaimLost):
        write_requested(salon=in_sonnenschein, export_id=export.pk, attempt=_attempt(in_sonnenschein, finish=lost))
    export.refresh_from_db()
    assert (export.state, export.file) == (ExportState.RUNNING, "")
    assert _stored(somewhere) == []
    assert list((tmp_path / "scratch").iterdir()) == []
    assert "clients.exported" not in _actions()


def test_a_file_that_kills_its_workers_is_given_up(ask: Callable[..., Export], in_sonnenschein: Salon) -> None:
    export = ask()
    attempt = _attempt(in_sonnenschein, number=ATTEMPTS + 1)
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
        attempt = _attempt(sonnenschein)
        write_requested(salon=sonnenschein, export_id=before["id"], attempt=attempt)
        assert list(Export.objects.values()) == [before]
    assert len(_stored(somewhere)) == 1


def test_files_go_when_their_time_is_over(
    ask: Callable[..., Export],
    boss: Actor,
    in_sonnenschein: Salon,
    somewhere: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    export = ask()
    with time_machine.travel(NOW, tick=False):
        _work(export)
    assert export.expires_at == NOW + KEPT
    almost = NOW + KEPT - timedelta(microseconds=1)
    assert [one.pk for one in list_exports(now=almost)] == [export.pk]
    assert get_export(export.pk, now=almost).pk == export.pk
    assert list_exports(now=NOW + KEPT) == []
    with pytest.raises(NotFound):
        open_export(actor=boss, salon=in_sonnenschein, export_id=export.pk, now=NOW + KEPT)
    with django_capture_on_commit_callbacks(execute=True):
        forget_expired(now=almost)
    assert len(_stored(somewhere)) == 1
    with django_capture_on_commit_callbacks(execute=True):
        forget_expired(now=NOW + KEPT)
    assert _stored(somewhere) == []
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
        _work(export)
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
        _work(export)
        secret = link_to(export)
        clock.shift(timedelta(minutes=10))
        assert read_link(secret) == (in_sonnenschein.pk, export.pk)
        open_linked(salon=in_sonnenschein, export_id=export.pk, now=timezone.now()).file.close()
        assert _actions()[-1] == "export.downloaded"
        with pytest.raises(NotFound):
            read_link(secret[:-1] + ("A" if secret[-1] != "A" else "B"))
        clock.shift(timedelta(seconds=1))
        with pytest.raises(NotFound):
            read_link(secret)


def _night(salon: Salon, day: int) -> Export:
    return write_night(salon=salon, night=date(2026, 11, day), language="de", attempt=_attempt(salon))


def test_the_night_writes_one_file_for_each_date(
    in_sonnenschein: Salon, somewhere: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    _client(in_sonnenschein)
    with django_capture_on_commit_callbacks(execute=True):
        first = _night(in_sonnenschein, 21)
    _client(in_sonnenschein)
    with django_capture_on_commit_callbacks(execute=True):
        again = _night(in_sonnenschein, 21)
    assert (again.pk, again.rows, again.expires_at) == (first.pk, 2, None)
    assert [str(path.relative_to(somewhere)) for path in _stored(somewhere)] == [again.file]
    assert list(AuditEntry.objects.values_list("actor_kind", flat=True).distinct()) == [ActorKind.SYSTEM]


def test_the_files_of_seven_nights_are_kept(
    in_sonnenschein: Salon, somewhere: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for day in range(1, NIGHTS_KEPT + 3):
            _night(in_sonnenschein, day)
    days = [export.night_of.day for export in Export.objects.order_by("night_of") if export.night_of]
    assert days == [3, 4, 5, 6, 7, 8, 9]
    assert len(_stored(somewhere)) == 7


def test_a_night_without_room_keeps_the_file_it_has(
    in_sonnenschein: Salon, somewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = _night(in_sonnenschein, 20)
    monkeypatch.setattr(files, "_storage", lambda: _FullDisk(errno.ENOSPC))
    for day in (20, 21):
        with pytest.raises(OSError, match="no room"):
            _night(in_sonnenschein, day)
    states = Export.objects.order_by("night_of").values_list("state", "error", "file")
    assert list(states) == [(ExportState.DONE, "", kept.file), (ExportState.FAILED, ExportError.DISK_FULL, "")]
    assert len(_stored(somewhere)) == 1
    # The page of the night tells of failures.
    assert [one.night_of for one in list_exports(now=NOW)] == [date(2026, 11, 20)]


def test_a_long_text_is_cut_where_a_cell_ends(ask: Callable[..., Export], in_sonnenschein: Salon) -> None:
    client = _client(in_sonnenschein)
    for day in range(1, 10):
        _note(client, "😀" * 2000, day)
    export = ask()
    _work(export)
    text = _rows(export)[1][28]
    assert len(text.encode("utf-16-le")) // 2 in {32_766, 32_767}
    assert set(text) == {"😀", "\n"}
