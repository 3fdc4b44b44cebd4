"""This app's part of a merge: one card goes into another, and comes out again (domain.md §2)."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clients.belongings import Belongings, give_back, move
from clients.cards import ConflictingChange, in_use
from clients.combining import Columns, combined, differences, separated
from clients.consent import holds, newest_of
from clients.details import ClientDetails
from clients.models import CardState, Cause, Client, ConsentEntry, ConsentPurpose, ConsentSource, Decision, Merge
from clients.points import Posting, moved_points, post_all
from clients.standing import refresh
from clients.tokens import replace_tokens
from salon.audit.recording import Change, record, record_many
from salon.errors import DomainError, FieldError, InvalidInput, NotFound, VersionConflict, refusing
from salon.identity.roles import Actor
from salon.tenancy.models import Salon, new_id

MERGED, MERGED_AWAY, UNDONE, SEPARATED = (
    "client.merged",
    "client.merged_away",
    "client.merge_undone",
    "client.separated",
)


class MergeUndone(DomainError):
    """The merge was undone before."""

    code = "merge_undone"
    message = _("This merge has been undone already.")


class MergeNotNewest(DomainError):
    """The card that is left took part in a later merge, which has to be undone first."""

    code = "merge_not_newest"
    message = _("This card was merged again later. Undo the newer merge first.")


class MergeErased(DomainError):
    """One of the two cards was erased; nothing is left to put back."""

    code = "merge_erased"
    message = _("One of the two cards has been erased: this merge can no longer be undone.")


@dataclass(frozen=True, slots=True)
class Undone:
    """A merge that was undone, and what it had kept for the way back: by the name of each app."""

    merge: Merge
    kept: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Moved:
    """What one merge changed, as `Merge.moved` keeps it under this app's name.

    `card`: before and after of each column of the survivor that changed, and of those that belong to it.
    `treatcard_number`: what the duplicate had. `referred`: cards that the duplicate had referred. `consents`: of each
    purpose the entry that the survivor took over, and the id of the one that held before. `belongings`: rows that
    moved.
    """

    card: dict[str, list[Any]]
    treatcard_number: str
    referred: list[str]
    consents: dict[str, list[str | None]]
    belongings: dict[str, Any] = field(default_factory=dict)


def merge_clients(
    *,
    actor: Actor,
    salon: Salon,
    survivor_id: UUID,
    duplicate_id: UUID,
    wins: Collection[str],
    versions: Mapping[UUID, int],
    now: datetime,
) -> Merge:
    """Let everything on one card go over to another, and take the first one out of use.

    To be called in the transaction of the merge of all apps, which locks both cards here. `wins` names fields of
    FIELDS in which the duplicate's value is kept; `versions` refuses cards that were changed since they were read.
    Raises: MergedAway, NotFound, InvalidInput, VersionConflict.
    """
    if survivor_id == duplicate_id:
        raise InvalidInput([FieldError("duplicate", "same_card", _("Choose another card."))])
    survivor, duplicate, referred = _locked(survivor_id, duplicate_id)
    if any(versions.get(card.pk, card.version) != card.version for card in (survivor, duplicate)):
        raise VersionConflict
    before = survivor.details
    adopted = _adopted(survivor, duplicate, wins)
    consents = {entry.purpose: entry for entry, _standing in adopted}
    _keep_objection(actor, survivor, duplicate)
    after = combined(survivor, duplicate, wins=wins, consent=consents.get(ConsentPurpose.EMAIL_MARKETING))
    moved = _Moved(
        card=differences(survivor, after),
        treatcard_number=duplicate.treatcard_number,
        referred=[str(card.pk) for card in referred],
        consents=_take_over(actor, survivor, adopted),
    )
    old_number, merge_id = survivor.treatcard_number, new_id()
    _move_points(duplicate, survivor, duplicate.points, cause=Cause.MERGED, merge_id=merge_id, actor=actor, now=now)
    # First the number goes, then it comes: it stands once in a salon.
    _save(duplicate, {"state": CardState.MERGED, "merged_into_id": survivor.pk, "treatcard_number": ""}, now)
    _save(survivor, after, now)
    _refer(actor, referred, survivor, now)
    belongings = move(duplicate.pk, survivor.pk, health=holds(survivor.pk, ConsentPurpose.HEALTH_DATA))
    moved.belongings.update(asdict(belongings))
    replace_tokens(duplicate, survivor)
    refresh([survivor.pk], today=salon.date_at(now))
    merge = Merge.objects.create(
        id=merge_id,
        survivor=survivor,
        duplicate=duplicate,
        moved={"clients": asdict(moved)},
        actor_name=actor.name,
        merged_at=now,
    )
    changes = [_other(duplicate), *_changes(before, survivor.details), *_number(old_number, survivor)]
    record(actor=actor, action=MERGED, subject_kind="client", subject_id=survivor.pk, changes=changes, now=now)
    away = [_other(survivor)]
    record(actor=actor, action=MERGED_AWAY, subject_kind="client", subject_id=duplicate.pk, changes=away, now=now)
    return merge


def undo_merge_of_clients(*, actor: Actor, salon: Salon, merge_id: UUID, now: datetime) -> Undone:
    """Take both cards apart again, each as it was; what was changed on the surviving one since then stays changed.

    To be called in the transaction of all apps, which locks both cards here.
    Raises: NotFound, MergeUndone, MergeNotNewest, MergeErased.
    """
    merge = get_merge(merge_id)
    moved_before = _moved(merge)
    cards = _lock([merge.survivor_id, merge.duplicate_id, *map(UUID, moved_before.referred if moved_before else [])])
    # Whoever undoes or erases holds these cards: so only now is it sure what the merge is.
    merge = get_merge(merge_id)
    survivor, duplicate = cards[merge.survivor_id], cards[merge.duplicate_id]
    refuse_undoing(merge, survivor, duplicate)
    moved = _moved(merge)
    if moved is None:
        raise MergeErased
    before, old_number = survivor.details, survivor.treatcard_number
    back = separated(survivor, moved.card)
    own_number = back.get("treatcard_number", old_number)
    # First the number goes, then it comes: it stands once in a salon.
    _save(survivor, back | ({"treatcard_number": ""} if own_number != old_number else {}), now)
    _save(duplicate, {"state": CardState.LISTED, "merged_into_id": None}, now)
    points = moved_points(merge.pk, survivor.pk)
    _move_points(survivor, duplicate, points, cause=Cause.UNMERGED, merge_id=merge.pk, actor=actor, now=now)
    _restore_number(survivor, own_number)
    _restore_number(duplicate, moved.treatcard_number)
    referred = [card for card_id in moved.referred if (card := cards.get(UUID(card_id)))]
    _refer(actor, [card for card in referred if card.referred_by_id == survivor.pk], duplicate, now)
    _give_back_consents(actor, survivor, moved.consents, now)
    give_back(
        Belongings(**moved.belongings),
        duplicate.pk,
        survivor.pk,
        health={card.pk: holds(card.pk, ConsentPurpose.HEALTH_DATA) for card in (survivor, duplicate)},
    )
    replace_tokens(survivor, duplicate)
    refresh([survivor.pk, duplicate.pk], today=salon.date_at(now))
    kept = merge.moved
    # It has told all it was kept for.
    merge.undone_at, merge.moved = now, {}
    merge.save(update_fields=["undone_at", "moved"])
    changes = [_other(duplicate), *_changes(before, survivor.details), *_number(old_number, survivor)]
    record(actor=actor, action=UNDONE, subject_kind="client", subject_id=survivor.pk, changes=changes, now=now)
    apart = [_other(survivor)]
    record(actor=actor, action=SEPARATED, subject_kind="client", subject_id=duplicate.pk, changes=apart, now=now)
    return Undone(merge, kept)


def get_merge(merge_id: UUID) -> Merge:
    """Return a merge of the open salon with its cards.

    Raises: NotFound.
    """
    merge = Merge.objects.select_related("survivor", "duplicate").filter(pk=merge_id).first()
    if merge is None:
        raise NotFound
    return merge


def refuse_undoing(merge: Merge, survivor: Client, duplicate: Client) -> None:
    """Refuse to undo a merge that cannot be.

    Raises: MergeUndone, MergeErased, MergeNotNewest.
    """
    if merge.undone_at is not None:
        raise MergeUndone
    if CardState.ERASED in {survivor.state, duplicate.state}:
        raise MergeErased
    later = Q(merged_at__gt=merge.merged_at) | Q(merged_at=merge.merged_at, pk__gt=merge.pk)
    with_it = Q(survivor_id=survivor.pk) | Q(duplicate_id=survivor.pk)
    if survivor.state == CardState.MERGED or Merge.objects.filter(later & with_it, undone_at=None).exists():
        raise MergeNotNewest


def merges_into(client_id: UUID) -> list[Merge]:
    """Return the merges into a card that were not undone, with the cards that went into it, newest first: the first
    is the one that can be undone."""
    merges = Merge.objects.filter(survivor_id=client_id, undone_at=None).select_related("duplicate")
    return list(merges.order_by("-merged_at", "-id"))


def _locked(survivor_id: UUID, duplicate_id: UUID) -> tuple[Client, Client, list[Client]]:
    """Lock both cards and those that the duplicate referred, in key order; return them.

    Raises: MergedAway, NotFound.
    """
    rows = Client.objects.filter(referred_by_id=duplicate_id).values_list("pk", flat=True)
    referred = set(rows)
    while True:
        cards = _lock([survivor_id, duplicate_id, *referred])
        # Referred while we waited for the locks: once more, now that nobody can be any more.
        late = set(rows.all()) - referred
        if not late:
            break
        referred |= late
    survivor, duplicate = (in_use(cards.pop(card_id, None)) for card_id in (survivor_id, duplicate_id))
    return survivor, duplicate, [card for card in cards.values() if card.referred_by_id == duplicate_id]


def _lock(client_ids: list[UUID]) -> dict[UUID, Client]:
    rows = Client.objects.select_for_update(no_key=True).filter(pk__in=client_ids)
    return {card.pk: card for card in rows.order_by("pk")}


def _save(card: Client, columns: Columns, now: datetime) -> None:
    for column, value in columns.items():
        setattr(card, column, value)
    card.sort_key = card.details.sort_key
    card.version += 1
    card.updated_at = now
    card.save(update_fields=[*columns, "sort_key", "version", "updated_at"])


def _move_points(
    giver: Client, taker: Client, points: int, *, cause: Cause, merge_id: UUID, actor: Actor, now: datetime
) -> None:
    """Book points from one card in use to another one, also fewer than none."""
    postings = [Posting(giver.pk, -points, cause, merge_id), Posting(taker.pk, points, cause, merge_id)]
    post_all(postings, cards=[giver, taker], actor=actor, now=now)


def _restore_number(card: Client, number: str) -> None:
    # Somebody may have been given the number meanwhile: then she keeps it.
    if number == card.treatcard_number or not number:
        return
    try:
        with refusing({"clients_client_treatcard_number": ConflictingChange(card, ["treatcard_number"])}):
            Client.objects.filter(pk=card.pk).update(treatcard_number=number)
        card.treatcard_number = number
    except ConflictingChange:
        return


def _refer(actor: Actor, cards: list[Client], referrer: Client, now: datetime) -> None:
    """Let cards be referred by another one."""
    changes = {}
    for card in cards:
        # Nobody refers herself.
        to = None if card.pk == referrer.pk else referrer.pk
        changes[card.pk] = [Change("referred_by", str(card.referred_by_id), str(to) if to else None)]
        _save(card, {"referred_by_id": to}, now)
    record_many(actor=actor, action="client.updated", subject_kind="client", changes=changes, now=now)


type _Adopted = list[tuple[ConsentEntry, ConsentEntry | None]]


def _adopted(survivor: Client, duplicate: Client, wins: Collection[str]) -> _Adopted:
    """Return the duplicate's decisions that are newer than the survivor's, each with the survivor's.

    Being asked anew takes nothing away from who has confirmed, unless it is for another address that she gets.
    """
    newest: dict[tuple[UUID, str], ConsentEntry] = {}
    ledger = ConsentEntry.objects.filter(client_id__in=[survivor.pk, duplicate.pk])
    for entry in ledger.order_by("at", "id"):
        newest[entry.client_id, entry.purpose] = entry
    readdressed = duplicate.email and ("email" in wins or not survivor.email)
    found: _Adopted = []
    for purpose in ConsentPurpose.values:
        theirs, mine = newest.get((duplicate.pk, purpose)), newest.get((survivor.pk, purpose))
        if theirs is None or (mine and (theirs.at, theirs.pk) < (mine.at, mine.pk)):
            continue
        only_asked = theirs.decision == Decision.REQUESTED and mine and mine.decision == Decision.GRANTED
        if readdressed or not only_asked:
            found.append((theirs, mine))
    return found


def _keep_objection(actor: Actor, survivor: Client, duplicate: Client) -> None:
    """Let a card say that its client once wanted no news where only the other one says so, whatever came after."""
    objections = ConsentEntry.objects.filter(purpose=ConsentPurpose.EMAIL_MARKETING, decision=Decision.WITHDRAWN)
    theirs = objections.filter(client_id=duplicate.pk).order_by("-at", "-id").first()
    if theirs and not objections.filter(client_id=survivor.pk).exists():
        mine = newest_of(survivor.pk, ConsentPurpose.EMAIL_MARKETING)
        if mine and mine.at > theirs.at:
            _append(actor, survivor, theirs, theirs.at)


def _take_over(actor: Actor, survivor: Client, adopted: _Adopted) -> dict[str, list[str | None]]:
    # With the day and the words of the decision itself: it was not made today.
    return {
        entry.purpose: [
            str(_append(actor, survivor, entry, entry.at).pk),
            str(standing.pk) if standing else None,
        ]
        for entry, standing in adopted
    }


def _give_back_consents(actor: Actor, survivor: Client, consents: dict[str, list[str | None]], now: datetime) -> None:
    """Let the survivor's own decisions hold again, unless somebody has decided since; the ledger itself only grows."""
    for purpose, (taken_over, standing_id) in consents.items():
        ledger = ConsentEntry.objects.filter(client_id=survivor.pk, purpose=purpose)
        newest = ledger.order_by("-at", "-id").first()
        if newest is None or str(newest.pk) != taken_over:
            continue
        standing = ledger.filter(pk=standing_id).first() if standing_id else None
        back = standing or ConsentEntry(purpose=purpose, decision=Decision.UNDONE)
        if (back.decision, back.wording) != (newest.decision, newest.wording):
            _append(actor, survivor, back, now)


def _append(actor: Actor, card: Client, said: ConsentEntry, at: datetime) -> ConsentEntry:
    return ConsentEntry.objects.create(
        client_id=card.pk,
        purpose=said.purpose,
        decision=said.decision,
        source=ConsentSource.MERGE,
        wording=said.wording,
        wording_number=said.wording_number,
        at=at,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
    )


def _moved(merge: Merge) -> _Moved | None:
    kept = merge.moved.get("clients")
    return _Moved(**kept) if kept else None


def _other(card: Client) -> Change:
    # By number alone: the other's name would outlive her card in this one's history.
    return Change("other_card", None, str(card.number))


def _changes(before: ClientDetails, after: ClientDetails) -> list[Change]:
    return [
        Change(one.name, getattr(before, one.name) or None, getattr(after, one.name) or None)
        for one in fields(ClientDetails)
        if getattr(before, one.name) != getattr(after, one.name)
    ]


def _number(before: str, card: Client) -> list[Change]:
    after = card.treatcard_number
    return [Change("treatcard_number", before or None, after or None)] if before != after else []
