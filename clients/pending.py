"""Clients who were asked to confirm news and have not answered yet, when the words they were asked for change
(domain.md §9.3)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from clients.asking import LINK_HOLDS, AskedLately, NoAddress
from clients.consent import ask_again
from clients.models import CardState, ConsentEntry, ConsentPurpose, Decision, Objection
from clients.wordings import wording_now
from salon.errors import NotFound
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon

# So many mails are asked for in one go; whoever has more of them presses again.
MOST_AT_ONCE = 200
_NEWS = ConsentPurpose.EMAIL_MARKETING


@dataclass(frozen=True, slots=True)
class Pending:
    """How many were asked for the words that hold and can still confirm, and how many for words that hold no more."""

    asked: int
    void: int


def pending(salon: Salon, *, now: datetime) -> Pending:
    """Return how many clients were asked for news within the time that a link holds, and have not confirmed."""
    number = wording_now(_NEWS, salon).number
    all_open = _open(now)
    void = all_open.exclude(wording_number=number).count()
    return Pending(all_open.count() - void, void)


def ask_void_anew(*, actor: Actor, salon: Salon, now: datetime) -> int:
    """Send those a new link whose own asks for words that hold no more, each by the rules of `ask_again`; return how
    many got one.

    Raises: NotAllowed.
    """
    actor.require(Permission.MARKETING_WRITE)
    void = _open(now).exclude(wording_number=wording_now(_NEWS, salon).number)
    # Their cards are held until the last is asked: in the order in which everybody holds several.
    return sum(_asked(actor, client_id, now) for client_id in sorted(_clients(void)[:MOST_AT_ONCE]))


def _asked(actor: Actor, client_id: UUID, now: datetime) -> bool:
    try:
        ask_again(actor=actor, client_id=client_id, now=now)
    except (AskedLately, NoAddress, NotFound):
        return False
    return True


def _clients(entries: QuerySet[ConsentEntry]) -> list[UUID]:
    return list(entries.order_by("at", "id").values_list("client_id", flat=True))


def _open(now: datetime) -> QuerySet[ConsentEntry]:
    """Return the requests in the salon's own words that nobody has answered, of cards that can be written to: whoever
    has unsubscribed since, by another card with the same address, is not asked."""
    ledger = ConsentEntry.objects.filter(purpose=_NEWS)
    later = ledger.filter(client_id=OuterRef("client_id")).filter(
        Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), pk__gt=OuterRef("pk"))
    )
    can_be_asked = Q(client__state=CardState.LISTED, client__email_consent=False) & ~Q(client__email="")
    asked = ledger.filter(decision=Decision.REQUESTED, wording_number__isnull=False, at__gt=now - LINK_HOLDS)
    since = Objection.objects.filter(address=Lower(OuterRef("client__email")), lifted_at=None, at__gt=OuterRef("at"))
    return asked.filter(can_be_asked).exclude(Exists(later)).exclude(Exists(since))
