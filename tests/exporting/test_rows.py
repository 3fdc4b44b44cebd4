"""What stands in the file of all clients (domain.md §10)."""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from python_calamine import CalamineWorkbook

from clients.models import CardState, Category, CategoryAssignment, Client, HealthRecord, Note
from salon.audit.models import AuditEntry
from salon.desk import client_columns, files
from salon.desk.client_columns import COLUMNS, Words, exported, next_batch
from salon.desk.exporting import Attempt, write_requested
from salon.desk.models import Export, ExportState, FileFormat
from salon.errors import InvalidInput
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import make_appointment, make_service, make_staff
from tests.conftest import NOW
from tests.exporting.writing import add_client, write_asked

BERLIN = "Europe/Berlin"


def rows_of(export: Export) -> list[list[Any]]:
    with files.open_file(export.file) as file:
        if export.file_format == FileFormat.CSV:
            return list(csv.reader(file.read().decode("utf-8-sig").splitlines(), delimiter=";"))
        return CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python()


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


def add_category(name: str, client: Client, *, deleted: bool = False) -> None:
    gone = NOW if deleted else None
    category = Category.objects.create(name=name, name_key=name.casefold(), created_at=NOW, deleted_at=gone)
    CategoryAssignment.objects.create(category=category, client=client, assigned_at=NOW)


def add_note(client: Client, text: str, day: int, *, deleted: bool = False) -> None:
    at = datetime(2026, 11, day, tzinfo=UTC)
    Note.objects.create(client=client, text=text, author_name="Bora", written_at=at, deleted_at=at if deleted else None)


def full_card(salon: Salon) -> Client:
    client = add_client(
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
        points=350,
        first_visit_on=date(2025, 3, 1),
        last_visit_on=date(2026, 11, 1),
        visits=4,
        carried_first_visit_on=date(2024, 2, 3),
        carried_last_visit_on=date(2024, 9, 9),
        carried_visits=8,
        email_consent_for="sarah@example.com",
        # Half an hour past midnight in Berlin.
        email_consent_at=datetime(2026, 10, 30, 23, 30, tzinfo=UTC),
        status="RETURNING",
        status_reason="RECENT_VISIT",
    )
    add_category("VIP", client)
    add_category("Stammkunden", client)
    add_category("Gelöscht", client, deleted=True)
    add_note(client, "Zweite Notiz", 3)
    add_note(client, "Erste Notiz", 2)
    add_note(client, "Gelöschte Notiz", 4, deleted=True)
    HealthRecord.objects.create(client=client, text="Allergie gegen PPD", author_name="Bora", written_at=NOW)
    return client


def test_the_file_says_everything_of_a_card_but_its_health(ask: Callable[..., Export], in_sonnenschein: Salon) -> None:
    full_card(in_sonnenschein)
    export = ask()
    write_asked(export)
    heads, row = rows_of(export)
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
    add_client(in_sonnenschein, birthday="29.2.")
    export = ask(language="en", file_format=FileFormat.CSV)
    write_asked(export)
    heads, row = rows_of(export)
    assert heads == ENGLISH
    assert row == [
        *("1", "Anna", "", "", "29.02.", "", "", "", "", "", "", "", "", "0", "Returning", "on file", "21.11.2026"),
        *("", "", "", "0", "0", "0", "0,00", "0,00", "no", "", "entered by staff", ""),
    ]


@pytest.mark.parametrize(
    ("agreed_at", "cells"),
    [
        ("sarah@example.com", ["yes", "31.10.2026"]),
        # She agreed on that day, but at another address: nobody said no on it.
        ("sarah@work.example", ["no", ""]),
        (None, ["no", "31.10.2026"]),
    ],
)
def test_the_day_of_a_consent_is_that_of_what_holds(
    ask: Callable[..., Export], in_sonnenschein: Salon, agreed_at: str | None, cells: list[str]
) -> None:
    client = full_card(in_sonnenschein)
    Client.objects.filter(pk=client.pk).update(email_consent_for=agreed_at)
    export = ask(language="en", file_format=FileFormat.CSV)
    write_asked(export)
    heads, row = rows_of(export)
    assert [row[heads.index(name)] for name in ("E-mail consent", "Consent on")] == cells


def test_headings_are_those_of_the_domain_in_both_languages() -> None:
    for language, expected in (("de", GERMAN), ("en", ENGLISH)):
        with translation.override(language):
            assert [str(column.heading) for column in COLUMNS] == expected


def test_only_cards_in_use_by_number(ask: Callable[..., Export], in_sonnenschein: Salon) -> None:
    first, second, third, fourth = (add_client(in_sonnenschein, last_name=name) for name in "ZYXW")
    Client.objects.filter(pk=first.pk).update(state=CardState.MERGED, merged_into=second)
    Client.objects.filter(pk=third.pk).update(state=CardState.ERASED)
    export = ask()
    write_asked(export)
    assert [row[0] for row in rows_of(export)[1:]] == [second.number, fourth.number]
    assert (export.rows, export.total, export.state) == (2, 2, ExportState.DONE)


def test_only_those_selected(ask: Callable[..., Export], in_sonnenschein: Salon) -> None:
    first, _second, third = (add_client(in_sonnenschein, last_name=name) for name in "ABC")
    export = ask(selection=[third.pk, first.pk, uuid4()])
    write_asked(export)
    assert [row[2] for row in rows_of(export)[1:]] == ["A", "C"]
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
        add_client(in_sonnenschein, last_name=name)
    export = ask()
    write_asked(export)
    assert [row[2] for row in rows_of(export)[1:]] == list("ABCDE")


@pytest.mark.parametrize("count", [2, 20])
def test_queries_do_not_grow_with_the_rows(in_sonnenschein: Salon, count: int) -> None:
    for number in range(count):
        client = add_client(in_sonnenschein, last_name=f"Nr {number}")
        add_category(f"Kategorie {number}", client)
        add_note(client, "Notiz", 2)
        make_appointment((make_service(f"Schnitt {number}"), make_staff(f"Anna {number}")), client=client)
    with CaptureQueriesContext(connection) as queries:
        batch = next_batch(exported(None), after=0, words=Words(), zone=ZoneInfo(BERLIN), now=NOW)
        assert batch is not None
        rows = list(batch.rows)
    assert (batch.size, len(rows), len(queries)) == (count, count, 6)


def test_progress_is_told_after_each_batch(
    ask: Callable[..., Export], in_sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_columns, "BATCH", 2)
    for name in "ABCDE":
        add_client(in_sonnenschein, last_name=name)
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


def test_a_long_text_is_cut_where_a_cell_ends(ask: Callable[..., Export], in_sonnenschein: Salon) -> None:
    client = add_client(in_sonnenschein)
    for day in range(1, 10):
        add_note(client, "😀" * 2000, day)
    export = ask()
    write_asked(export)
    text = rows_of(export)[1][28]
    assert len(text.encode("utf-16-le")) // 2 in {32_766, 32_767}
    assert set(text) == {"😀", "\n"}
