"""`GET clients/{id}/history`: the history of the card, for integrations (api.md)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from clients.models import CardState, Client
from clients.notes import edit_note, write_note
from salon.api.scopes import Scope
from salon.audit.recording import Change, record
from salon.desk.history import history_of
from salon.identity.models import User
from salon.identity.roles import Actor, system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.api.conftest import NOBODY, Caller, IssueKey, problem, wrong
from tests.conftest import NOW


def _made(api: Caller, changes: int = 1) -> str:
    made: str = api.post("clients", {"first_name": "Petra"})["Location"]
    for index in range(changes):
        assert api.patch(made, {"city": f"Ort {index}"}).status_code == 200
    return made


def test_what_happened_newest_first(api: Caller) -> None:
    made = _made(api)
    answer = api.get(f"{made}/history").json()
    assert (answer["next"], answer["previous"]) == (None, None)
    changed, created = answer["results"]
    assert set(changed) == {"id", "at", "kind", "action", "actor", "changes"}
    assert (changed["kind"], changed["action"], changed["actor"]) == ("DETAILS", "client.updated", "Online booking")
    assert changed["changes"] == [{"field": "city", "old": None, "new": "Ort 0"}]
    assert (created["kind"], created["action"]) == ("CARD", "client.created")
    assert changed["at"] >= created["at"]
    assert changed["at"][-6:] in {"+01:00", "+02:00"}


def test_what_the_software_did_has_no_actor(api: Caller, sonnenschein: Salon) -> None:
    made = _made(api)
    client_id = UUID(made.rpartition("/")[2])
    with salon_scope(sonnenschein.pk):
        record(
            actor=system_actor(""),
            action="client.updated",
            subject_kind="client",
            subject_id=client_id,
            changes=[Change("city", "Ort 0", "Ort 1")],
            now=NOW + timedelta(days=900),
        )
    assert api.get(f"{made}/history").json()["results"][0]["actor"] is None


def test_pages_hold_every_entry_once(api: Caller) -> None:
    address, seen, sizes = f"{_made(api, 7)}/history?limit=3", [], []
    while address:
        page = api.get(address).json()
        seen += [entry["id"] for entry in page["results"]]
        sizes.append(len(page["results"]))
        address = page["next"]
    assert (sizes, len(set(seen))) == ([3, 3, 2], 8)


@pytest.mark.parametrize(("query", "field"), [("cursor=x", "cursor"), ("limit=0", "limit"), ("kind=NOTES", "kind")])
def test_queries_that_are_refused(api: Caller, query: str, field: str) -> None:
    assert set(wrong(api.get(f"{_made(api, 0)}/history?{query}"))) == {field}


def test_the_history_of_nobody(api: Caller, api_dom: Caller, sonnenschein: Salon) -> None:
    problem(api.get(f"clients/{NOBODY}/history"), 404, "not_found")
    made = _made(api)
    problem(api_dom.get(f"{made}/history"), 404, "not_found")
    with salon_scope(sonnenschein.pk):
        Client.objects.update(state=CardState.ERASED)
    problem(api.get(f"{made}/history"), 404, "not_found")


def test_a_key_needs_the_scope(sonnenschein: Salon, api: Caller, api_key: IssueKey) -> None:
    made = _made(api)
    writer = Caller(api_key(sonnenschein, Scope.CLIENTS_WRITE))
    problem(writer.get(f"{made}/history"), 403, "missing_scope")


def test_notes_are_not_told(api: Caller, sonnenschein: Salon, front_desk: Actor) -> None:
    made = _made(api, 0)
    with salon_scope(sonnenschein.pk):
        note = write_note(actor=front_desk, client_id=Client.objects.get().pk, text="Geheimes", pinned=True, now=NOW)
        edit_note(actor=front_desk, note_id=note.pk, text="Noch Geheimeres", seen=None, now=NOW)
    answer = api.get(f"{made}/history")
    told = {entry["action"]: entry["changes"] for entry in answer.json()["results"]}
    assert told["client.note_written"] == told["client.note_edited"] == []
    assert "Geheime" not in answer.content.decode()


def test_the_card_and_the_api_tell_the_same(
    api: Caller, sonnenschein: Salon, stylist: User, browser_of: Callable[[User], Browser]
) -> None:
    made = _made(api, 5)
    client_id = made.rpartition("/")[2]
    page = browser_of(stylist).get(f"/s/sonnenschein/clients/{client_id}/").context["history"]
    told = api.get(f"{made}/history").json()["results"]
    assert [entry["id"] for entry in told] == [str(event.id) for event in page.events]
    with salon_scope(sonnenschein.pk):
        kept = history_of(Client.objects.get().pk).entries
    assert [(one["actor"], one["changes"]) for one in told] == [(one.actor_name, one.changes) for one in kept]


def test_statements_do_not_grow_with_the_history(api: Caller) -> None:
    counts: list[Any] = []
    for changes in (2, 20):
        made = _made(api, changes)
        with CaptureQueriesContext(connection) as queries:
            assert api.get(f"{made}/history").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 7
