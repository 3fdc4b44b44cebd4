"""Faulty lines that are mended and imported again fill the cards that were made without them (domain.md §10)."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser

from clients.importing.formats import OUR_COLUMNS
from clients.models import Client, ImportBatch
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.importing.files import applied, checked, counts, on_file, table, undone

pytestmark = pytest.mark.django_db
HEADER = ("Vorname", "Nachname", "Handy", "E-Mail", "Geburtstag", "Ort")
WEISS = ("Kathrin", "Weiß", "12", "", "31.02.1980", "Ulm")
MAYER = ("Ayşe", "Mayer", "0171 5550318", "ayse(at)mail.example", "", "")
NOBODY = ("", "", "0171 5550319", "", "", "")
NUMBER = "Nummer der angelegten Karte"
type Line = dict[str, str]


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], manager: User) -> Browser:
    return browser_of(manager)


def _faulty(browser: Browser, batch: ImportBatch) -> list[Line]:
    answer: Any = browser.get(f"/s/sonnenschein/clients/import/{batch.pk}/faulty/")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def _again(lines: list[Line], *mended: Line) -> bytes:
    """Return the file of faulty lines as it is sent again, some of its cells mended."""
    return table(list(lines[0]), *([*(line | mend).values()] for line, mend in zip(lines, mended, strict=True)))


def test_a_mended_line_fills_the_card_that_was_made_without_it(browser: Browser, sonnenschein: Salon) -> None:
    on_file(sonnenschein, first_name="Petra")
    batch = applied(sonnenschein, table(HEADER, WEISS, NOBODY, MAYER), leave_out_cells=True)
    assert (counts(batch), batch.incomplete) == ((2, 0, 0, 1), 2)
    lines = _faulty(browser, batch)
    assert [line[NUMBER] for line in lines] == ["2", "", "3"]
    phone, email = {"Handy": "0171 5550400", "Geburtstag": "08.10.1986"}, {"E-Mail": "ayse@mail.example"}
    mended = (phone, {"Vorname": "Ida"}, email)
    again = applied(sonnenschein, _again(lines, *mended))
    assert counts(again) == (1, 2, 0, 0)
    with salon_scope(sonnenschein.pk):
        _petra, kathrin, ayse, ida = Client.objects.order_by("number")
        assert (kathrin.mobile, kathrin.details.birthday, kathrin.city) == ("+491715550400", "1986-10-08", "Ulm")
        assert (ayse.email, ayse.mobile) == ("ayse@mail.example", "+491715550318")
        assert ida.first_name == "Ida"


def test_a_name_that_was_mended_too_is_still_hers(browser: Browser, sonnenschein: Salon) -> None:
    lines = _faulty(browser, applied(sonnenschein, table(HEADER, WEISS), leave_out_cells=True))
    mended = {"Vorname": "Katrin", "Handy": "0171 5550400", "Geburtstag": ""}
    assert counts(applied(sonnenschein, _again(lines, mended))) == (0, 1, 0, 0)


def test_a_line_that_is_still_faulty_keeps_the_number(browser: Browser, sonnenschein: Salon) -> None:
    lines = _faulty(browser, applied(sonnenschein, table(HEADER, WEISS), leave_out_cells=True))
    lines = _faulty(browser, applied(sonnenschein, _again(lines, {"Handy": "noch nicht"})))
    assert (lines[0][NUMBER], list(lines[0]).count(NUMBER)) == ("1", 1)
    mended = _again(lines, {"Handy": "0171 5550400", "Geburtstag": ""})
    assert counts(applied(sonnenschein, mended)) == (0, 1, 0, 0)


def test_in_our_own_export_it_stands_where_the_number_stood(browser: Browser, sonnenschein: Salon) -> None:
    on_file(sonnenschein, first_name="Petra")
    headings = [german for german, _english, _target in OUR_COLUMNS]
    given = {"Kundennr.": "1", "Vorname": "Kathrin", "Nachname": "Weiß", "Mobil": "12", "Ort": "Ulm"}
    content = table(headings, [given.get(heading, "") for heading in headings])
    lines = _faulty(browser, applied(sonnenschein, content, leave_out_cells=True))
    assert (lines[0]["Kundennr."], NUMBER in lines[0]) == ("2", False)
    assert counts(applied(sonnenschein, _again(lines, {"Mobil": "0171 5550400"}))) == (0, 1, 0, 0)


def test_the_number_of_a_card_that_was_taken_back_names_nobody(browser: Browser, sonnenschein: Salon) -> None:
    batch = applied(sonnenschein, table(HEADER, WEISS), leave_out_cells=True)
    lines = _faulty(browser, batch)
    undone(sonnenschein, batch)
    assert NUMBER not in _faulty(browser, batch)[0]
    assert counts(checked(sonnenschein, _again(lines, {"Handy": "", "Geburtstag": ""}))) == (1, 0, 0, 0)


def test_before_the_import_only_what_is_left_out_is_sent_back(browser: Browser, sonnenschein: Salon) -> None:
    batch = checked(sonnenschein, table(HEADER, WEISS, NOBODY), leave_out_cells=True)
    assert [line["Vorname"] for line in _faulty(browser, batch)] == [""]
    html = browser.get(f"/s/sonnenschein/clients/import/{batch.pk}/").content.decode()
    assert "Nach dem Import" in html
