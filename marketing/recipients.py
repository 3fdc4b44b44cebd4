"""Who gets a mail and who does not, and why: settled in one statement, and asked anew at the moment of sending."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower

from clients.models import Client
from marketing.eligibility import INCLUDED, reason_case
from marketing.models import Basis, Recipient, RecipientReason, RecipientState
from salon.tenancy.context import current_salon_id

_REACHED = (RecipientState.SENDING, RecipientState.SENT)
# Of cards with one address the oldest that may be written to gets a mail.
_JUDGED = """(
    SELECT client_id, address, number, CASE
        WHEN reason <> ALL (%(included)s) THEN reason
        WHEN row_number() OVER (PARTITION BY lower(address), reason = ANY (%(included)s) ORDER BY number) > 1
            THEN 'SAME_ADDRESS'
        ELSE reason END AS reason«lacks»
    FROM (…) AS chosen (client_id, address, number, reason«lacks»)
) AS judged
"""
_SETTLE = """
INSERT INTO marketing_recipient
    (id, salon_id, campaign_id, automation_id, occasion, client_id, address, state, reason, error, created_at)
SELECT uuidv7(), %(salon)s, %(campaign)s, %(automation)s, %(occasion)s, client_id, address,
    CASE WHEN reason = ANY (%(included)s) THEN 'WAITING' ELSE 'EXCLUDED' END, reason, '', %(now)s
FROM JUDGED
ORDER BY number
ON CONFLICT DO NOTHING
""".replace("JUDGED", _JUDGED)
_FORESEE = """
SELECT reason, count(*), (array_agg(client_id ORDER BY number))[1]«counts» FROM JUDGED GROUP BY reason
""".replace("JUDGED", _JUDGED)
_NAME = """
SELECT client_id FROM JUDGED WHERE reason = ANY (%(wanted)s)
""".replace("JUDGED", _JUDGED.replace("«lacks»", ""))
_WHY = """
SELECT client_id, reason FROM JUDGED WHERE client_id = ANY (%(ids)s)
""".replace("JUDGED", _JUDGED.replace("«lacks»", ""))
_NAMED = re.compile(r"%\((\w+)\)s")
_WRITE = """
UPDATE marketing_recipient AS one SET state = told.state, reason = told.reason, address = told.address
FROM unnest(%(ids)s::uuid[], %(clients)s::uuid[], %(states)s::text[], %(reasons)s::text[], %(addresses)s::text[])
    AS told (id, client_id, state, reason, address)
-- Whose row went to another card since, by a merge or its undoing, waits on: she was judged as somebody else.
WHERE one.salon_id = %(salon)s AND one.id = told.id AND one.client_id = told.client_id AND one.state = 'WAITING'
RETURNING one.id
"""


@dataclass(frozen=True, slots=True)
class Judged:
    """What holds for a recipient at the moment of sending: her address of now, and why she gets it or not."""

    row: Recipient
    address: str
    reason: RecipientReason

    @property
    def state(self) -> RecipientState:
        """Whether the mail goes out to her now."""
        return RecipientState.SENDING if self.reason in INCLUDED else RecipientState.EXCLUDED


@dataclass(frozen=True, slots=True)
class Foreseen:
    """How many would get a mail now, or not, for each reason; the first who would; and how many of those who would
    lack each of the things that were asked for."""

    counts: dict[RecipientReason, int]
    first: UUID | None
    lacking: Mapping[str, int] = field(default_factory=dict)


def foresee(
    clients: QuerySet[Client], *, basis: Basis, now: datetime, lacking: Mapping[str, Q] | None = None
) -> Foreseen:
    """Return what `settle` would write down for these cards, without writing it, in one statement.

    `lacking` are conditions by name: how many of those who would get it meet each of them is counted with them.
    """
    conditions = lacking or {}
    try:
        sql, named = _asked(clients, basis, now, list(conditions.values()))
    except EmptyResultSet:
        return Foreseen({}, None, dict.fromkeys(conditions, 0))
    lacks = [f"lacks_{place}" for place in range(len(conditions))]
    counts = "".join(f", count(*) FILTER (WHERE {one})" for one in lacks)
    statement = _FORESEE.replace("«lacks»", "".join(f", {one}" for one in lacks)).replace("«counts»", counts)
    with connection.cursor() as cursor:
        cursor.execute(statement.replace("…", sql), named)
        rows = [(RecipientReason(reason), count, first, many) for reason, count, first, *many in cursor.fetchall()]
    included = [(first, many) for reason, _count, first, many in rows if reason in INCLUDED]
    return Foreseen(
        {reason: count for reason, count, _first, _many in rows},
        min((first for first, _many in included), default=None),
        {name: sum(many[place] for _first, many in included) for place, name in enumerate(conditions)},
    )


def foreseen_among(
    clients: QuerySet[Client], reasons: Collection[RecipientReason], *, basis: Basis, now: datetime
) -> QuerySet[Client]:
    """Return those of these cards whom `foresee` counts for one of these reasons."""
    try:
        sql, named = _asked(clients, basis, now)
    except EmptyResultSet:
        return Client.objects.none()
    named["wanted"] = [str(one) for one in reasons]
    statement = _NAME.replace("…", sql)
    values = [named[name] for name in _NAMED.findall(statement)]
    return Client.objects.filter(pk__in=RawSQL(_NAMED.sub("%s", statement), values))  # noqa: S611 - SQL of constants


def foreseen_reasons(
    clients: QuerySet[Client], client_ids: Collection[UUID], *, basis: Basis, now: datetime
) -> dict[UUID, RecipientReason]:
    """Return why each of some of these cards would get a mail now, or not, as `foresee` counts them."""
    try:
        sql, named = _asked(clients, basis, now)
    except EmptyResultSet:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_WHY.replace("…", sql), {**named, "ids": list(client_ids)})
        return {client_id: RecipientReason(reason) for client_id, reason in cursor.fetchall()}


def settle(
    clients: QuerySet[Client],
    *,
    basis: Basis,
    now: datetime,
    campaign_id: UUID | None = None,
    automation_id: UUID | None = None,
    occasion: date | None = None,
) -> int:
    """Write down for each of these cards whether she gets a mail and why, and return of how many.

    Of cards with one address the oldest that may be written to gets it.
    Who stands there already (of the same campaign, or automation and occasion) stays as she is.
    """
    try:
        sql, named = _asked(clients, basis, now)
    except EmptyResultSet:
        return 0
    named |= {
        "salon": current_salon_id(),
        "campaign": campaign_id,
        "automation": automation_id,
        "occasion": occasion,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE.replace("«lacks»", "").replace("…", sql), named)
        return int(cursor.rowcount)


def _asked(
    clients: QuerySet[Client], basis: Basis, now: datetime, lacking: Sequence[Q] = ()
) -> tuple[str, dict[str, Any]]:
    """Return the query of cards with their addresses and reasons, and whether they meet each of some conditions; its
    values by name.

    Raises: EmptyResultSet (no card can be meant).
    """
    lacks = {f"lacks_{place}": ExpressionWrapper(one, output_field=BooleanField()) for place, one in enumerate(lacking)}
    chosen = clients.order_by().annotate(reason_now=reason_case(basis, now), **lacks)
    sql, values = chosen.values_list("pk", "email", "number", "reason_now", *lacks).query.sql_with_params()
    named: dict[str, Any] = {"included": [str(reason) for reason in INCLUDED]}
    # Without the OFFSET a reason would be looked up again wherever it is compared.
    return f"{_with_names(sql, values, named)} OFFSET 0", named


def _with_names(sql: str, values: Sequence[object], named: dict[str, object]) -> str:
    """Return a statement whose values have names, which are put among the other ones."""
    parts = sql.split("%s")
    named |= {f"given_{place}": value for place, value in enumerate(values)}
    return "".join(part + (f"%(given_{place})s" if place < len(values) else "") for place, part in enumerate(parts))


def judge(rows: Sequence[Recipient], *, whose: Q, basis: Basis, now: datetime) -> list[Judged]:
    """Return what holds for each of these recipients now, with their cards locked until the transaction ends.

    `whose` are all recipients of the same mail: nobody gets it twice who has changed her address since, or whose cards
    have become one.
    """
    ids = {row.client_id for row in rows}
    # Locked first and asked afterwards: a statement that waited for a lock would still see what was before.
    list(Client.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))
    asked = Client.objects.listed().filter(pk__in=ids).annotate(reason_now=reason_case(basis, now))
    found = {pk: (email, RecipientReason(why)) for pk, email, why in asked.values_list("pk", "email", "reason_now")}
    judged = []
    reached = _reached_otherwise(ids, whose)
    for row in rows:
        address, reason = found.get(row.client_id, (row.address, RecipientReason.GONE))
        if (row.client_id, row.occasion) in reached:
            reason = RecipientReason.SAME_ADDRESS
        judged.append(Judged(row, address, reason))
    return _each_address_once(judged, whose)


def write_judged(judged: Iterable[Judged]) -> set[UUID]:
    """Let waiting recipients be as they were judged, and return which of them were still waiting."""
    found = list(judged)
    if not found:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE,
            {
                "salon": current_salon_id(),
                "ids": [one.row.pk for one in found],
                "clients": [one.row.client_id for one in found],
                "states": [str(one.state) for one in found],
                "reasons": [str(one.reason) for one in found],
                "addresses": [one.address for one in found],
            },
        )
        return {row[0] for row in cursor.fetchall()}


def interrupt(whose: Q) -> int:
    """Give up those whose mail may be on its way while no worker is: it may have arrived. Return how many."""
    return Recipient.objects.filter(whose, state=RecipientState.SENDING).update(
        state=RecipientState.FAILED, reason=RecipientReason.INTERRUPTED
    )


def count_not_allowed(whose: Q) -> int:
    """Return how many were left out because existing customers may not be written to (any more)."""
    return Recipient.objects.filter(whose, reason=RecipientReason.NOT_ALLOWED).count()


def leave_out_waiting(whose: Q) -> int:
    """Leave out those who still wait, of what does not go out any more. Return how many."""
    return Recipient.objects.filter(whose, state=RecipientState.WAITING).update(
        state=RecipientState.EXCLUDED, reason=RecipientReason.ENDED
    )


def _reached_otherwise(client_ids: Collection[UUID], whose: Q) -> set[tuple[UUID, date | None]]:
    """Return whose mail went to a card that has gone into hers."""
    # From the cards to the mails: hardly any card has one that went into it, and the mails are many.
    into = dict(Client.objects.filter(merged_into__in=client_ids).values_list("pk", "merged_into_id"))
    if not into:
        return set()
    reached = Recipient.objects.filter(whose, state__in=_REACHED, client__in=list(into))
    return {(into[client_id], occasion) for client_id, occasion in reached.values_list("client_id", "occasion")}


def _each_address_once(judged: Sequence[Judged], whose: Q) -> list[Judged]:
    moved = {one.row.pk: one for one in judged if one.reason in INCLUDED and _has_moved(one)}
    if not moved:
        return list(judged)
    theirs = Recipient.objects.filter(whose, state__in=[RecipientState.WAITING, *_REACHED]).exclude(pk__in=moved)
    theirs = theirs.annotate(folded=Lower("address")).filter(folded__in=[_folded(one) for one in moved.values()])
    taken = set(theirs.values_list("occasion", "folded"))
    result = []
    for one in judged:
        reason = one.reason
        if one.row.pk in moved:
            key = (one.row.occasion, _folded(one))
            reason = RecipientReason.SAME_ADDRESS if key in taken else reason
            taken.add(key)
        result.append(Judged(one.row, one.address, reason))
    return result


def _has_moved(one: Judged) -> bool:
    return one.address.lower() != one.row.address.lower()


def _folded(one: Judged) -> str:
    return one.address.lower()
