"""Cards that may be one person's: those of one card at once, those of the whole salon every night (domain.md §2)."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import batched, combinations
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from clients.likeness import Name, alike_birthdays, alike_names, name_of
from clients.models import CardState, Client, DuplicateProposal, Likeness, ProposalState, SearchToken, TokenField
from salon import keyset
from salon.audit.recording import Change, record
from salon.errors import NotFound
from salon.folding import fold
from salon.identity.roles import Actor, Permission
from salon.tenancy.context import current_salon_id

# A phone or an e-mail on more cards than this is the salon's own, a hotel's, a placeholder: it tells nobody apart.
MOST_SHARING = 8
# So is a birthday that more cards have (01.01., as some systems write what they do not know): there only the very same
# words count as a similar name.
MOST_BORN = 2000
SHOWN = 20
BATCH = 2000
_ORDER = keyset.Order(("id",), descending=True)


@dataclass(frozen=True, slots=True)
class Twin:
    """A card that may be of the same person, and why; the strongest reason first."""

    client: Client
    likenesses: tuple[Likeness, ...]


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a night of looking for duplicates did: pairs newly proposed, and proposals that no longer stand."""

    new: int
    dropped: int


def likenesses_of(one: Client, other: Client) -> tuple[Likeness, ...]:
    """Return all reasons why two cards may be one person's, the strongest first; none: they are not alike."""
    phones = {one.mobile, one.landline} & {other.mobile, other.landline} - {""}
    found = {
        Likeness.PHONE: bool(phones),
        Likeness.EMAIL: one.email != "" and one.email.casefold() == other.email.casefold(),
        Likeness.NAME_AND_BIRTHDAY: alike_birthdays(_birthday(one), _birthday(other))
        and alike_names(name_of(one.first_name, one.last_name), name_of(other.first_name, other.last_name)),
    }
    return tuple(likeness for likeness, holds in found.items() if holds)


def duplicates_of(client: Client) -> list[Twin]:
    """Return the cards in use that may be the same person's as this one, oldest number first; those that somebody
    has called two people are left out."""
    candidates = _sharing_contact(client) | _born_alike(client)
    candidates.pop(client.pk, None)
    found = [Twin(one, alike) for one in candidates.values() if (alike := likenesses_of(client, one))]
    told_apart = _told_apart(client.pk) if found else set()
    twins = [twin for twin in found if twin.client.pk not in told_apart]
    return sorted(twins, key=lambda twin: twin.client.number)[:SHOWN]


def _sharing_contact(client: Client) -> dict[UUID, Client]:
    contacts = [(TokenField.PHONE, phone.removeprefix("+")) for phone in (client.mobile, client.landline) if phone]
    if client.email:
        contacts.append((TokenField.EMAIL, fold(client.email)))
    if not contacts:
        return {}
    # A number can be the ending of a longer one, an address fold like another: room for more than are shown.
    tokens = Q(*(Q(field=field, token=token) for field, token in contacts), _connector=Q.OR)
    having = SearchToken.objects.filter(tokens).values_list("client_id", flat=True)[: SHOWN * 5]
    return Client.objects.listed().in_bulk(list(having))


def _born_alike(client: Client) -> dict[UUID, Client]:
    if client.birth_day is None:
        return {}
    born = Client.objects.listed().filter(birth_month=client.birth_month, birth_day=client.birth_day)
    own = name_of(client.first_name, client.last_name)
    names = born.values_list("pk", "first_name", "last_name")
    similar = [card_id for card_id, first, last in names if alike_names(own, name_of(first, last))]
    return Client.objects.listed().in_bulk(similar[: SHOWN * 5])


def _told_apart(client_id: UUID) -> set[UUID]:
    pairs = DuplicateProposal.objects.filter(
        Q(older_id=client_id) | Q(newer_id=client_id), state=ProposalState.DISMISSED
    ).values_list("older_id", "newer_id")
    return {one for pair in pairs for one in pair} - {client_id}


def open_pairs() -> QuerySet[DuplicateProposal]:
    """Return the pairs that nobody has decided about, both cards still in use."""
    return DuplicateProposal.objects.filter(
        state=ProposalState.OPEN, older__state=CardState.LISTED, newer__state=CardState.LISTED
    )


def open_proposals(
    *, cursor: str | None, limit: int, alike_in: Collection[Likeness] = tuple(Likeness)
) -> keyset.Page[DuplicateProposal]:
    """Return one page of the open pairs that are alike in one of these first of all, with their cards, newest first.

    Raises: keyset.InvalidCursor.
    """
    pairs = open_pairs().filter(likeness__in=alike_in).select_related("older", "newer")
    return keyset.page(pairs, _ORDER, limit=limit, cursor=cursor)


def dismiss(*, actor: Actor, client_ids: tuple[UUID, UUID], now: datetime) -> DuplicateProposal:
    """Say that two cards are two people's: they are proposed no more, whether or not they were (domain.md §2).

    Raises: NotAllowed, NotFound.
    """
    actor.require(Permission.CLIENTS_MERGE)
    with transaction.atomic():
        older, newer = _pair(client_ids)
        alike = likenesses_of(older, newer)
        DuplicateProposal.objects.bulk_create(
            [
                DuplicateProposal(
                    older=older,
                    newer=newer,
                    likeness=alike[0] if alike else Likeness.NAME_AND_BIRTHDAY,
                    state=ProposalState.DISMISSED,
                    proposed_at=now,
                    decided_at=now,
                )
            ],
            update_conflicts=True,
            unique_fields=["salon", "older", "newer"],
            update_fields=["state", "decided_at"],
        )
        proposal = DuplicateProposal.objects.get(older=older, newer=newer)
        _record(actor, "client.told_apart", (older, newer), now)
    return proposal


def reopen(*, actor: Actor, proposal_id: UUID, now: datetime) -> DuplicateProposal:
    """Take back that two cards are two people's.

    Raises: NotAllowed, NotFound.
    """
    actor.require(Permission.CLIENTS_MERGE)
    with transaction.atomic():
        rows = DuplicateProposal.objects.select_related("older", "newer")
        proposal = rows.select_for_update(of=("self",)).filter(pk=proposal_id).first()
        if proposal is None:
            raise NotFound
        if proposal.state != ProposalState.OPEN:
            proposal.state, proposal.decided_at = ProposalState.OPEN, None
            proposal.save(update_fields=["state", "decided_at"])
            _record(actor, "client.told_apart_undone", (proposal.older, proposal.newer), now)
    return proposal


def _pair(client_ids: tuple[UUID, UUID]) -> tuple[Client, Client]:
    # Held, in key order: a card that is just erased must not be told apart from anybody any more.
    rows = Client.objects.listed().select_for_update(no_key=True).filter(pk__in=client_ids)
    found = sorted(rows.order_by("pk"), key=lambda client: client.number)
    if len(found) != len(client_ids):
        raise NotFound
    older, newer = found
    return older, newer


def _record(actor: Actor, action: str, pair: tuple[Client, Client], now: datetime) -> None:
    for client, other in (pair, pair[::-1]):
        # By number alone: the other's name would outlive her card in this one's history.
        change = Change("other_card", None, str(other.number))
        record(actor=actor, action=action, subject_kind="client", subject_id=client.pk, changes=[change], now=now)


def propose(*, now: datetime, progress: Callable[[int, int], None] | None = None) -> Proposed:
    """Propose every pair of the open salon's cards that may be one person's and was not proposed before, and drop
    open proposals whose cards are gone or no longer alike; what was dismissed stays so (domain.md §10).

    `progress` is told steps done and steps in all. Doing it twice changes nothing; the memory it takes does not grow
    with the salon.
    """
    days = _birthdays()
    steps, done = len(days) + 3, 0

    def advance() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, steps)

    with transaction.atomic():
        dropped = _drop()
        advance()
        new = _propose_sharing(_PHONES, Likeness.PHONE, now)
        advance()
        new += _propose_sharing(_EMAILS, Likeness.EMAIL, now)
        advance()
        for month, day in days:
            new += _propose_born(month, day, now)
            advance()
    return Proposed(new, dropped)


def propose_for(client: Client, *, now: datetime) -> None:
    """Propose a card just made together with each that may be the same person's, without waiting for the night."""
    DuplicateProposal.objects.bulk_create(
        [
            DuplicateProposal(older=twin.client, newer=client, likeness=twin.likenesses[0], proposed_at=now)
            for twin in duplicates_of(client)
        ],
        ignore_conflicts=True,
    )


def _drop() -> int:
    """Delete open proposals that stand no more; let those that stand for another reason by now say that."""
    rows = DuplicateProposal.objects.filter(state=ProposalState.OPEN).select_related("older", "newer")
    after, dropped = None, 0
    while batch := list((rows.filter(pk__gt=after) if after else rows).order_by("pk")[:BATCH]):
        after = batch[-1].pk
        gone = []
        for proposal in batch:
            cards = (proposal.older, proposal.newer)
            alike = likenesses_of(*cards) if all(one.state == CardState.LISTED for one in cards) else ()
            if not alike:
                gone.append(proposal.pk)
            elif proposal.likeness != alike[0]:
                DuplicateProposal.objects.filter(pk=proposal.pk).update(likeness=alike[0])
        if gone:
            # Still open: somebody may have dismissed one meanwhile.
            dropped += DuplicateProposal.objects.filter(pk__in=gone, state=ProposalState.OPEN).delete()[0]
    return dropped


_PHONES = (
    "SELECT id, number, mobile AS contact FROM clients_client WHERE salon_id = %(salon)s AND state = 'LISTED' "
    "AND mobile <> '' UNION SELECT id, number, landline FROM clients_client "
    "WHERE salon_id = %(salon)s AND state = 'LISTED' AND landline <> ''"
)
_EMAILS = (
    "SELECT id, number, lower(email) AS contact FROM clients_client WHERE salon_id = %(salon)s AND state = 'LISTED' "
    "AND email <> ''"
)
_SHARING = """
WITH card AS MATERIALIZED ({cards})
SELECT DISTINCT one.id AS older_id, other.id AS newer_id
FROM card one JOIN card other USING (contact)
WHERE one.number < other.number AND contact IN (
    SELECT contact FROM card GROUP BY contact HAVING count(*) BETWEEN 2 AND %(most)s
)
"""
_NAMED = "SELECT * FROM unnest(%(older)s::uuid[], %(newer)s::uuid[]) AS pair (older_id, newer_id)"
_PROPOSE = """
INSERT INTO clients_duplicateproposal (id, salon_id, older_id, newer_id, likeness, state, proposed_at)
SELECT uuidv7(), %(salon)s, older_id, newer_id, %(likeness)s, 'OPEN', %(now)s FROM ({pairs}) pair
ON CONFLICT (salon_id, older_id, newer_id) DO NOTHING
"""


def _propose(pairs: str, likeness: Likeness, now: datetime, **values: int | list[UUID]) -> int:
    """Propose those of the pairs that are not known and return how many they were."""
    given: dict[str, Any] = {"salon": current_salon_id(), "likeness": likeness.value, "now": now, **values}
    with connection.cursor() as cursor:
        cursor.execute(_PROPOSE.format(pairs=pairs), given)
        return int(cursor.rowcount)


def _propose_sharing(cards: str, likeness: Likeness, now: datetime) -> int:
    return _propose(_SHARING.format(cards=cards), likeness, now, most=MOST_SHARING)


def _birthdays() -> list[tuple[int, int]]:
    days = Client.objects.listed().exclude(birth_day=None).order_by("birth_month", "birth_day")
    return [(int(month or 0), int(day or 0)) for month, day in days.values_list("birth_month", "birth_day").distinct()]


def _propose_born(month: int, day: int, now: datetime) -> int:
    born = Client.objects.listed().filter(birth_month=month, birth_day=day).order_by("number")
    cards = [
        (card_id, name_of(first_name, last_name), year)
        for card_id, first_name, last_name, year in born.values_list("pk", "first_name", "last_name", "birth_year")
    ]
    new = 0
    for pairs in batched(_alike(cards), BATCH):
        older, newer = (list(ids) for ids in zip(*pairs, strict=True))
        new += _propose(_NAMED, Likeness.NAME_AND_BIRTHDAY, now, older=older, newer=newer)
    return new


type _Card = tuple[UUID, Name, int | None]


def _alike(cards: list[_Card]) -> Iterator[tuple[UUID, UUID]]:
    for one, other in _worth_comparing(cards):
        if (one[2] == other[2] or not one[2] or not other[2]) and alike_names(one[1], other[1]):
            yield one[0], other[0]


def _worth_comparing(cards: list[_Card]) -> Iterable[tuple[_Card, _Card]]:
    if len(cards) <= MOST_BORN:
        return combinations(cards, 2)
    same: dict[tuple[str, ...], list[_Card]] = defaultdict(list)
    for card in cards:
        same[card[1].ordered].append(card)
    return (pair for group in same.values() if len(group) <= MOST_SHARING for pair in combinations(group, 2))


def _birthday(client: Client) -> tuple[int, int, int | None] | None:
    if client.birth_day is None or client.birth_month is None:
        return None
    return client.birth_day, client.birth_month, client.birth_year
