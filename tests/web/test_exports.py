"""*Kunden » Exporte* in the browser (ui.md §2.3)."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from python_calamine import CalamineWorkbook

from clients.details import ClientDetails
from clients.editing import create_client
from clients.models import Client, CreatedVia
from salon.desk import exporting
from salon.desk.exporting import request_export
from salon.desk.models import Export, ExportError, ExportState, FileFormat
from salon.desk.tasks import write_export
from salon.identity.models import User
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.models import DueWork

LIST = "/s/sonnenschein/clients/"
EXPORT = f"{LIST}export/"
PAGE = f"{LIST}exports/"
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def somewhere(exports_dir: Path) -> Path:
    return exports_dir


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], manager: User) -> Browser:
    return browser_of(manager)


def _client(salon: Salon, last_name: str) -> Client:
    with salon_scope(salon.pk):
        return create_client(
            actor=system_actor("Tests"),
            salon=salon,
            details=ClientDetails("Anna", last_name),
            created_via=CreatedVia.STAFF,
            now=timezone.now(),
        ).client


def _asked(salon: Salon) -> Export:
    with salon_scope(salon.pk):
        return Export.objects.newest_first()[0]


def _done(salon: Salon) -> Export:
    for work in DueWork.objects.filter(salon=salon):
        write_export(str(work.pk))
    return _asked(salon)


def _change(salon: Salon, export: Export, **values: object) -> None:
    with salon_scope(salon.pk):
        Export.objects.filter(pk=export.pk).update(**values)


def _names(answer: Any) -> list[object]:
    rows = CalamineWorkbook.from_filelike(BytesIO(b"".join(answer.streaming_content))).get_sheet_by_index(0).to_python()
    return [row[2] for row in rows[1:]]


def test_all_clients_are_asked_for_watched_and_fetched(browser: Browser, sonnenschein: Salon) -> None:
    for name in "AB":
        _client(sonnenschein, name)
    answer = browser.post(EXPORT)
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    export = _asked(sonnenschein)
    assert (export.file_format, export.language, export.selection) == (FileFormat.XLSX, "de", None)
    page = browser.get(PAGE).content.decode()
    assert "Wartet auf den Beginn" in page
    assert 'hx-trigger="every 1s"' in page
    # Without scripts there is a link.
    assert "Aktualisieren" in page

    _change(sonnenschein, export, state=ExportState.RUNNING, rows=12_400, total=100_000)
    line = browser.get(f"{PAGE}{export.pk}/", headers=HTMX).content.decode()
    assert "12.400 von 100.000" in line
    assert '<progress max="100" value="12"' in line
    assert 'hx-trigger="every 1s"' in line

    _change(sonnenschein, export, state=ExportState.PENDING)
    export = _done(sonnenschein)
    line = browser.get(f"{PAGE}{export.pk}/", headers=HTMX).content.decode()
    assert "hx-trigger" not in line
    assert "Die Datei ist fertig." in line
    assert f'href="{PAGE}{export.pk}/download/"' in line
    page = browser.get(PAGE).content.decode()
    assert "2 Kunden" in page
    assert "every 1s" not in page
    assert "Die Datei ist fertig." not in page

    fetched = browser.get(f"{PAGE}{export.pk}/download/")
    day = timezone.localdate().isoformat()
    assert fetched["Content-Disposition"] == f'attachment; filename="kunden-sonnenschein-{day}.xlsx"'
    assert fetched["Cache-Control"] == "no-store"
    assert int(fetched["Content-Length"]) == export.size
    assert _names(fetched) == ["A", "B"]


def test_the_line_of_an_export_is_no_page(browser: Browser, sonnenschein: Salon) -> None:
    browser.post(EXPORT)
    answer = browser.get(f"{PAGE}{_asked(sonnenschein).pk}/")
    assert (answer.status_code, answer["Location"]) == (302, PAGE)


def test_csv(browser: Browser, sonnenschein: Salon) -> None:
    _client(sonnenschein, "=A1")
    browser.post(EXPORT, {"format": "csv"})
    fetched: Any = browser.get(f"{PAGE}{_done(sonnenschein).pk}/download/")
    assert fetched["Content-Disposition"].endswith('.csv"')
    assert fetched["Content-Type"] == "text/csv; charset=utf-8"
    assert ";'=A1;" in b"".join(fetched.streaming_content).decode("utf-8-sig")


def test_those_marked_in_the_list(browser: Browser, sonnenschein: Salon) -> None:
    first, _second, third = (_client(sonnenschein, name) for name in "ABC")
    browser.post(EXPORT, {"client": [str(third.pk), str(first.pk)], "list": ""})
    export = _done(sonnenschein)
    assert _names(browser.get(f"{PAGE}{export.pk}/download/")) == ["A", "C"]
    assert "Ausgewählte Kunden" in browser.get(PAGE).content.decode()


def test_all_hits_of_the_list(browser: Browser, sonnenschein: Salon) -> None:
    for name in ("Berg", "Bergmann", "Ziegler"):
        _client(sonnenschein, name)
    browser.post(EXPORT, {"all": "1", "list": "q=berg"})
    assert _names(browser.get(f"{PAGE}{_done(sonnenschein).pk}/download/")) == ["Berg", "Bergmann"]
    browser.post(EXPORT, {"all": "1", "list": "sort=number"})
    assert _asked(sonnenschein).selection is None


def test_nobody_marked(browser: Browser, sonnenschein: Salon) -> None:
    answer = browser.post(EXPORT, {"list": ""}, follow=True)
    assert answer.redirect_chain[-1][0] == LIST
    assert "Markieren Sie zuerst" in answer.content.decode()
    with salon_scope(sonnenschein.pk):
        assert not Export.objects.exists()


def test_a_selection_larger_than_a_statement_has_parameters(
    browser: Browser, sonnenschein: Salon, manager: User
) -> None:
    client = _client(sonnenschein, "A")
    with salon_scope(sonnenschein.pk):
        request_export(
            actor=system_actor("Tests"),
            file_format=FileFormat.XLSX,
            language="de",
            selection=[client.pk, *(uuid4() for _ in range(70_000))],
            now=timezone.now(),
        )
    assert _names(browser.get(f"{PAGE}{_done(sonnenschein).pk}/download/")) == ["A"]


def test_a_failure_says_why_and_can_be_tried_again(browser: Browser, sonnenschein: Salon) -> None:
    browser.post(EXPORT)
    export = _asked(sonnenschein)
    DueWork.objects.all().delete()
    _change(sonnenschein, export, state=ExportState.FAILED, error=ExportError.DISK_FULL)
    page = browser.get(PAGE).content.decode()
    assert "kein Platz mehr" in page
    assert "Noch einmal versuchen" in page
    line = browser.get(f"{PAGE}{export.pk}/", headers=HTMX).content.decode()
    assert 'class="toast danger"' in line
    answer = browser.post(f"{PAGE}{export.pk}/retry/")
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    assert _done(sonnenschein).state == ExportState.DONE
    again = browser.post(f"{PAGE}{export.pk}/retry/", follow=True)
    assert "nicht fehlgeschlagen" in again.content.decode()


def test_what_is_not_ready_leads_back(browser: Browser, sonnenschein: Salon) -> None:
    browser.post(EXPORT)
    answer = browser.get(f"{PAGE}{_asked(sonnenschein).pk}/download/")
    assert (answer.status_code, answer["Location"]) == (302, PAGE)


def test_what_is_over_does_not_exist(browser: Browser, sonnenschein: Salon) -> None:
    browser.post(EXPORT)
    export = _done(sonnenschein)
    _change(sonnenschein, export, expires_at=timezone.now())
    for path in ("", "download/"):
        assert browser.get(f"{PAGE}{export.pk}/{path}").status_code == 404
    assert str(export.pk) not in browser.get(PAGE).content.decode()


def test_a_file_that_is_gone_does_not_exist(browser: Browser, sonnenschein: Salon, somewhere: Path) -> None:
    browser.post(EXPORT)
    export = _done(sonnenschein)
    (somewhere / export.file).unlink()
    assert browser.get(f"{PAGE}{export.pk}/download/").status_code == 404


def _paths(export_id: UUID) -> list[tuple[str, str]]:
    own = f"{PAGE}{export_id}/"
    return [("get", PAGE), ("post", EXPORT), ("get", own), ("get", f"{own}download/"), ("post", f"{own}retry/")]


def test_staff_get_nothing(
    browser: Browser, browser_of: Callable[[User], Browser], stylist: User, sonnenschein: Salon
) -> None:
    browser.post(EXPORT)
    export = _done(sonnenschein)
    staff = browser_of(stylist)
    for method, path in _paths(export.pk):
        assert getattr(staff, method)(path).status_code == 403, path
    with salon_scope(sonnenschein.pk):
        assert Export.objects.count() == 1


def test_another_salon_gets_nothing(
    browser: Browser, browser_of: Callable[[User], Browser], outsider: User, sonnenschein: Salon
) -> None:
    browser.post(EXPORT)
    export = _done(sonnenschein)
    other = browser_of(outsider)
    for method, path in _paths(export.pk):
        assert getattr(other, method)(path).status_code == 404, path
        mine = path.replace("/sonnenschein/", "/barbier-am-dom/")
        if str(export.pk) in path:
            assert getattr(other, method)(mine, headers=HTMX).status_code == 404, mine


@pytest.mark.parametrize("count", [2, 20])
def test_queries_do_not_grow_with_the_files(browser: Browser, sonnenschein: Salon, count: int) -> None:
    with salon_scope(sonnenschein.pk):
        for number in range(count):
            actor = system_actor("Tests")
            now = timezone.now() - timedelta(minutes=number)
            request_export(actor=actor, file_format=FileFormat.CSV, language="de", now=now, selection=[uuid4()])
    browser.get(PAGE)
    with CaptureQueriesContext(connection) as queries:
        page = browser.get(PAGE).content.decode()
    assert page.count('hx-trigger="every 1s"') == count
    assert len(queries) <= 8
    assert timedelta(hours=24) == exporting.KEPT
