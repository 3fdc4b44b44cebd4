"""This app's part of an erasure: a card becomes a number (domain.md §2, Art. 17 DSGVO)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clients.cards import in_use
from clients.details import ClientDetails
from clients.importing.batches import forget_clients
from clients.listing import sharing_address
from clients.models import (
    CardState,
    CarriedService,
    CategoryAssignment,
    Cause,
    Client,
    DuplicateProposal,
    HealthRecord,
    Merge,
    Note,
    SearchToken,
)
from clients.models.card import DETAIL_FIELDS
from clients.objections import forget_objections
from clients.points import Posting, post_all
from clients.standing import refresh
from salon.audit.recording import Change, record_many
from salon.errors import FieldError, InvalidInput, VersionConflict
from salon.folding import fold
from salon.identity.roles import Actor
from salon.tenancy.models import Salon

# What an erased card says of visits and agreements: nothing.
_EMPTIED: dict[str, int | str | bool | None] = {
    "merged_into_id": None,
    "assumed_listed_on": None,
    "treatcard_number": "",
    "first_visit_on": None,
    "last_visit_on": None,
    "visits": 0,
    "carried_first_visit_on": None,
    "carried_last_visit_on": None,
    "carried_visits": 0,
    "email_consent_for": None,
    "email_consent_at": None,
}


@dataclass(frozen=True, slots=True)
class Erased:
    """Cards that are erased: their ids and numbers, and what their person could be found by elsewhere."""

    numbers: dict[UUID, int]
    traces: frozenset[str]


def erase_clients(
    *,
    actor: Actor,
    salon: Salon,
    client_id: UUID,
    version: int | None,
    confirmation: str | None,
    now: datetime,
    others: Collection[UUID] = (),
) -> Erased:
    """Empty a card and every card that went into it, and delete what hangs on them.

    To be called in the transaction of the erasure of all apps. `confirmation` is the client's name or number as
    somebody typed it, None where nobody does; `version` refuses a card that was changed since. `others` are cards that
    the erasure of other apps changes: they are locked with these.
    Raises: NotFound, MergedAway, VersionConflict, InvalidInput.
    """
    cards, referred = _locked(client_id, others)
    card = in_use(cards.get(client_id))
    if version is not None and version != card.version:
        raise VersionConflict
    if confirmation is not None and fold(confirmation) not in {fold(card.full_name), str(card.number)}:
        message = _("Type the client's name or number exactly as it stands here.")
        raise InvalidInput([FieldError("confirmation", "does_not_match", message)])
    # The entries stay, and with them what they come to: nothing.
    post_all([Posting(card.pk, -card.points, Cause.ERASED, card.pk)], cards=[card], actor=actor, now=now)
    traces = {str(card_id) for card_id in cards}
    addresses: set[str] = set()
    for one in cards.values():
        traces |= {one.email, one.mobile, one.landline} - {""}
        addresses |= {one.email, one.email_consent_for or ""} - {""}
        _empty(one, now)
    # Somebody else's at the same address stands.
    forget_objections({one for one in addresses if not sharing_address(one)})
    _delete_belongings(cards.keys())
    forget_clients(cards.keys(), traces=traces)
    _forget_referrer(actor, referred, now)
    refresh(list(cards), today=salon.date_at(now))
    return Erased({one.pk: one.number for one in cards.values()}, frozenset(traces))


def _locked(client_id: UUID, others: Collection[UUID]) -> tuple[dict[UUID, Client], list[Client]]:
    """Lock a card, all that went into it, all that any of them referred, and others, in key order; return the first
    two, and the third."""
    while True:
        family = _family(client_id)
        rows = Client.objects.select_for_update(no_key=True).order_by("pk")
        locked = {card.pk: card for card in rows.filter(Q(pk__in=[*family, *others]) | Q(referred_by_id__in=family))}
        # Merged into it, or referred, while we waited for the locks: once more, now that nobody can be any more.
        late = Client.objects.filter(referred_by_id__in=family).exclude(pk__in=locked)
        if _family(client_id) == family and not late.exists():
            break
    referred = [card for card in locked.values() if card.pk not in family and card.referred_by_id in family]
    return {card_id: locked[card_id] for card_id in family if card_id in locked}, referred


def _family(client_id: UUID) -> set[UUID]:
    found, newest = {client_id}, {client_id}
    while newest:
        newest = set(Client.objects.filter(merged_into_id__in=newest).values_list("pk", flat=True)) - found
        found |= newest
    return found


def _empty(card: Client, now: datetime) -> None:
    card.state = CardState.ERASED
    # Some name a card must have; this one says no more than its number does.
    card.details = ClientDetails(last_name=f"#{card.number}")
    for column, value in _EMPTIED.items():
        setattr(card, column, value)
    card.version += 1
    card.updated_at = now
    card.save(update_fields=["state", *DETAIL_FIELDS, *_EMPTIED, "version", "updated_at"])


def _delete_belongings(client_ids: Iterable[UUID]) -> None:
    ids = list(client_ids)
    for model in (Note, HealthRecord, CarriedService, CategoryAssignment, SearchToken):
        model.objects.filter(client_id__in=ids).delete()
    DuplicateProposal.objects.filter(Q(older_id__in=ids) | Q(newer_id__in=ids)).delete()
    # Undone ones, too: each keeps what it moved.
    Merge.objects.filter(Q(survivor_id__in=ids) | Q(duplicate_id__in=ids)).update(moved={})


def _forget_referrer(actor: Actor, cards: list[Client], now: datetime) -> None:
    changes = {}
    for card in cards:
        changes[card.pk] = [Change("referred_by", str(card.referred_by_id), None)]
        card.referred_by = None
        card.version += 1
        card.updated_at = now
        card.save(update_fields=["referred_by", "version", "updated_at"])
    record_many(actor=actor, action="client.updated", subject_kind="client", changes=changes, now=now)
