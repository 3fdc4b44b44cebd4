"""Duplicates, merging, erasing and disclosing through the API, and the same as in the browser (api.md)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.test import Client as Browser
from django.urls import reverse

from clients.models import CardState, Client, Merge
from salon.api.scopes import Scope
from salon.audit.models import AuditEntry
from salon.desk.web.disclosed import TITLES
from salon.identity.models import User
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.api.conftest import NOBODY, Caller, IssueKey, problem, wrong


def _card(api: Caller, **body: str) -> str:
    answer = api.post("clients", {"last_name": "Berg", **body})
    assert answer.status_code == 201
    return str(answer.json()["id"])


def _rows(salon: Salon) -> list[dict[str, Any]]:
    with salon_scope(salon.pk):
        return [dict(row) for row in Client.objects.order_by("number").values()]


def test_duplicates_are_listed(api: Caller) -> None:
    anna = _card(api, first_name="Anna", email="a@mail.example", birthday="--02-03")
    twin = _card(api, first_name="Ana", email="A@mail.example", birthday="1990-02-03")
    _card(api, first_name="Clara")
    answer = api.get(f"clients/{anna}/duplicates")
    assert answer.status_code == 200
    [found] = answer.json()["results"]
    assert (found["client"]["id"], found["likenesses"]) == (twin, ["EMAIL", "NAME_AND_BIRTHDAY"])
    assert found["client"] == api.get(f"clients/{twin}").json()


def test_a_merge_and_its_undoing(api: Caller, sonnenschein: Salon) -> None:
    anna, twin = _card(api, first_name="Anna"), _card(api, first_name="Anne", email="a@mail.example")
    answer = api.post(f"clients/{anna}/merge", {"duplicate": twin})
    assert answer.status_code == 200
    merge = answer.json()
    assert (merge["survivor"], merge["duplicate"], merge["undone_at"]) == (anna, twin, None)
    assert (api.get(f"clients/{anna}").json()["email"], api.get(f"clients/{anna}")["ETag"]) == ("a@mail.example", '"2"')
    gone = problem_of_merged(api.get(f"clients/{twin}"))
    assert gone["survivor"] == anna
    for method, path in (("PATCH", ""), ("DELETE", ""), ("GET", "/data"), ("GET", "/duplicates"), ("POST", "/merge")):
        body = {"duplicate": anna} if path == "/merge" else {"city": "Bonn"} if method == "PATCH" else None
        assert problem_of_merged(api(method, f"clients/{twin}{path}", body))["survivor"] == anna
    undone = api.post(f"merges/{merge['id']}/undo", None)
    assert (undone.status_code, undone.json()["undone_at"] is None) == (200, False)
    assert (api.get(f"clients/{anna}").json()["email"], api.get(f"clients/{twin}").status_code) == (None, 200)
    problem(api.post(f"merges/{merge['id']}/undo", None), 409, "merge_undone")


def problem_of_merged(answer: Any) -> dict[str, Any]:
    document: dict[str, Any] = answer.json()
    assert (answer.status_code, document["status"], document["code"]) == (404, 404, "client_merged")
    assert answer["Content-Type"] == "application/problem+json"
    return document


def test_refused_merges_change_nothing(api: Caller, api_dom: Caller, sonnenschein: Salon) -> None:
    anna, foreign = _card(api, first_name="Anna"), _card(api_dom, first_name="Anna")
    before = _rows(sonnenschein)
    for duplicate in (NOBODY, foreign):
        assert wrong(api.post(f"clients/{anna}/merge", {"duplicate": duplicate})) == {"duplicate": "not_found"}
    assert wrong(api.post(f"clients/{anna}/merge", {"duplicate": anna})) == {"duplicate": "same_card"}
    assert wrong(api.post(f"clients/{anna}/merge", {})) == {"duplicate": "required"}
    problem(api.post(f"clients/{foreign}/merge", {"duplicate": anna}), 404, "not_found")
    problem(api.post(f"merges/{NOBODY}/undo", None), 404, "not_found")
    assert _rows(sonnenschein) == before


@pytest.mark.parametrize("scope", [Scope.CLIENTS_READ, Scope.CLIENTS_WRITE])
def test_a_key_without_the_scope_may_not(api: Caller, sonnenschein: Salon, api_key: IssueKey, scope: Scope) -> None:
    anna, twin = _card(api, first_name="Anna"), _card(api, first_name="Anne")
    weak = Caller(api_key(sonnenschein, scope))
    before = _rows(sonnenschein)
    for answer in (
        weak.post(f"clients/{anna}/merge", {"duplicate": twin}),
        weak.post(f"merges/{NOBODY}/undo", None),
        weak("DELETE", f"clients/{anna}"),
        weak.get(f"clients/{anna}/data"),
    ):
        problem(answer, 403, "missing_scope")
    assert _rows(sonnenschein) == before


def test_erasing(api: Caller, sonnenschein: Salon) -> None:
    anna = _card(api, first_name="Anna", email="a@mail.example")
    problem(api("DELETE", f"clients/{anna}", If_Match='"7"'), 412, "version_conflict")
    assert api.get(f"clients/{anna}").status_code == 200
    answer = api("DELETE", f"clients/{anna}", If_Match='"1"')
    assert (answer.status_code, answer.content) == (204, b"")
    for again in (api.get(f"clients/{anna}"), api("DELETE", f"clients/{anna}"), api.get(f"clients/{anna}/data")):
        problem(again, 404, "not_found")
    assert api.get("clients?search=anna").json()["results"] == []
    assert api.get("clients").json()["results"] == []


def test_a_repeated_call_about_an_erased_client_tells_nothing(api: Caller) -> None:
    body = {"first_name": "Anna", "email": "a@mail.example"}
    made = api.post("clients", body, Idempotency_Key="first")
    api("DELETE", f"clients/{made.json()['id']}")
    again = api.post("clients", body, Idempotency_Key="first")
    problem(again, 409, "client_erased")
    assert again["Idempotent-Replayed"] == "true"
    assert made.json()["id"] not in again.content.decode()
    assert api.get("clients").json()["results"] == []


def test_all_data_of_a_client(api: Caller, sonnenschein: Salon) -> None:
    anna = _card(api, first_name="Anna", email="a@mail.example")
    told = api.get(f"clients/{anna}/data")
    assert told.status_code == 200
    [card] = told.json()["client"]
    assert (card["email"], card["birthday"], card["mobile"], card["gender"]) == ("a@mail.example", None, None, None)
    assert '""' not in told.content.decode()
    assert set(told.json()) == {"number", "collected_at", *TITLES}
    assert [one["action"] for one in told.json()["history"]] == ["client.created"]
    with salon_scope(sonnenschein.pk):
        assert AuditEntry.objects.filter(subject_id=anna).latest("id").action == "client.data_disclosed"


def test_browser_and_api_do_the_same(
    api: Caller, sonnenschein: Salon, manager: User, browser_of: Callable[[User], Browser]
) -> None:
    """One rule, two interfaces: the same rows, the same audit but for who."""
    pairs = [
        (_card(api, first_name="Anna", city="Bonn"), _card(api, first_name="Anne", email="a@mail.example"))
        for _ in range(2)
    ]
    browser = browser_of(manager)
    left = []
    for by_form, (anna, twin) in zip((True, False), pairs, strict=True):

        def act(name: str, ids: list[str], body: dict[str, str], path: str, form: bool = by_form) -> None:
            if form:
                answer = browser.post(reverse(name, args=[sonnenschein.slug, *ids]), body)
                assert answer.status_code == 302
            elif name == "client_erase":
                assert api("DELETE", path).status_code == 204
            else:
                assert api.post(path, body or None).status_code == 200

        act("client_merge", [anna], {"duplicate": twin}, f"clients/{anna}/merge")
        states = [_state(sonnenschein, anna, twin)]
        with salon_scope(sonnenschein.pk):
            merge = str(Merge.objects.get(survivor_id=UUID(str(anna))).pk)
        act("client_merge_undo", [merge], {}, f"merges/{merge}/undo")
        states.append(_state(sonnenschein, anna, twin))
        act("client_erase", [anna], {"confirmation": "Anna Berg"}, f"clients/{anna}")
        states.append(_state(sonnenschein, anna, twin))
        left.append(states)
    assert left[0] == left[1]
    assert left[0][0][0]["state"] == CardState.LISTED
    assert left[0][2][0]["state"] == CardState.ERASED


# What differs between two pairs of cards made alike.
_OWN = {"id", "number", "merged_into_id", "created_at", "updated_at", "sort_key", "last_name"}


def _state(salon: Salon, *ids: str) -> list[Any]:
    with salon_scope(salon.pk):
        cards = [Client.objects.filter(pk=UUID(one)).values().get() for one in ids]
        audit = [
            [
                (entry.action, [change["field"] for change in entry.changes])
                for entry in AuditEntry.objects.filter(subject_id=one).order_by("at", "id")
            ]
            for one in ids
        ]
    return [*({name: value for name, value in card.items() if name not in _OWN} for card in cards), *audit]
