"""How many statements a call takes, with few rows and with many (quality.md §1)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from salon.tenancy.models import Salon
from tests.api.conftest import Caller

pytestmark = pytest.mark.django_db(transaction=True)


def _statements(call: Callable[[], Any]) -> tuple[int, list[str]]:
    with CaptureQueriesContext(connection) as queries:
        status = call().status_code
    return status, [query["sql"].split(maxsplit=1)[0] for query in queries]


def _fill(api: Caller, rows: int) -> str:
    for place in range(rows):
        body = {"first_name": "Bea", "last_name": f"Nr{place}", "email": "bea@example.com", "mobile": "0171 2345678"}
        address: str = api.post("clients", body)["Location"]
    return address


# Key and rate limit in one statement of its own; then the transaction with the salon's scope around the work.
FRAME = ["WITH", "BEGIN", "SELECT", "COMMIT"]


@pytest.mark.parametrize("rows", [2, 20])
@pytest.mark.parametrize(
    ("path", "statements"),
    [
        ("salon", 4),
        ("clients", 5),
        ("clients?limit=1", 5),
        ("clients?email=bea@example.com&phone=01712345678", 5),
        ("clients?search=bea", 6),
        ("clients?search=nobody", 6),
    ],
)
def test_lists(api: Caller, rows: int, path: str, statements: int) -> None:
    _fill(api, rows)
    status, found = _statements(lambda: api.get(path))
    assert (status, len(found)) == (200, statements), found
    assert [*found[:3], found[-1]] == FRAME


def test_one(api: Caller) -> None:
    address = _fill(api, 1)
    assert _statements(lambda: api.get(address)) == (200, ["WITH", "BEGIN", "SELECT", "SELECT", "COMMIT"])


def test_refusals_cost_no_more(api: Caller) -> None:
    address = _fill(api, 1)
    assert _statements(lambda: api.get("clients?limit=0")) == (400, ["WITH", "BEGIN", "SELECT", "ROLLBACK"])
    assert _statements(lambda: Caller("salon_unknown").get("salon")) == (401, ["WITH"])
    assert _statements(lambda: Caller("nonsense").get("salon")) == (401, [])
    status, found = _statements(lambda: api.patch(address, {"first_name": "Bo"}, If_Match='"9"'))
    assert (status, found[-1]) == (412, "ROLLBACK")


def test_idempotency_costs_two_statements(api: Caller, sonnenschein: Salon) -> None:
    body = {"first_name": "Anna"}
    status, plain = _statements(lambda: api.post("clients", body))
    assert status == 201
    status, kept = _statements(lambda: api.post("clients", body, Idempotency_Key="a"))
    assert (status, len(kept) - len(plain)) == (201, 2)
    assert _statements(lambda: api.post("clients", body, Idempotency_Key="a")) == (
        201, ["WITH", "BEGIN", "SELECT", "WITH", "COMMIT"],
    )  # fmt: skip
