"""Pages by key: complete, in order, and still so when rows come in between."""

from typing import Any

import pytest

from tests.api.conftest import Caller, wrong


@pytest.fixture
def seven(api: Caller) -> list[int]:
    return [
        api.post("clients", {"first_name": "Bea", "last_name": f"Nr{place}"}).json()["number"] for place in range(7)
    ]


def _numbers(page: dict[str, Any]) -> list[int]:
    return [client["number"] for client in page["results"]]


@pytest.mark.parametrize("query", ["", "&email=x@example.com"])
def test_forward_and_back(api: Caller, query: str) -> None:
    for place in range(7):
        api.post("clients", {"first_name": f"Bea {place}", "email": "x@example.com"})
    first = api.get(f"clients?limit=3{query}").json()
    assert _numbers(first) == [1, 2, 3]
    assert first["previous"] is None
    assert first["next"].startswith("http://testserver/api/v1/clients?limit=3")
    second = api.get(first["next"]).json()
    third = api.get(second["next"]).json()
    assert (_numbers(second), _numbers(third), third["next"]) == ([4, 5, 6], [7], None)
    assert _numbers(api.get(third["previous"]).json()) == [4, 5, 6]
    back = api.get(second["previous"]).json()
    assert (_numbers(back), back["previous"]) == ([1, 2, 3], None)


def test_rows_that_come_in_between_move_nothing(api: Caller, seven: list[int]) -> None:
    first = api.get("clients?limit=4").json()
    second = api.get(first["next"]).json()
    api.post("clients", {"first_name": "Late"})
    assert api.get(first["next"]).json()["results"][:3] == second["results"]
    assert _numbers(api.get(first["next"]).json()) == [5, 6, 7, 8]
    assert _numbers(api.get(second["previous"]).json()) == [1, 2, 3, 4]


def test_a_search_goes_on_too_best_matches_first(api: Caller, seven: list[int]) -> None:
    api.post("clients", {"first_name": "Zoe", "city": "Beatown"})
    found: list[int] = []
    address = "clients?search=bea&limit=3"
    while address:
        page = api.get(address).json()
        assert page["previous"] is None
        found += _numbers(page)
        address = page["next"]
    assert found == [*seven, 8]


def test_an_empty_list(api: Caller) -> None:
    assert api.get("clients").json() == {"results": [], "next": None, "previous": None}


def test_the_largest_page(api: Caller, seven: list[int]) -> None:
    assert len(api.get("clients?limit=200").json()["results"]) == 7


@pytest.mark.parametrize("limit", ["0", "201", "-1", "1.5", "", "x", "²", "1" * 5000])
def test_limits_that_cannot_be(api: Caller, limit: str) -> None:
    assert wrong(api.get(f"clients?limit={limit}")) == {"limit": "invalid"}


@pytest.mark.parametrize("query", ["", "&search=bea"])
@pytest.mark.parametrize("cursor", ["", "x", "bnVsbA", "WzAsMSwyXQ", "WzAsbnVsbF0", "ü", "e30", "WyJcdWQ4MDAiLDEsInguIl0", "W1tbW1tb" * 100, "x" * 1001])  # fmt: skip  # noqa: E501
def test_cursors_that_no_page_has_given(api: Caller, cursor: str, query: str) -> None:
    assert wrong(api.get(f"clients?cursor={cursor}{query}")) == {"cursor": "invalid"}


def test_the_cursor_of_another_list(api: Caller, seven: list[int]) -> None:
    listed = api.get("clients?limit=3").json()["next"].partition("cursor=")[2]
    searched = api.get("clients?limit=3&search=bea").json()["next"].partition("cursor=")[2]
    assert wrong(api.get(f"clients?search=bea&cursor={listed}")) == {"cursor": "invalid"}
    assert wrong(api.get(f"clients?cursor={searched.partition('&')[0]}")) == {"cursor": "invalid"}
