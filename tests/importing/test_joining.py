"""Two lines of one person make one card that says what both say, and are undone as one (domain.md §10)."""

from datetime import date, timedelta

import pytest

from clients.details import ClientDetails
from clients.importing import stages
from clients.importing.batches import begin
from clients.importing.joining import beyond, joined_effects
from clients.importing.mapping import Wanted
from clients.importing.stages import Worker, work_on
from clients.models import CardState, CategoryAssignment, Client, ImportRow, Note
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.importing.files import MANAGER, applied, checked, counts, on_file, table, undone

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
        third, fourth = (ImportRow.objects.get(batch=previewed, number=number).plan for number in (4, 5))
    assert third["changes"][:2] == [["email", None, "petra@mail.example"], ["city", None, "Ulm"]]
    assert ["notes", None, "doppelt?"] in third["changes"]
    assert fourth["changes"] == [["notes", None, "Mobil: 0171 5550320\n\nOrt: Bonn"]]
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
        assert card.carried_last_visit_on == date(2026, 10, 14)
    assert undone(sonnenschein, batch, LATER).kept == 0
    with salon_scope(sonnenschein.pk):
        card, notes = _petra()
        assert (card.details, notes, card.carried_last_visit_on) == (before.details, set(), None)
        assert (card.treatcard_number, _categories(card)) == ("", set())


def test_cards_on_file_are_left_where_only_new_clients_are_wanted(sonnenschein: Salon) -> None:
    on_file(sonnenschein, first_name="Petra", last_name="Lang", mobile="0171 5550318")
    batch = applied(sonnenschein, table(*ROWS[:4]), known_clients="LEAVE")
    assert counts(batch) == (1, 0, 2, 0)


@pytest.mark.parametrize("block", [500, 1])
def test_a_line_joins_the_first_of_all_that_are_hers(
    sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(stages, "BLOCK", block)
    further = ("Petra", "Lang", "", "petra@mail.example", "Bonn", "", "", "", "TC-1")
    batch = applied(sonnenschein, table(*ROWS[:2], ROWS[3][:4] + ("",) * 5, further), known_clients="LEAVE")
    assert counts(batch) == (1, 2, 0, 0)
    with salon_scope(sonnenschein.pk):
        card, _notes = _petra()
        assert (card.city, card.treatcard_number) == ("Bonn", "TC-1")
        told = ImportRow.objects.get(batch=batch, number=4).plan["hints"]
    assert [(one["code"], one["cell"]) for one in told] == [("joined_line", "2")]


def test_a_card_on_file_stays_as_it_is_though_a_line_before_is_hers_too(sonnenschein: Salon) -> None:
    on_file(sonnenschein, first_name="Petra", last_name="Lang", email="petra@mail.example")
    batch = applied(sonnenschein, table(*ROWS[:2], ROWS[3]), known_clients="LEAVE", look_alikes="CREATE")
    assert counts(batch) == (1, 0, 1, 0)


def test_several_lines_fill_a_card_on_file_no_further_than_one(sonnenschein: Salon) -> None:
    header = ("Vorname", "Nachname", "Handy", "Letzter Besuch", "Gesperrt")
    hers = ("Petra", "Lang", "0171 5550318")
    applied(sonnenschein, table(header, (*hers, "01.05.2026", "")))
    batch = applied(sonnenschein, table(header, (*hers, "01.03.2024", ""), (*hers, "14.10.2026", "ja")))
    # Known since an earlier day, which was only assumed.
    assert counts(batch) == (0, 1, 1, 0)
    with salon_scope(sonnenschein.pk):
        card, _notes = _petra()
        assert (card.carried_last_visit_on, card.blocked) == (date(2026, 5, 1), False)


def test_a_card_that_was_merged_meanwhile_is_left_to_a_person(
    sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "BLOCK", 1)
    uwe = on_file(sonnenschein, first_name="Uwe", last_name="Rot")
    batch = checked(sonnenschein, table(*ROWS[:2], ROWS[3]))

    def merge() -> None:
        Client.objects.filter(first_name="Petra").update(state=CardState.MERGED, merged_into=uwe)

    with salon_scope(sonnenschein.pk):
        begin(actor=MANAGER, batch_id=batch.pk, now=NOW)
    work_on(Worker(sonnenschein, batch.pk, lambda: NOW, merge))
    with salon_scope(sonnenschein.pk):
        batch.refresh_from_db()
    assert counts(batch) == (1, 0, 0, 1)


def test_who_is_called_otherwise_or_born_on_another_day_is_left_to_a_person(sonnenschein: Salon) -> None:
    file = table(
        ("Vorname", "Nachname", "E-Mail", "Geburtstag"),
        ("Anna", "Berg", "a@mail.example", "01.02.1980"),
        ("Bernd", "Berg", "a@mail.example", ""),
        ("Anna", "Berg", "a@mail.example", "01.02.2005"),
    )
    batch = applied(sonnenschein, file)
    assert counts(batch) == (1, 0, 0, 2)
    file = table(
        ("Vorname", "Nachname", "Handy", "E-Mail", "Geburtstag"),
        ("Ida", "Rot", "0171 5550777", "", "01.02.1980"),
        ("Ida", "Rot", "0171 5550777", "ida@mail.example", ""),
        ("Ida", "Rot", "", "ida@mail.example", "01.02.2005"),
    )
    assert counts(applied(sonnenschein, file)) == (1, 1, 0, 1)


def test_whether_news_may_go_to_an_address_is_left_to_a_person(sonnenschein: Salon) -> None:
    header = ("Vorname", "Nachname", "E-Mail", "Newsletter")
    rows = [("Petra", "Lang", "petra@mail.example", word) for word in ("nein", "ja")]
    batch = applied(sonnenschein, table(header, *rows), consent_wording="Aus der alten Software")
    assert counts(batch) == (1, 0, 0, 1)
    with salon_scope(sonnenschein.pk):
        assert not _petra()[0].email_consent


def test_half_a_name_alone_may_be_anybodys_and_nobody_stands_in_a_list_without_end(sonnenschein: Salon) -> None:
    half = table(("Vorname", "Bemerkung"), ("Maria", "mag Tee"), ("Maria", "mag Kaffee"))
    assert counts(applied(sonnenschein, half)) == (1, 0, 0, 1)
    often = [("Ida", "Rot", "0171 5550777", f"Zeile {number}") for number in range(10)]
    batch = applied(sonnenschein, table(("Vorname", "Nachname", "Handy", "Bemerkung"), *often))
    assert counts(batch) == (1, 7, 0, 2)


def test_what_differs_is_noted_and_what_is_known_is_not() -> None:
    known = ClientDetails("Petra", "Lang", gender="FEMALE", mobile="+491715550318", city="Ulm")
    there = Wanted(known, treatcard_number="TC-1")
    given = ClientDetails("Petra", "Berg", gender="DIVERSE", landline="+491715550318", city="ulm", street="Hof 1")
    told = beyond(there, Wanted(given, treatcard_number="TC-2", note="mag Tee"), "DE")
    assert told.details == ClientDetails(street="Hof 1")
    assert told.treatcard_number == ""
    assert told.note.split("\n\n") == ["mag Tee", "Nachname: Berg", "Geschlecht: divers", "Treatcard-Nummer: TC-2"]


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
