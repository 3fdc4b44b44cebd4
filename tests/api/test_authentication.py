"""Keys and scopes: a call without the right one sees and changes nothing (quality.md §3)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.urls import URLPattern, get_resolver
from rest_framework.request import Request
from rest_framework.response import Response

from clients.models import Client
from salon.api.endpoint import Endpoint
from salon.api.idempotency import Idempotency, idempotent
from salon.api.keys import hash_of, revoke_key
from salon.api.models import ApiKey, RateBucket
from salon.api.scopes import AnyKey, Scope
from salon.audit.models import AuditEntry
from salon.identity.roles import ActorKind, system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.api.conftest import NOBODY, Caller, IssueKey, problem


def _stored(secret: str) -> ApiKey:
    return ApiKey.objects.get(secret_hash=hash_of(secret))


def test_only_the_hash_is_stored(api: Caller) -> None:
    assert api.key is not None
    stored = _stored(api.key)
    assert api.key.startswith("salon_")
    assert len(api.key) == len("salon_") + 43
    assert stored.shown == f"salon_…{api.key[-4:]}"
    assert api.key not in str(ApiKey.objects.filter(pk=stored.pk).values().get())


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer salon_", "Bearer salon_x", "Basic {key}", "{key}", "Bearer {key}x",
     "Bearer x{key}", "Bearer {key} {key}", "Bearer  salon_ü"],
)  # fmt: skip
def test_a_bad_key_is_no_key(api: Caller, header: str) -> None:
    answer = api.get("salon", Authorization=header.format(key=api.key))
    problem(answer, 401, "invalid_key")
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'


def test_no_key(api: Caller) -> None:
    answer = Caller(None).get("salon")
    problem(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'


def test_a_key_expires_to_the_second(sonnenschein: Salon, api_key: IssueKey) -> None:
    issued = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
    caller = Caller(api_key(sonnenschein, expires_at=issued + timedelta(hours=1), now=issued))
    with time_machine.travel(issued + timedelta(minutes=59, seconds=59), tick=False):
        assert caller.get("salon").status_code == 200
    with time_machine.travel(issued + timedelta(hours=1), tick=False):
        problem(caller.get("salon"), 401, "invalid_key")


def test_a_revoked_key_is_closed_from_the_next_call_on(api: Caller, sonnenschein: Salon) -> None:
    assert api.get("salon").status_code == 200
    assert api.key is not None
    with salon_scope(sonnenschein.pk):
        revoke_key(actor=system_actor("Tests"), key_id=_stored(api.key).pk, now=datetime.now(UTC))
    problem(api.get("salon"), 401, "invalid_key")


def test_last_use_is_written_once_a_minute(api: Caller) -> None:
    assert api.key is not None
    assert _stored(api.key).last_used_at is None
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=1)
    for seconds, expected in ((0, 0), (30, 0), (59, 0), (60, 60), (100, 60), (120, 120)):
        with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
            api.get("salon")
        assert _stored(api.key).last_used_at == start + timedelta(seconds=expected), seconds


def test_the_salon_comes_from_the_key_alone(api: Caller, api_dom: Caller) -> None:
    assert api.get("salon").json()["slug"] == "sonnenschein"
    assert api_dom.get("salon").json()["slug"] == "barbier-am-dom"
    theirs = api.post("clients", {"first_name": "Anna", "email": "anna@example.com"})["Location"]
    assert api.get(theirs).status_code == 200
    problem(api_dom.get(theirs), 404, "not_found")
    problem(api_dom.patch(theirs, {"first_name": "Berta"}), 404, "not_found")
    for query in ("", "?search=anna", "?email=anna@example.com"):
        assert api_dom.get(f"clients{query}").json()["results"] == []
    assert api.get(theirs).json()["first_name"] == "Anna"


def test_the_key_is_the_actor_of_the_audit(api: Caller, sonnenschein: Salon) -> None:
    api.post("clients", {"first_name": "Anna"})
    assert api.key is not None
    with salon_scope(sonnenschein.pk):
        entry = AuditEntry.objects.get(action="client.created")
    assert (entry.actor_kind, entry.actor_id, entry.actor_name) == (
        ActorKind.API_KEY, _stored(api.key).pk, "Online booking",
    )  # fmt: skip


def _endpoints() -> Iterator[tuple[str, type[Endpoint]]]:
    for resolver in get_resolver().url_patterns:
        for entry in getattr(resolver, "url_patterns", []):
            view = getattr(entry, "callback", None)
            if isinstance(entry, URLPattern) and issubclass(getattr(view, "cls", object), Endpoint):
                yield str(entry.pattern), view.cls  # type: ignore[union-attr]


CALLS = [(path, method, asked) for path, view in _endpoints() for method, asked in view.scopes.items()]


@pytest.mark.parametrize(("path", "method", "asked"), CALLS, ids=[f"{method} {path}" for path, method, _asked in CALLS])
def test_every_call_with_every_scope(
    path: str, method: str, asked: Scope | AnyKey, sonnenschein: Salon, api_key: IssueKey
) -> None:
    address = re.sub("<[^>]+>", NOBODY, path)

    def call(*scopes: Scope) -> Any:
        body = None if method == "GET" else {"first_name": "Anna"}
        return Caller(api_key(sonnenschein, *scopes))(method, address, body)

    if isinstance(asked, AnyKey):
        allowed = list(Scope)
    else:
        allowed = [asked]
        # Whoever has every other scope lacks the one that is asked for.
        assert asked in problem(call(*set(Scope) - {asked}), 403, "missing_scope")["detail"]
    with salon_scope(sonnenschein.pk):
        assert Client.objects.count() == 0
    for scope in allowed:
        assert call(scope).status_code in {200, 201, 202, 204, 400, 404}, scope


def test_the_walk_has_found_the_endpoints() -> None:
    assert {("clients", "GET"), ("clients", "POST"), ("salon", "GET")} <= {(path, method) for path, method, _ in CALLS}


def test_an_endpoint_that_leaves_out_a_scope_cannot_be_defined() -> None:
    def get(self: Endpoint, request: Request) -> Response:
        return Response()

    with pytest.raises(TypeError, match=r"declares scopes for \[\]"):
        type("Forgetful", (Endpoint,), {"get": get})
    with pytest.raises(TypeError, match="declares scopes for"):
        type("Boastful", (Endpoint,), {"get": get, "scopes": {"GET": Scope.SALES_READ, "PATCH": Scope.SALES_WRITE}})
    with pytest.raises(TypeError, match="Idempotency-Key"):
        type("Careless", (Endpoint,), {"post": get, "scopes": {"POST": Scope.SALES_WRITE}})
    post: Any = idempotent(Idempotency.OFFERED)(get)
    type("Careful", (Endpoint,), {"post": post, "scopes": {"POST": Scope.SALES_WRITE}})


def test_scopes_of_another_release_count_for_nothing(sonnenschein: Salon, api_key: IssueKey) -> None:
    caller = Caller(api_key(sonnenschein, Scope.CLIENTS_READ))
    ApiKey.objects.update(scopes=["clients:read", "clients:tickle"])
    assert caller.get("clients").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_burst_then_one_call_every_10_ms(api: Caller) -> None:
    moment = datetime.now(UTC).replace(microsecond=0)
    with time_machine.travel(moment, tick=False) as clock:
        assert api.get("salon").status_code == 200
        # As if 998 more calls had been made at this very moment.
        RateBucket.objects.update(full_at=moment + timedelta(milliseconds=9990))
        assert api.get("salon").status_code == 200
        answer = api.get("salon")
        problem(answer, 429, "rate_limited")
        assert answer["Retry-After"] == "1"
        clock.shift(timedelta(milliseconds=9))
        assert api.get("salon").status_code == 429
        clock.shift(timedelta(milliseconds=1))
        assert api.get("salon").status_code == 200
        assert api.get("salon").status_code == 429
        clock.shift(timedelta(seconds=10))
        assert [api.get("salon").status_code for _ in range(3)] == [200, 200, 200]
        assert RateBucket.objects.get().full_at == moment + timedelta(milliseconds=10_010 + 30)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["clients?limit=0", f"clients/{NOBODY}"])
def test_a_call_that_fails_counts_all_the_same(api: Caller, path: str) -> None:
    assert api.key is not None
    assert api.get(path).status_code in {400, 404}
    first = RateBucket.objects.get().full_at
    assert _stored(api.key).last_used_at is not None
    assert api.get(path).status_code in {400, 404}
    assert RateBucket.objects.get().full_at > first


@pytest.mark.django_db(transaction=True)
def test_one_key_does_not_use_up_another(sonnenschein: Salon, api_key: IssueKey) -> None:
    hungry, modest = Caller(api_key(sonnenschein)), Caller(api_key(sonnenschein))
    moment = datetime.now(UTC)
    with time_machine.travel(moment, tick=False):
        hungry.get("salon")
        RateBucket.objects.update(full_at=moment + timedelta(seconds=10))
        assert hungry.get("salon").status_code == 429
        assert modest.get("salon").status_code == 200
