"""`/api/v1/categories`, and which client has which (api.md)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from clients.labels import CategoryDetails
from clients.models import Category, CategoryAssignment
from salon.api.scopes import Scope
from salon.audit.models import AuditEntry
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.api.conftest import NOBODY, Caller, IssueKey, problem, wrong

FULL = {
    "name": " Rentner ",
    "description": "Im  Ruhestand",
    "discount_percent": "12,5 %",
    "discount_on": "SERVICES",
    "discount_special_offers": True,
}
SHOWN = {**FULL, "name": "Rentner", "description": "Im Ruhestand", "discount_percent": "12.50", "version": 1}


def _make(api: Caller, name: str = "VIP", **given: object) -> dict[str, Any]:
    made: dict[str, Any] = api.post("categories", {"name": name, **given}).json()
    return made


def test_a_category_is_made_and_read(api: Caller) -> None:
    answer = api.post("categories", FULL)
    made = answer.json()
    assert answer.status_code == 201
    assert made == {**SHOWN, "id": made["id"]}
    assert (answer["ETag"], answer["Location"]) == ('"1"', f"http://testserver/api/v1/categories/{made['id']}")
    read = api.get(answer["Location"])
    assert (read.status_code, read.json(), read["ETag"]) == (200, made, '"1"')


def test_what_is_left_out_grants_nothing(api: Caller) -> None:
    made = _make(api)
    assert made == {
        "id": made["id"],
        "name": "VIP",
        "description": None,
        "discount_percent": None,
        "discount_on": "BOTH",
        "discount_special_offers": False,
        "version": 1,
    }


def test_they_are_listed_in_pages_newest_first(api: Caller) -> None:
    made = [_make(api, name) for name in ("A", "B", "C")]
    first = api.get("categories?limit=2").json()
    assert (first["results"], first["previous"]) == ([made[2], made[1]], None)
    second = api.get(first["next"]).json()
    assert (second["results"], second["next"]) == ([made[0]], None)
    assert wrong(api.get("categories?cursor=x")) == {"cursor": "invalid"}
    assert wrong(api.get("categories?name=A")) == {"name": "unknown_field"}


@pytest.mark.parametrize("rows", [2, 20])
def test_a_list_asks_the_same_for_few_and_many(api: Caller, rows: int) -> None:
    for place in range(rows):
        _make(api, f"Nr{place}")
    with CaptureQueriesContext(connection) as queries:
        assert len(api.get("categories").json()["results"]) == rows
    # The key, the scope (opened and, within a test's transaction, given back), the rows.
    assert len([query for query in queries if "SAVEPOINT" not in query["sql"]]) == 4


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"name": "required"}),
        ({"name": None}, {"name": "required"}),
        ({"name": " "}, {"name": "required"}),
        ({"name": "n" * 61, "description": "d" * 201}, {"name": "max_length", "description": "max_length"}),
        ({"name": "X", "discount_percent": 10}, {"discount_percent": "invalid"}),
        ({"name": "X", "discount_percent": "0"}, {"discount_percent": "range"}),
        ({"name": "X", "discount_percent": "100.01"}, {"discount_percent": "range"}),
        ({"name": "X", "discount_percent": "1.234"}, {"discount_percent": "decimals"}),
        ({"name": "X", "discount_on": "TIPS"}, {"discount_on": "invalid_choice"}),
        ({"name": "X", "discount_on": None}, {"discount_on": "null"}),
        ({"name": "X", "discount_special_offers": "true"}, {"discount_special_offers": "invalid"}),
        ({"name": "X", "discount_special_offers": 1}, {"discount_special_offers": "invalid"}),
        ({"name": "X", "id": NOBODY}, {"id": "read_only"}),
        ({"name": "X", "colour": "red"}, {"colour": "unknown_field"}),
        ({"name": "vip"}, {"name": "duplicate_name"}),
    ],
)
def test_refused_when_making(api: Caller, body: dict[str, object], expected: dict[str, str]) -> None:
    _make(api, "VIP")
    assert wrong(api.post("categories", body)) == expected
    assert len(api.get("categories").json()["results"]) == 1


def test_some_fields_are_changed(api: Caller) -> None:
    made = api.post("categories", FULL).json()
    answer = api.patch(f"categories/{made['id']}", {"description": None, "discount_percent": "15"}, If_Match='"1"')
    assert (answer.status_code, answer["ETag"]) == (200, '"2"')
    assert answer.json() == {**made, "description": None, "discount_percent": "15.00", "version": 2}
    answer = api.patch(f"categories/{made['id']}", {"discount_percent": None})
    assert (answer.json()["discount_percent"], answer.json()["discount_on"]) == (None, "SERVICES")


def test_a_stale_version_is_refused(api: Caller) -> None:
    path = f"categories/{_make(api)['id']}"
    api.patch(path, {"name": "Gold"})
    problem(api.patch(path, {"name": "Silber"}, If_Match='"1"'), 412, "version_conflict")
    problem(api("DELETE", path, If_Match='"1"'), 412, "version_conflict")
    assert wrong(api("DELETE", path, If_Match="1")) == {"If-Match": "invalid"}
    assert api.get(path).json()["name"] == "Gold"
    assert api("DELETE", path, If_Match='"2"').status_code == 204


def test_a_deleted_one_is_gone(api: Caller) -> None:
    path = f"categories/{_make(api)['id']}"
    answer = api("DELETE", path)
    assert (answer.status_code, answer.content) == (204, b"")
    for call in (lambda: api.get(path), lambda: api.patch(path, {"name": "X"}), lambda: api("DELETE", path)):
        problem(call(), 404, "not_found")  # type: ignore[no-untyped-call]
    assert api.get("categories").json()["results"] == []


def test_a_client_gets_and_loses_one(api: Caller, sonnenschein: Salon) -> None:
    client = api.post("clients", {"first_name": "Anna"}).json()["id"]
    made = _make(api)
    path = f"clients/{client}/categories/{made['id']}"
    for _again in range(2):
        answer = api("PUT", path)
        assert (answer.status_code, answer.content) == (204, b"")
    assert api.get(f"clients/{client}").json()["categories"] == [{"id": made["id"], "name": "VIP"}]
    for _again in range(2):
        assert api("DELETE", path).status_code == 204
    assert api.get(f"clients/{client}").json()["categories"] == []
    with salon_scope(sonnenschein.pk):
        told = AuditEntry.objects.filter(subject_id=client).order_by("id").values_list("action", flat=True)
        assert list(told) == ["client.created", "client.categories_added", "client.categories_removed"]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_what_does_not_exist_here(api: Caller, api_dom: Caller, method: str) -> None:
    client, foreign_client = (one.post("clients", {"first_name": "Anna"}).json()["id"] for one in (api, api_dom))
    category, foreign = _make(api)["id"], _make(api_dom)["id"]
    for path in (f"{client}/categories/{NOBODY}", f"{client}/categories/{foreign}"):
        problem(api(method, f"clients/{path}"), 404, "not_found")
    for path in (f"{NOBODY}/categories/{category}", f"{foreign_client}/categories/{category}"):
        problem(api(method, f"clients/{path}"), 404, "not_found")
    problem(api.get(f"categories/{foreign}"), 404, "not_found")


def test_scopes(sonnenschein: Salon, api_key: IssueKey, api: Caller) -> None:
    made = _make(api)["id"]
    client = api.post("clients", {"first_name": "Anna"}).json()["id"]
    reads, writes = (
        Caller(api_key(sonnenschein, Scope.CLIENTS_READ)),
        Caller(api_key(sonnenschein, Scope.CLIENTS_WRITE)),
    )
    assert reads.get("categories").status_code == 200
    problem(writes.get("categories"), 403, "missing_scope")
    for method, path in (
        ("POST", "categories"),
        ("PATCH", f"categories/{made}"),
        ("DELETE", f"categories/{made}"),
        ("PUT", f"clients/{client}/categories/{made}"),
        ("DELETE", f"clients/{client}/categories/{made}"),
    ):
        problem(reads(method, path, {}), 403, "missing_scope")
    assert writes.post("categories", {"name": "Rentner", "discount_percent": "10"}).status_code == 201


def test_a_repeated_post_makes_one(api: Caller, sonnenschein: Salon) -> None:
    first, second = (api.post("categories", FULL, Idempotency_Key="a") for _again in range(2))
    assert (first.content, first["Location"], first["ETag"]) == (second.content, second["Location"], second["ETag"])
    assert second["Idempotent-Replayed"] == "true"
    with salon_scope(sonnenschein.pk):
        assert Category.objects.count() == 1


# ---- One rule, two interfaces ----

PAGE = "/s/sonnenschein/settings/categories/"


@pytest.fixture
def browser(browser_of: Callable[[User], Browser], manager: User) -> Browser:
    return browser_of(manager)


def _told(salon: Salon, subject_id: UUID | str) -> list[tuple[str, str, list[Any]]]:
    with salon_scope(salon.pk):
        entries = AuditEntry.objects.filter(subject_id=subject_id).order_by("at", "id")
        return [(entry.action, entry.subject_kind, entry.changes) for entry in entries]


def _form(body: dict[str, Any]) -> dict[str, str]:
    """Return a body as a form sends it: a box that is not ticked is left out."""
    return {name: "on" if value is True else value for name, value in body.items() if value not in (None, False)}


def _stored(salon: Salon, category_id: UUID | str) -> tuple[CategoryDetails, int, bool]:
    with salon_scope(salon.pk):
        category = Category.objects.get(pk=category_id)
        return category.details.with_changes(name=""), category.version, category.deleted_at is None


def _without_names(told: list[tuple[str, str, list[Any]]]) -> list[tuple[str, str, list[Any]]]:
    return [
        (action, kind, [change for change in changes if change["field"] != "name"]) for action, kind, changes in told
    ]


def test_making_changing_and_deleting_are_the_same(browser: Browser, api: Caller, sonnenschein: Salon) -> None:
    by_api = api.post("categories", {**FULL, "name": "Über API"}).json()["id"]
    assert browser.post(f"{PAGE}new/", _form({**FULL, "name": "Am Tresen"})).status_code == 302
    with salon_scope(sonnenschein.pk):
        by_form = Category.objects.get(name="Am Tresen").pk
    changes = {"description": "", "discount_percent": "15", "discount_on": "BOTH", "discount_special_offers": False}
    assert api.patch(f"categories/{by_api}", changes).status_code == 200
    assert browser.post(f"{PAGE}{by_form}/", _form({**changes, "name": "Am Tresen"})).status_code == 302
    assert _stored(sonnenschein, by_form) == _stored(sonnenschein, by_api)
    assert api("DELETE", f"categories/{by_api}").status_code == 204
    assert browser.post(f"{PAGE}{by_form}/delete/").status_code == 302
    assert _stored(sonnenschein, by_form) == _stored(sonnenschein, by_api)
    told = _told(sonnenschein, by_form)
    assert _without_names(told) == _without_names(_told(sonnenschein, by_api))
    assert [action for action, _kind, _changes in told] == ["category.created", "category.updated", "category.deleted"]


@pytest.mark.parametrize(
    "body",
    [
        {"name": " "},
        {"name": "n" * 61, "description": "d" * 201},
        {"name": "X", "discount_percent": "0"},
        {"name": "X", "discount_percent": "101"},
        {"name": "X", "discount_percent": "zehn"},
        {"name": "X", "discount_percent": "1,234"},
        {"name": "ＶＩＰ"},
    ],
)
def test_refusals_are_the_same(browser: Browser, api: Caller, sonnenschein: Salon, body: dict[str, str]) -> None:
    _make(api, "VIP")
    form = browser.post(f"{PAGE}new/", body)
    answer = api.post("categories", body, Accept_Language="de")
    assert form.status_code == 422
    by_form = {field: [str(text) for text in texts] for field, texts in form.context["form"].errors.items()}
    problem(answer, 400, "invalid")
    by_api: dict[str, list[str]] = {}
    for error in answer.json()["errors"]:
        by_api.setdefault(error["field"], []).append(error["detail"])
    assert by_form == by_api
    with salon_scope(sonnenschein.pk):
        assert Category.objects.count() == 1


def test_assigning_and_taking_are_the_same(browser: Browser, api: Caller, sonnenschein: Salon) -> None:
    made = _make(api)["id"]
    one, other = (api.post("clients", {"first_name": "Anna"}).json()["id"] for _place in range(2))
    card = f"/s/sonnenschein/clients/{one}/categories/"
    assert browser.post(f"{card}assign/", {"category": made}).status_code == 302
    assert api("PUT", f"clients/{other}/categories/{made}").status_code == 204
    with salon_scope(sonnenschein.pk):
        assert {str(row.client_id) for row in CategoryAssignment.objects.all()} == {one, other}
    assert browser.post(f"{card}remove/", {"category": made}).status_code == 302
    assert api("DELETE", f"clients/{other}/categories/{made}").status_code == 204
    with salon_scope(sonnenschein.pk):
        assert not CategoryAssignment.objects.exists()
    assert _told(sonnenschein, one) == _told(sonnenschein, other)
    assert len(_told(sonnenschein, one)) == 3
