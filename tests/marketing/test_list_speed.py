"""The client list narrowed to a segment is as fast as a page has to be in a large salon, whatever the rule asks."""

import os
from collections.abc import Iterator
from time import perf_counter

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from clients.listing import ORDERS, Sort, list_clients
from clients.models import Client
from clients.neighbours import neighbours
from clients.web.handed_in import Segment
from clients.web.list_query import list_query
from marketing.choosing import meeting
from marketing.rule import Condition, Group, Match
from marketing.segments import READY_MADE
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests import database
from tests.conftest import NOW
from tests.marketing.crowd import crowd

pytestmark = pytest.mark.django_db
CLIENTS = 50_000 if os.environ.get("SOAK") else 1_000
SECONDS = 0.5
RULES = {
    **{key: one.rule for key, one in READY_MADE.items()},
    "everybody": Group(Match.ALL),
    "nobody": Group(Match.ALL, negated=True),
    "rare": Group(Match.ALL, (Condition("points", "at_least", (1_000_000,)),)),
    "usual day": Group(Match.ALL, (Condition("weekday", "in", ("MON",)), Condition("treatcard", "no"))),
    "neither": Group(Match.ANY, (READY_MADE["vip"].rule, READY_MADE["overdue"].rule), negated=True),
}


@pytest.fixture(scope="module")
def crowded(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Salon]:
    """Fill a salon once; nothing here writes."""
    with django_db_blocker.unblock():
        salon = Salon.objects.create(name="gross", slug="gross")
        crowd(salon, CLIENTS)
        with database.owner() as owner:
            owner.autocommit = True
            owner.execute("VACUUM ANALYZE")
    yield salon
    with django_db_blocker.unblock():
        database.forget_salons()


@pytest.mark.parametrize("query", ["", "sort=last_visit", "sort=points&dir=asc"])
@pytest.mark.parametrize("key", RULES)
def test_a_page(crowded: Salon, key: str, query: str) -> None:
    with salon_scope(crowded.pk):
        segment = Segment(key, key, meeting(RULES[key], salon=crowded, now=NOW))
        asked = list_query(QueryDict(query), today=NOW.date(), segment=segment)
        taken = []
        for _turn in range(3):
            begun = perf_counter()
            with CaptureQueriesContext(connection) as captured:
                page = list_clients(
                    sort=asked.sort, reverse=asked.reverse, cursor=None, meeting=asked.along, among=asked.among
                )
            taken.append(perf_counter() - begun)
        assert len(captured) <= 2
        assert min(taken) < SECONDS
        client = page.rows[0] if page.rows else Client.objects.order_by("sort_key")[30]
        neighbours(client, order=ORDERS[Sort.NAME], meeting=asked.meeting)
