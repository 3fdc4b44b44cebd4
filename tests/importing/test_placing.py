"""The table is found in its file, on which sheet and below which headings; people can say otherwise (domain.md §10)."""

from collections.abc import Callable, Sequence

import pytest
from django.test import Client as Browser

from clients.importing.batches import choose, forget_clients, stored_files
from clients.importing.formats import place_of_headings
from clients.importing.placing import place_headings, read_sheet, top_of
from clients.models import Client, ImportBatch
from salon.errors import InvalidInput
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.importing.files import MANAGER, applied, checked, choices_of, counts, table, uploaded, work
from tests.importing.workbooks import several, workbook

HERE = "/s/sonnenschein/clients/import/"
HEADINGS = ("Nr.", "Vorname", "Nachname", "Telefon", "Anschrift", "Geb.")
PETRA = ("1", "Petra", "Lang", "0171 5550318", "Lindenstraße 4", "21.11.1990")
MIA = ("2", "Mia", "Groß", "", "", "")
TITLED = (("Kundenliste – Stand 20.11.2026",), ("", "Kunde", "", "Kontakt", "Anschrift"), HEADINGS, PETRA, MIA)
BOOK = {
    "Lies mich": (("Kundenkartei Salon Haarscharf",), ("Bitte nur das Blatt Kunden pflegen!",)),
    "Kunden": (HEADINGS, PETRA, MIA),
    "Alt": (("Vorname", "Nachname"), ("Ida", "Alt"), ("Ina", "Alt"), ("Udo", "Alt")),
}


@pytest.mark.parametrize(
    ("top", "place"),
    [
        ([HEADINGS, PETRA], 0),
        (TITLED, 2),
        ([("Kundenliste",), ("Name", "Telefon"), ("Anna", "030 1234567")], 1),
        ([("sep=;",), ("Vorname", "Nachname"), ("Anna", "Krüger")], 1),
        ([("Petra", "Lang"), ("Mia", "Groß")], None),
        # Words that are headings elsewhere, in lines of clients.
        ([("Anna", "Krüger", "VIP"), ("Petra", "Lang", "Newsletter"), ("Ute", "Ort", "Mail", "030 1234567")], None),
        ([("Vorname", "irgendwas"), ("Mail", "x"), ("Ort", "Tag", "a@b.example")], 0),
        # The same word over and over is one known heading, not many.
        ([("Liste",), ("Kunde", "Kunde", "Kunde"), ("Vorname", "Name", "Ort")], 2),
        ([("nur ein Titel",)], None),
        ([], None),
    ],
)
def test_the_line_of_headings_is_found_among_the_first(top: Sequence[Sequence[str]], place: int | None) -> None:
    assert place_of_headings(top) == place


@pytest.mark.django_db
@pytest.mark.parametrize("content", [table(*TITLED), table(*TITLED, delimiter=","), workbook(TITLED)])
def test_what_stands_above_the_headings_is_no_client(sonnenschein: Salon, content: bytes) -> None:
    batch = uploaded(sonnenschein, content)
    assert (batch.first_line, len(batch.above), batch.lines, batch.without_headings) == (3, 2, 2, False)
    assert batch.targets == ["", "first_name", "last_name", "phone", "street", "birthday"]
    with salon_scope(sonnenschein.pk):
        assert [line.number for line in top_of(batch)] == [1, 2, 3, 4, 5]
    batch = applied(sonnenschein, content)
    assert (counts(batch), batch.above) == ((2, 0, 0, 0), [])
    with salon_scope(sonnenschein.pk):
        assert list(Client.objects.order_by("number").values_list("first_name", flat=True)) == ["Petra", "Mia"]


@pytest.mark.django_db
def test_another_line_can_be_said_to_hold_the_headings_and_back(sonnenschein: Salon) -> None:
    batch = uploaded(sonnenschein, table(*TITLED))
    was = (batch.first_line, batch.above, batch.lines, batch.targets, batch.header)

    def said(line: int | None) -> ImportBatch:
        with salon_scope(sonnenschein.pk):
            return place_headings(actor=MANAGER, batch_id=batch.pk, salon=sonnenschein, line=line)

    second = said(2)
    assert (second.lines, second.header[1], [number for number, _cells in second.above]) == (3, "Kunde", [1])
    none = said(None)
    assert (none.lines, none.header, none.above, none.without_headings) == (5, [""] * 6, [], True)
    back = said(3)
    assert (back.first_line, back.above, back.lines, back.targets, back.header) == was
    # Below the headings there is a client.
    for wrong in (5, 77):
        with pytest.raises(InvalidInput):
            said(wrong)


@pytest.mark.django_db
def test_headings_without_a_client_below_are_no_table(sonnenschein: Salon) -> None:
    batch = uploaded(sonnenschein, table(("Kundenliste",), HEADINGS))
    assert (batch.state, batch.problem) == ("REFUSED", "empty")


@pytest.mark.django_db
def test_of_several_sheets_the_list_is_read_and_another_one_can_be(sonnenschein: Salon) -> None:
    batch = uploaded(sonnenschein, several(BOOK), "kartei.xlsx")
    assert (batch.sheet, batch.lines) == ("Kunden", 2)
    assert batch.sheets == [["Lies mich", 2], ["Kunden", 3], ["Alt", 4]]
    with salon_scope(sonnenschein.pk):
        read_sheet(actor=MANAGER, batch_id=batch.pk, sheet="Alt", now=NOW)
    batch = work(sonnenschein, batch)
    assert (batch.state, batch.sheet, batch.lines, batch.header) == ("MAPPING", "Alt", 3, ["Vorname", "Nachname"])
    assert len(batch.sheets) == 3
    with salon_scope(sonnenschein.pk):
        with pytest.raises(InvalidInput):
            read_sheet(actor=MANAGER, batch_id=batch.pk, sheet="Umsatz", now=NOW)
        choose(actor=MANAGER, batch_id=batch.pk, choices=choices_of(batch), now=NOW)
    assert counts(work(sonnenschein, batch)) == (3, 0, 0, 0)


@pytest.mark.django_db
def test_of_sheets_with_the_same_headings_the_longest_is_read_and_none_that_is_hidden(sonnenschein: Salon) -> None:
    sheets = {"A": (HEADINGS, PETRA), "B": (HEADINGS, PETRA, MIA), "C": (HEADINGS, *[PETRA] * 9)}
    batch = uploaded(sonnenschein, several(sheets, hidden="C"), "kartei.xlsx")
    assert (batch.sheet, [name for name, _rows in batch.sheets]) == ("B", ["A", "B"])


@pytest.mark.django_db
def test_a_file_is_kept_for_its_other_sheets_until_it_is_imported(sonnenschein: Salon) -> None:
    batch = uploaded(sonnenschein, several(BOOK), "kartei.xlsx")
    with salon_scope(sonnenschein.pk):
        assert stored_files() == {batch.stored_as} != {""}
    one = uploaded(sonnenschein, workbook([HEADINGS, PETRA]), "eins.xlsx")
    assert (one.stored_as, one.sheet) == ("", "Kunden")
    assert applied(sonnenschein, several(BOOK)).stored_as == ""


@pytest.mark.django_db
def test_an_erasure_reaches_the_kept_file_and_what_is_above_the_headings(
    sonnenschein: Salon, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    titled = {**BOOK, "Kunden": TITLED}
    batch = checked(sonnenschein, several(titled))
    assert batch.above
    with salon_scope(sonnenschein.pk):
        forget_clients([], traces=["+491715550318"])
        batch.refresh_from_db()
    assert (batch.stored_as, batch.above) == ("", [])


@pytest.mark.django_db
class TestOnThePage:
    """*Spalten*: which sheet is read and where its headings are stands above the columns."""

    def test_the_sheet_and_the_line_are_named_and_chosen(
        self, sonnenschein: Salon, browser_of: Callable[[User], Browser], manager: User
    ) -> None:
        batch = uploaded(sonnenschein, several({**BOOK, "Kunden": TITLED}), "kartei.xlsx")
        browser = browser_of(manager)
        html = browser.get(f"{HERE}{batch.pk}/").content.decode()
        assert "Das Blatt „Kunden“ wird gelesen. Nicht gelesen: Lies mich, Alt." in html
        assert "2 Zeilen über den Überschriften in Zeile 3 sind keine Kunden." in html
        assert "Zeile 3: Nr. · Vorname · Nachname" in html
        browser.post(f"{HERE}{batch.pk}/table/", {"sheet": "Kunden", "heading_line": "0"})
        html = browser.get(f"{HERE}{batch.pk}/").content.decode()
        assert "Keine Überschriften gefunden: Schon die erste Zeile wird als Kunde gelesen." in html
        browser.post(f"{HERE}{batch.pk}/table/", {"sheet": "Alt", "heading_line": "3"})
        html = browser.get(f"{HERE}{work(sonnenschein, batch).pk}/").content.decode()
        assert "Das Blatt „Alt“ wird gelesen. Nicht gelesen: Lies mich, Kunden." in html

    def test_one_sheet_is_no_choice(
        self, sonnenschein: Salon, browser_of: Callable[[User], Browser], manager: User
    ) -> None:
        batch = uploaded(sonnenschein, workbook([HEADINGS, PETRA]), "eins.xlsx")
        html = browser_of(manager).get(f"{HERE}{batch.pk}/").content.decode()
        assert 'name="sheet"' not in html
        assert 'name="heading_line"' in html
