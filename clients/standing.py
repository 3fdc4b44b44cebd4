"""The stored verdict of many cards at once: the rule of `classification` in SQL, kept current (domain.md §4.2, §10).

A test proves that both agree on ten thousand random histories. Locks are taken in order of ids, and a row that somebody
else has changed meanwhile is judged by what it says then.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection

from clients.classification import MEMORY, CreatedVia, Reason, Status
from clients.models import CardState
from salon.audit.inserting import entries_from
from salon.tenancy.context import current_salon_id

STATUS_CHANGED = "client.status_changed"
_BEFORE_ALL = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Recomputed:
    """One batch: the card to go on behind (None: all were read), how many were read, how many verdicts changed."""

    last: UUID | None
    read: int
    changed: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A verdict as a card stores it."""

    status: Status
    reason: Reason
    changes_on: date | None


@dataclass(frozen=True, slots=True)
class Drift:
    """A card whose stored verdict is not what the rule says of it, and both."""

    client_id: UUID
    number: int
    stored: Standing
    ruled: Standing


@dataclass(frozen=True, slots=True)
class Drifted:
    """One batch of the check: the card to go on behind (None: all were read), how many were read, and what drifted."""

    last: UUID | None
    read: int
    drifted: list[Drift]


def _text(value: Status | Reason | CreatedVia | CardState) -> str:
    return f"'{value.value}'"


def _ruled(day: str) -> str:
    """Return the FROM clause of cards whose stored verdict is not what `classify` says on a day: `card` and `rule`.

    Where the stored reason is the right one, the rest is compared with what follows from it: the rule itself is worked
    out once for each card.
    """
    return f"""
FROM clients_client card
CROSS JOIN LATERAL (SELECT {day} AS day) AS asked
CROSS JOIN LATERAL (
  SELECT greatest(
    CASE WHEN card.first_success_on <= asked.day THEN card.first_success_on END,
    CASE WHEN card.last_success_on <= asked.day THEN card.last_success_on END
  ) AS last_success_on
) AS known
CROSS JOIN LATERAL (
  SELECT CASE
    WHEN asked.day < card.listed_on THEN {_text(Reason.NOT_LISTED)}
    WHEN asked.day - known.last_success_on <= {MEMORY.days} THEN {_text(Reason.RECENT_VISIT)}
    WHEN asked.day - card.listed_on > {MEMORY.days} THEN {_text(Reason.LAPSED)}
    WHEN card.created_via = {_text(CreatedVia.ONLINE_BOOKING)} AND known.last_success_on IS NULL
      THEN {_text(Reason.FIRST_VISIT_PENDING)}
    ELSE {_text(Reason.LISTED)}
  END AS reason
) AS rule
WHERE card.salon_id = %(salon)s AND (
  rule.reason <> card.status_reason
  OR {_status("card.status_reason")} <> card.status
  OR {_changes_on("card.status_reason")} IS DISTINCT FROM card.status_changes_on
)"""


def _status(reason: str) -> str:
    returning = f"{_text(Reason.RECENT_VISIT)}, {_text(Reason.LISTED)}"
    return f"CASE WHEN {reason} IN ({returning}) THEN {_text(Status.RETURNING)} ELSE {_text(Status.NEW)} END"


def _changes_on(reason: str) -> str:
    lapsing = f"{_text(Reason.FIRST_VISIT_PENDING)}, {_text(Reason.LISTED)}"
    return f"""CASE
    WHEN {reason} = {_text(Reason.RECENT_VISIT)} THEN known.last_success_on + {MEMORY.days + 1}
    WHEN {reason} IN ({lapsing}) THEN card.listed_on + {MEMORY.days + 1}
  END"""


_TOLD = f"rule.reason, {_status('rule.reason')} AS status, {_changes_on('rule.reason')} AS changes_on"
_WRITTEN = f"""
differing AS (
  SELECT card.id, card.status AS old_status, {_TOLD}
  {_ruled("%(today)s::date")} AND {{which}}
  ORDER BY card.id FOR NO KEY UPDATE OF card
),
changed AS (
  UPDATE clients_client card
  SET status = differing.status, status_reason = differing.reason, status_changes_on = differing.changes_on
  FROM differing WHERE card.salon_id = %(salon)s AND card.id = differing.id
  RETURNING card.id, differing.old_status, card.status
)"""
# By their ids one by one: within a range of ids the planner would walk through the cards of all salons.
_IN_BATCH = f"card.id = ANY(ARRAY(SELECT id FROM page)) AND card.state = {_text(CardState.LISTED)}"
# A page ends with its last card, whatever its state; what is in use of it is read.
_BATCH = f"""
page AS MATERIALIZED (
  SELECT id FROM clients_client WHERE salon_id = %(salon)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
),
batch AS MATERIALIZED (
  SELECT CASE count(*) WHEN %(limit)s THEN (array_agg(id ORDER BY id DESC))[1] END AS last,
    (SELECT count(*) FROM clients_client card WHERE card.salon_id = %(salon)s AND {_IN_BATCH}) AS read
  FROM page
)"""
_REFRESH = f"WITH {_WRITTEN.format(which='card.id = ANY(%(ids)s)')} SELECT count(*) FROM changed"
_RECOMPUTE = f"""
WITH {_BATCH}, {_WRITTEN.format(which=_IN_BATCH)}, recorded AS ({
    entries_from('''
  SELECT id AS subject_id, NULL::uuid AS client_id, jsonb_build_array(
    jsonb_build_object('field', 'status', 'old', old_status, 'new', status)
  ) AS changes
  FROM changed WHERE old_status <> status''')
})
SELECT last, read, (SELECT count(*) FROM changed) FROM batch"""
# A stored verdict holds until the day before the one that it announces; what time has changed since is no drift.
_DRIFTED = f"""
WITH {_BATCH}, drifted AS (
  SELECT card.id, card.number, card.status AS old_status, card.status_reason, card.status_changes_on, {_TOLD}
  {_ruled("least(%(today)s::date, card.status_changes_on - 1)")} AND {_IN_BATCH}
)
SELECT batch.last, batch.read, drifted.id, number, old_status, status_reason, status_changes_on,
  status, reason, changes_on
FROM batch LEFT JOIN drifted ON true ORDER BY drifted.id"""


def refresh(client_ids: Sequence[UUID], *, today: date) -> None:
    """Store the verdict of these cards of the open salon; to be called by whatever has changed their facts."""
    _rows(_REFRESH, today=today, ids=list(client_ids))


def recompute(*, today: date, after: UUID | None, limit: int) -> Recomputed:
    """Store the verdict of the next `limit` cards of the open salon, writing only those that change.

    A change of the status is recorded: nobody made it, time did.
    """
    last, read, changed = _rows(
        _RECOMPUTE,
        today=today,
        after=after or _BEFORE_ALL,
        limit=limit,
        action=STATUS_CHANGED,
        subject_kind="client",
    )[0]
    return Recomputed(last, read, changed)


def drifted(*, today: date, after: UUID | None, limit: int) -> Drifted:
    """Return those of the next `limit` cards whose stored verdict is not the rule's, although their facts are the same.

    A verdict that time alone has overtaken is not among them, so the answer is the same before and after a recompute
    of honest cards; what has drifted, a recompute mends: look first.
    """
    rows = _rows(_DRIFTED, today=today, after=after or _BEFORE_ALL, limit=limit)
    last, read = rows[0][:2]
    return Drifted(last, read, list(_found(rows)))


def _found(rows: list[tuple[Any, ...]]) -> Iterator[Drift]:
    for _last, _read, client_id, number, *standings in rows:
        if client_id is not None:
            yield Drift(client_id, number, _standing(*standings[:3]), _standing(*standings[3:]))


def _standing(status: str, reason: str, changes_on: date | None) -> Standing:
    return Standing(Status(status), Reason(reason), changes_on)


def _rows(sql: str, **values: date | UUID | int | str | list[UUID]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"salon": current_salon_id(), **values})
        return list(cursor.fetchall())
