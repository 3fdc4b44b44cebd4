"""What of a file is left out, and what is told of it: the erased, the faulty, the odd (domain.md §2, §7, §10)."""

import pytest

from clients.importing.formats import OUR_COLUMNS
from clients.models import CarriedService, Client, ImportBatch, ImportRow
from salon.desk.erasure import erase_card
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import make_service
from tests.conftest import NOW
from tests.importing.files import OWNER, applied, checked, counts, on_file, table, undone

pytestmark = pytest.mark.django_db
OURS = [german for german, _english, _target in OUR_COLUMNS]


def _export(*people: dict[str, str]) -> bytes:
    """Return lines of an export of ours, made before anything happened."""
    return table(OURS, *([one.get(heading, "") for heading in OURS] for one in people))


def _line(batch: ImportBatch, number: int) -> ImportRow:
    return ImportRow.objects.get(batch=batch, number=number)


PETRA = {
    "Kundennr.": "1",
    "Vorname": "Petra",
    "E-Mail": "petra@mail.example",
    "Mobil": "+491715550318",
    "Ort": "Ulm",
}
MIA = {"Kundennr.": "2", "Vorname": "Mia", "E-Mail": "mia@mail.example"}
ERASED = {"target": "", "code": "erased", "cell": "1"}


@pytest.fixture
def without_petra(sonnenschein: Salon) -> Salon:
    """A salon that has erased client no. 1 and has no. 2."""
    petra = on_file(sonnenschein, first_name="Petra", email="petra@mail.example")
    on_file(sonnenschein, first_name="Mia", email="mia@mail.example")
    with salon_scope(sonnenschein.pk):
        erase_card(actor=OWNER, salon=sonnenschein, client_id=petra.pk, now=NOW)
    return sonnenschein


def test_who_was_erased_does_not_come_back_by_an_old_export(without_petra: Salon) -> None:
    batch = checked(without_petra, _export(PETRA, MIA))
    assert (counts(batch), batch.erased) == ((0, 0, 1, 1), 1)
    with salon_scope(without_petra.pk):
        assert _line(batch, 2).plan["problems"] == [ERASED]
        assert _line(batch, 2).plan["name"] == "Petra"


def test_nor_does_the_card_she_has_by_now_get_back_what_was_erased(without_petra: Salon) -> None:
    anew = on_file(without_petra, first_name="Petra", email="petra@mail.example")
    batch = applied(without_petra, _export(PETRA))
    assert counts(batch) == (0, 0, 0, 1)
    with salon_scope(without_petra.pk):
        anew.refresh_from_db()
        assert (anew.city, anew.mobile) == ("", "")


def test_nothing_of_her_is_kept_once_the_file_is_imported(without_petra: Salon) -> None:
    batch = applied(without_petra, _export(PETRA, MIA, {**MIA, "Kundennr.": "3", "Vorname": "Ida", "E-Mail": "kein@"}))
    assert counts(batch) == (0, 0, 1, 2)
    with salon_scope(without_petra.pk):
        left = _line(batch, 2)
        assert (left.cells, left.plan["problems"], left.plan["name"], left.plan["contact"]) == ([], [ERASED], "", "")
        assert _line(batch, 4).plan["name"] == "Ida"


def test_on_purpose_she_is_taken_in_with_a_new_number(without_petra: Salon) -> None:
    batch = applied(without_petra, _export(PETRA, MIA), take_erased=True)
    assert (counts(batch), batch.erased) == ((1, 0, 1, 0), 0)
    with salon_scope(without_petra.pk):
        assert _line(batch, 2).plan["hints"] == [{"target": "", "code": "erased_again", "cell": "1"}]
        petra = Client.objects.listed().get(first_name="Petra")
        assert (petra.number, petra.email, petra.city) == (3, "petra@mail.example", "Ulm")


def test_what_an_undone_import_left_of_its_cards_was_never_erased(sonnenschein: Salon) -> None:
    content = _export({**PETRA, "Treatcard-Nr.": "AB1", "Punkte": "50"})
    undone(sonnenschein, applied(sonnenschein, content))
    with salon_scope(sonnenschein.pk):
        assert Client.objects.get(number=1).state == "ERASED"
    assert counts(checked(sonnenschein, content)) == (1, 0, 0, 0)


FAULTY = table(
    ("Vorname", "Nachname", "E-Mail", "Telefon", "Geburtstag", "Treatcard-Nr.", "Punkte", "Ort"),
    ("Jörg", "Müßig", "joerg@mail.example", "0171 5550318", "31.02.1980", "", "", "Ulm"),
    ("Uwe", "Testmann", "uwe@", "12", "01.01.1800", "TC1", "viele", "Köln"),
    ("", "", "wer@mail.example", "", "", "", "", ""),
    ("Zwilling", "Müßig", "joerg@mail.example", "0171 5550318", "", "", "", ""),
    ("Ute", "Test", "ute@mail.example", "", "", "TC1", "", ""),
    ("Ida", "Gut", "ida@mail.example", "", "", "", "", ""),
)


def test_one_bad_cell_throws_the_whole_line_away_unless_told_otherwise(sonnenschein: Salon) -> None:
    batch = checked(sonnenschein, FAULTY)
    assert (counts(batch), batch.incomplete) == ((3, 0, 0, 3), 0)


def test_faulty_cells_can_be_left_out_and_the_clients_made_anyway(sonnenschein: Salon) -> None:
    batch = applied(sonnenschein, FAULTY, leave_out_cells=True)
    assert (counts(batch), batch.incomplete) == ((4, 0, 0, 2), 3)
    with salon_scope(sonnenschein.pk):
        joerg, uwe, ute, ida = Client.objects.order_by("number")
        assert (joerg.first_name, joerg.details.birthday, joerg.city) == ("Jörg", "", "Ulm")
        assert joerg.mobile == "+491715550318"
        assert (uwe.email, uwe.mobile, uwe.details.birthday, uwe.treatcard_number, uwe.points, uwe.city) == (
            "", "", "", "TC1", 0, "Köln",
        )  # fmt: skip
        assert (ute.first_name, ute.treatcard_number, ida.first_name) == ("Ute", "", "Ida")
        lines = ImportRow.objects.filter(batch=batch).order_by("number")
        assert [(row.number, row.outcome, row.incomplete) for row in lines] == [
            (2, "CREATE", True), (3, "CREATE", True), (4, "FAULTY", False), (5, "FAULTY", False),
            (6, "CREATE", True), (7, "CREATE", False),
        ]  # fmt: skip
        told = {row.number: [(one["target"], one["code"]) for one in row.plan["left_out"]] for row in lines}
        assert told[2] == [("birthday", "no_such_day")]
        assert sorted(told[3]) == [
            ("birthday", "past"),
            ("email", "invalid"),
            ("mobile", "invalid"),
            ("points", "no_count"),
        ]
        assert (told[4], told[5], told[6], told[7]) == ([], [], [("treatcard_number", "treatcard_line")], [])


def _hints(salon: Salon, header: tuple[str, ...], *cells: str) -> list[tuple[str, str, str]]:
    batch = checked(salon, table(header, cells))
    assert batch.faulty == 0
    with salon_scope(salon.pk):
        return [(one["target"], one["code"], one["cell"]) for one in _line(batch, 2).plan["hints"]]


POINTS = ("Vorname", "Treatcard-Nr.", "Punkte")


def test_points_without_a_treatcard_open_no_balance(sonnenschein: Salon) -> None:
    assert _hints(sonnenschein, POINTS, "Pia", "", "300") == [("points", "points_without_card", "300")]
    assert _hints(sonnenschein, POINTS, "Pia", "", "0") == []
    assert _hints(sonnenschein, POINTS, "Pia", "AB1", "300") == []
    applied(sonnenschein, table(POINTS, ("Pia", "", "300")))
    with salon_scope(sonnenschein.pk):
        assert Client.objects.get().points == 0
    # The card that is on file is one, too.
    applied(sonnenschein, table(POINTS, ("Pia", "AB1", "")))
    assert _hints(sonnenschein, POINTS, "Pia", "", "300") == []


def test_a_balance_below_zero_is_told(sonnenschein: Salon) -> None:
    assert _hints(sonnenschein, POINTS, "Pia", "AB1", "-50") == [("points", "points_owed", "-50")]


def test_services_that_the_salon_has_not_got_are_told(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        make_service("Föhnen")
    header = ("Vorname", "Leistungen")
    assert _hints(sonnenschein, header, "Pia", "foehnen x2; Gibtsnicht") == [
        ("services", "service_unknown", "Gibtsnicht")
    ]
    applied(sonnenschein, table(header, ("Pia", "Gibtsnicht")))
    with salon_scope(sonnenschein.pk):
        assert CarriedService.objects.get().name == "Gibtsnicht"
