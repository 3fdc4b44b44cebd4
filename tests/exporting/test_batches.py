"""What one card, and one batch, must not make of the next (domain.md §10)."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from clients.models import CategoryAssignment, Client
from salon.desk.client_columns import Words, exported, next_batch
from salon.desk.models import Export
from salon.desk.workbook import Cell
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.exporting.test_rows import add_category, add_note, full_card, rows_of
from tests.exporting.writing import add_client, write_asked

# Where the first name, the categories and the notes stand.
TOLD = (1, 11, 28)


def told_of(clients: QuerySet[Client]) -> list[list[Cell]]:
    batch = next_batch(clients, after=0, words=Words(), zone=ZoneInfo("Europe/Berlin"), now=NOW)
    assert batch is not None
    return [[row[index] for index in TOLD] for row in batch.rows]


def test_what_a_card_lacks_stays_empty_behind_a_full_one(ask: Callable[..., Export], in_sonnenschein: Salon) -> None:
    full_card(in_sonnenschein)
    add_client(in_sonnenschein)
    export = ask()
    write_asked(export)
    heads, full, lacking = rows_of(export)
    assert all(full[heads.index(head)] for head in ("Nachname", "Geburtstag", "Kategorien", "Einwilligung am"))
    filled = {head: cell for head, cell in zip(heads, lacking, strict=True) if cell != ""}
    assert list(filled) == [
        *("Kundennr.", "Vorname", "Punkte", "Status", "Grund", "Kunde seit", "Besuche", "Absagen", "Nicht erschienen"),
        *("Umsatz Leistungen", "Umsatz Artikel", "Einwilligung E-Mail", "Quelle"),
    ]


def test_ids_need_not_ascend_with_numbers(in_sonnenschein: Salon) -> None:
    clients = [add_client(in_sonnenschein, first_name=name) for name in "ABC"]
    for client, number in zip(clients, (20, 30, 10), strict=True):
        Client.objects.filter(pk=client.pk).update(number=number)
        add_category(f"Kategorie {client.first_name}", client)
        add_note(client, f"Notiz {client.first_name}", 2)
    assert told_of(exported(None)) == [
        ["C", "Kategorie C", "Notiz C"],
        ["A", "Kategorie A", "Notiz A"],
        ["B", "Kategorie B", "Notiz B"],
    ]


def test_a_card_of_another_batch_between_them_changes_nothing(in_sonnenschein: Salon) -> None:
    first, between, last = (add_client(in_sonnenschein, first_name=name) for name in "ABC")
    add_category("Stammkunden", first)
    shared = CategoryAssignment.objects.get().category
    for client in (between, last):
        CategoryAssignment.objects.create(category=shared, client=client, assigned_at=NOW)
    Client.objects.filter(pk=between.pk).update(number=1000)
    add_note(between, "Nicht hier", 2)
    assert told_of(exported(None).filter(number__lt=1000)) == [["A", "Stammkunden", None], ["C", "Stammkunden", None]]
