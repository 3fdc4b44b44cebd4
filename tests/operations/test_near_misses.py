"""Names one slip away from what finds nobody (domain.md §2)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from pytest_django import DjangoAssertNumQueries

from clients.details import ClientDetails
from clients.editing import create_client
from clients.listing import near_clients, search_clients
from clients.models import CreatedVia
from clients.near_misses import near_misses, one_slip_from
from salon.identity.roles import Actor
from salon.tenancy.models import Salon
from tests.conftest import NOW

NAMES = ("Finn Hoffmann", "Frank Hofmann", "Anna Meyer", "Zoë Müller-Lüdenscheidt", "Jörg Schmidt", "Ali Yılmaz")


type Listing = Callable[..., None]


@pytest.fixture
def listing(in_sonnenschein: Salon, front_desk: Actor) -> Listing:
    def make(*names: str) -> None:
        for name in names:
            first, _space, last = name.partition(" ")
            create_client(
                actor=front_desk,
                salon=in_sonnenschein,
                details=ClientDetails(first_name=first, last_name=last),
                created_via=CreatedVia.STAFF,
                now=NOW,
            )

    return make


@pytest.fixture
def listed(listing: Listing) -> None:
    listing(*NAMES)


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
        # Somebody has each of the words, nobody both.
        ("hofmann finn", ["Hoffmann finn"]),
        ("Hoffmann, Frank", ["Hofmann Frank"]),
        ("Meyer Frank", []),
    ],
)
def test_names_one_slip_away(listed: None, typed: str, meant: list[str]) -> None:
    assert near_misses(typed) == meant


@pytest.mark.parametrize(
    ("typed", "besides", "near"),
    [
        ("hofmann", ["Frank Hofmann"], ["Finn Hoffmann"]),
        ("Hoffmann", ["Finn Hoffmann"], ["Frank Hofmann"]),
        # What is half typed has no names beside it that are half a slip away.
        ("hof", ["Finn Hoffmann", "Frank Hofmann"], []),
        ("hoffm", ["Finn Hoffmann"], []),
        ("Frank Hofmann", ["Frank Hofmann"], []),
        ("Anna", ["Anna Meyer"], []),
        ("Hofffmann", [], ["Finn Hoffmann"]),
        ("", [], []),
    ],
)
def test_cards_besides_those_found(listed: None, typed: str, besides: list[str], near: list[str]) -> None:
    found, _more = search_clients(typed, limit=8)
    assert [one.full_name for one in found] == besides
    assert [one.full_name for one in near_clients(typed, besides=found, limit=3)] == near


def test_where_enough_were_found_nothing_is_asked(
    listed: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert near_clients("hofmann", besides=[], limit=0) == []


def test_what_is_asked_is_bounded(
    listed: None, in_sonnenschein: Salon, front_desk: Actor, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for last_name in ("Mayer", "Meier", "Beyer", "Meyers", "Geyer", "Meyen"):
        details = ClientDetails(first_name="Hanna", last_name=last_name)
        create_client(actor=front_desk, salon=in_sonnenschein, details=details, created_via=CreatedVia.STAFF, now=NOW)
    found, _more = search_clients("hanna meyer", limit=8)
    with django_assert_max_num_queries(25):
        near = near_clients("hanna meyer", besides=found, limit=3)
    assert [one.last_name for one in near] == ["Meyer", "Mayer", "Meier"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Kathrin Schmied", ["Kathrin Schmidt", "Kathrin Schmitt"]),
        ("Schmitt Katrin", ["Schmidt Katrin", "Schmitt Kathrin"]),
        ("Frau Schmied Kathrin", ["Schmidt Kathrin", "Schmitt Kathrin"]),
        ("Jan Meyer", ["Jan Maier"]),
        ("Stephan Weiss", ["Stefan Weiss"]),
        ("Dr. Jan Maier", ["Jan Maier"]),
        ("Frau Dr. Jan Meyer", ["Jan Maier"]),
        ("Dr.", []),
    ],
)
@pytest.mark.parametrize("somebody_else", [(), ("Karl Schmied",), ("Karl Schmieder", "Dr. Karl Meyer", "Stephan Ott")])
def test_names_that_sound_the_same_and_no_title(
    listing: Listing, somebody_else: tuple[str, ...], typed: str, meant: list[str]
) -> None:
    listing("Kathrin Schmidt", "Kathrin Schmitt", "Katrin Schmidt", "Jan Maier", "Stefan Weiß", *somebody_else)
    assert near_misses(typed) == meant


def test_a_name_is_proposed_as_most_write_it_and_never_in_capitals(listing: Listing) -> None:
    listing("Eva SCHRÖDER", "Eva Mueller", "Ida Müller", "Ute Müller", "jan krämer", "Ali Weiss", "Bea Weiß")
    assert [near_misses(typed) for typed in ("Schröter", "Müler", "Kremer")] == [["Schröder"], ["Müller"], ["Krämer"]]


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
    plans = []
    for sql, values in [one for one in asked if "unnest" in one[0]]:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {sql}", values)
            plans.append("\n".join(row[0] for row in cursor.fetchall()))
    looked_up, as_written = plans
    assert "Seq Scan" not in looked_up + as_written
    assert "token >= meant.word" in looked_up
    assert "token >= (asked.name" in as_written
