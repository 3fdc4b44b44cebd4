"""The floor of everything that makes cards: one row into `clients_client` by psycopg, as `app`, and nothing else."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count, islice
from typing import Any

import psycopg
from django.db import connection
from django.db.models import GeneratedField
from django.utils import timezone

from clients.classification import Reason, Status
from clients.details import ClientDetails
from clients.models import Client, CreatedVia
from salon import environment
from salon.tenancy.models import Salon, new_id
from tests.bench.measuring import REPEATS

SURNAME = "Messwert"
# Above any number that the salon gives away meanwhile.
_FIRST_NUMBER = 1_500_000_000
_FIELDS = [field for field in Client._meta.concrete_fields if not isinstance(field, GeneratedField)]
_INSERT = (
    f"INSERT INTO clients_client ({', '.join(str(field.column) for field in _FIELDS)}) "
    f"VALUES ({', '.join(['%s'] * len(_FIELDS))})"
).encode()


def person(index: int) -> dict[str, str]:
    """Return a card's details as the API takes them; no two are alike."""
    return {
        "first_name": f"Nummer {index}",
        "last_name": SURNAME,
        "mobile": f"+49171{20_000_000 + index % 10_000_000}",
        "email": f"bench{index}@example.com",
        "city": "Berlin",
    }


@contextmanager
def inserts(salon: Salon, many: int) -> Iterator[list[Callable[[int], int]]]:
    """Yield as many writers, each with its rows and a connection of its own on which the salon is open."""
    rows = (_row(salon, number) for number in count(_FIRST_NUMBER))
    with ExitStack() as opened:
        writers: list[Callable[[int], int]] = []
        for _ in range(many):
            url = environment.text("DATABASE_URL")
            direct = opened.enter_context(psycopg.connect(url, autocommit=True, prepare_threshold=1))
            direct.execute("SELECT set_config('app.salon_id', %s, false)", [str(salon.pk)])
            writers.append(partial(_insert, direct, list(islice(rows, REPEATS))))
        yield writers


def _insert(direct: psycopg.Connection[tuple[Any, ...]], rows: Sequence[Sequence[object]], turn: int) -> int:
    return direct.execute(_INSERT, rows[turn]).rowcount


def _row(salon: Salon, number: int) -> list[object]:
    now = timezone.now()
    details = person(number)
    card = Client(
        id=new_id(),
        salon_id=salon.pk,
        number=number,
        listed_on=salon.date_at(now),
        created_via=CreatedVia.STAFF.value,
        status=Status.RETURNING.value,
        status_reason=Reason.LISTED.value,
        sort_key=ClientDetails(**details).sort_key,
        created_at=now,
        updated_at=now,
        **details,
    )
    return [getattr(card, field.attname) for field in _FIELDS]


def forget_inserted() -> None:
    """Remove what was measured from the open salon, so that the next run finds the database as this one did."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM clients_client WHERE last_name = %s", [SURNAME])
