"""Keys, and a caller that speaks the API's conventions."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client as Browser

from salon.api.keys import issue_key
from salon.api.scopes import Scope
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon

type IssueKey = Callable[..., str]

API = "/api/v1/"
# The id of nothing; made-up ones would give each process other test names.
NOBODY = "00000000-0000-7000-8000-000000000000"


@dataclass(slots=True)
class Caller:
    """An integration with one key."""

    key: str | None
    headers: dict[str, str] = field(default_factory=dict)
    browser: Browser = field(default_factory=Browser)

    def __call__(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if self.key is not None:
            sent.setdefault("Authorization", f"Bearer {self.key}")
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = sent.pop("Content-Type", "application/json")
        address = path if path.startswith(("/", "http")) else API + path
        return self.browser.generic(method, address, data, kind, headers=sent)

    def get(self, path: str, **headers: str) -> Any:
        return self("GET", path, **headers)

    def post(self, path: str, body: object, **headers: str) -> Any:
        return self("POST", path, body, **headers)

    def patch(self, path: str, body: object, **headers: str) -> Any:
        return self("PATCH", path, body, **headers)


@pytest.fixture
def api_key() -> IssueKey:
    """Return a function that issues a key of a salon with some scopes (none named: all), and returns it."""

    def issue(salon: Salon, *scopes: Scope, expires_at: datetime | None = None, now: datetime | None = None) -> str:
        now = now or datetime.now(UTC)
        with salon_scope(salon.pk):
            issued = issue_key(
                actor=system_actor("Tests"),
                name="Online booking",
                scopes=[scope.value for scope in scopes or Scope],
                expires_at=expires_at or now + timedelta(days=30),
                now=now,
            )
        return issued.secret

    return issue


@pytest.fixture
def api(sonnenschein: Salon, api_key: IssueKey) -> Caller:
    """Return a caller with every scope in Salon Sonnenschein."""
    return Caller(api_key(sonnenschein))


@pytest.fixture
def api_dom(dom: Salon, api_key: IssueKey) -> Caller:
    """Return a caller with every scope in Barbier am Dom."""
    return Caller(api_key(dom))


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """Return the problem document of an answer, which must be one of that status and code."""
    assert answer["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert (answer.status_code, document["status"], document["code"]) == (status, status, code), document
    assert set(document) - {"errors"} == {"type", "title", "status", "detail", "code"}
    return document


def wrong(answer: Any) -> dict[str, str]:
    """Return field and code of everything that an answer calls invalid."""
    return {error["field"]: error["code"] for error in problem(answer, 400, "invalid")["errors"]}
