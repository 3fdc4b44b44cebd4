"""The preview is a table: a row per line with the cells that it fills, changes or leaves out (domain.md §10)."""

import re
from collections.abc import Callable

import pytest
from django.test import Client as Browser

from clients.importing.lines import cards_of, lines_of
from clients.models import ImportBatch, Outcome
from clients.web.import_lines import Lines, lines_table
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.importing.files import checked, on_file, table

HERE = "/s/sonnenschein/clients/import/"
FILE = (
    ("Vorname", "Nachname", "E-Mail", "Geburtstag", "Ort", "Letzter Besuch", "Kategorien"),
    ("Petra", "Lang", "petra@mail.example", "31.02.1990", "Köln", "14.10.2026", "VIP, Farbe"),
    ("Mia", "Groß", "mia@mail.example", "", "", "", ""),
    ("Ida", "Alt", "ida@mail.example", "", "Ulm", "", ""),
    ("", "", "niemand@mail.example", "", "", "", ""),
)

pytestmark = pytest.mark.django_db


def _table(salon: Salon, batch: ImportBatch, outcome: Outcome) -> Lines:
    with salon_scope(salon.pk):
        rows = lines_of(batch, outcome=outcome).rows
        return lines_table(rows, cards_of(rows), batch, salon)


def test_every_field_that_a_line_fills_or_leaves_out_is_a_column(sonnenschein: Salon) -> None:
    on_file(sonnenschein, first_name="Ida", last_name="Alt", email="ida@mail.example")
    batch = checked(sonnenschein, table(*FILE), leave_out_cells=True)
    new = _table(sonnenschein, batch, Outcome.CREATE)
    assert [str(one) for one in new.columns] == [
        "E-Mail", "Ort", "Geburtstag", "Kundenkategorien", "Kunde seit", "Letzter Besuch",
    ]  # fmt: skip
    petra, mia = new.rows
    told = [[change.new for change in cell.changes] or cell.left_out for cell in petra.cells]
    assert told == [
        ["petra@mail.example"], ["Köln"], ["31.02.1990"], ["VIP", "Farbe"], ["14.10.2026"], ["14.10.2026"],
    ]  # fmt: skip
    assert (petra.remarks, petra.is_change) == (1, False)
    assert [bool(cell.changes) for cell in mia.cells] == [True, False, False, False, True, False]
    assert petra.given[3] == ("Geburtstag", "31.02.1990")
    changed = _table(sonnenschein, batch, Outcome.UPDATE)
    assert [str(one) for one in changed.columns] == ["Ort"]
    assert changed.rows[0].is_change
    assert _table(sonnenschein, batch, Outcome.FAULTY).columns == []


def test_the_page_shows_one_row_per_line_and_all_about_it_below(
    sonnenschein: Salon, browser_of: Callable[[User], Browser], manager: User
) -> None:
    batch = checked(sonnenschein, table(*FILE), leave_out_cells=True)
    browser = browser_of(manager)
    html = browser.get(f"{HERE}{batch.pk}/").content.decode()
    assert html.count('<tr class="import-line">') == html.count('<tr class="import-more">') == 3
    assert re.search(r'<del class="import-gone">.*31\.02\.1990</del>', html)
    assert "So steht es in der Datei" in html
    faulty = browser.get(f"{HERE}{batch.pk}/?show=FAULTY").content.decode()
    assert '<th scope="col">Grund</th>' in faulty
    assert faulty.count("Der Name fehlt.") == 1
