"""Every refusal is a problem document, and has changed nothing."""

from typing import Any

import pytest
from django.core.signals import got_request_exception
from django.test import Client as Browser

from clients.models import Client
from salon.audit.models import AuditEntry
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.api.conftest import NOBODY, Caller, problem, wrong

DEEP = b'{"first_name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "code"),
    [
        ("GET", "nothing", None, {}, 404, "not_found"),
        ("POST", "nothing", {}, {}, 404, "not_found"),
        ("GET", "", None, {}, 404, "not_found"),
        ("GET", "clients/", None, {}, 404, "not_found"),
        ("GET", "clients/1", None, {}, 404, "not_found"),
        ("GET", f"clients/{NOBODY}", None, {}, 404, "not_found"),
        ("PATCH", f"clients/{NOBODY}", {}, {}, 404, "not_found"),
        ("DELETE", "salon", None, {}, 405, "method_not_allowed"),
        ("OPTIONS", "clients", None, {}, 405, "method_not_allowed"),
        ("TRACE", "clients", None, {}, 405, "method_not_allowed"),
        ("PUT", "clients", {"first_name": "Anna"}, {}, 405, "method_not_allowed"),
        ("POST", "schema/", {}, {}, 405, "method_not_allowed"),
        ("POST", "docs/", {}, {}, 405, "method_not_allowed"),
        ("GET", "clients", None, {"Accept": "text/html"}, 406, "not_acceptable"),
        ("POST", "clients", b"first_name=A", {"Content-Type": FORM}, 415, "unsupported_media_type"),
        ("POST", "clients", b'{"first_name": "Anna"}', {"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
        ("POST", "clients", b"", {}, 400, "malformed"),
        ("POST", "clients", b"{", {}, 400, "malformed"),
        ("POST", "clients", b"[]", {}, 400, "malformed"),
        ("POST", "clients", b'"Anna"', {}, 400, "malformed"),
        ("POST", "clients", b'{"first_name": NaN}', {}, 400, "malformed"),
        ("POST", "clients", b'{"first_name": "\xff"}', {}, 400, "malformed"),
        ("POST", "clients", b'{"first_name": "\\u0000"}', {}, 400, "malformed"),
        ("POST", "clients", b'{"first_name": "\\ud800"}', {}, 400, "malformed"),
        ("POST", "clients", b'{"\\u0000": 1}', {}, 400, "malformed"),
        ("POST", "clients", DEEP, {}, 400, "malformed"),
        ("POST", "clients", b'{"first_name": "Anna"}', {"Content-Type": f"{JSON}; charset=rot13"}, 201, ""),
        ("POST", "clients", b'{"first_name": "' + b"a" * 1024 * 1024 + b'"}', {}, 413, "too_large"),
        ("GET", "clients?search=%00", None, {}, 400, "invalid"),
        ("GET", "clients?email=%00", None, {}, 400, "invalid"),
        ("GET", "clients?cursor=%00", None, {}, 400, "invalid"),
        ("GET", "clients?emial=a@b.de", None, {}, 400, "invalid"),
        ("GET", "salon?x=1", None, {}, 400, "invalid"),
        ("POST", "clients", {"first_name": "Anna"}, {"Idempotency-Key": "x" * 256}, 400, "invalid"),
        ("POST", "clients", {"first_name": "Anna"}, {"Idempotency-Key": ""}, 400, "invalid"),
        ("PATCH", f"clients/{NOBODY}", {}, {"If-Match": "3"}, 400, "invalid"),
    ],
)  # fmt: skip
def test_refusals(
    api: Caller,
    sonnenschein: Salon,
    method: str,
    path: str,
    body: object,
    headers: dict[str, str],
    status: int,
    code: str,
) -> None:
    answer = api(method, path, body, **headers)
    if status < 400:
        assert answer.status_code == status
        return
    problem(answer, status, code)
    with salon_scope(sonnenschein.pk):
        assert Client.objects.count() == 0
        assert AuditEntry.objects.filter(subject_kind="client").count() == 0


def test_405_names_what_is_allowed(api: Caller) -> None:
    assert api("DELETE", "clients")["Allow"] == "GET, POST, HEAD"


def test_wrong_input_names_every_field_and_keeps_english_unless_german_is_preferred(api: Caller) -> None:
    body = {"email": "nobody", "mobile": "1", "birthday": "1990-02-31", "gender": "X"}
    english = problem(api.post("clients", body), 400, "invalid")
    assert {error["field"] for error in english["errors"]} == {"email", "mobile", "birthday", "gender", "first_name"}
    assert english["errors"][-1] == {
        "field": "first_name",
        "code": "required",
        "detail": "Enter a first or a last name.",
    }
    for header in ("fr, en;q=0.5", "*", "de;q=0, en", "x" * 9000, "en-GB,de;q=0.9"):
        answer = api.post("clients", body, Accept_Language=header)
        assert answer.json() == english, header
        assert answer["Content-Language"] == "en"
    german = api.post("clients", body, Accept_Language="de-AT, en;q=0.5")
    assert german["Content-Language"] == "de"
    assert german.json()["code"] == "invalid"


class FaultError(Exception):
    """A fault of ours."""


def test_a_fault_of_ours_is_a_problem_too_and_is_undone_and_reported(
    api: Caller, sonnenschein: Salon, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(client: Client) -> dict[str, Any]:
        raise FaultError

    monkeypatch.setattr("clients.api.views.shown", fail)
    reported: list[object] = []

    def note(**signal: object) -> None:
        reported.append(signal["sender"])

    got_request_exception.connect(note)
    api.browser = Browser(raise_request_exception=False)
    answer = api.post("clients", {"first_name": "Anna"})
    assert "Fault" not in problem(answer, 500, "internal_error")["detail"]
    assert len(reported) == 1
    with salon_scope(sonnenschein.pk):
        assert Client.objects.count() == 0


def test_a_session_is_no_key(owner: User, browser_of: Any) -> None:
    problem(browser_of(owner).get("/api/v1/clients"), 401, "not_authenticated")


def test_all_that_is_wrong_with_a_body_is_told_at_once(api: Caller) -> None:
    answer = api.post("clients", {"first_name": 5, "points": 3, "nonsense": 1, "birthday": "03/05"})
    assert wrong(answer) == {
        "first_name": "invalid",
        "birthday": "invalid",
        "points": "read_only",
        "nonsense": "unknown_field",
    }
