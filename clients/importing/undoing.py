"""Taking an import back: its cards go, its changes are reversed, what others did since stays (domain.md §10)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Exists, OuterRef

from clients.details import ClientDetails
from clients.holding import tell_what_holds
from clients.importing.planning import FACTS
from clients.models import (
    CardState,
    CarriedService,
    CategoryAssignment,
    Cause,
    Client,
    ConsentEntry,
    ConsentPurpose,
    ConsentSource,
    Decision,
    ImportRow,
    Note,
    Outcome,
    PointsEntry,
)
from clients.models.card import DETAIL_FIELDS
from clients.points import Posting, post_all
from clients.search import replace_tokens
from clients.standing import STATUS_CHANGED, refresh
from salon.audit.models import AuditEntry
from salon.audit.recording import Change, record_many
from salon.errors import DomainError, refusing
from salon.identity.roles import Actor
from salon.tenancy.context import current_salon_id

UNDONE = "client.import_undone"
REMOVED = "client.import_removed"
# Why something of an import is left: words for these stand in `problems`.
TOUCHED, IN_USE, GONE, FIELD_CHANGED = "touched", "in_use", "gone", "field_changed"


class _NumberTaken(DomainError):
    """The Treatcard number that a card had before belongs to another one by now."""


@dataclass(frozen=True, slots=True)
class Undoing:
    """Who takes an import back, and when; `today` is the salon's day."""

    actor: Actor
    now: datetime
    today: date


def undo_lines(work: Undoing, rows: Sequence[ImportRow]) -> int:
    """Take back what these lines did; return of how many something is left, which `kept_because` then tells.

    The open transaction holds the file's batch locked.
    """
    made = {row.card_id: row for row in rows if row.card_id and row.outcome in {Outcome.CREATE, Outcome.UPDATE}}
    locked = Client.objects.select_for_update(no_key=True).filter(pk__in=made).order_by("pk")
    cards = {card.pk: card for card in locked if card.state == CardState.LISTED}
    removable, kept = _sorted(cards, made)
    kept |= _remove(work, {cards[one].pk: made[one] for one in removable})
    for card_id, row in made.items():
        if row.outcome == Outcome.UPDATE and card_id in cards and not _reverse(work, cards[card_id], row):
            kept[card_id] = FIELD_CHANGED
    for card_id, reason in kept.items():
        made[card_id].kept_because = reason
    ImportRow.objects.bulk_update([made[one] for one in kept], ["kept_because"])
    changed = [one for one, row in made.items() if row.outcome == Outcome.UPDATE and one in cards]
    if changed:
        refresh(changed, today=work.today)
    return len(kept)


def _sorted(cards: dict[UUID, Client], made: dict[UUID, ImportRow]) -> tuple[list[UUID], dict[UUID, str]]:
    """Return the cards that were made and nobody has touched since, and the reasons to keep the others."""
    # What time alone has changed, nobody has touched.
    entered = AuditEntry.objects.filter(subject_id__in=made).exclude(action=STATUS_CHANGED)
    entries = dict(entered.values_list("subject_id").annotate(times=Count("id")))
    removable, kept = [], {}
    for card_id, row in made.items():
        card = cards.get(card_id)
        if card is None:
            kept[card_id] = GONE
        elif row.outcome == Outcome.CREATE and (card.version > 1 or entries.get(card_id, 0) > 1):
            kept[card_id] = TOUCHED
        elif row.outcome == Outcome.CREATE:
            removable.append(card_id)
    return removable, kept


def _remove(work: Undoing, rows: dict[UUID, ImportRow]) -> dict[UUID, str]:
    """Delete cards; one that something refers to stays, one with a consent ledger is emptied instead."""
    kept: dict[UUID, str] = {}
    ledgered = set(ConsentEntry.objects.filter(client__in=rows).values_list("client_id", flat=True))
    ledgered |= set(PointsEntry.objects.filter(client__in=rows).values_list("client_id", flat=True))
    bare = [card_id for card_id in rows if card_id not in ledgered]
    try:
        _delete(bare)
    except IntegrityError:
        for card_id in bare:
            try:
                _delete([card_id])
            except IntegrityError:
                kept[card_id] = IN_USE
    _close_ledgers(work, [row for card_id, row in rows.items() if card_id in ledgered])
    _empty(work, ledgered)
    gone: dict[UUID, list[Change]] = {card_id: [] for card_id in rows if card_id not in kept}
    record_many(actor=work.actor, action=REMOVED, subject_kind="client", changes=gone, now=work.now)
    return kept


def _close_ledgers(work: Undoing, rows: Sequence[ImportRow], cards: Sequence[Client] = ()) -> set[UUID]:
    """Take back the balances with which these lines opened the ledgers of points; return the cards that have used
    theirs since, which keep it."""
    opened = PointsEntry.objects.filter(
        client__in=[row.card_id for row in rows], cause=Cause.OPENING, cause_id__in={row.batch_id for row in rows}
    )
    later = PointsEntry.objects.filter(client_id=OuterRef("client_id"), number__gt=OuterRef("number"))
    entries = list(opened.annotate(used=Exists(later)).order_by("client_id"))
    postings = [
        Posting(one.client_id, -one.points, Cause.WITHDRAWN, one.cause_id, reason=one.reason)
        for one in entries
        if not one.used
    ]
    post_all(postings, cards=cards, actor=work.actor, now=work.now)
    return {one.client_id for one in entries if one.used}


def _delete(card_ids: Collection[UUID]) -> None:
    # Past Django's own cascade, which would read everything that might refer to the cards: the database knows.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM clients_client WHERE salon_id = %s AND id = ANY(%s)", [current_salon_id(), list(card_ids)]
        )


def _empty(work: Undoing, card_ids: Collection[UUID]) -> None:
    """Leave nothing of cards but the ledger of consent, which nobody can delete, and withdraw the consent."""
    CategoryAssignment.objects.filter(client__in=card_ids).delete()
    Note.objects.filter(client__in=card_ids).delete()
    CarriedService.objects.filter(client__in=card_ids).delete()
    for card in Client.objects.filter(pk__in=card_ids).order_by("pk"):
        card.details = ClientDetails(last_name=f"#{card.number}")
        card.state = CardState.ERASED
        card.treatcard_number = ""
        card.carried_first_visit_on = card.carried_last_visit_on = None
        card.carried_visits = 0
        card.email_consent_for, card.email_consent_at = None, None
        card.version += 1
        card.updated_at = work.now
        card.save()
        replace_tokens(card)
    _withdraw(work, card_ids)


def _withdraw(work: Undoing, card_ids: Collection[UUID]) -> None:
    ConsentEntry.objects.bulk_create(
        ConsentEntry(
            client_id=card_id,
            purpose=ConsentPurpose.EMAIL_MARKETING,
            decision=Decision.UNDONE,
            source=ConsentSource.IMPORT,
            at=work.now,
            actor_kind=work.actor.kind,
            actor_id=work.actor.id,
            actor_name=work.actor.name,
        )
        for card_id in card_ids
    )


def _reverse(work: Undoing, card: Client, row: ImportRow) -> bool:
    """Set a changed card back where it still says what the import wrote; return whether all of it could be."""
    whole = True
    details, told, agreed = card.details, [], card.email_consent
    for name, (old, new) in row.made.get("details", {}).items():
        if getattr(details, name) == new:
            details = details.with_changes(**{name: old})
            told.append(Change(name, new or None, old or None))
        else:
            whole = False
    if not details.first_name and not details.last_name:
        details, whole = card.details, False
    written = []
    for name, (old, new) in row.made.get("facts", {}).items():
        if (
            name in FACTS
            and str(getattr(card, name) or "") == new
            and (name != "treatcard_number" or _give_back(card, old))
        ):
            setattr(card, name, _typed(name, old))
            written.append(name)
            told.append(Change(name, new or None, old or None))
        else:
            whole = False
    whole &= not _close_ledgers(work, [row], cards=[card])
    whole &= _take_back_consent(work, card, row, told)
    whole &= _take_back_additions(work, card, row, told)
    if told:
        card.details = details
        card.version += 1
        card.updated_at = work.now
        card.save(
            update_fields=[*DETAIL_FIELDS, *written, "email_consent_for", "email_consent_at", "version", "updated_at"]
        )
        replace_tokens(card)
        record_many(actor=work.actor, action=UNDONE, subject_kind="client", changes={card.pk: told}, now=work.now)
        if not any(one.field == "consent" for one in told):
            tell_what_holds(actor=work.actor, held=[(card.pk, agreed, card.email_consent)], now=work.now)
    return whole


def _give_back(card: Client, number: str) -> bool:
    """Give a card the Treatcard number it had, unless another card has it by now."""
    try:
        with refusing({"clients_client_treatcard_number": _NumberTaken()}):
            Client.objects.filter(pk=card.pk).update(treatcard_number=number)
    except _NumberTaken:
        return False
    return True


def _typed(name: str, text: str) -> Any:
    if name.endswith("_on"):
        return date.fromisoformat(text) if text else None
    return text if name == "treatcard_number" else int(text or 0)


def _take_back_consent(work: Undoing, card: Client, row: ImportRow, told: list[Change]) -> bool:
    entry_id = row.made.get("consent")
    if entry_id is None:
        return True
    ledger = ConsentEntry.objects.filter(client=card, purpose=ConsentPurpose.EMAIL_MARKETING)
    newest = ledger.order_by("-at", "-id").first()
    if newest is None or str(newest.pk) != entry_id:
        return False
    if newest.decision != Decision.GRANTED:
        # Nobody is made to have agreed again by an undo.
        return False
    _withdraw(work, [card.pk])
    card.email_consent_for, card.email_consent_at = None, work.now
    told.append(Change("consent", Decision.GRANTED, Decision.UNDONE))
    return True


def _take_back_additions(work: Undoing, card: Client, row: ImportRow, told: list[Change]) -> bool:
    made = row.made
    if categories := made.get("categories"):
        taken = CategoryAssignment.objects.filter(client=card, category__in=categories)
        names = sorted(taken.values_list("category__name", flat=True))
        told.extend(Change("categories", name, None) for name in names)
        taken.delete()
    notes = Note.objects.filter(client=card, pk__in=made.get("notes", []), deleted_at=None)
    untouched = notes.filter(edited_at=None).update(deleted_at=work.now)
    if untouched:
        told.append(Change("notes", None, None))
    for name, before in made.get("services", {}).items():
        carried = CarriedService.objects.filter(client=card, name=name)
        if before:
            carried.update(times=before)
        else:
            carried.delete()
        told.append(Change("services", name, None))
    return not notes.exists()
