"""`/api/v1/segments` (api.md): groups of clients by rule, the same as by the operations."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from marketing.models import Segment
from marketing.segments import READY_MADE, create_segment
from salon.api.scopes import Scope
from salon.audit.models import AuditEntry
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.api.conftest import NOBODY, Caller, IssueKey, problem, wrong
from tests.bookings.salonday import make_client
from tests.checkout.till import MANAGER
from tests.conftest import NOW

BLOCKED = {"field": "blocked", "operator": "yes", "values": []}
RULE = {"match": "ALL", "negated": False, "parts": [BLOCKED]}
EVERYBODY = {"match": "ALL", "parts": []}


def _deep(many: int) -> dict[str, Any]:
    """Return a rule whose groups stand in each other."""
    rule = RULE
    for _one in range(many):
        rule = {"match": "ALL", "parts": [rule]}
    return rule


def _make(api: Caller, name: str = "Gesperrte", rule: object = RULE) -> dict[str, Any]:
    made: dict[str, Any] = api.post("segments", {"name": name, "rule": rule}).json()
    return made


def test_one_is_made_and_read(api: Caller, sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        make_client("Ida", blocked=True)
        make_client("Mia")
    answer = api.post("segments", {"name": " Gesperrte ", "rule": RULE})
    made = answer.json()
    assert answer.status_code == 201
    assert made == {
        "id": made["id"],
        "name": "Gesperrte",
        "rule": RULE,
        "count": 1,
        "version": 1,
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
    }
    assert (answer["ETag"], answer["Location"]) == ('"1"', f"http://testserver/api/v1/segments/{made['id']}")
    read = api.get(answer["Location"])
    assert (read.status_code, read.json(), read["ETag"]) == (200, made, '"1"')


def test_they_are_listed_in_pages_the_newest_first(api: Caller) -> None:
    made = {name: _make(api, name) for name in ("Zahler", "Älteste", "Barber")}
    listed = {name: {key: value for key, value in one.items() if key != "count"} for name, one in made.items()}
    first = api.get("segments?limit=2").json()
    assert (first["results"], first["previous"]) == ([listed["Barber"], listed["Älteste"]], None)
    second = api.get(first["next"]).json()
    assert (second["results"], second["next"]) == ([listed["Zahler"]], None)
    assert api.get(second["previous"]).json()["results"] == first["results"]
    assert wrong(api.get("segments?cursor=x")) == {"cursor": "invalid"}
    assert wrong(api.get("segments?name=A")) == {"name": "unknown_field"}


@pytest.mark.parametrize("rows", [2, 20])
def test_a_list_asks_the_same_for_few_and_many(api: Caller, rows: int) -> None:
    for place in range(rows):
        _make(api, f"Nr{place}")
    with CaptureQueriesContext(connection) as queries:
        assert len(api.get("segments").json()["results"]) == rows
    # The key, the scope (opened and, within a test's transaction, given back), the rows.
    assert len([query for query in queries if "SAVEPOINT" not in query["sql"]]) == 4


def test_the_ready_made_ones_are_listed_with_their_keys(api: Caller) -> None:
    listed = api.get("segments/ready-made").json()["results"]
    assert [one["key"] for one in listed] == list(READY_MADE)
    assert listed[5] == {
        "key": "vip",
        "name": "VIP",
        "description": "The 10 percent who have spent most in the last 12 months.",
        "rule": {
            "match": "ALL",
            "negated": False,
            "parts": [{"field": "top_spenders", "operator": "top_percent", "values": [10]}],
        },
    }
    # From each, one of the salon's own can be made.
    for one in listed:
        assert _make(api, f"{one['name']} (2)", one["rule"])["rule"] == one["rule"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"name": "required", "rule": "required"}),
        ({"name": None, "rule": None}, {"rule": "null"}),
        ({"name": " ", "rule": []}, {"name": "required", "rule": "invalid"}),
        ({"name": "n" * 81, "rule": {"match": "ALL"}}, {"name": "max_length", "rule.parts": "required"}),
        (
            {"name": "X", "rule": {"match": "ALL", "parts": [{"field": "shoes"}]}},
            {"rule.parts.0.field": "invalid_choice"},
        ),
        (
            {
                "name": "X",
                "rule": {
                    "match": "ANY",
                    "parts": [
                        {"match": "ALL", "parts": [{"field": "category", "operator": "in", "values": [NOBODY]}]},
                        {"field": "points", "operator": "at_least", "values": [3]},
                    ],
                },
            },
            {"rule.parts.0.parts.0.values.0": "not_found"},
        ),
        (
            {
                "name": "",
                "rule": {
                    "match": "ALL",
                    "parts": [
                        {"field": "category", "operator": "in", "values": ["x", NOBODY]},
                        {"field": "shoes", "operator": "in", "values": [NOBODY]},
                        {"match": "EACH", "parts": [{"field": "staff", "operator": "in", "values": [NOBODY]}]},
                        {"field": "client", "operator": "in", "values": [NOBODY]},
                        {"field": "service", "operator": "bought_within", "values": ["soon", NOBODY]},
                    ],
                },
            },
            {
                "name": "required",
                "rule.parts.0.values.0": "invalid",
                "rule.parts.0.values.1": "not_found",
                "rule.parts.1.field": "invalid_choice",
                "rule.parts.2.match": "invalid_choice",
                "rule.parts.2.parts.0.field": "invalid_choice",
                "rule.parts.3.field": "clients_listed",
                "rule.parts.4.values.0": "invalid",
                "rule.parts.4.values.1": "not_found",
            },
        ),
        ({"name": "X", "rule": RULE, "id": NOBODY}, {"id": "read_only"}),
        ({"name": "X", "rule": RULE, "count": 3}, {"count": "unknown_field"}),
        ({"name": "gesperrte", "rule": RULE}, {"name": "duplicate_name"}),
        ({"name": "X", "rule": _deep(300)}, {"rule.parts.0.parts.0.parts.0.parts.0": "too_deep"}),
    ],
)
def test_refused_when_making(api: Caller, body: dict[str, object], expected: dict[str, str]) -> None:
    _make(api)
    assert wrong(api.post("segments", body)) == expected
    assert len(api.get("segments").json()["results"]) == 1


def test_it_is_changed_on_the_version_that_was_seen(api: Caller) -> None:
    made = _make(api)
    path = f"segments/{made['id']}"
    answer = api.patch(path, {"name": "Alle"}, If_Match='"1"')
    assert (answer.status_code, answer["ETag"]) == (200, '"2"')
    assert (answer.json()["name"], answer.json()["rule"]) == ("Alle", RULE)
    assert api.patch(path, {"rule": EVERYBODY}).json()["rule"] == {**EVERYBODY, "negated": False}
    problem(api.patch(path, {"name": "Silber"}, If_Match='"1"'), 412, "version_conflict")
    problem(api("DELETE", path, If_Match='"1"'), 412, "version_conflict")
    assert wrong(api("DELETE", path, If_Match="1")) == {"If-Match": "invalid"}
    assert wrong(api.patch(path, {"rule": None})) == {"rule": "null"}
    assert wrong(api.patch(path, {"rule": {"match": "ALL", "parts": [{}]}})) == {"rule.parts.0.field": "required"}
    read = api.get(path).json()
    assert (read["name"], read["version"]) == ("Alle", 3)


def test_it_is_deleted(api: Caller, sonnenschein: Salon) -> None:
    path = f"segments/{_make(api)['id']}"
    answer = api("DELETE", path, If_Match='"1"')
    assert (answer.status_code, answer.content) == (204, b"")
    for method in ("GET", "DELETE"):
        problem(api(method, path), 404, "not_found")
    problem(api.patch(path, {"name": "X"}), 404, "not_found")
    assert api.get("segments").json()["results"] == []
    with salon_scope(sonnenschein.pk):
        assert Segment.objects.get().deleted_at is not None


def test_the_same_call_again_makes_no_second_one(api: Caller) -> None:
    body = {"name": "Gesperrte", "rule": RULE}
    first = api.post("segments", body, Idempotency_Key="a")
    again = api.post("segments", body, Idempotency_Key="a")
    assert (again.status_code, again.content, again["Idempotent-Replayed"]) == (201, first.content, "true")
    problem(api.post("segments", {**body, "name": "X"}, Idempotency_Key="a"), 422, "idempotency_key_reused")


def test_scopes_and_salons(api: Caller, api_dom: Caller, sonnenschein: Salon, api_key: IssueKey) -> None:
    path = f"segments/{_make(api)['id']}"
    problem(api_dom.get(path), 404, "not_found")
    problem(api_dom("DELETE", path), 404, "not_found")
    assert api_dom.get("segments").json()["results"] == []
    reader, other = (Caller(api_key(sonnenschein, scope)) for scope in (Scope.MARKETING_READ, Scope.CLIENTS_READ))
    for address in ("segments", "segments/ready-made", path):
        assert reader.get(address).status_code == 200
        problem(other.get(address), 403, "missing_scope")
    problem(reader.post("segments", {"name": "X", "rule": RULE}), 403, "missing_scope")
    problem(reader.patch(path, {"name": "X"}), 403, "missing_scope")
    problem(reader("DELETE", path), 403, "missing_scope")


def test_the_operation_leaves_the_same_behind(api: Caller, sonnenschein: Salon, dom: Salon) -> None:
    _make(api, " Beste ", EVERYBODY)
    with salon_scope(dom.pk):
        create_segment(actor=MANAGER, name=" Beste ", rule=EVERYBODY, now=NOW)
    left = []
    for salon in (sonnenschein, dom):
        with salon_scope(salon.pk):
            row = Segment.objects.values("name", "name_key", "rule", "version", "deleted_at").get()
            told = AuditEntry.objects.filter(subject_kind="segment").values("action", "changes").get()
        left.append((row, told))
    assert left[0] == left[1]
