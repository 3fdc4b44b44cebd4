"""Who may be written to, and why not: one expression, over a thousand cards and over one (domain.md §9.3)."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Lower
from django.db.models.lookups import Exact, In

from bookings.models import Appointment, Sale, SaleState
from clients.models import Client, ConsentEntry, ConsentPurpose, Decision
from clients.objections import objected_addresses
from marketing.models import Basis, MarketingRules, RecipientReason
from marketing.undeliverable import undeliverable_addresses

# The reasons for which somebody gets a mail; every other one is why not.
INCLUDED = frozenset({RecipientReason.CONSENT, RecipientReason.EXISTING_CUSTOMER})
_BOUGHT = (SaleState.PAID, SaleState.PARTLY_REFUNDED)


def reason_case(basis: Basis | str, now: datetime) -> Case:
    """Return, for a query of cards, the `RecipientReason` of each: why she gets mails of marketing, or why not.

    Behind the lock on a card it is what holds as long as the lock does: whoever agrees or objects on it waits. An
    objection holds for its client and for its address, on whichever card that stands. An existing customer has bought,
    and neither she nor anybody at her address ever objected, not even before being asked anew; whether she may be
    written to, the owner decides.
    """
    decided = ConsentEntry.objects.filter(client_id=OuterRef("pk"), purpose=ConsentPurpose.EMAIL_MARKETING)
    newest = _newest(decided)
    asked = Exact(newest, Value(Decision.REQUESTED))
    objected = Q(Exact(newest, Value(Decision.WITHDRAWN))) | Q(In(Lower("email"), objected_addresses()))
    whens = [
        _when(RecipientReason.NO_ADDRESS, Q(email="")),
        _when(RecipientReason.BLOCKED, Q(blocked=True)),
        # Being asked anew where somebody objected waits for the answer, unless a consent of before would hold again.
        _when(RecipientReason.OBJECTED, objected & (~Q(asked) | Q(email_consent=True))),
        _when(RecipientReason.UNDELIVERABLE, Q(In(Lower("email"), undeliverable_addresses()))),
        _when(RecipientReason.CONSENT, Q(email_consent=True)),
    ]
    if basis == Basis.EXISTING_CUSTOMER:
        allowed = Exists(MarketingRules.objects.filter(existing_customers_at__lte=now))
        by_law = Case(
            _when(RecipientReason.EXISTING_CUSTOMER, allowed), default=Value(str(RecipientReason.NOT_ALLOWED))
        )
        whens.append(When(_is_existing_customer(decided), then=by_law))
    whens.append(_when(RecipientReason.NOT_CONFIRMED, asked))
    return Case(*whens, default=Value(RecipientReason.NO_CONSENT), output_field=CharField())


def standings(clients: Collection[UUID] | QuerySet[Client], *, basis: Basis | str, now: datetime) -> dict[UUID, str]:
    """Return the `RecipientReason` of each of these cards, in one statement."""
    cards = clients if isinstance(clients, QuerySet) else Client.objects.filter(pk__in=clients)
    return dict(cards.order_by().annotate(_why=reason_case(basis, now)).values_list("pk", "_why"))


def _newest(decided: QuerySet[ConsentEntry]) -> Coalesce:
    # Along the index, were it of one entry: without knowing of tables PostgreSQL takes any other way for as good.
    return Coalesce(Subquery(decided.order_by("-at", "-id").values("decision")[:1]), Value(""))


def _is_existing_customer(decided: QuerySet[ConsentEntry]) -> Q:
    """Return who may be written to by § 7 (3) UWG, once the owner has decided so."""
    visited = Appointment.objects.filter(client_id=OuterRef("pk"), visit_on__isnull=False)
    bought = Sale.objects.filter(client_id=OuterRef("pk"), state__in=_BOUGHT)
    came = Q(carried_visits__gt=0) | Q(Exists(visited)) | Q(Exists(bought))
    there = Q(In(Lower("email"), objected_addresses(ever=True)))
    refused = there | Q(Exact(_newest(decided.filter(decision=Decision.WITHDRAWN)), Value(Decision.WITHDRAWN)))
    return ~refused & came


def _when(reason: RecipientReason, condition: Q | Combinable) -> When:
    return When(condition, then=Value(reason))
