"""What the salon has on file that lines of an import speak of, looked up for a block at once (domain.md §10)."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from django.db.models import Exists, OuterRef

from clients.importing.mapping import Wanted
from clients.models import (
    CardState,
    CarriedService,
    Category,
    CategoryAssignment,
    Cause,
    Client,
    ConsentEntry,
    ConsentPurpose,
    Note,
    PointsEntry,
)
from clients.objections import who_objected
from salon.audit.models import AuditEntry
from salon.catalogue.details import key_of
from salon.catalogue.models import Service

# What the history of a card says that an import has made or changed.
IMPORTED = "client.imported"
# What it says that a further line of the same file has filled in.
JOINED = "client.import_joined"
# What the history of a card says that an undo has removed; its number may stand as if she had been erased.
REMOVED = "client.import_removed"


class OnFile:
    """What stands about some cards outside their rows, and what of the salon the lines refer to."""

    def __init__(self, cards: Sequence[Client], wanted: Sequence[Wanted]) -> None:
        ids = [card.pk for card in cards]
        live = Category.objects.filter(deleted_at=None)
        self.categories: dict[str, UUID] = dict(live.values_list("name_key", "id"))
        self.names: dict[str, str] = dict(live.values_list("name_key", "name"))
        self.assigned: defaultdict[UUID, set[UUID]] = defaultdict(set)
        for client_id, category_id in CategoryAssignment.objects.filter(client__in=ids).values_list(
            "client_id", "category_id"
        ):
            self.assigned[client_id].add(category_id)
        self.notes: defaultdict[UUID, list[str]] = defaultdict(list)
        for client_id, text in Note.objects.filter(client__in=ids, deleted_at=None).values_list("client_id", "text"):
            self.notes[client_id].append(text)
        self.services: defaultdict[UUID, dict[str, int]] = defaultdict(dict)
        for client_id, name, times in CarriedService.objects.filter(client__in=ids).values_list(
            "client_id", "name", "times"
        ):
            self.services[client_id][name] = times
        ledger = ConsentEntry.objects.filter(client__in=ids, purpose=ConsentPurpose.EMAIL_MARKETING)
        # What each said last.
        self.said: dict[UUID, str] = dict(ledger.order_by("at", "id").values_list("client_id", "decision"))
        addresses = {one.details.email for one in wanted if one.consent} | {card.email for card in cards}
        self.objected = who_objected(addresses)
        # An opening balance that was withdrawn leaves the ledger as it was before.
        entries = PointsEntry.objects.filter(client__in=ids).exclude(cause__in=[Cause.OPENING, Cause.WITHDRAWN])
        self.with_points = {card.pk for card in cards if card.points} | set(entries.values_list("client_id", flat=True))
        numbers = {one.treatcard_number for one in wanted if one.treatcard_number}
        self.treatcards: dict[str, UUID] = dict(
            Client.objects.filter(treatcard_number__in=numbers).values_list("treatcard_number", "id")
        )
        self.erased = _erased({one.number for one in wanted if one.number is not None})
        called = {key_of(name) for one in wanted for name, _times in one.services}
        self.offered = set(Service.objects.filter(name_key__in=called).values_list("name_key", flat=True))


def _erased(numbers: set[int]) -> set[int]:
    """Return those of some client numbers that erased cards have: all that is kept of them."""
    removed = AuditEntry.objects.filter(subject_kind="client", subject_id=OuterRef("pk"), action=REMOVED)
    cards = Client.objects.filter(number__in=numbers, state=CardState.ERASED)
    return set(cards.exclude(Exists(removed)).values_list("number", flat=True)) if numbers else set()
