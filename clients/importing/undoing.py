"""Taking an import back: its cards go, its changes are reversed, what others did since stays (domain.md §10)."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Exists, ManyToOneRel, OuterRef, Q

from clients.details import ClientDetails
from clients.importing.on_file import IMPORTED, JOINED, REMOVED
from clients.importing.reversing import UNDONE, reverse
from clients.importing.saving import save_cards
from clients.importing.withdrawing import Undoing, withdraw_consents, withdraw_points
from clients.models import (
    CardState,
    CarriedService,
    CategoryAssignment,
    Cause,
    Client,
    ConsentEntry,
    ImportRow,
    Note,
    Outcome,
    PointsEntry,
)
from clients.standing import STATUS_CHANGED, refresh
from clients.tokens import replace_tokens
from salon.audit.models import AuditEntry
from salon.audit.recording import Change, record_many
from salon.tenancy.context import current_salon_id

# Why something of an import is left: words for these stand in `problems`.
TOUCHED, IN_USE, GONE, FIELD_CHANGED = "touched", "in_use", "gone", "field_changed"
# Where nothing of a line was taken back, so that it can be tried again.
AS_IT_WAS = (TOUCHED, IN_USE)


def undo_lines(work: Undoing, rows: Sequence[ImportRow]) -> int:
    """Take back what these lines did; return of how many something is left, which `kept_because` then tells.

    The open transaction holds the file's batch locked.
    """
    done = [row for row in rows if row.card_id and row.outcome in {Outcome.CREATE, Outcome.UPDATE}]
    made = {row.card_id: row for row in done if row.card_id and not row.made.get("joins")}
    locked = Client.objects.select_for_update(no_key=True).filter(pk__in=made).order_by("pk")
    cards = {card.pk: card for card in locked if card.state == CardState.LISTED}
    removable, kept = _sorted(cards, made)
    kept |= _remove(work, {one: made[one] for one in removable})
    changed = [one for one, row in made.items() if row.outcome == Outcome.UPDATE and one in cards]
    kept |= dict.fromkeys(reverse(work, [(cards[one], made[one]) for one in changed]), FIELD_CHANGED)
    ImportRow.objects.filter(pk__in=[row.pk for row in rows if row.kept_because]).update(kept_because="")
    for reason in set(kept.values()):
        of_it = [made[card_id].pk for card_id, why in kept.items() if why == reason]
        ImportRow.objects.filter(pk__in=of_it).update(kept_because=reason)
    if changed:
        refresh(changed, today=work.today)
    return len(kept)


def _sorted(cards: dict[UUID, Client], made: dict[UUID, ImportRow]) -> tuple[list[UUID], dict[UUID, str]]:
    """Return the cards that were made and nobody has touched since, and the reasons to keep the others."""
    touched = _touched([cards[one] for one, row in made.items() if row.outcome == Outcome.CREATE and one in cards])
    removable, kept = [], {}
    for card_id, row in made.items():
        card = cards.get(card_id)
        if card is None:
            kept[card_id] = GONE
        elif card_id in touched:
            kept[card_id] = TOUCHED
        elif row.outcome == Outcome.CREATE:
            removable.append(card_id)
    return removable, kept


def _touched(cards: Sequence[Client]) -> set[UUID]:
    """Return which cards that an import made somebody has worked with since.

    What time alone has changed, nobody has touched; nor has another import that is undone itself.
    """
    ids = [card.pk for card in cards]
    entered = AuditEntry.objects.filter(subject_id__in=ids).exclude(action=STATUS_CHANGED)
    entries: defaultdict[UUID, Counter[str]] = defaultdict(Counter)
    for card_id, action, times in entered.values_list("subject_id", "action").annotate(times=Count("id")):
        entries[card_id][action] = times
    again = {card_id for card_id, told in entries.items() if told[IMPORTED] > 1 or told[JOINED]}
    used = PointsEntry.objects.filter(client__in=again).exclude(cause__in=[Cause.OPENING, Cause.WITHDRAWN])
    with_points = set(used.values_list("client_id", flat=True)) if again else set()
    found = set()
    for card in cards:
        told = entries[card.pk]
        # Each undone import has told of itself once more.
        by_people = told.total() - told[IMPORTED] - told[JOINED] - told[UNDONE] or told[IMPORTED] - told[UNDONE] > 1
        if by_people or card.pk in with_points or (card.version > 1 and card.pk not in again):
            found.add(card.pk)
    return found


def _remove(work: Undoing, rows: dict[UUID, ImportRow]) -> dict[UUID, str]:
    """Delete cards; one that something refers to stays, one with a ledger is emptied instead."""
    if not rows:
        return {}
    kept = dict.fromkeys(_in_use(rows), IN_USE)
    idle = [card_id for card_id in rows if card_id not in kept]
    ledgered = set(ConsentEntry.objects.filter(client__in=idle).values_list("client_id", flat=True))
    ledgered |= set(PointsEntry.objects.filter(client__in=idle).values_list("client_id", flat=True))
    kept |= dict.fromkeys(_delete([card_id for card_id in idle if card_id not in ledgered]), IN_USE)
    withdraw_points(work, [rows[card_id] for card_id in idle if card_id in ledgered])
    _empty(work, ledgered)
    gone: dict[UUID, list[Change]] = {card_id: [] for card_id in rows if card_id not in kept}
    record_many(actor=work.actor, action=REMOVED, subject_kind="client", changes=gone, now=work.now)
    return kept


def _in_use(card_ids: Collection[UUID]) -> set[UUID]:
    """Return the cards that another card names, or anything outside the client file: an appointment, a message …"""
    refers = Q()
    for relation in Client._meta.get_fields(include_hidden=True):
        if isinstance(relation, ManyToOneRel):
            model = relation.related_model
            if model is Client or model._meta.app_label != Client._meta.app_label:
                refers |= Q(Exists(model._default_manager.filter(**{relation.field.attname: OuterRef("pk")})))  # noqa: SLF001
    return set(Client.objects.filter(refers, pk__in=card_ids).values_list("pk", flat=True))


def _delete(card_ids: Sequence[UUID]) -> list[UUID]:
    """Delete cards; return those that something has come to refer to."""
    if not card_ids:
        return []
    try:
        # Past Django's own cascade, which would read everything that might refer to the cards: the database knows.
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM clients_client WHERE salon_id = %s AND id = ANY(%s)", [current_salon_id(), list(card_ids)]
            )
    except IntegrityError:
        if len(card_ids) == 1:
            return list(card_ids)
        half = len(card_ids) // 2
        return _delete(card_ids[:half]) + _delete(card_ids[half:])
    return []


def _empty(work: Undoing, card_ids: Collection[UUID]) -> None:
    """Leave nothing of cards but their ledgers, which nobody can delete, and withdraw the consent."""
    CategoryAssignment.objects.filter(client__in=card_ids).delete()
    Note.objects.filter(client__in=card_ids).delete()
    CarriedService.objects.filter(client__in=card_ids).delete()
    cards = list(Client.objects.filter(pk__in=card_ids))
    for card in cards:
        card.details = ClientDetails(last_name=f"#{card.number}")
        card.state = CardState.ERASED
        card.treatcard_number = ""
        card.carried_first_visit_on = card.carried_last_visit_on = None
        card.carried_visits = 0
        card.email_consent_for, card.email_consent_at = None, None
        card.version += 1
        card.updated_at = work.now
    save_cards(cards)
    replace_tokens(*cards)
    withdraw_consents(work, card_ids)
