"""`/api/v1/exports`, and that it does what the browser does (api.md)."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.test import Client as Browser
from django.utils import timezone
from structlog.testing import capture_logs

from salon.api.scopes import Scope
from salon.audit.models import AuditEntry
from salon.desk.models import Export, ExportError, ExportState
from salon.desk.tasks import write_export
from salon.identity.models import User
from salon.logs import mask_secrets
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work.models import DueWork
from tests.api.conftest import NOBODY, Caller, IssueKey, problem, wrong


@pytest.fixture(autouse=True)
def somewhere(exports_dir: Path) -> Path:
    return exports_dir


def _work() -> None:
    for work in DueWork.objects.all():
        write_export(str(work.pk))


def _change(salon: Salon, **values: object) -> None:
    with salon_scope(salon.pk):
        Export.objects.update(**values)


def _asked(api: Caller, **headers: str) -> Any:
    answer = api.post("exports", {"kind": "CLIENTS"}, **headers)
    assert answer.status_code == 202, answer.content
    return answer.json()


def test_a_file_is_asked_for_watched_and_fetched(api: Caller, sonnenschein: Salon) -> None:
    api.post("clients", {"first_name": "Anna"})
    asked = _asked(api)
    told = {"id": asked["id"], "state": "PENDING", "rows": 0, "progress": 0, "download_url": None}
    assert asked == told
    _change(sonnenschein, state=ExportState.RUNNING, rows=12_400, total=100_000)
    assert api.get(f"exports/{asked['id']}").json() == {**told, "state": "RUNNING", "rows": 12_400, "progress": 12}
    _work()
    done = api.get(f"exports/{asked['id']}").json()
    address = done.pop("download_url")
    assert done == {"id": asked["id"], "state": "DONE", "rows": 1, "progress": 100}

    fetched: Any = Browser().get(urlsplit(address).path)
    assert fetched.status_code == 200
    assert b"".join(fetched.streaming_content).startswith(b"PK")
    assert fetched["Content-Disposition"].startswith('attachment; filename="clients-sonnenschein-')
    assert (fetched["Cache-Control"], fetched["Referrer-Policy"]) == ("no-store", "no-referrer")
    with salon_scope(sonnenschein.pk):
        entries = AuditEntry.objects.filter(subject_kind="export").order_by("at", "id")
        assert [entry.action for entry in entries] == ["export.requested", "clients.exported", "export.downloaded"]
        assert {entry.actor_name for entry in entries} == {"Online booking"}


def test_a_failure_is_told(api: Caller, sonnenschein: Salon) -> None:
    asked = _asked(api)
    _change(sonnenschein, state=ExportState.FAILED, error=ExportError.STORAGE)
    assert api.get(f"exports/{asked['id']}").json()["state"] == "FAILED"


def test_the_address_holds_ten_minutes_and_for_this_file_alone(api: Caller, sonnenschein: Salon) -> None:
    _asked(api)
    _work()
    with time_machine.travel(timezone.now().replace(microsecond=0), tick=False) as clock:
        with salon_scope(sonnenschein.pk):
            export = Export.objects.get()
        address = urlsplit(api.get(f"exports/{export.pk}").json()["download_url"]).path
        clock.shift(timedelta(minutes=10))
        assert Browser().get(address).status_code == 200
        assert Browser().post(address).status_code == 405
        secret = address.removesuffix("/")
        assert Browser().get(f"{secret[:-1]}{'A' if secret[-1] != 'A' else 'B'}/").status_code == 404
        assert Browser().get("/exported/nonsense/").status_code == 404
        clock.shift(timedelta(seconds=1))
        assert Browser().get(address).status_code == 404
        fresh = urlsplit(api.get(f"exports/{export.pk}").json()["download_url"]).path
        assert Browser().get(fresh).status_code == 200
        _change(sonnenschein, expires_at=timezone.now())
        assert Browser().get(fresh).status_code == 404


def test_no_log_tells_the_address() -> None:
    line = mask_secrets(None, "", {"path": "/exported/abc:def:ghi/", "other": "/api/v1/exports/123"})
    assert line == {"path": "/exported/…/", "other": "/api/v1/exports/123"}


def test_the_request_line_hides_it(api: Caller) -> None:
    with capture_logs() as lines:
        Browser().get("/exported/nonsense/")
    # Masked when written: the processors of the settings do it for every line.
    assert any("/exported/" in str(line.get("path")) for line in lines)


def test_what_is_over_does_not_exist(api: Caller, sonnenschein: Salon) -> None:
    asked = _asked(api)
    _work()
    _change(sonnenschein, expires_at=timezone.now())
    problem(api.get(f"exports/{asked['id']}"), 404, "not_found")


def test_another_salon_knows_nothing_of_it(api: Caller, api_dom: Caller) -> None:
    asked = _asked(api)
    problem(api_dom.get(f"exports/{asked['id']}"), 404, "not_found")
    problem(api.get(f"exports/{NOBODY}"), 404, "not_found")


def test_the_scope_is_asked_for(sonnenschein: Salon, api: Caller, api_key: IssueKey) -> None:
    asked = _asked(api)
    others = Caller(api_key(sonnenschein, *(scope for scope in Scope if scope is not Scope.EXPORTS_WRITE)))
    problem(others.post("exports", {"kind": "CLIENTS"}), 403, "missing_scope")
    problem(others.get(f"exports/{asked['id']}"), 403, "missing_scope")
    only = Caller(api_key(sonnenschein, Scope.EXPORTS_WRITE))
    assert only.get(f"exports/{asked['id']}").status_code == 200


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"kind": "required"}),
        ({"kind": "SALES"}, {"kind": "invalid_choice"}),
        ({"kind": "CLIENTS", "rows": 1}, {"rows": "unknown_field"}),
    ],
)
def test_input_outside_the_contract(api: Caller, sonnenschein: Salon, body: object, errors: dict[str, str]) -> None:
    assert wrong(api.post("exports", body)) == errors
    with salon_scope(sonnenschein.pk):
        assert not Export.objects.exists()


def test_asking_twice_is_one_file(api: Caller) -> None:
    first = _asked(api)
    assert _asked(api)["id"] == first["id"]
    assert _asked(api, Idempotency_Key="once")["id"] == first["id"]
    assert DueWork.objects.count() == 1


def test_the_browser_does_the_same(
    api: Caller, sonnenschein: Salon, manager: User, browser_of: Callable[[User], Browser]
) -> None:
    """One operation, two interfaces: the same row, the same work, the same audit but for who asked."""
    api.post("clients", {"first_name": "Anna"})
    _asked(api, Accept_Language="de")
    assert browser_of(manager).post("/s/sonnenschein/clients/export/").status_code == 302
    _work()
    own = {"id", "created_at", "finished_at", "expires_at", "file", "size"}
    own |= {"requested_by_kind", "requested_by_id", "requested_by_name"}
    with salon_scope(sonnenschein.pk):
        by_api, by_browser = (
            {name: value for name, value in row.items() if name not in own}
            for row in Export.objects.order_by("created_at").values()
        )
        told = [
            [
                (entry.action, entry.changes)
                for entry in AuditEntry.objects.filter(subject_id=export_id).order_by("at", "id")
            ]
            for export_id in Export.objects.order_by("created_at").values_list("pk", flat=True)
        ]
    assert by_api == by_browser
    assert told[0] == told[1]
    assert [action for action, _changes in told[0]] == ["export.requested", "clients.exported"]
