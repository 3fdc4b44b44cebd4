"""The pages of an import (ui.md §2.3): one address from upload to undo, safe to reload and to have open twice."""

import csv
import io
from collections.abc import Callable
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from python_calamine import CalamineWorkbook

from clients.details import ClientDetails
from clients.editing import create_client
from clients.importing.formats import OUR_COLUMNS
from clients.models import Client, CreatedVia, ImportBatch, ImportRow
from salon.desk.erasure import erase_card
from salon.identity.models import User
from salon.identity.roles import Actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.importing.files import (
    OWNER,
    PHOREST,
    SHORE,
    applied,
    checked,
    counts,
    on_file,
    table,
    undone,
    uploaded,
    work,
)

pytestmark = pytest.mark.django_db
HERE = "/s/sonnenschein/clients/import/"


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], manager: User) -> Browser:
    return browser_of(manager)


def _send(browser: Browser, content: bytes, name: str = "kunden.csv", **more: str) -> Any:
    return browser.post(HERE, {"file": SimpleUploadedFile(name, content), **more})


def _only(salon: Salon) -> ImportBatch:
    with salon_scope(salon.pk):
        return ImportBatch.objects.get()


def _columns(batch: ImportBatch, **given: str) -> dict[str, str]:
    chosen = {f"column_{index}": target for index, target in enumerate(batch.targets)}
    options = {"known_clients": "FILL", "look_alikes": "CREATE", "day_order": "DMY", "create_categories": "on"}
    return {**chosen, **options, **given}


def test_from_upload_to_undo(browser: Browser, sonnenschein: Salon) -> None:
    answer = _send(browser, SHORE.encode())
    batch = _only(sonnenschein)
    page = f"{HERE}{batch.pk}/"
    assert (answer.status_code, answer["Location"]) == (302, page)
    assert "wird gelesen" in browser.get(page).content.decode()
    batch = work(sonnenschein, batch)

    html = browser.get(page).content.decode()
    assert "erkannt als Shore" in html
    assert "Lindenstraße 4" in html
    assert browser.post(f"{page}columns/", _columns(batch, consent_wording="Newsletter"))["Location"] == page
    assert "0 von 2 Zeilen" in browser.get(page).content.decode()
    batch = work(sonnenschein, batch)

    html = browser.get(page).content.decode()
    assert "Noch ist nichts gespeichert." in html
    assert "0171 5550318" in html
    with salon_scope(sonnenschein.pk):
        assert not Client.objects.exists()
    assert browser.post(f"{page}begin/")["Location"] == page
    batch = work(sonnenschein, batch)
    html = browser.get(page).content.decode()
    assert "Importiert: 2 neu, 0 geändert" in html
    assert "bleiben die Nummern der neuen Kunden vergeben" in html

    assert browser.post(f"{page}undo/")["Location"] == page
    batch = work(sonnenschein, batch)
    html = browser.get(page).content.decode()
    assert "Der Import ist rückgängig gemacht." in html
    assert "Nur die Kundennummern bleiben vergeben" in html
    assert "kunden.csv" in browser.get(HERE).content.decode()


def test_a_file_that_is_too_large_is_told(browser: Browser, sonnenschein: Salon) -> None:
    answer = _send(browser, b"Vorname\n" + b"x" * (40 * 1024 * 1024))
    assert answer.status_code == 422
    assert "größer als 25 MB" in answer.content.decode()
    with salon_scope(sonnenschein.pk):
        assert not ImportBatch.objects.exists()


@pytest.mark.parametrize(("content", "words"), [(b"", "Diese Datei ist leer"), (None, "Wählen Sie eine Datei")])
def test_nothing_uploaded_is_told(browser: Browser, content: bytes | None, words: str) -> None:
    answer = browser.post(HERE, {}) if content is None else _send(browser, content)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_broken_workbook_is_told_in_words(browser: Browser, sonnenschein: Salon) -> None:
    batch = uploaded(sonnenschein, b"PK\x03\x04 nothing", "kunden.xlsx")
    html = browser.get(f"{HERE}{batch.pk}/").content.decode()
    assert "beschädigt" in html
    assert browser.post(f"{HERE}{batch.pk}/discard/").status_code == 302
    with salon_scope(sonnenschein.pk):
        assert not ImportBatch.objects.exists()


def test_wrong_columns_keep_what_was_chosen(browser: Browser, sonnenschein: Salon) -> None:
    batch = uploaded(sonnenschein, table(("A", "B"), ("Petra", "x")))
    answer = browser.post(f"{HERE}{batch.pk}/columns/", _columns(batch, column_0="email", column_1="email"))
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "steht schon in einer anderen Spalte" in html
    assert html.count('value="email" selected') == 2


def test_a_second_tab_is_shown_how_it_stands(browser: Browser, sonnenschein: Salon) -> None:
    batch = applied(sonnenschein, SHORE.encode())
    page = f"{HERE}{batch.pk}/"
    for late in ("begin/", "back/", "discard/"):
        assert browser.post(page + late)["Location"] == page
    assert browser.post(f"{page}columns/", _columns(batch))["Location"] == page
    assert "inzwischen" in browser.get(page).content.decode()
    assert counts(_only(sonnenschein)) == (2, 0, 0, 0)


def test_progress_comes_by_itself_and_ends_with_the_page(browser: Browser, sonnenschein: Salon) -> None:
    _send(browser, SHORE.encode())
    batch = _only(sonnenschein)
    headers = {"HX-Request": "true"}
    part = browser.get(f"{HERE}{batch.pk}/", headers=headers)
    assert part.content.decode().lstrip().startswith("<section")
    work(sonnenschein, batch)
    assert browser.get(f"{HERE}{batch.pk}/", headers=headers)["HX-Refresh"] == "true"


def test_faulty_lines_come_back_with_their_reason_and_can_be_sent_again(browser: Browser, sonnenschein: Salon) -> None:
    rows = (("Vorname", "E-Mail", "Notiz"), ("Gut", "gut@x.example", ""), ("Schlecht", "kein@", "=HYPERLINK(1)"))
    batch = applied(sonnenschein, table(*rows))
    answer = browser.get(f"{HERE}{batch.pk}/faulty/")
    assert "attachment" in answer["Content-Disposition"]
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    told = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    assert told == [
        ["Vorname", "E-Mail", "Notiz", "Grund"],
        ["Schlecht", "kein@", "'=HYPERLINK(1)", "E-Mail: „kein@“ ist keine E-Mail-Adresse."],
    ]
    again = applied(sonnenschein, content.replace(b"kein@", b"kein@x.example"))
    assert counts(again) == (1, 0, 0, 0)
    with salon_scope(sonnenschein.pk):
        assert Client.objects.get(first_name="Schlecht").notes.get().text == "=HYPERLINK(1)"


def test_faulty_lines_come_back_as_a_workbook_in_which_all_is_text(browser: Browser, sonnenschein: Salon) -> None:
    """Also where two columns have one name, a line is short, and a text begins as a formula or a guarded text does."""
    rows = (("Vorname", "E-Mail", "Notiz", "Notiz"), ("Gut", "gut@x.example"), ("''=Tach", "kein@", "=1+1", "0815"))
    batch = applied(sonnenschein, table(*rows, ("Kurz", "auch@")))
    answer = browser.get(f"{HERE}{batch.pk}/faulty/workbook/")
    assert "fehlerhafte" in answer["Content-Disposition"]
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    told = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert told == [
        ["Vorname", "E-Mail", "Notiz", "Notiz", "Grund"],
        ["'=Tach", "kein@", "=1+1", "0815", "E-Mail: „kein@“ ist keine E-Mail-Adresse."],
        ["Kurz", "auch@", "", "", "E-Mail: „auch@“ ist keine E-Mail-Adresse."],
    ]
    assert b"<f" not in ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")
    again = checked(sonnenschein, content)
    with salon_scope(sonnenschein.pk):
        assert ImportRow.objects.filter(batch=again).order_by("number")[0].cells[:4] == told[1][:4]


def test_a_workbook_of_no_faulty_lines_has_its_headings(browser: Browser, sonnenschein: Salon) -> None:
    batch = checked(sonnenschein, table(("Vorname", "E-Mail"), ("Gut", "gut@x.example")))
    answer = browser.get(f"{HERE}{batch.pk}/faulty/workbook/")
    content = io.BytesIO(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    assert CalamineWorkbook.from_filelike(content).get_sheet_by_index(0).to_python()[0] == [
        "Vorname",
        "E-Mail",
        "Grund",
    ]


def test_both_files_of_faulty_lines_are_offered(browser: Browser, sonnenschein: Salon) -> None:
    batch = checked(sonnenschein, table(("Vorname", "E-Mail"), ("Schlecht", "kein@")))
    html = browser.get(f"{HERE}{batch.pk}/").content.decode()
    assert f"{HERE}{batch.pk}/faulty/workbook/" in html
    assert "Zeilen mit Grund herunterladen" in html
    assert "Dasselbe als CSV" in html


def test_the_sample_is_understood(browser: Browser, sonnenschein: Salon) -> None:
    content = b"".join(browser.get(f"{HERE}sample/"))
    assert counts(checked(sonnenschein, content)) == (2, 0, 0, 0)


def test_the_preview_names_the_card_that_a_line_calls_otherwise(
    browser: Browser, sonnenschein: Salon, front_desk: Actor
) -> None:
    with salon_scope(sonnenschein.pk):
        for first, last, mobile in (("Petra", "Lang-Vogt", "0171 5550318"), ("Ida", "Rot", "0171 5550319")):
            details = ClientDetails(first_name=first, last_name=last, mobile=mobile)
            create_client(actor=front_desk, salon=sonnenschein, details=details, created_via=CreatedVia.STAFF, now=NOW)
    rows = (("Petra", "Lang", "0171 5550318", "Ulm"), ("Ida", "Rot", "0171 5550319", "Ulm"), ("Neu", "Hier", "", ""))
    content = table(("Vorname", "Nachname", "Mobil", "Ort"), *rows)
    page = f"{HERE}{checked(sonnenschein, content).pk}/"
    html = browser.get(f"{page}?show=UPDATE").content.decode()
    assert "Karte von Petra Lang-Vogt, Nr. 1" in html
    assert html.count("Karte von") == 1
    assert "Karte von" not in browser.get(page).content.decode()


def test_lines_are_paged_and_queries_do_not_grow(browser: Browser, sonnenschein: Salon) -> None:
    def asked(lines: int) -> int:
        rows = [(f"Anna{number}", f"a{number}.{lines}@x.example") for number in range(lines)]
        batch = checked(sonnenschein, table(("Vorname", "E-Mail"), *rows))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            html = browser.get(f"{HERE}{batch.pk}/").content.decode()
        assert ("Anna49" in html) == (lines > 49)
        assert "Anna50" not in html
        if lines > 50:
            assert 'rel="next"' in html
        return len(queries)

    browser.get(HERE)
    assert asked(2) == asked(20) == asked(120)


def test_staff_may_not(browser_of: Callable[[User], Browser], stylist: User, sonnenschein: Salon) -> None:
    batch = uploaded(sonnenschein, SHORE.encode())
    staff = browser_of(stylist)
    assert staff.get(HERE).status_code == 403
    assert staff.get(f"{HERE}{batch.pk}/").status_code == 403
    assert staff.post(f"{HERE}{batch.pk}/begin/").status_code == 403


def test_another_salons_import_is_not_there(
    browser_of: Callable[[User], Browser], outsider: User, sonnenschein: Salon
) -> None:
    batch = uploaded(sonnenschein, PHOREST.encode())
    assert browser_of(outsider).get(f"/s/barbier-am-dom/clients/import/{batch.pk}/").status_code == 404


def test_what_an_undo_left_is_listed_with_its_reason(browser: Browser, sonnenschein: Salon) -> None:
    batch = applied(sonnenschein, SHORE.encode())
    with salon_scope(sonnenschein.pk):
        Client.objects.filter(first_name="Petra").update(version=2)
    undone(sonnenschein, batch)
    html = browser.get(f"{HERE}{batch.pk}/").content.decode()
    assert "Jemand hat mit dieser Karte" in html


def test_an_erased_client_is_named_and_can_be_taken_in(browser: Browser, sonnenschein: Salon) -> None:
    petra = on_file(sonnenschein, first_name="Petra", email="petra@mail.example")
    with salon_scope(sonnenschein.pk):
        erase_card(actor=OWNER, salon=sonnenschein, client_id=petra.pk, now=NOW)
    headings = [german for german, _english, _target in OUR_COLUMNS]
    batch = uploaded(sonnenschein, table(headings, ["1", "Petra", "", "", "", "petra@mail.example"]))
    page = f"{HERE}{batch.pk}/"
    browser.post(f"{page}columns/", _columns(batch))
    work(sonnenschein, batch)
    html = browser.get(page).content.decode()
    assert "Diese Kundin wurde gelöscht (Nr. 1) und bleibt draußen." in html
    assert "1 dieser Zeilen gehört zu einer Kundin, die hier gelöscht wurde." in html
    assert "Es gibt nichts zu importieren" in html
    assert "nichts zu importieren</span>" in html
    assert "bereit zum Importieren" not in html
    browser.post(f"{page}back/")
    browser.post(f"{page}columns/", _columns(batch, take_erased="on"))
    work(sonnenschein, batch)
    html = browser.get(page).content.decode()
    assert "Diese Kundin wurde gelöscht (Nr. 1) und wird wieder aufgenommen." in html
    assert "1 neu, 0 geändert" in html
    assert "bereit zum Importieren" in html


def test_cells_left_out_are_told_and_come_back_with_their_reason(browser: Browser, sonnenschein: Salon) -> None:
    batch = uploaded(sonnenschein, table(("Vorname", "Geburtstag"), ("Jörg", "31.02.1980"), ("Ida", "1.2.1980")))
    page = f"{HERE}{batch.pk}/"
    browser.post(f"{page}columns/", _columns(batch, leave_out_cells="on"))
    work(sonnenschein, batch)
    html = browser.get(f"{page}?show=incomplete").content.decode()
    assert "Bei 1 Zeile wird etwas ausgelassen." in html
    assert "Den Tag „31.02.1980“ gibt es nicht. <strong>Ausgelassen.</strong>" in html
    assert "Ida" not in html
    assert f"{page}faulty/" not in html
    browser.post(f"{page}begin/")
    work(sonnenschein, batch)
    assert "tragen dort die Nummer ihrer Karte und ergänzen sie" in browser.get(page).content.decode()
    told = b"".join(browser.get(f"{page}faulty/").streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert told.splitlines() == [
        "Nummer der angelegten Karte;Vorname;Geburtstag;Grund",
        "1;Jörg;31.02.1980;Geburtstag: Den Tag „31.02.1980“ gibt es nicht.",
    ]


def test_without_headings_columns_have_numbers(browser: Browser, sonnenschein: Salon) -> None:
    content = table(("Petra", "petra@mail.example", "31.02.1980"), ("Ida", "ida@mail.example", ""))
    batch = uploaded(sonnenschein, content)
    page = f"{HERE}{batch.pk}/"
    html = browser.get(page).content.decode()
    assert "Keine Überschriften gefunden: Schon die erste Zeile wird als Kunde gelesen." in html
    assert "2 Zeilen." in html
    assert "Spalte 1" in html
    columns = {"column_0": "first_name", "column_1": "email", "column_2": "birthday"}
    browser.post(f"{page}columns/", _columns(batch, **columns))
    work(sonnenschein, batch)
    told = b"".join(browser.get(f"{page}faulty/").streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert told.splitlines()[0] == "Spalte 1;Spalte 2;Spalte 3;Grund"
    assert uploaded(sonnenschein, told.encode()).lines == 1


def test_a_picture_is_no_table(browser: Browser, sonnenschein: Salon) -> None:
    batch = uploaded(sonnenschein, b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(1, 256)), "logo.png")
    assert "Das ist keine Tabelle." in browser.get(f"{HERE}{batch.pk}/").content.decode()
