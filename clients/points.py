"""The ledger of points: entries are only added, and the card always says what they come to (domain.md §7).

The card's row is the account: one statement locks it, has it say the new balance, and writes the entry and what is
recorded of it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from clients.cards import MergedAway, lock_client
from clients.models import CardState, Cause, Client, PointsEntry
from salon import keyset
from salon.errors import DomainError, FieldError, InvalidInput
from salon.identity.roles import Actor, Permission
from salon.rows import fetch
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import new_id

_ACTION = "points."
SUBJECT = "points"
PAGE = 20
LONGEST_REASON = 200
# More than anybody earns in a lifetime, and what the columns hold with room to spare.
MOST = 1_000_000_000
MOST_ADJUSTED = 1_000_000
_BEFORE_ALL = UUID(int=0)
_ORDER = keyset.Order(("number",), descending=True)


class AlreadyPosted(DomainError):
    """The same cause was booked for this client before."""

    code = "already_posted"
    message = _("These points are booked already.")


class NoTreatcard(DomainError):
    """Without a Treatcard there are no points."""

    code = "no_treatcard"
    message = _("This client has no Treatcard.")


class TooManyPoints(DomainError):
    """The balance would leave what can be counted."""

    code = "too_many_points"
    message = _("No card can hold that many points.")


class BelowFloor(DomainError):
    """The balance would fall below what was agreed to: to `balance`."""

    code = "below_floor"

    def __init__(self, balance: int) -> None:
        super().__init__(_("The balance would fall to %(balance)s.") % {"balance": balance})
        self.balance = balance
        self.members = {"balance": balance}


def action_of(cause: Cause) -> str:
    """Return as what an entry is recorded."""
    return f"{_ACTION}{cause.lower()}"


@dataclass(frozen=True, slots=True)
class Posting:
    """What is to be booked for one client: points that come or go, what for, and what is said of it."""

    client_id: UUID
    points: int
    cause: Cause
    cause_id: UUID
    reason: str = ""
    rules_version: int | None = None


def post(
    *,
    client: Client,
    points: int,
    cause: Cause,
    cause_id: UUID,
    actor: Actor,
    now: datetime,
    reason: str = "",
    rules_version: int | None = None,
) -> PointsEntry | None:
    """Book points for a client; `client` then says her balance. No points, or an erased card: nothing is booked.

    Part of a sale, a merge …, which has asked for the right to it, and in its transaction: the card is locked here,
    unless it is by then. The balance may go below zero.
    Raises: AlreadyPosted, MergedAway, TooManyPoints.
    """
    posting = Posting(client.pk, points, cause, cause_id, reason, rules_version)
    return next(iter(post_all([posting], cards=[client], actor=actor, now=now)), None)


def post_all(
    postings: Sequence[Posting], *, actor: Actor, now: datetime, cards: Sequence[Client] = (), made_now: bool = False
) -> list[PointsEntry]:
    """Book points for several clients, once for each, as `post` does for one; `cards` of theirs then say so.

    In the transaction of what they come of, which a refusal is to end: all of them are booked or none. Of cards that
    were `made_now`, in the same transaction, nobody has read another version.
    Raises: AlreadyPosted, MergedAway, TooManyPoints.
    """
    wanted = [one for one in postings if one.points]
    clients = sorted({one.client_id for one in wanted})
    if len(clients) != len(wanted):
        raise ValueError("One client's points are booked one after the other.")
    if not wanted:
        return []
    if len(clients) > 1:
        _lock(clients)
    written = _write(wanted, actor, now, newer=0 if made_now else 1)
    _explain_missing(set(clients) - set(written))
    if any(one.entry_id is None for one in written.values()):
        # Some cards say by now what no entry does, and nothing is to go on from there.
        transaction.set_rollback(True)
        raise AlreadyPosted
    for card in cards:
        if stands := written.get(card.pk):
            card.points, card.points_number, card.version = stands.points, stands.number, stands.version
            card.updated_at = now
    return [_entry(one, written[one.client_id], actor, now) for one in wanted if one.client_id in written]


def adjust(
    *,
    actor: Actor,
    client_id: UUID,
    points: int,
    reason: str,
    now: datetime,
    adjustment_id: UUID | None = None,
    floor: int | None = None,
) -> PointsEntry:
    """Give a client points, or take some, by hand and for a reason that is written down.

    `adjustment_id` is what a form was given for it, so that sending it twice books it once. No points are taken that
    would let the balance fall below a `floor`; without one it may go below zero.
    Raises: NotAllowed, InvalidInput, NotFound, MergedAway, NoTreatcard, AlreadyPosted, BelowFloor, TooManyPoints.
    """
    actor.require(Permission.LOYALTY_WRITE)
    reason = " ".join(reason.split())
    _check_adjustment(points, reason)
    with transaction.atomic():
        client = lock_client(client_id)
        if not client.treatcard_number:
            raise NoTreatcard
        _refuse_below(floor, client, points, adjustment_id)
        entry = post(
            client=client,
            points=points,
            cause=Cause.ADJUSTED,
            cause_id=adjustment_id or new_id(),
            actor=actor,
            now=now,
            reason=reason,
        )
    if entry is None:
        raise TypeError("What is checked is booked.")
    return entry


def entries_of(client_id: UUID, *, limit: int = PAGE, cursor: str | None = None) -> keyset.Page[PointsEntry]:
    """Return one page of a client's entries, newest first.

    Raises: keyset.InvalidCursor.
    """
    return keyset.page(PointsEntry.objects.filter(client_id=client_id), _ORDER, limit=limit, cursor=cursor)


def moved_points(merge_id: UUID, survivor_id: UUID) -> int:
    """Return how many points came to a card with a merge."""
    entry = PointsEntry.objects.filter(client_id=survivor_id, cause=Cause.MERGED, cause_id=merge_id).first()
    return entry.points if entry else 0


@dataclass(frozen=True, slots=True)
class Drifted:
    """One batch of the check: the card to go on behind (None: all were read), how many of those in use were read,
    and the client numbers of those whose card does not say what the ledger does."""

    last: UUID | None
    read: int
    numbers: list[int]


def drifted(*, after: UUID | None, limit: int) -> Drifted:
    """Compare the balances of the next `limit` cards, whatever their state, with sum, last and number of entries."""
    with connection.cursor() as cursor:
        cursor.execute(_DRIFTED, {"salon": current_salon_id(), "after": after or _BEFORE_ALL, "limit": limit})
        last, size, read, numbers = cursor.fetchone()
    return Drifted(last if size == limit else None, read, numbers or [])


def _check_adjustment(points: int, reason: str) -> None:
    errors = []
    if not points or abs(points) > MOST_ADJUSTED:
        range_message = _("Enter a whole number between 1 and %(most)s, with a minus to take points.")
        most = number_format(MOST_ADJUSTED, force_grouping=True)
        errors.append(FieldError("points", "range", range_message % {"most": most}))
    if not reason:
        errors.append(FieldError("reason", "required", _("Write down why.")))
    elif len(reason) > LONGEST_REASON:
        long_message = _("At most %(longest)d characters fit here.") % {"longest": LONGEST_REASON}
        errors.append(FieldError("reason", "max_length", long_message))
    elif not reason.isprintable():
        errors.append(FieldError("reason", "invalid", _("This contains a character that cannot be stored.")))
    if errors:
        raise InvalidInput(errors)


def _refuse_below(floor: int | None, client: Client, points: int, adjustment_id: UUID | None) -> None:
    """Refuse to take points from a card, which is locked, below a floor.

    Raises: AlreadyPosted, BelowFloor.
    """
    if floor is None or points > 0 or client.points + points >= floor:
        return
    if adjustment_id and client.points_entries.filter(cause=Cause.ADJUSTED, cause_id=adjustment_id).exists():
        raise AlreadyPosted
    raise BelowFloor(client.points + points)


def _lock(client_ids: list[UUID]) -> None:
    """Lock several cards, in key order: the statement that writes would take them as they come."""
    list(Client.objects.filter(pk__in=client_ids).order_by("pk").select_for_update(no_key=True).values_list("pk"))


def _explain_missing(client_ids: Collection[UUID]) -> None:
    """Refuse what was not written for these clients, unless their cards are erased: those have no points any more.

    Raises: MergedAway, TooManyPoints.
    """
    if not client_ids:
        return
    for card in Client.objects.filter(pk__in=client_ids).only("state", "merged_into"):
        if card.state == CardState.MERGED and card.merged_into_id:
            raise MergedAway(card.merged_into_id)
        if card.state == CardState.LISTED:
            raise TooManyPoints


# One posting is given by its values: arrays of one take a fifth of all the time.
_ONE = """
  SELECT %(id)s::uuid AS id, %(client_id)s::uuid AS client_id, %(points)s::int AS points, %(cause)s::text AS cause,
    %(cause_id)s::uuid AS cause_id, %(reason)s::text AS reason, %(rules_version)s::int AS rules_version"""
_MANY = """
  SELECT * FROM unnest(
    %(id)s::uuid[], %(client_id)s::uuid[], %(points)s::int[], %(cause)s::text[], %(cause_id)s::uuid[],
    %(reason)s::text[], %(rules_version)s::int[]
  ) AS given (id, client_id, points, cause, cause_id, reason, rules_version)"""
_WRITE = """
WITH given AS ({given}
),
card AS (
  UPDATE clients_client card
  SET points = card.points + given.points, points_number = card.points_number + 1,
    version = card.version + %(newer)s, updated_at = %(now)s
  FROM given WHERE card.salon_id = %(salon)s AND card.id = given.client_id
    AND card.state = 'LISTED' AND abs(card.points + given.points) <= %(most)s
  RETURNING card.id, card.points, card.points_number, card.version
),
entry AS (
  INSERT INTO clients_pointsentry (
    id, salon_id, client_id, number, points, balance_after, cause, cause_id, reason, rules_version,
    actor_kind, actor_id, actor_name, created_at
  )
  SELECT given.id, %(salon)s, card.id, card.points_number, given.points, card.points, given.cause, given.cause_id,
    given.reason, given.rules_version, %(actor_kind)s, %(actor_id)s::uuid, %(actor_name)s, %(now)s
  FROM card JOIN given ON given.client_id = card.id
  ON CONFLICT ON CONSTRAINT clients_pointsentry_cause DO NOTHING
  RETURNING id, client_id, points, balance_after, cause, reason
),
recorded AS (
  INSERT INTO audit_auditentry (
    id, salon_id, at, actor_kind, actor_id, actor_name, action, subject_kind, subject_id, client_id, changes
  )
  SELECT uuidv7(), %(salon)s, %(now)s, %(actor_kind)s, %(actor_id)s::uuid, %(actor_name)s,
    %(action)s || lower(entry.cause), %(subject_kind)s, entry.id, entry.client_id,
    jsonb_build_array(jsonb_build_object(
      'field', 'points', 'old', (entry.balance_after - entry.points)::text, 'new', entry.balance_after::text
    )) || CASE WHEN entry.reason = '' THEN '[]' ELSE jsonb_build_array(
      jsonb_build_object('field', 'reason', 'old', NULL, 'new', entry.reason)
    ) END
  FROM entry
)
SELECT card.id, entry.id, card.points_number, card.points, card.version
FROM card LEFT JOIN entry ON entry.client_id = card.id"""
_WRITE_ONE, _WRITE_MANY = _WRITE.format(given=_ONE), _WRITE.format(given=_MANY)


_DRIFTED = """
WITH page AS MATERIALIZED (
  SELECT id, number, state, points, points_number FROM clients_client
  WHERE salon_id = %(salon)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
),
ledger AS (
  SELECT client_id, sum(points) AS points, count(*) AS entries, max(number) AS last,
    (array_agg(balance_after ORDER BY number DESC))[1] AS balance
  FROM clients_pointsentry WHERE salon_id = %(salon)s AND client_id = ANY(ARRAY(SELECT id FROM page))
  GROUP BY client_id
)
SELECT (array_agg(page.id ORDER BY page.id DESC))[1], count(*), count(*) FILTER (WHERE page.state = 'LISTED'),
  array_agg(page.number ORDER BY page.number) FILTER (
  WHERE page.points <> coalesce(ledger.points, 0) OR page.points_number <> coalesce(ledger.entries, 0)
    OR ledger.balance <> ledger.points OR ledger.entries <> ledger.last
)
FROM page LEFT JOIN ledger ON ledger.client_id = page.id"""


@dataclass(frozen=True, slots=True)
class _Standing:
    """What a card says behind a posting; without an entry, it was booked before, and all of it is to go back."""

    entry_id: UUID | None
    number: int
    points: int
    version: int


def _write(wanted: Sequence[Posting], actor: Actor, now: datetime, *, newer: int) -> dict[UUID, _Standing]:
    """Write balances, entries and what is recorded; return how the cards stand that could have it."""
    rows = [
        {
            "id": new_id(),
            "client_id": one.client_id,
            "points": one.points,
            "cause": str(one.cause),
            "cause_id": one.cause_id,
            "reason": one.reason[:LONGEST_REASON],
            "rules_version": one.rules_version,
        }
        for one in wanted
    ]
    given: dict[str, Any] = rows[0] if len(rows) == 1 else {name: [row[name] for row in rows] for name in rows[0]}
    values = {
        **given,
        "salon": current_salon_id(),
        "actor_kind": str(actor.kind),
        "actor_id": actor.id,
        "actor_name": actor.name,
        "action": _ACTION,
        "subject_kind": SUBJECT,
        "now": now,
        "newer": newer,
        "most": MOST,
    }
    written = fetch(_WRITE_ONE if len(rows) == 1 else _WRITE_MANY, values)
    return {client_id: _Standing(*told) for client_id, *told in written}


def _entry(posting: Posting, standing: _Standing, actor: Actor, now: datetime) -> PointsEntry:
    """Return the entry that was written."""
    return PointsEntry(
        id=standing.entry_id,
        salon_id=current_salon_id(),
        client_id=posting.client_id,
        number=standing.number,
        points=posting.points,
        balance_after=standing.points,
        cause=posting.cause,
        cause_id=posting.cause_id,
        reason=posting.reason[:LONGEST_REASON],
        rules_version=posting.rules_version,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        created_at=now,
    )
