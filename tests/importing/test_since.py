"""Since when somebody is on file whom an import brings along with her visits (domain.md §4.2, §10)."""

from datetime import UTC, date, datetime

import pytest

from clients.importing.batches import begin
from clients.models import Client, ImportBatch, ImportRow
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.importing.files import MANAGER, applied, checked, counts, on_file, table, undone, work

pytestmark = pytest.mark.django_db
IMPORTED = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
VISITS = (
    ("Vorname", "Nachname", "Mobil", "Erster Besuch", "Letzter Besuch"),
    ("Otto", "Altgast", "0171 5550701", "05.01.2019", "01.03.2023"),
    ("Olga", "Braun", "0171 5550702", "05.01.2020", "01.09.2026"),
    ("Lea", "Letzt", "0171 5550703", "", "10.02.2024"),
    ("Nina", "Neu", "0171 5550704", "", ""),
)


def _imported(salon: Salon, *rows: tuple[str, ...], known_clients: str = "FILL") -> ImportBatch:
    batch = checked(salon, table(*rows), known_clients=known_clients)
    with salon_scope(salon.pk):
        begin(actor=MANAGER, batch_id=batch.pk, now=IMPORTED)
    return work(salon, batch, IMPORTED)


def test_who_has_been_here_was_on_file_no_later_than_that(sonnenschein: Salon) -> None:
    assert counts(_imported(sonnenschein, *VISITS)) == (4, 0, 0, 0)
    with salon_scope(sonnenschein.pk):
        told = Client.objects.order_by("number").values_list(
            "first_name", "listed_on", "status", "status_reason", "status_changes_on"
        )
        assert list(told) == [
            ("Otto", date(2019, 1, 5), "NEW", "LAPSED", None),
            ("Olga", date(2020, 1, 5), "RETURNING", "RECENT_VISIT", date(2027, 9, 2)),
            ("Lea", date(2024, 2, 10), "NEW", "LAPSED", None),
            ("Nina", date(2026, 11, 23), "RETURNING", "LISTED", date(2027, 11, 24)),
        ]


def test_what_the_file_says_itself_holds(sonnenschein: Salon) -> None:
    rows = [(*VISITS[0], "Kunde seit"), (*VISITS[1], "01.06.2022"), (*VISITS[2], "")]
    _imported(sonnenschein, *rows)
    with salon_scope(sonnenschein.pk):
        listed = dict(Client.objects.values_list("first_name", "listed_on"))
        assert listed == {"Otto": date(2022, 6, 1), "Olga": date(2020, 1, 5)}


def test_the_preview_says_where_the_day_comes_from(sonnenschein: Salon) -> None:
    rows = [(*one, since) for one, since in zip(VISITS, ("Kunde seit", "", "", "", ""), strict=True)]
    rows.append(("Gesa", "Gesagt", "0171 5550705", "", "", "03.05.2021"))
    checked(sonnenschein, table(*rows))
    with salon_scope(sonnenschein.pk):
        plans = ImportRow.objects.order_by("number").values_list("plan", flat=True)
        assert [[one for one in plan["remarks"] if one[0] == "listed_on"] for plan in plans] == [
            [["listed_on", "2019-01-05", "by_first_visit"]],
            [["listed_on", "2020-01-05", "by_first_visit"]],
            [["listed_on", "2024-02-10", "by_last_visit"]],
            [["listed_on", "2026-11-21", "by_import"]],
            [],
        ]


@pytest.mark.parametrize("known", ["FILL", "UPDATE"])
def test_a_card_on_file_stays_on_file_since_its_day(sonnenschein: Salon, known: str) -> None:
    mine = on_file(sonnenschein, first_name="Otto", last_name="Altgast", mobile="0171 5550701")
    # Imported at first without her visits, but with a day.
    said = [(*VISITS[0][:3], "Kunde seit"), (*VISITS[2][:3], f"{mine.listed_on:%d.%m.%Y}")]
    applied(sonnenschein, table(*said))
    batch = _imported(sonnenschein, *VISITS[:3], known_clients=known)
    assert counts(batch) == (0, 2, 0, 0)
    with salon_scope(sonnenschein.pk):
        assert set(Client.objects.values_list("listed_on", flat=True)) == {mine.listed_on}


WITHOUT = tuple(row[:3] for row in VISITS)


@pytest.mark.parametrize("known", ["FILL", "UPDATE"])
def test_a_day_that_was_only_assumed_gives_way_to_what_another_file_knows(sonnenschein: Salon, known: str) -> None:
    _imported(sonnenschein, *WITHOUT)
    _imported(sonnenschein, *VISITS, known_clients=known)
    with salon_scope(sonnenschein.pk):
        told = Client.objects.order_by("number").values_list("first_name", "listed_on", "status", "status_reason")
        assert list(told) == [
            ("Otto", date(2019, 1, 5), "NEW", "LAPSED"),
            ("Olga", date(2020, 1, 5), "RETURNING", "RECENT_VISIT"),
            ("Lea", date(2024, 2, 10), "NEW", "LAPSED"),
            ("Nina", date(2026, 11, 23), "RETURNING", "LISTED"),
        ]


def test_step_by_step_every_file_that_knows_better_is_believed_until_one_says_the_day(sonnenschein: Salon) -> None:
    head = (*WITHOUT[0], "Kunde seit", "Letzter Besuch")
    _imported(sonnenschein, *WITHOUT[:2])
    seen = []
    for since, visit in (("", "10/2024"), ("2015", ""), ("2012", ""), ("", "01.01.2010")):
        _imported(sonnenschein, head, (*WITHOUT[1], since, visit))
        with salon_scope(sonnenschein.pk):
            otto = Client.objects.get()
        seen.append((otto.listed_on, otto.status_reason))
    assert seen == [
        (date(2024, 10, 31), "LAPSED"),
        (date(2015, 1, 1), "LAPSED"),
        (date(2015, 1, 1), "LAPSED"),
        (date(2015, 1, 1), "LAPSED"),
    ]


def test_a_later_day_moves_no_card_and_an_undo_makes_the_day_assumed_again(sonnenschein: Salon) -> None:
    head = (*WITHOUT[0], "Kunde seit")
    _imported(sonnenschein, VISITS[0], VISITS[3])
    _imported(sonnenschein, head, (*WITHOUT[3], "01.06.2025"))
    with salon_scope(sonnenschein.pk):
        assert Client.objects.get().listed_on == date(2024, 2, 10)
    second = _imported(sonnenschein, head, (*WITHOUT[3], "2020"))
    undone(sonnenschein, second, IMPORTED)
    with salon_scope(sonnenschein.pk):
        assert Client.objects.get().listed_on == date(2024, 2, 10)
    _imported(sonnenschein, head, (*WITHOUT[3], "2021"))
    with salon_scope(sonnenschein.pk):
        assert Client.objects.get().listed_on == date(2021, 1, 1)


def test_the_preview_says_what_is_known_only_about(sonnenschein: Salon) -> None:
    checked(sonnenschein, table((*VISITS[0], "Kunde seit", "PLZ"), (*WITHOUT[1], "", "05/2026", "2019", "6108")))
    with salon_scope(sonnenschein.pk):
        plan = ImportRow.objects.get().plan
        assert sorted(plan["remarks"]) == [
            ["carried_last_visit_on", "2026-05-31", "about_latest"],
            ["listed_on", "2019-01-01", "about_earliest"],
            ["postal_code", "06108", "zero_added"],
        ]
