"""What the salon has on file that lines of an import speak of, looked up for a block at once (domain.md §10)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import Exists, OuterRef

from clients.details import ClientDetails
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
    ImportBatch,
    ImportRow,
    Note,
    Outcome,
    PointsEntry,
)
from clients.naming import full_name_in
from clients.objections import who_objected
from salon.audit.models import AuditEntry
from salon.catalogue.details import key_of
from salon.catalogue.models import Service, StaffMember
from salon.folding import fold

# What the history of a card says that an import has made or changed.
IMPORTED = "client.imported"
# What it says that a further line of the same file has filled in.
JOINED = "client.import_joined"
# What the history of a card says that an undo has removed; its number may stand as if she had been erased.
REMOVED = "client.import_removed"


class OnFile:
    """What stands about some cards outside their rows, and what of the salon the lines refer to."""

    def __init__(self, batch: ImportBatch, cards: Sequence[Client], wanted: Sequence[Wanted]) -> None:
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
        self.staff = _by_names(StaffMember.objects.filter(archived_at=None).values_list("name", "id"))
        self.referrers = _referrers(batch, {one.referrer for one in wanted if one.referrer})
        self.offered = set(Service.objects.filter(name_key__in=called).values_list("name_key", flat=True))


def _by_names(members: Iterable[tuple[str, UUID]]) -> dict[str, UUID]:
    """Return staff by their whole names, and by first names that only one of them has."""
    whole = {fold(name): member_id for name, member_id in members}
    first = Counter(name.split()[0] for name in whole)
    return {name.split()[0]: one for name, one in whole.items() if first[name.split()[0]] == 1} | whole


def _referrers(batch: ImportBatch, names: set[str]) -> dict[str, UUID]:
    """Return the cards that these names name alone: none that the file makes, as the undo would find them in use."""
    keys = {
        name: ClientDetails(first_name=(one := full_name_in(name)).first, last_name=one.last).sort_key for name in names
    }
    own = ImportRow.objects.filter(batch=batch, card_id=OuterRef("pk"), outcome=Outcome.CREATE)
    cards = (
        Client.objects.listed().filter(~Exists(own), sort_key__in=set(keys.values())) if keys else Client.objects.none()
    )
    found: defaultdict[str, list[UUID]] = defaultdict(list)
    for sort_key, card_id in cards.values_list("sort_key", "pk"):
        found[sort_key].append(card_id)
    return {name: found[key][0] for name, key in keys.items() if len(found[key]) == 1}


def _erased(numbers: set[int]) -> set[int]:
    """Return those of some client numbers that erased cards have: all that is kept of them."""
    removed = AuditEntry.objects.filter(subject_kind="client", subject_id=OuterRef("pk"), action=REMOVED)
    cards = Client.objects.filter(number__in=numbers, state=CardState.ERASED)
    return set(cards.exclude(Exists(removed)).values_list("number", flat=True)) if numbers else set()
