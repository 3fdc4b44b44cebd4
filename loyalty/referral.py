"""Points for whoever brought a new client along, where a salon wants that (domain.md §7).

Each thanks, what takes it back and what brings it back is an entry: the first names the sale, the second the refund
that gave all of the sale back, the third the second. What stands is their sum.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from clients.models import CardState, Cause, Client, PointsEntry
from clients.points import post
from loyalty.rules import rules_now
from salon.identity.roles import Actor


def thank_referrer(
    *, actor: Actor, client: Client, sale_id: UUID, causes: Collection[UUID], first: bool, now: datetime
) -> PointsEntry | None:
    """Give whoever referred a client her points; for one client once, whoever is named as the referrer later.

    To be called when a client has paid for a sale, for the `first` time or, where the thanks for that went back with
    it, again; her card and the referrer's are locked by then. `causes` are all her sales and refunds. Without a
    Treatcard nobody earns, and nothing is made up for later.
    Raises: TooManyPoints.
    """
    if client.referred_by_id is None:
        return None
    rules = rules_now()
    if not rules.referral_points:
        return None
    before = _thanks(causes)
    if sum(one.points for one in before) > 0 or not (first or before):
        return None
    referrer = Client.objects.filter(pk=client.referred_by_id, state=CardState.LISTED).first()
    if referrer is None or not referrer.treatcard_number:
        return None
    return post(
        client=referrer,
        points=rules.referral_points,
        cause=Cause.REFERRAL,
        cause_id=sale_id,
        actor=actor,
        now=now,
        rules_version=rules.version,
    )


def thanked_for(causes: Collection[UUID]) -> set[UUID]:
    """Return which cards have been thanked for these sales: to be locked before what they came of."""
    return set(_by_holder(_thanks(causes)))


def take_thanks_back(*, actor: Actor, causes: Collection[UUID], refund_id: UUID, now: datetime) -> None:
    """Take back what whoever referred the client was given for a sale of which everything was given back.

    `causes` are the sale and its refunds, `refund_id` is the one with which all of it went. The balance may go below
    zero.
    """
    for card_id, entries in _by_holder(_thanks(causes)).items():
        _post(card_id, -sum(one.points for one in entries), refund_id, entries[0], actor=actor, now=now)


def thank_again(*, actor: Actor, causes: Collection[UUID], refund_id: UUID, now: datetime) -> None:
    """Give back what went with a refund that was taken back, if nobody was thanked for the client meanwhile.

    `causes` are all her sales and refunds.
    """
    thanks = _thanks(causes)
    if sum(one.points for one in thanks) > 0:
        return
    for card_id, entries in _by_holder(one for one in thanks if one.cause_id == refund_id).items():
        _post(card_id, -entries[0].points, entries[0].pk, entries[0], actor=actor, now=now)


def _thanks(causes: Collection[UUID]) -> list[PointsEntry]:
    entries = PointsEntry.objects.filter(cause=Cause.REFERRAL).order_by("created_at", "id")
    found = list(entries.filter(cause_id__in=causes))
    return [*found, *entries.filter(cause_id__in=[one.pk for one in found])] if found else []


def _by_holder(entries: Iterable[PointsEntry]) -> dict[UUID, list[PointsEntry]]:
    """Return entries by the card that has their points by now: theirs, or the one that it went into."""
    found: dict[UUID, list[PointsEntry]] = defaultdict(list)
    for entry in entries:
        found[entry.client_id].append(entry)
    while merged := Client.objects.filter(pk__in=found, state=CardState.MERGED).values_list("pk", "merged_into_id"):
        for card_id, survivor_id in merged:
            found[survivor_id].extend(found.pop(card_id))
    return found


def _post(card_id: UUID, points: int, cause_id: UUID, like: PointsEntry, *, actor: Actor, now: datetime) -> None:
    post(
        client=Client.objects.get(pk=card_id),
        points=points,
        cause=Cause.REFERRAL,
        cause_id=cause_id,
        actor=actor,
        now=now,
        rules_version=like.rules_version,
    )
