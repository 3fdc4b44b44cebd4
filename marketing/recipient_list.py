"""Recipients of a campaign or an automation as they are looked through: narrowed, searched, page by page (domain.md
§9.2)."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from clients.listing import ORDERS, Sort
from clients.models import Client
from marketing.models import Recipient, RecipientReason, RecipientState
from marketing.results import Booked
from salon import keyset
from salon.folding import words

LONGEST_TYPED = 100
_AS_WRITTEN_TO = keyset.Order(("id",))
_LATEST_FIRST = keyset.Order(("id",), descending=True)
_BY_NAME = ORDERS[Sort.NAME]
# Where a word begins in the key that names stand in order by.
_BEGINS = "(^|[^[:alnum:]])"
_UMLAUT = re.compile("[aou]")


class Effect(TextChoices):
    """What a client made of her mail."""

    ANSWERED = "ANSWERED", _("has answered")
    BOOKED = "BOOKED", _("has booked")
    REVENUE = "REVENUE", _("has brought in revenue")
    UNSUBSCRIBED = "UNSUBSCRIBED", _("has unsubscribed")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which recipients; what is not said is not asked. `typed` is of names and addresses, each word of it."""

    state: RecipientState | None = None
    reason: RecipientReason | None = None
    effect: Effect | None = None
    typed: str = ""


_ALL = Wanted()


@dataclass(frozen=True, slots=True)
class Counts:
    """How many recipients there are by state, reason and effect; what nobody has is missing."""

    by_state: dict[RecipientState, int]
    by_reason: dict[RecipientReason, int]
    by_effect: dict[Effect, int]


def counts_of(campaign_id: UUID, *, bookings: dict[UUID, Booked]) -> Counts:
    """Return how many recipients of a campaign there are; `bookings` as `bookings_of` knows them."""
    return _counts(Recipient.objects.filter(campaign=campaign_id), bookings)


def counts_of_automation(automation_id: UUID, *, since: datetime, bookings: dict[UUID, Booked]) -> Counts:
    """Return how many an automation has meant since a moment; `bookings` as `bookings_of_automation` knows them."""
    return _counts(_meant_since(automation_id, since), bookings)


def _meant_since(automation_id: UUID, since: datetime) -> QuerySet[Recipient]:
    return Recipient.objects.filter(automation=automation_id, created_at__gte=since)


def _counts(found: QuerySet[Recipient], bookings: dict[UUID, Booked]) -> Counts:
    by_state: dict[RecipientState, int] = {}
    by_reason: dict[RecipientReason, int] = {}
    answered = unsubscribed = 0
    rows = found.values_list("state", "reason").annotate(Count("id"), Count("answered_at"), Count("unsubscribed_at"))
    for state, reason, many, told, gone in rows:
        by_state[RecipientState(state)] = by_state.get(RecipientState(state), 0) + many
        by_reason[RecipientReason(reason)] = by_reason.get(RecipientReason(reason), 0) + many
        answered += told
        unsubscribed += gone
    effects = {
        Effect.ANSWERED: answered,
        Effect.BOOKED: len(bookings),
        Effect.REVENUE: len(_paying(bookings)),
        Effect.UNSUBSCRIBED: unsubscribed,
    }
    return Counts(by_state, by_reason, {effect: many for effect, many in effects.items() if many})


def list_recipients(
    campaign_id: UUID, *, limit: int, bookings: dict[UUID, Booked], cursor: str | None = None, wanted: Wanted = _ALL
) -> keyset.Page[Recipient]:
    """Return one page of a campaign's recipients, in the order in which they are written to.

    `bookings` as `bookings_of` knows them.
    Raises: keyset.InvalidCursor.
    """
    rows = _narrowed(Recipient.objects.filter(campaign=campaign_id), wanted, bookings)
    return keyset.page(rows, _AS_WRITTEN_TO, limit=limit, cursor=cursor)


def recipients_of_automation(
    automation_id: UUID,
    *,
    since: datetime,
    limit: int,
    bookings: dict[UUID, Booked],
    cursor: str | None = None,
    wanted: Wanted = _ALL,
) -> keyset.Page[Recipient]:
    """Return one page of whom an automation has meant since a moment with their cards, the latest first.

    `bookings` as `bookings_of_automation` knows them.
    Raises: keyset.InvalidCursor.
    """
    rows = _narrowed(_meant_since(automation_id, since), wanted, bookings).select_related("client")
    return keyset.page(rows, _LATEST_FIRST, limit=limit, cursor=cursor)


def recipients_by_name(
    campaign_id: UUID, *, limit: int, bookings: dict[UUID, Booked], cursor: str | None = None, wanted: Wanted = _ALL
) -> keyset.Page[Recipient]:
    """Return one page of a campaign's recipients with their cards, by name as the client list has them.

    `bookings` as `bookings_of` knows them.
    Raises: keyset.InvalidCursor.
    """
    rows = _narrowed(Recipient.objects.filter(campaign=campaign_id), wanted, bookings)
    # Of the cards an index has the order; what was typed is seldom met on the way along it.
    each = None if wanted.typed else Q(Exists(rows.filter(client=OuterRef("pk"))))
    meeting = keyset.Meeting(Q(pk__in=rows.values("client")), each)
    page = keyset.page(Client.objects.all(), _BY_NAME, limit=limit, cursor=cursor, meeting=meeting)
    # They are as they are by now: one may have been written to since, another may be gone.
    written = Recipient.objects.filter(campaign=campaign_id, client__in=[card.pk for card in page.rows])
    of_clients = {one.client_id: one for one in written}
    found = []
    for card in page.rows:
        if one := of_clients.get(card.pk):
            one.client = card
            found.append(one)
    return keyset.Page(found, page.next, page.previous)


def _narrowed(rows: QuerySet[Recipient], wanted: Wanted, bookings: dict[UUID, Booked]) -> QuerySet[Recipient]:
    if wanted.state is not None:
        rows = rows.filter(state=wanted.state)
    if wanted.reason is not None:
        rows = rows.filter(reason=wanted.reason)
    if wanted.effect is Effect.UNSUBSCRIBED:
        rows = rows.filter(unsubscribed_at__isnull=False)
    elif wanted.effect is Effect.ANSWERED:
        rows = rows.filter(answered_at__isnull=False)
    elif wanted.effect is not None:
        ids: Collection[UUID] = bookings if wanted.effect is Effect.BOOKED else _paying(bookings)
        rows = rows.filter(pk__in=list(ids))
    for piece in wanted.typed[:LONGEST_TYPED].split():
        rows = rows.filter(Q(address__icontains=piece) | _named(piece))
    return rows


def _named(piece: str) -> Q:
    """Return whose name has every word of what was typed as a beginning of one of its own, umlauts however written."""
    said = [_UMLAUT.sub(r"\g<0>e?", re.escape(word)) for word in words(piece)]
    return Q(*(Q(client__sort_key__regex=_BEGINS + word) for word in said)) if said else Q(pk__in=[])


def _paying(bookings: dict[UUID, Booked]) -> list[UUID]:
    return [pk for pk, booked in bookings.items() if booked.revenue]
