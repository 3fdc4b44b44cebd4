"""The inbox is searched as fast as a page has to be in a salon that has written with all of its clients."""

import os
from collections.abc import Iterator
from time import perf_counter

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from marketing.message_search import parse_search
from marketing.messages import threads_among
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests import database
from tests.marketing.crowd import crowd

pytestmark = pytest.mark.django_db
# Ten messages a day over five years.
CLIENTS = 20_000 if os.environ.get("SOAK") else 1_000
SECONDS = 0.5
_MESSAGES = """
INSERT INTO marketing_message (id, salon_id, client_id, direction, subject, text, address, message_id, automatic,
  other_address, attachments, actor_kind, actor_name, created_at, read_at)
SELECT uuidv7(), salon_id, id, 'IN', 'Frage', repeat('Guten Tag, ich melde mich wegen des Termins. ', 8)
  || CASE WHEN number %% 500 = 7 THEN 'Haarfärbung' ELSE '' END, 'a@x.example', '', false, false, '[]', 'SYSTEM', '',
  now() - make_interval(mins => number::int), CASE WHEN number %% 100 > 0 THEN now() END
FROM clients_client WHERE salon_id = %s"""


@pytest.fixture(scope="module")
def crowded(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Salon]:
    """Fill a salon once; nothing here writes."""
    with django_db_blocker.unblock():
        salon = Salon.objects.create(name="gross", slug="gross")
        crowd(salon, CLIENTS)
        with salon_scope(salon.pk), connection.cursor() as cursor:
            cursor.execute(_MESSAGES, [salon.pk])
        with database.owner() as owner:
            owner.autocommit = True
            owner.execute("VACUUM ANALYZE")
    yield salon
    with django_db_blocker.unblock():
        database.forget_salons()


@pytest.mark.parametrize(
    ("typed", "unread"), [("haarfaerbung", False), ("termin", False), ("nirgends dort", False), ("", True)]
)
def test_a_page(crowded: Salon, typed: str, unread: bool) -> None:
    taken = []
    with salon_scope(crowded.pk):
        for _turn in range(3):
            begun = perf_counter()
            threads_among(search=parse_search(typed), unread=unread)
            taken.append(perf_counter() - begun)
    assert min(taken) < SECONDS
