"""The client list reads an index for each order and each rare filter, as `app` under row-level security."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from clients.categories import assign_to_many, create_category
from clients.labels import CategoryDetails
from clients.listing import PAGE, Sort, list_clients
from clients.models import Client
from clients.web.list_query import list_query
from salon.identity.roles import system_actor
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests import database
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
CARDS = 4000
INDEXES = {
    Sort.NAME: "clients_client_by_name",
    Sort.NUMBER: "clients_client_number",
    Sort.LISTED_ON: "clients_client_by_listed_on",
    Sort.LAST_VISIT: "clients_client_by_last_success",
    Sort.VISITS: "clients_client_by_visits",
    Sort.POINTS: "clients_client_by_points",
}


@pytest.fixture(scope="module")
def crowded(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Salon]:
    """Fill a salon once for all that only read it, and let the planner know."""
    with django_db_blocker.unblock():
        salon = Salon.objects.create(name="Salon Sonnenschein", slug="sonnenschein")
        _fill(salon)
        with database.owner() as owner:
            owner.execute("ANALYZE clients_client, clients_categoryassignment")
    yield salon
    with django_db_blocker.unblock():
        database.forget_salons()


def _fill(salon: Salon) -> None:
    """Add the cards, every hundredth blocked and in a category."""
    actor = system_actor("Test")
    with salon_scope(salon.pk):
        cards = [
            Client(
                number=number,
                first_name=f"Nr{number}",
                sort_key=f"nr {number}",
                listed_on=NOW.date(),
                created_via="IMPORT",
                status="NEW" if number % 2 else "RETURNING",
                status_reason="LAPSED" if number % 2 else "LISTED",
                email="" if number % 150 == 0 else "a@mail.example",
                blocked=number % 100 == 0,
                visits=number % 7,
                created_at=NOW,
                updated_at=NOW,
            )
            for number in range(1, CARDS + 1)
        ]
        Client.objects.bulk_create(cards)
        category = create_category(actor=actor, details=CategoryDetails(name="Selten"), now=NOW)
        marked = [card.pk for card in cards if card.blocked]
        assign_to_many(actor=actor, client_ids=marked, category_ids=[category.pk], now=NOW)


def _plans(query: str) -> list[str]:
    """Return what the database does for one page of a list, statement by statement."""
    asked = list_query(QueryDict(query), today=NOW.date())
    seen: list[tuple[str, Any]] = []

    def watch(execute, sql, values, many, context):  # type: ignore[no-untyped-def]
        seen.append((sql, values))
        return execute(sql, values, many, context)

    with connection.execute_wrapper(watch):
        page = list_clients(sort=asked.sort, reverse=asked.reverse, cursor=None, meeting=asked.along, among=asked.among)
        list_clients(sort=asked.sort, reverse=asked.reverse, cursor=page.next, meeting=asked.along, among=asked.among)
    plans = []
    with connection.cursor() as cursor:
        for sql, values in seen:
            cursor.execute(f"EXPLAIN {sql}", values)
            plans.append("\n".join(row[0] for row in cursor.fetchall()))
    return plans


@pytest.mark.parametrize("way", ["asc", "desc"])
@pytest.mark.parametrize("sort", list(Sort))
def test_every_order_has_its_index(crowded: Salon, sort: Sort, way: str) -> None:
    with salon_scope(crowded.pk):
        for plan in _plans(f"sort={sort}&dir={way}"):
            assert re.search(rf"Index Scan (Backward )?using {INDEXES[sort]} ", plan), plan
            assert "Sort" not in plan, plan


def test_status_is_read_along_the_last_visit(crowded: Salon) -> None:
    with salon_scope(crowded.pk):
        for plan in _plans("sort=last_visit&status=NEW"):
            assert "clients_client_by_status" in plan, plan
            assert "Sort" not in plan, plan


def test_what_is_frequent_is_met_along_the_order(crowded: Salon) -> None:
    with salon_scope(crowded.pk):
        walked, kept, *_second = _plans("status=NEW")
        assert "clients_client_by_name" in walked, walked
        assert "Sort" not in walked, walked
        assert "clients_client_pkey" in kept or "clients_client_key" in kept, kept


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("blocked=yes", "clients_client_facts"),
        ("contact=none&birthday=5", "clients_client_(birthdays|without_contact)"),
        ("status=NEW&consent=yes&via=STAFF", "clients_client_facts"),
    ],
)
def test_what_is_rare_is_gathered_by_its_own_index(crowded: Salon, query: str, index: str) -> None:
    with salon_scope(crowded.pk):
        _walked, gathered, *_rest = _plans(query)
    assert re.search(index, gathered), gathered
    assert "Seq Scan" not in gathered, gathered


def test_a_rare_category_is_gathered_by_its_clients(crowded: Salon) -> None:
    with salon_scope(crowded.pk):
        category = str(Client.objects.filter(blocked=True).values_list("assignments__category", flat=True)[0])
        with CaptureQueriesContext(connection) as captured:
            asked = list_query(QueryDict(f"category={category}"), today=NOW.date())
            page = list_clients(sort=Sort.NAME, cursor=None, meeting=asked.along, among=asked.among)
        assert (len(page.rows), len(captured)) == (PAGE, 3)
        _walked, gathered, *_rest = _plans(f"category={category}")
    assert "Seq Scan on clients_client" not in gathered, gathered
