"""A salon brings its client file along, looks, imports, and takes it back (domain.md §10)."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, Watched
from tests.serving import running_worker

HEADINGS = "Vorname;Nachname;E-Mail;Handy;Ort\n"
FILE = (
    f"{HEADINGS}Ignaz;Importowski;ignaz@import.example;0171 5559301;Köln\n"
    "Ida;Importowska;ida@import.example;;Ulm\nFalsch;Importowski;kein@;;Ulm\n"
)


@pytest.fixture(scope="module", autouse=True)
def worker(base: str) -> Iterator[None]:
    with running_worker():
        yield


def _upload(desk: Watched, content: bytes, name: str = "kunden.csv") -> Page:
    page = desk.page
    page.goto(f"{desk.base}/s/sonnenschein/clients/import/")
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Hochladen und ansehen").click()
    page.wait_for_url(re.compile(r"/import/[0-9a-f-]{36}/"))
    return page


def test_from_the_file_to_the_clients_and_back(open_page: OpenPage) -> None:
    desk = open_page()
    desk.sign_in("carla@sonnenschein.example")
    page = _upload(desk, FILE.encode("cp1252"))
    # Pages that a worker is at lead on by themselves.
    expect(page.get_by_text("Windows-1252")).to_be_visible(timeout=60_000)
    expect(page.get_by_label("Handy")).to_have_value("mobile")
    assert desk.violations() == []
    page.get_by_role("button", name="Jede Zeile prüfen").click()
    expect(page.get_by_role("heading", name="2 neu, 0 geändert")).to_be_visible(timeout=60_000)
    assert desk.violations() == []
    page.get_by_role("link", name="Fehlerhaft 1").click()
    expect(page.get_by_text("„kein@“ ist keine E-Mail-Adresse.")).to_be_visible()
    with page.expect_download() as told:
        page.get_by_role("link", name="Dasselbe als CSV").click()
    assert told.value.suggested_filename == "kunden – fehlerhafte Zeilen.csv"
    assert "kein@" in told.value.path().read_text(encoding="utf-8-sig")

    page.get_by_role("button", name="Importieren").click()
    expect(page.get_by_role("heading", name="Importiert: 2 neu, 0 geändert")).to_be_visible(timeout=60_000)
    here = page.url
    page.get_by_role("link", name="Ida Importowska").click()
    expect(page.get_by_role("heading", name="Ida Importowska")).to_be_visible()

    page.goto(here)
    page.get_by_role("button", name="Import rückgängig machen").click()
    expect(page.get_by_text("Der Import ist rückgängig gemacht.")).to_be_visible(timeout=60_000)
    page.goto(f"{desk.base}/s/sonnenschein/clients/?q=importowsk")
    expect(page.get_by_text("Niemand gefunden")).to_be_visible()


def test_a_file_is_dropped_and_one_too_large_is_told_before_it_is_sent(open_page: OpenPage) -> None:
    desk = open_page(width=390, dark=True, touch=True)
    desk.sign_in("carla@sonnenschein.example")
    page = desk.page
    page.goto(f"{desk.base}/s/sonnenschein/clients/import/")

    def drop(size: int) -> None:
        page.evaluate(
            "(size) => { const data = new DataTransfer(); data.items.add("
            "new File([new Uint8Array(size)], 'liste.csv')); document.querySelector('[data-drop]')"
            ".dispatchEvent(new DragEvent('drop', {dataTransfer: data, "
            "bubbles: true, cancelable: true})) }",
            size,
        )

    drop(26 * 1024 * 1024)
    expect(page.get_by_text("größer als 25 MB")).to_be_visible()
    drop(1024)
    expect(page.get_by_text("größer als 25 MB")).to_be_hidden()
    expect(page.get_by_text("liste.csv")).to_be_visible()
    assert desk.violations() == []


def test_it_works_without_javascript(open_page: OpenPage) -> None:
    desk = open_page(javascript=False)
    desk.sign_in("carla@sonnenschein.example")
    page = _upload(desk, b"Das ist keine Tabelle", "brief.txt")
    expect(page.get_by_text("enthält keine Kunden")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Verwerfen").click()
    expect(page.get_by_text("ist verworfen")).to_be_visible()
