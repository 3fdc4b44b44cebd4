"""One rule, two interfaces: what the browser's form does and what the API does is the same (architecture.md §2).

The pattern for every later rule: the same input through both, then the same row, the same audit entry (but for who
acted), the same codes when refused. Whoever writes a rule twice fails here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.forms.models import model_to_dict
from django.test import Client as Browser
from django.urls import reverse

from clients.models import Client, SearchToken
from salon.audit.models import AuditEntry
from salon.identity.models import User
from salon.identity.roles import ActorKind
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.api.conftest import Caller, wrong

FULL = {
    "first_name": " Sarah ",
    "last_name": "Müller",
    "gender": "FEMALE",
    "birthday": "1990-11-21",
    "email": "sarah@example.com",
    "mobile": "0151 23456789",
    "landline": "",
    "street": "Kastanienallee  12",
    "postal_code": "10435",
    "city": "Berlin",
}
# What differs between two cards made from the same input, and between the two ways to make one.
_OWN = {"id", "number", "created_at", "updated_at", "created_via"}


@dataclass(frozen=True, slots=True)
class State:
    """What a change leaves behind: the card, what it is found by, and what the audit tells."""

    row: dict[str, Any]
    tokens: set[tuple[int, str]]
    audit: list[tuple[str, str, list[Any]]]
    actors: list[str]


def _state(salon: Salon, client_id: UUID) -> State:
    with salon_scope(salon.pk):
        client = Client.objects.get(pk=client_id)
        entries = list(AuditEntry.objects.filter(subject_id=client_id).order_by("at", "id"))
        tokens = SearchToken.objects.filter(client_id=client_id).exclude(token=str(client.number))
        return State(
            {name: value for name, value in model_to_dict(client).items() if name not in _OWN},
            set(tokens.values_list("field", "token")),
            [(entry.action, entry.subject_kind, entry.changes) for entry in entries],
            [entry.actor_kind for entry in entries],
        )


@dataclass(frozen=True, slots=True)
class Both:
    """The two interfaces of one salon."""

    salon: Salon
    browser: Browser
    api: Caller

    def create(self, body: dict[str, str]) -> tuple[UUID, UUID]:
        """Make a card by each interface and return their ids, the browser's first."""
        answer = self.browser.post(reverse("clients:create", args=[self.salon.slug]), {**body, "confirm": "duplicate"})
        assert answer.status_code == 302
        by_form = UUID(answer["Location"].rstrip("/").rpartition("/")[2])
        return by_form, UUID(self.api.post("clients", body).json()["id"])

    def edit(self, client_id: UUID, form: dict[str, str]) -> Any:
        """Post the form of a card."""
        return self.browser.post(reverse("clients:edit", args=[self.salon.slug, client_id]), form)

    def count(self) -> int:
        """Return how many cards the salon has."""
        with salon_scope(self.salon.pk):
            return Client.objects.count()


@pytest.fixture
def both(sonnenschein: Salon, stylist: User, browser_of: Callable[[User], Browser], api: Caller) -> Both:
    return Both(sonnenschein, browser_of(stylist), api)


def _same(both: Both, by_form: UUID, by_api: UUID) -> State:
    form, api = _state(both.salon, by_form), _state(both.salon, by_api)
    assert form.row == api.row
    assert form.tokens == api.tokens
    assert form.audit == api.audit
    assert (set(form.actors), set(api.actors)) == ({ActorKind.USER}, {ActorKind.API_KEY})
    return form


@pytest.mark.parametrize("body", [FULL, {"first_name": "Anna"}, {"last_name": "Berg", "birthday": "--02-03"}])
def test_creating(both: Both, body: dict[str, str]) -> None:
    state = _same(both, *both.create(body))
    assert [action for action, _kind, _changes in state.audit] == ["client.created"]


def test_editing(both: Both) -> None:
    by_form, by_api = both.create(FULL)
    changes = {"email": "", "mobile": "030 901820", "last_name": "Meyer", "birthday": "--02-29"}
    assert both.edit(by_form, {**FULL, **changes}).status_code == 302
    assert both.api.patch(f"clients/{by_api}", changes, If_Match='"1"').status_code == 200
    state = _same(both, by_form, by_api)
    assert [action for action, _kind, _changes in state.audit] == ["client.created", "client.updated"]
    assert state.row["version"] == 2


def test_editing_nothing_leaves_no_trace(both: Both) -> None:
    by_form, by_api = both.create(FULL)
    assert both.edit(by_form, {**FULL}).status_code == 302
    assert both.api.patch(f"clients/{by_api}", {**FULL, "landline": None}).status_code == 200
    assert len(_same(both, by_form, by_api).audit) == 1


REFUSED = [
    {},
    {"first_name": " "},
    {"first_name": "x" * 81, "postal_code": "1" * 13},
    {"first_name": "Anna", "email": "anna@"},
    {"first_name": "Anna", "mobile": "12345", "landline": "abc"},
    {"first_name": "Anna", "birthday": "1990-02-30"},
    {"first_name": "Anna", "birthday": "2999-01-01"},
    {"first_name": "Anna", "birthday": "1800-01-01"},
]


def _form_errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 422
    return {field: [str(text) for text in texts] for field, texts in answer.context["form"].errors.items()}


def _api_errors(answer: Any) -> dict[str, list[str]]:
    """Return what the API says of each field, in words: the form carries no codes."""
    assert wrong(answer)
    told: dict[str, list[str]] = {}
    for error in answer.json()["errors"]:
        told.setdefault(error["field"], []).append(error["detail"])
    return told


@pytest.mark.parametrize("body", REFUSED)
def test_refused_when_creating(both: Both, body: dict[str, str]) -> None:
    form = both.browser.post(reverse("clients:create", args=[both.salon.slug]), body)
    api = both.api.post("clients", body, Accept_Language="de")
    assert _form_errors(form) == _api_errors(api)
    assert both.count() == 0


@pytest.mark.parametrize("body", REFUSED[1:])
def test_refused_when_editing(both: Both, body: dict[str, str]) -> None:
    by_form, by_api = both.create({"last_name": "Berg"})
    full = {**dict.fromkeys(FULL, ""), **body}
    form = both.edit(by_form, {**full})
    api = both.api.patch(f"clients/{by_api}", {**full, "gender": full["gender"] or None}, Accept_Language="de")
    assert _form_errors(form) == _api_errors(api)
    assert _same(both, by_form, by_api).row["version"] == 1


def test_a_choice_that_no_form_offers(both: Both) -> None:
    body = {"first_name": "Anna", "gender": "X"}
    form = both.browser.post(reverse("clients:create", args=[both.salon.slug]), body)
    api = both.api.post("clients", body)
    assert (set(_form_errors(form)), wrong(api)) == ({"gender"}, {"gender": "invalid_choice"})
    assert both.count() == 0


def test_refused_when_somebody_was_faster(both: Both) -> None:
    by_form, by_api = both.create(FULL)
    for client_id in (by_form, by_api):
        assert both.api.patch(f"clients/{client_id}", {"city": "Köln"}).status_code == 200
    form = both.edit(by_form, {**FULL, "city": "Bonn", "was-city": FULL["city"]})
    api = both.api.patch(f"clients/{by_api}", {"city": "Bonn"}, If_Match='"1"')
    assert (form.status_code, api.status_code) == (422, 412)
    assert form.context["conflict"]
    for client_id in (by_form, by_api):
        assert _state(both.salon, client_id).row["city"] == "Köln"
