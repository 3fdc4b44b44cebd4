"""Clients with visits and sales to choose among. To be called in a salon's scope."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bookings.checkout.pricing import LineKind
from bookings.models import Appointment, Sale, SaleLine, SaleState
from bookings.states import State
from clients.models import Client, ConsentEntry, ConsentPurpose, ConsentSource, Decision
from marketing.choosing import clients_in
from marketing.rule import EVERYBODY, Condition, Group, Match, Value
from salon.catalogue.models import Product, Service
from salon.identity.roles import ActorKind
from salon.tenancy.models import Salon
from tests.bookings.salonday import SalonDay, at, make_appointment, make_client
from tests.conftest import NOW

TODAY = NOW.date()
PARTLY, PAID, REFUNDED = SaleState.PARTLY_REFUNDED, SaleState.PAID, SaleState.REFUNDED


def one(field: str, operator: str, *values: Value) -> Group:
    """Return a rule of one condition."""
    return Group(Match.ALL, (Condition(field, operator, values),))


def names(salon: Salon, rule: Group = EVERYBODY, now: datetime = NOW) -> set[str]:
    """Return the first names of those whom a rule means."""
    return set(clients_in(rule, salon=salon, now=now).values_list("first_name", flat=True))


def people(*given: str, **facts: Any) -> list[Client]:
    """Put cards on file that are alike."""
    return [make_client(name, **facts) for name in given]


def visited(day: SalonDay, client: Client, starts_at: datetime, state: State = State.COMPLETED) -> Appointment:
    """Let a client have her hair cut by Anna."""
    return make_appointment((day.cut, day.anna), client=client, starts_at=starts_at, state=state)


def came(day: SalonDay, client: Client, *days: date, hour: int = 10) -> None:
    """Let a client have had her hair cut on these days."""
    for one_day in days:
        visited(day, client, at(hour, day=one_day))


def sold(
    client: Client | None,
    *lines: tuple[Service | Product | None, str] | tuple[Service | Product | None, str, str],
    on: date = TODAY,
    state: SaleState = PAID,
) -> Sale:
    """Write a paid sale: of each line what was sold (None: a tip), its price, and how much of that was given back."""
    total = sum((Decimal(line[1]) for line in lines), Decimal(0))
    sale = Sale.objects.create(
        client=client,
        number=Sale.objects.count() + 1,
        state=state,
        total=total,
        paid=total,
        refunded=sum((Decimal(line[2]) for line in lines if len(line) > 2), Decimal(0)),
        opened_by_name="Empfang",
        created_at=NOW,
        paid_at=NOW,
        paid_on=on,
        **({"voided_at": NOW} if state == SaleState.VOID else {}),
    )
    SaleLine.objects.bulk_create(_lines(sale, lines))
    return sale


def _lines(sale: Sale, lines: Iterable[tuple[Any, ...]]) -> Iterable[SaleLine]:
    for place, (item, price, *back) in enumerate(lines):
        amount, returned = Decimal(price), Decimal(back[0]) if back else Decimal(0)
        kind = LineKind.SERVICE if isinstance(item, Service) else LineKind.PRODUCT if item else LineKind.TIP
        yield SaleLine(
            sale=sale,
            position=place,
            kind=kind,
            service=item if isinstance(item, Service) else None,
            product=item if isinstance(item, Product) else None,
            name=item.name if item else "",
            list_price=amount,
            unit_price=amount,
            final_price=amount,
            vat_rate=Decimal(19),
            refunded=1 if returned and returned == amount else 0,
            refunded_amount=returned,
        )


def negated(rule: Group) -> Group:
    """Return whom a rule does not mean."""
    return Group(rule.match, rule.parts, negated=not rule.negated)


def decided(
    client: Client, decision: str, minute: int, purpose: ConsentPurpose = ConsentPurpose.EMAIL_MARKETING
) -> None:
    """Note what a client said of news, or of something else, so many minutes after NOW."""
    ConsentEntry.objects.create(
        client=client,
        purpose=purpose,
        decision=Decision(decision),
        source=ConsentSource.SALON,
        at=NOW + timedelta(minutes=minute),
        actor_kind=ActorKind.SYSTEM,
    )
