"""Names one slip away from what finds nobody (domain.md §2)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q

from clients.details import ClientDetails
from clients.editing import create_client
from clients.models import CreatedVia
from clients.near_misses import near_misses, one_slip_from
from salon.identity.roles import Actor
from salon.tenancy.models import Salon
from tests.conftest import NOW

NAMES = ("Finn Hoffmann", "Frank Hofmann", "Anna Meyer", "Zoë Müller-Lüdenscheidt", "Jörg Schmidt", "Ali Yılmaz")


@pytest.fixture
def listed(in_sonnenschein: Salon, front_desk: Actor) -> None:
    for name in NAMES:
        first, _space, last = name.partition(" ")
        create_client(
            actor=front_desk,
            salon=in_sonnenschein,
            details=ClientDetails(first_name=first, last_name=last),
            created_via=CreatedVia.STAFF,
            now=NOW,
        )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Hofffmann", ["Hoffmann"]),
        ("Hoffman Finn", []),
        ("Homfann", ["Hofmann"]),
        ("Meier", ["Meyer"]),
        ("anna meier", ["anna Meyer"]),
        ("Jörk", ["Jörg"]),
        ("Schmitt", ["Schmidt"]),
        ("Jilmaz", ["Yılmaz"]),
        ("Lüdenscheit", ["Lüdenscheidt"]),
        ("Jörg Meier", []),
        ("Xyz", []),
        ("Unbekannt", []),
        ("meier 0171", []),
        ("017155", []),
        ("a b c meier", []),
        ("", []),
    ],
)
def test_names_one_slip_away(listed: None, typed: str, meant: list[str]) -> None:
    assert near_misses(typed) == meant


def test_only_who_meets_the_filters_is_proposed(listed: None) -> None:
    assert near_misses("Hofffmann", meeting=~Q(last_name="Hoffmann")) == []


def test_slips_are_letters_more_less_other_or_swapped() -> None:
    found = one_slip_from("abc")
    assert {"ab", "bac", "abd", "abcd", "zabc"} <= found
    assert "abc" not in found


def test_names_are_looked_up_in_the_index(listed: None) -> None:
    asked: list[tuple[str, Any]] = []

    def watch(execute: Callable[..., Any], sql: str, values: Any, many: bool, context: dict[str, Any]) -> Any:
        asked.append((sql, values))
        return execute(sql, values, many, context)

    with connection.execute_wrapper(watch):
        near_misses("Hofffmann")
    [(sql, values)] = [one for one in asked if "unnest" in one[0]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}", values)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Seq Scan" not in plan
    assert "token >= meant.word" in plan
