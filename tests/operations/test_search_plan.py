"""The search reads its index as `app` under row-level security: only leakproof operators do (architecture.md §5)."""

import re
from collections.abc import Iterator
from itertools import count

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from clients.details import ClientDetails
from clients.models import Client, SearchToken
from clients.queries import parse_query
from clients.search import named_statement, sizes_statement, statement
from clients.tokens import rows_of, tokens_of
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests import database
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
CARDS = 1500
LASTS = ("Müller", "Meyer", "Bauer", "Koch")


@pytest.fixture(scope="module")
def crowded(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Salon]:
    """Fill a salon once for all that only read it, and let the planner know."""
    with django_db_blocker.unblock():
        salon = Salon.objects.create(name="Salon Sonnenschein", slug="sonnenschein")
        _fill(salon)
        with database.owner() as owner:
            owner.execute("ANALYZE clients_client, clients_searchtoken")
    yield salon
    with django_db_blocker.unblock():
        database.forget_salons()


def _fill(salon: Salon) -> None:
    with salon_scope(salon.pk):
        cards = {}
        for number in range(1, CARDS + 1):
            details = ClientDetails(
                first_name=f"Anna{number}", last_name=LASTS[number % 4], mobile=f"+49171{number:07}", city="Berlin"
            )
            client = Client(number=number, listed_on=NOW.date(), created_via="IMPORT", created_at=NOW, updated_at=NOW)
            client.first_name, client.last_name, client.sort_key = (
                details.first_name,
                details.last_name,
                details.sort_key,
            )
            cards[client] = details
        Client.objects.bulk_create(cards)
        SearchToken.objects.bulk_create(
            SearchToken(field=field, token=token, beginnings=beginnings, client=client)
            for client, details in cards.items()
            for field, token, beginnings in rows_of(tokens_of(details, client.number))
        )


@pytest.mark.parametrize("typed", ["m", "mul", "anna7 mü", "0171 000", "47", "berlin"])
def test_ranges_are_read_by_index(crowded: Salon, typed: str) -> None:
    query = parse_query(typed)
    assert query is not None
    with salon_scope(crowded.pk), connection.cursor() as cursor:
        sql, values = statement(query, besides=query.named, limit=9)
        cursor.execute(f"EXPLAIN {sql}", values)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Seq Scan" not in plan
    assert re.search(r"clients_searchtoken_pkey.*\n +Index Cond: .*\(token >= .*\(token < ", plan), plan


@pytest.mark.parametrize("typed", ["anna mü", "anna mul 10"])
def test_names_are_read_by_ranges_of_their_tokens(crowded: Salon, typed: str) -> None:
    query = parse_query(typed)
    assert query is not None
    assert query.named is not None
    with salon_scope(crowded.pk), connection.cursor() as cursor:
        sql, values = named_statement(query.named, limit=9)
        cursor.execute(f"EXPLAIN {sql}", values)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Seq Scan" not in plan
    assert len(re.findall(r"clients_searchtoken_pkey.*\n +Index Cond: .*\(token >= .*\(token < ", plan)) == len(
        query.named.ranges
    ), plan


@pytest.mark.parametrize("typed", ["koch bau", "müller anna2 bonn", "meyer @bonn"])
def test_cards_without_another_word_are_told_by_the_index_alone(crowded: Salon, typed: str) -> None:
    query = parse_query(typed)
    assert query is not None
    with salon_scope(crowded.pk), connection.cursor() as cursor:
        sql, values = statement(query, besides=query.named, limit=9)
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) {sql}", values)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert re.search(r"Index Only Scan using clients_searchtoken_pkey on clients_searchtoken t .*rows=0", plan), plan
    own = re.findall(r"using clients_searchtoken_by_client .*", plan)
    assert own
    assert [scan for scan in own if not scan.endswith("(never executed)")] == []


@pytest.mark.parametrize("typed", ["anna7 mü", "mül 017", "anna berlin 0171 47"])
def test_words_are_counted_within_their_bounds_whatever_is_typed(crowded: Salon, typed: str) -> None:
    query = parse_query(typed)
    assert query is not None
    with salon_scope(crowded.pk), connection.cursor() as cursor:
        sql, _values = sizes_statement(query)
        numbers = count(1)
        # As a prepared statement is planned once it has been asked several times.
        cursor.execute("EXPLAIN (GENERIC_PLAN) " + re.sub("%s", lambda _: f"${next(numbers)}", sql))
        plan = "\n".join(row[0] for row in cursor.fetchall())
    scans = re.findall(r"clients_searchtoken own.*\n +(.*)", plan)
    assert len(scans) == sql.count("clients_searchtoken")
    assert [scan for scan in scans if not re.match(r"Index Cond: .*\(token >= .*\(token < ", scan)] == []
