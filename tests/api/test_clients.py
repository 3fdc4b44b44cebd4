"""`/api/v1/clients` as api.md says."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from clients.models import Client
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.api.conftest import Caller, wrong

NIGHT = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
EMPTY: dict[str, Any] = dict.fromkeys(
    ("first_name", "last_name", "gender", "birthday", "email", "mobile", "landline", "street", "postal_code", "city")
)
OWN = {
    "id",
    "number",
    "preferred_staff",
    "referred_by",
    "categories",
    "treatcard_number",
    "points",
    "matrix_exempt",
    "status",
    "status_reason",
    "listed_on",
    "created_via",
    "blocked",
    "blocked_reason",
    "marketing_consent",
    "version",
    "created_at",
    "updated_at",
}
FULL = {
    "first_name": "Sarah",
    "last_name": "Müller",
    "gender": "FEMALE",
    "birthday": "--11-21",
    "email": "Sarah@Example.com",
    "mobile": "0151 23456789",
    "landline": "+49 30 901820",
    "street": "Kastanienallee 12",
    "postal_code": "10435",
    "city": "Berlin",
}


def test_a_card_comes_back_as_it_is_kept(api: Caller) -> None:
    with time_machine.travel(NIGHT, tick=False):
        answer = api.post("clients", FULL)
    made = answer.json()
    assert answer.status_code == 201
    assert answer["Location"] == f"http://testserver/api/v1/clients/{made['id']}"
    assert made.items() >= {**FULL, "mobile": "+4915123456789", "landline": "+4930901820"}.items()
    assert (made["number"], made["version"], made["created_via"]) == (1, 1, "IMPORT")
    assert made["listed_on"] == "2026-11-21"
    assert made["updated_at"] == "2026-11-21T00:30:00+01:00"
    assert set(made) == {*FULL, *OWN}
    assert api.get(answer["Location"]).json() == made
    assert api.get("clients").json()["results"] == [made]


def test_empty_is_null_both_ways(api: Caller) -> None:
    made = api.post("clients", {**EMPTY, "first_name": "Anna", "city": ""})
    assert made.json().items() >= {**EMPTY, "first_name": "Anna"}.items()
    full = api.post("clients", FULL)["Location"]
    emptied = api.patch(full, {**EMPTY, "last_name": "Müller"}).json()
    assert emptied.items() >= {**EMPTY, "last_name": "Müller"}.items()


@pytest.mark.parametrize("created_via", ["IMPORT", "ONLINE_BOOKING"])
def test_how_a_card_came_to_be(api: Caller, created_via: str) -> None:
    assert api.post("clients", {"first_name": "Anna", "created_via": created_via}).json()["created_via"] == created_via


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"first_name": "required"}),
        ({"first_name": " "}, {"first_name": "required"}),
        ({"first_name": "x" * 81}, {"first_name": "max_length"}),
        ({"first_name": 5}, {"first_name": "invalid"}),
        ({"first_name": True}, {"first_name": "invalid"}),
        ({"first_name": ["Anna"]}, {"first_name": "invalid"}),
        ({"first_name": {"a": 1}}, {"first_name": "invalid"}),
        ({"first_name": "Anna", "gender": "OTHER"}, {"gender": "invalid_choice"}),
        ({"first_name": "Anna", "gender": ""}, {"gender": "blank"}),
        ({"first_name": "Anna", "birthday": "2026-02-30"}, {"birthday": "no_such_day"}),
        ({"first_name": "Anna", "birthday": "03/05/1990"}, {"birthday": "invalid"}),
        ({"first_name": "Anna", "birthday": "21.11.1990"}, {"birthday": "invalid"}),
        ({"first_name": "Anna", "birthday": "90-11-21"}, {"birthday": "invalid"}),
        ({"first_name": "Anna", "birthday": "2999-01-01"}, {"birthday": "future"}),
        ({"first_name": "Anna", "email": "x"}, {"email": "invalid"}),
        ({"first_name": "Anna", "mobile": "12"}, {"mobile": "invalid"}),
        ({"first_name": "Anna", "created_via": "STAFF"}, {"created_via": "invalid_choice"}),
        ({"first_name": "Anna", "created_via": None}, {"created_via": "null"}),
        ({"first_name": "Anna", "nickname": "A"}, {"nickname": "unknown_field"}),
        ({"first_name": "Anna", "number": 7, "id": "x"}, {"number": "read_only", "id": "read_only"}),
        ({"first_name": "Anna", "version": 1, "x.y": 1}, {"version": "read_only", "x.y": "unknown_field"}),
    ],
)
def test_bodies_that_are_refused(api: Caller, sonnenschein: Salon, body: object, errors: dict[str, str]) -> None:
    assert wrong(api.post("clients", body)) == errors
    with salon_scope(sonnenschein.pk):
        assert Client.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"first_name": None}, {"first_name": "required"}),
        ({"created_via": "IMPORT"}, {"created_via": "read_only"}),
        ({"listed_on": "2020-01-01"}, {"listed_on": "read_only"}),
        ({"nickname": "A"}, {"nickname": "unknown_field"}),
        ({"email": "x", "mobile": "1"}, {"email": "invalid", "mobile": "invalid"}),
    ],
)
def test_changes_that_are_refused(api: Caller, body: object, errors: dict[str, str]) -> None:
    address = api.post("clients", {"first_name": "Anna"})["Location"]
    before = api.get(address).content
    assert wrong(api.patch(address, body)) == errors
    assert api.get(address).content == before


@pytest.fixture
def people(api: Caller) -> None:
    for body in (
        {"first_name": "Michael", "email": "michael@example.com", "mobile": "0171 2345678"},
        {"first_name": "Michal", "email": "Michal@Example.com", "landline": "030 2345678"},
        {"first_name": "Jörg", "last_name": "Müller", "email": "joerg@example.com", "mobile": "+49 171 2345678"},
        {"first_name": "Long", "mobile": "+43 664 171234567"},
    ):
        assert api.post("clients", body).status_code == 201


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("email=michael@example.com", [1]),
        ("email=MICHAL@EXAMPLE.COM", [2]),
        ("email=michal", []),
        ("email=example.com", []),
        ("email=jörg@example.com", []),
        ("email=%25", []),
        ("phone=0171 2345678", [1, 3]),
        ("phone=%2B491712345678", [1, 3]),
        ("phone=0049 (171) 234-5678", [1, 3]),
        ("phone=030/2345678", [2]),
        ("phone=0171 234567", []),
        ("phone=0171 2345678&email=Joerg@example.com", [3]),
        ("phone=0171 2345678&email=michal@example.com", []),
        ("search=mueller", [3]),
        ("search=0171 23456-78", [1, 3]),
        ("search=...", []),
    ],
)
def test_filters(api: Caller, people: None, query: str, numbers: list[int]) -> None:
    found = api.get(f"clients?{query}").json()["results"]
    assert [client["number"] for client in found] == numbers


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("phone=x", {"phone": "invalid"}),
        ("phone=", {"phone": "blank"}),
        ("email=", {"email": "blank"}),
        ("search=%20", {"search": "blank"}),
        (f"email={'x' * 255}", {"email": "max_length"}),
        ("search=anna&email=a@b.de", {"email": "not_combinable"}),
        ("colour=x&q=1", {"colour": "unknown_field", "q": "unknown_field"}),
    ],
)
def test_filters_that_are_refused(api: Caller, query: str, errors: dict[str, str]) -> None:
    assert wrong(api.get(f"clients?{query}")) == errors
