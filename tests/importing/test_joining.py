"""Two lines of one person make one card that says what both say, and are undone as one (domain.md §10)."""

from datetime import date, timedelta

import pytest

from clients.details import ClientDetails
from clients.importing import stages
from clients.importing.joining import beyond, joined_effects
from clients.importing.mapping import Wanted
from clients.models import CategoryAssignment, Client, ImportRow, Note
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.importing.files import applied, checked, counts, on_file, table, undone

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)
HEADER = ("Vorname", "Nachname", "Handy", "E-Mail", "Ort", "Bemerkung", "Kategorie", "Letzter Besuch", "Treatcard-Nr.")
ROWS = (
    HEADER,
    ("Petra", "Lang", "0171 5550318", "", "", "mag Tee", "VIP", "01.03.2024", ""),
    ("Uwe", "Blau", "0171 5550319", "", "Ulm", "", "", "", ""),
    ("Petra", "Lang", "0171 5550318", "petra@mail.example", "Ulm", "doppelt?", "VIP,Farbe", "14.10.2026", "TC-1"),
    ("Petra", "Lang", "0171 5550320", "petra@mail.example", "Bonn", "mag Tee", "", "", ""),
)


def _petra() -> tuple[Client, set[str]]:
    card = Client.objects.get(first_name="Petra")
    return card, set(Note.objects.filter(client=card, deleted_at=None).values_list("text", flat=True))


def _categories(card: Client) -> set[str]:
    return set(CategoryAssignment.objects.filter(client=card).values_list("category__name", flat=True))


@pytest.mark.parametrize("block", [500, 1])
def test_a_further_line_fills_the_card_of_the_first_one(
    sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(stages, "BLOCK", block)
    previewed = checked(sonnenschein, table(*ROWS))
    assert counts(previewed) == (2, 2, 0, 0)
    with salon_scope(sonnenschein.pk):
        third = ImportRow.objects.get(batch=previewed, number=4).plan
    assert third["changes"][:2] == [["email", None, "petra@mail.example"], ["city", None, "Ulm"]]
    assert ["notes", None, "doppelt?"] in third["changes"]
    assert (third["name"], [one["code"] for one in third["hints"]]) == ("Petra Lang", ["joined_line"])
    batch = applied(sonnenschein, table(*ROWS))
    assert counts(batch) == (2, 2, 0, 0)
    with salon_scope(sonnenschein.pk):
        card, notes = _petra()
        assert (card.mobile, card.email, card.city) == ("+491715550318", "petra@mail.example", "Ulm")
        assert (card.treatcard_number, card.last_success_on) == ("TC-1", date(2026, 10, 14))
        # What says something else than the card is not lost.
        assert notes == {"mag Tee", "doppelt?", "Mobil: 0171 5550320\n\nOrt: Bonn"}
        assert _categories(card) == {"VIP", "Farbe"}
    back = undone(sonnenschein, batch, LATER)
    assert back.kept == 0
    with salon_scope(sonnenschein.pk):
        assert not Client.objects.filter(first_name="Petra").exists()


@pytest.mark.parametrize("block", [500, 1])
def test_what_two_lines_did_to_one_card_on_file_is_undone_as_one(
    sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(stages, "BLOCK", block)
    before = on_file(sonnenschein, first_name="Petra", last_name="Lang", mobile="0171 5550318")
    batch = applied(sonnenschein, table(*ROWS))
    assert counts(batch) == (1, 3, 0, 0)
    with salon_scope(sonnenschein.pk):
        card, notes = _petra()
        assert (card.email, card.city, len(notes)) == ("petra@mail.example", "Ulm", 3)
    assert undone(sonnenschein, batch, LATER).kept == 0
    with salon_scope(sonnenschein.pk):
        card, notes = _petra()
        assert (card.details, notes, card.carried_last_visit_on) == (before.details, set(), None)
        assert (card.treatcard_number, _categories(card)) == ("", set())


def test_cards_on_file_are_left_where_only_new_clients_are_wanted(sonnenschein: Salon) -> None:
    on_file(sonnenschein, first_name="Petra", last_name="Lang", mobile="0171 5550318")
    batch = applied(sonnenschein, table(*ROWS[:4]), known_clients="LEAVE")
    assert counts(batch) == (1, 0, 2, 0)


def test_who_is_called_otherwise_or_born_on_another_day_is_left_to_a_person(sonnenschein: Salon) -> None:
    file = table(
        ("Vorname", "Nachname", "E-Mail", "Geburtstag"),
        ("Anna", "Berg", "a@mail.example", "01.02.1980"),
        ("Bernd", "Berg", "a@mail.example", ""),
        ("Anna", "Berg", "a@mail.example", "01.02.2005"),
    )
    batch = applied(sonnenschein, file)
    assert counts(batch) == (1, 0, 0, 2)


def test_half_a_name_alone_may_be_anybodys_and_nobody_stands_in_a_list_without_end(sonnenschein: Salon) -> None:
    half = table(("Vorname", "Bemerkung"), ("Maria", "mag Tee"), ("Maria", "mag Kaffee"))
    assert counts(applied(sonnenschein, half)) == (1, 0, 0, 1)
    often = [("Ida", "Rot", "0171 5550777", f"Zeile {number}") for number in range(10)]
    batch = applied(sonnenschein, table(("Vorname", "Nachname", "Handy", "Bemerkung"), *often))
    assert counts(batch) == (1, 7, 0, 2)


def test_what_differs_is_noted_and_what_is_known_is_not() -> None:
    there = Wanted(ClientDetails("Petra", "Lang", mobile="+491715550318", city="Ulm"), treatcard_number="TC-1")
    given = ClientDetails("Petra", "Berg", landline="+491715550318", city="ulm", street="Hof 1")
    told = beyond(there, Wanted(given, treatcard_number="TC-2", note="mag Tee"), "DE")
    assert told.details == ClientDetails(street="Hof 1")
    assert (told.treatcard_number, told.note.split("\n\n")[0], len(told.note.split("\n\n"))) == ("", "mag Tee", 3)


def test_effects_are_told_from_before_to_afterwards() -> None:
    first = {"details": {"city": ["", "Ulm"]}, "facts": {"carried_last_visit_on": ["", "2024-03-01"]}, "notes": ["a"]}
    later = {
        "details": {"email": ["", "p@x"]},
        "facts": {"carried_last_visit_on": ["2024-03-01", "2026-10-14"]},
        "notes": ["b"],
        "consent": "c",
    }
    assert joined_effects(first, later) == {
        "details": {"city": ["", "Ulm"], "email": ["", "p@x"]},
        "facts": {"carried_last_visit_on": ["", "2026-10-14"]},
        "notes": ["a", "b"],
        "consent": "c",
    }
