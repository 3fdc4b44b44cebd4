"""Points that are too old lapse, where a salon wants that: the oldest are spent first (domain.md §7).

What is younger than the limit stays, also if it came to a card that went into this one; the rest of the balance is old.
Points of a reward that was given back are as old as they were: they make nothing younger. What takes points back is as
old as those points: the refund of an old sale leaves what is young alone.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from clients.models import Cause
from clients.points import Posting, post_all
from salon.identity.roles import Actor
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon

_BEFORE_ALL = UUID(int=0)
# Which refunds belong to sales from before a moment: whoever knows sales says so.
type OfOldSales = Callable[[datetime], Collection[UUID]]
# Whose points count from their day on, and what takes young points back rather than spending the oldest.
YOUNG = (Cause.EARNED, Cause.REFERRAL, Cause.OPENING, Cause.REVERSED, Cause.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Expired:
    """One batch: the card to go on behind (None: all were read), how many were read, and what lapsed."""

    last: UUID | None
    read: int
    cards: int
    points: int


def oldest_moment(*, today: date, months: int, salon: Salon) -> datetime:
    """Return the first moment of the day so many months ago, on the salon's clock: what came before it is too old.

    Of a month without that day its last one counts: a month before 31 March is 28 February.
    """
    whole = today.year * 12 + today.month - 1 - months
    year, month = divmod(whole, 12)
    day = next(date(year, month + 1, one) for one in range(today.day, 0, -1) if _exists(year, month + 1, one))
    return datetime.combine(day, time(), ZoneInfo(salon.timezone))


def expire(
    *,
    actor: Actor,
    night: date,
    before: datetime,
    of_old_sales: OfOldSales,
    now: datetime,
    after: UUID | None,
    limit: int,
) -> Expired:
    """Let points from before a moment lapse on the next `limit` cards that have any; on each once a night.

    `of_old_sales` tells the refunds whose sales had brought their points before the moment: what they took, and what
    came again when they were taken back, is as old as that.
    """
    cause_id = uuid5(current_salon_id(), f"expiry {night}")
    with transaction.atomic():
        page = _cards_behind(after, limit)
        # Looked for without a lock; those that are found are looked at again under it.
        found = _too_old(list(page), before, of_old_sales(before), cause_id)
        if found:
            _lock(list(found))
            # Whoever gives money back has the card locked: what that is of is only sure now.
            found = _too_old(list(found), before, of_old_sales(before), cause_id)
        postings = [Posting(card_id, -points, Cause.EXPIRED, cause_id) for card_id, points in found.items()]
        post_all(postings, actor=actor, now=now)
    last = page[-1] if len(page) == limit else None
    return Expired(last, len(page), len(found), sum(found.values()))


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _cards_behind(after: UUID | None, limit: int) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM clients_client WHERE salon_id = %s AND id > %s AND points > 0 AND state = 'LISTED' "
            "ORDER BY id LIMIT %s",
            [current_salon_id(), after or _BEFORE_ALL, limit],
        )
        return [row[0] for row in cursor.fetchall()]


def _lock(card_ids: list[UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM clients_client WHERE salon_id = %s AND id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
            [current_salon_id(), card_ids],
        )


# A card's own entries and those of the cards that went into it; what merges moved between them cancels out.
_TOO_OLD = """
WITH RECURSIVE family AS (
  SELECT card.id AS holder, card.id AS member FROM clients_client card
  WHERE card.salon_id = %(salon)s AND card.id = ANY(%(cards)s)
  UNION ALL
  SELECT family.holder, card.id FROM family
  JOIN clients_client card ON card.salon_id = %(salon)s AND card.merged_into_id = family.member
),
young AS (
  SELECT family.holder, sum(entry.points) AS points
  FROM family JOIN clients_pointsentry entry ON entry.salon_id = %(salon)s AND entry.client_id = family.member
  WHERE entry.created_at >= %(before)s
    AND (entry.cause = ANY(%(young)s) OR (entry.cause = %(adjusted)s AND entry.points > 0))
    AND entry.cause_id <> ALL(%(of_old_sales)s)
    AND NOT (entry.cause = %(withdrawn)s AND EXISTS (
      SELECT FROM clients_pointsentry opening WHERE opening.salon_id = %(salon)s AND opening.cause_id = entry.cause_id
        AND opening.cause = %(opening)s AND opening.created_at < %(before)s
    ))
  GROUP BY family.holder
)
SELECT card.id, card.points - greatest(coalesce(young.points, 0), 0) AS too_old
FROM clients_client card LEFT JOIN young ON young.holder = card.id
WHERE card.salon_id = %(salon)s AND card.id = ANY(%(cards)s) AND card.state = 'LISTED'
  AND card.points > greatest(coalesce(young.points, 0), 0)
  AND NOT EXISTS (
    SELECT FROM clients_pointsentry entry WHERE entry.salon_id = %(salon)s AND entry.cause_id = %(cause_id)s
      AND entry.cause = %(expired)s AND entry.client_id = card.id
  )
ORDER BY card.id"""


def _too_old(card_ids: list[UUID], before: datetime, of_old_sales: Collection[UUID], cause_id: UUID) -> dict[UUID, int]:
    values: dict[str, Any] = {
        "salon": current_salon_id(),
        "cards": card_ids,
        "before": before,
        "young": [str(one) for one in YOUNG],
        "of_old_sales": list(of_old_sales),
        "adjusted": str(Cause.ADJUSTED),
        "opening": str(Cause.OPENING),
        "withdrawn": str(Cause.WITHDRAWN),
        "expired": str(Cause.EXPIRED),
        "cause_id": cause_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TOO_OLD, values)
        return {card_id: int(points) for card_id, points in cursor.fetchall()}
