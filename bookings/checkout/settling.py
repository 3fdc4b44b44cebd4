"""What follows from full payment: the sale is final, its points are credited, the visit has taken place
(domain.md §6, §7)."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Max

from bookings.checkout.pricing import LineKind
from bookings.checkout.writing import Held, save, tell
from bookings.models import Appointment, Sale, SaleLine, SaleState
from bookings.states import CHANGEABLE, State
from bookings.thanking import causes_of_client, is_first
from bookings.writing import changed, count_visit, items_of, recount
from bookings.writing import save as save_appointment
from bookings.writing import tell as tell_of_appointment
from clients.models import Cause, Client
from clients.points import post
from loyalty.earning import Earning, Rates, points_for
from loyalty.referral import thank_referrer
from loyalty.rules import rates_now
from salon.catalogue.models import ItemKind
from salon.identity.roles import Actor
from salon.locks import take_locks
from salon.tenancy.models import Salon

_KINDS = {LineKind.SERVICE: ItemKind.SERVICE, LineKind.PRODUCT: ItemKind.PRODUCT}


def settle(held: Held, *, actor: Actor, salon: Salon, now: datetime) -> None:
    """Close a sale of which nothing is due: it gets its number, the client her points, if she has a Treatcard now.

    Its appointment is completed if it has begun; one that was paid beforehand stays booked.
    """
    sale = held.sale
    rates = rates_now()
    sale.state, sale.paid_at, sale.paid_on = SaleState.PAID, now, salon.date_at(now)
    sale.rules_version = rates.version
    sale.points_earned = _credit(sale, held.client, held.lines, rates, actor=actor, now=now)
    _thank_referrer(sale, held.client, actor=actor, now=now)
    if held.appointment is not None:
        _staff_as_done(held.appointment, held.lines)
        _complete(held.appointment, actor=actor, salon=salon, now=now)
    sale.number = _next_number(salon)
    save(sale, fields=("state", "paid_at", "paid_on", "rules_version", "points_earned", "number"))
    told = [
        changed("number", None, sale.number),
        changed("total", None, sale.total),
        changed("points", None, sale.points_earned or None),
    ]
    tell(actor, "sale.paid", sale, told, now=now)


def earnings_of(lines: Iterable[SaleLine]) -> list[Earning]:
    """Return what of a sale earns points: what the client keeps of its services and products, after discounts."""
    return [
        Earning(
            kind=_KINDS[LineKind(line.kind)],
            amount=line.final_price - line.refunded_amount,
            quantity=line.quantity - line.refunded,
            flat=line.points_override,
        )
        for line in lines
        if line.kind in _KINDS
    ]


def points_to_earn(client: Client | None, lines: Iterable[SaleLine], rates: Rates) -> int:
    """Return the points that a sale with these lines brings; without a Treatcard none."""
    if client is None or not client.treatcard_number:
        return 0
    return points_for(earnings_of(lines), rates)


def _credit(
    sale: Sale, client: Client | None, lines: Iterable[SaleLine], rates: Rates, *, actor: Actor, now: datetime
) -> int:
    points = points_to_earn(client, lines, rates)
    if client is None or not points:
        return 0
    entry = post(
        client=client,
        points=points,
        cause=Cause.EARNED,
        cause_id=sale.pk,
        actor=actor,
        now=now,
        rules_version=rates.version,
    )
    return entry.points if entry else 0


def _thank_referrer(sale: Sale, client: Client | None, *, actor: Actor, now: datetime) -> None:
    """Give whoever referred a client her points when the client pays for the first time; if all of that went back,
    when she pays again."""
    if client is None or client.referred_by_id is None or not sale.paid:
        return
    causes, first = causes_of_client(client.pk), is_first(sale, client.pk)
    thank_referrer(actor=actor, client=client, sale_id=sale.pk, causes=causes, first=first, now=now)


def _staff_as_done(appointment: Appointment, lines: Iterable[SaleLine]) -> None:
    """Let lines say who has done them: somebody may have been given an item since it was put on the sale."""
    by_item = dict(appointment.items.values_list("pk", "staff_id"))
    moved = [line for line in lines if line.item_id and line.staff_id != by_item[line.item_id]]
    for line in moved:
        line.staff_id = by_item[line.item_id]  # type: ignore[index]
    SaleLine.objects.bulk_update(moved, ["staff"])


def _complete(appointment: Appointment, *, actor: Actor, salon: Salon, now: datetime) -> None:
    if appointment.state not in CHANGEABLE or appointment.starts_at > now:
        return
    old = appointment.state
    appointment.state = State.COMPLETED
    visited = count_visit(appointment, items_of(appointment), salon)
    save_appointment(appointment, now=now, fields=("state", "visit_on"))
    if visited:
        recount([appointment.client_id], salon=salon, now=now)
    told = [changed("state", old, State.COMPLETED.value)]
    tell_of_appointment(actor, "appointment.state_changed", appointment, told, now=now)


def _next_number(salon: Salon) -> int:
    # Held to the end of the transaction: numbers ascend without gaps or twins.
    take_locks([f"sale numbers {salon.pk}"])
    last = Sale.objects.aggregate(last=Max("number"))["last"]
    return int(last or 0) + 1
