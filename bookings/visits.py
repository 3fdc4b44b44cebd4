"""What cards say of their clients' visits, counted from the appointments (domain.md §4.2)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection

from clients import standing
from clients.models import CardState, Client
from salon.tenancy.context import current_salon_id

_BEFORE_ALL = UUID(int=0)
_SAID = "(card.first_visit_on, card.last_visit_on, card.visits)"
_COUNTED = "min(visit_on) AS first_on, max(visit_on) AS last_on, count(*)::int AS visits"
# Rows are written in order of their ids, and only where something is different.
_RECOUNT = f"""
WITH differing AS (
  SELECT card.id, counted.first_on, counted.last_on, counted.visits
  FROM clients_client card
  CROSS JOIN LATERAL (
    SELECT {_COUNTED} FROM bookings_appointment
    WHERE salon_id = %(salon)s AND client_id = card.id AND visit_on IS NOT NULL
  ) AS counted
  WHERE card.salon_id = %(salon)s AND card.id = ANY(%(ids)s) AND card.state = '{CardState.LISTED.value}'
    AND {_SAID} IS DISTINCT FROM (counted.first_on, counted.last_on, counted.visits)
  ORDER BY card.id FOR NO KEY UPDATE OF card
)
UPDATE clients_client card
SET first_visit_on = differing.first_on, last_visit_on = differing.last_on, visits = differing.visits
FROM differing WHERE card.salon_id = %(salon)s AND card.id = differing.id
RETURNING card.id"""
# One way through the index of the visits, beside one through the cards.
_MISCOUNTED = f"""
WITH page AS MATERIALIZED (
  SELECT id, number, state, first_visit_on, last_visit_on, visits FROM clients_client
  WHERE salon_id = %(salon)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
),
batch AS MATERIALIZED (
  SELECT (SELECT count(*) FROM page) AS size,
    (SELECT count(*) FROM page WHERE state = '{CardState.LISTED.value}') AS read,
    (SELECT id FROM page ORDER BY id DESC LIMIT 1) AS last
),
counted AS (
  SELECT client_id, {_COUNTED} FROM bookings_appointment
  WHERE salon_id = %(salon)s AND client_id > %(after)s AND client_id <= (SELECT last FROM batch)
    AND visit_on IS NOT NULL
  GROUP BY client_id
),
differing AS (
  SELECT card.id, card.number
  FROM page card LEFT JOIN counted ON counted.client_id = card.id
  WHERE card.state = '{CardState.LISTED.value}'
    AND {_SAID} IS DISTINCT FROM (counted.first_on, counted.last_on, coalesce(counted.visits, 0))
)
SELECT batch.last, batch.size, batch.read, differing.id, differing.number
FROM batch LEFT JOIN differing ON true ORDER BY differing.id"""


@dataclass(frozen=True, slots=True)
class Miscounted:
    """One batch of cards: the one to go on behind (None: all were read), how many in use were read, and those whose
    facts are not what their appointments say: number by id."""

    last: UUID | None
    read: int
    cards: dict[UUID, int]


def lock_cards(client_ids: Collection[UUID]) -> None:
    """Hold the cards of these clients until the open transaction ends; to be called before their appointments change.

    Otherwise two changes at once would each count without the other's.
    """
    rows = Client.objects.select_for_update(no_key=True).filter(pk__in=client_ids)
    list(rows.order_by("pk").values_list("pk"))


def recount(client_ids: Collection[UUID], *, today: date) -> None:
    """Let the cards of these clients, which are locked, say what their appointments say, and judge them anew.

    A card that is not in use is left as it is.
    """
    changed = [client_id for (client_id,) in _rows(_RECOUNT, ids=list(client_ids))]
    if changed:
        standing.refresh(changed, today=today)


def miscounted(*, after: UUID | None, limit: int) -> Miscounted:
    """Return those of the next `limit` cards of the open salon whose facts are not what their appointments say.

    Whoever changes appointments recounts in the same transaction: at no moment there should be any.
    """
    rows = _rows(_MISCOUNTED, after=after or _BEFORE_ALL, limit=limit)
    last, size, read = rows[0][:3]
    cards = {client_id: number for *_batch, client_id, number in rows if client_id is not None}
    return Miscounted(last if size == limit else None, read, cards)


def _rows(sql: str, **values: UUID | int | list[UUID]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"salon": current_salon_id(), **values})
        return list(cursor.fetchall())
