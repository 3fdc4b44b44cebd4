"""What giving money back does to a sale: its amounts, its points, and taking that back again (domain.md §6, §7)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from bookings.checkout.pricing import NOTHING, part_between
from bookings.checkout.settling import earnings_of
from bookings.models import Method, Payment, Refund, RefundKind, RefundLine, Sale, SaleLine, SaleState
from bookings.thanking import causes_of, causes_of_client
from clients.models import Cause, Client
from clients.points import post
from loyalty.earning import points_for
from loyalty.models import Redemption, Returned
from loyalty.redemption import give_back
from loyalty.referral import take_thanks_back, thank_again
from loyalty.rules import DEFAULT_VERSION, rates_of
from salon.identity.roles import Actor
from salon.tenancy.models import Salon, new_id


@dataclass(frozen=True, slots=True)
class Way:
    """So much money that goes back in this way; `reference` is that of the payment that it came with."""

    method: Method
    amount: Decimal
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """So many units of a line that go back, for so much."""

    line: SaleLine
    quantity: int
    amount: Decimal


def ways_back(payments: Iterable[Payment], refunds: Iterable[Refund]) -> list[Way]:
    """Return how what was paid for a sale, and not given back yet, goes back: each amount as it came.

    They add up to what was paid less what was given back, whatever was given back in another way than it came.
    """
    given: dict[str, Decimal] = defaultdict(lambda: NOTHING)
    left = NOTHING
    for refund in refunds:
        given[refund.method] += refund.amount
        left -= refund.amount
    payments = list(payments)
    left += sum((one.amount for one in payments), NOTHING)
    ways = []
    for payment in payments:
        covered = min(payment.amount, given[payment.method])
        given[payment.method] -= covered
        amount = min(payment.amount - covered, left)
        left -= amount
        if amount:
            ways.append(Way(Method(payment.method), amount, payment.reference))
    return ways


def ways_of(sale: Sale) -> list[Way]:
    """Return how all that stands of a sale's money goes back."""
    payments = Payment.objects.filter(sale=sale, removed_at=None).order_by("taken_at", "id")
    return ways_back(payments, Refund.objects.filter(sale=sale, removed_at=None))


def first_of(ways: Iterable[Way], amount: Decimal) -> list[Way]:
    """Return how so much goes back of what can: what came first does first, never more in a way than came in it."""
    found = []
    for way in ways:
        part = min(way.amount, amount)
        amount -= part
        if part:
            found.append(replace(way, amount=part))
    return found


def part_of_line(line: SaleLine, quantity: int) -> Part:
    """Return what so many more units of a line come to; of all its units together not a cent more or less than it."""
    return Part(line, quantity, part_between(line.final_price, line.quantity, line.refunded, quantity))


def take_off(parts: Sequence[Part]) -> None:
    """Let lines say what of them goes back."""
    for part in parts:
        part.line.refunded += part.quantity
        part.line.refunded_amount += part.amount
    SaleLine.objects.bulk_update([part.line for part in parts], ["refunded", "refunded_amount"])


def kept_points(sale: Sale, lines: Iterable[SaleLine]) -> int:
    """Return what the client keeps of a sale's points: as many as what she keeps of it would have earned.

    By the rates that the sale was priced with (domain.md §7); more than it has brought her she does not get.
    """
    if not sale.points_earned:
        return 0
    rates = rates_of(DEFAULT_VERSION if sale.rules_version is None else sale.rules_version)
    return min(sale.points_earned, points_for(earnings_of(lines), rates))


def write_refunds(
    sale: Sale,
    kind: RefundKind,
    ways: Sequence[Way],
    *,
    client: Client | None,
    kept: int,
    parts: Sequence[Part] = (),
    reason: str = "",
    actor: Actor,
    salon: Salon,
    now: datetime,
) -> list[Refund]:
    """Write what is given back of a sale, one refund for each way; the first has the lines, and takes the points.

    With the last of it goes what whoever referred the client was given for it. The client's card, those that were
    thanked for the sale, and the sale are locked; of the sale, `refunded` and `points_earned` are to be saved.
    """
    points = sale.points_earned - kept
    refunds = [
        Refund(
            id=new_id(),
            sale=sale,
            kind=kind,
            method=way.method,
            amount=way.amount,
            reference=way.reference,
            reason=reason,
            refunded_at=now,
            refunded_on=salon.date_at(now),
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_name=actor.name,
        )
        for way in ways
    ]
    if not refunds:
        return []
    first = refunds[0]
    first.points = points
    Refund.objects.bulk_create(refunds)
    RefundLine.objects.bulk_create(
        [RefundLine(refund=first, line=part.line, quantity=part.quantity, amount=part.amount) for part in parts]
    )
    sale.refunded += sum((one.amount for one in refunds), NOTHING)
    sale.points_earned = kept
    if sale.paid_at and sale.refunded == sale.paid:
        causes = causes_of(Sale.objects.filter(pk=sale.pk))
        take_thanks_back(actor=actor, causes=causes, refund_id=first.pk, now=now)
    if client is not None and points:
        post(
            client=client,
            points=-points,
            cause=Cause.REVERSED,
            cause_id=first.pk,
            actor=actor,
            now=now,
            rules_version=sale.rules_version,
        )
    return refunds


def return_rewards(lines: Iterable[SaleLine], why: Returned, *, actor: Actor, now: datetime) -> None:
    """Give back the points of what clients got for them on these lines.

    Where they went back with the appointment before, they do not come back with it any more.
    """
    redeemed = [line.redemption_id for line in lines if line.redemption_id]
    if not redeemed:
        return
    for redemption in Redemption.objects.filter(pk__in=redeemed).order_by("pk"):
        if redemption.returned_at is None:
            give_back(actor=actor, redemption=redemption, why=why, now=now)
        else:
            redemption.return_reason = why
            redemption.save(update_fields=["return_reason"])


def take_back(
    sale: Sale, refunds: Sequence[Refund], *, client: Client | None, actor: Actor, now: datetime
) -> list[SaleLine]:
    """Let refunds of a sale be as if they had never been; return its lines, as they are then.

    The client's card, those that were thanked for the sale, and the sale are locked; of the sale, `refunded` and
    `points_earned` are to be saved.
    """
    lines = {line.pk: line for line in SaleLine.objects.filter(sale=sale).order_by("position")}
    for part in RefundLine.objects.filter(refund__in=refunds):
        lines[part.line_id].refunded -= part.quantity
        lines[part.line_id].refunded_amount -= part.amount
    SaleLine.objects.bulk_update(lines.values(), ["refunded", "refunded_amount"])
    for refund in refunds:
        refund.removed_at, refund.removed_by = now, actor.name
        sale.refunded -= refund.amount
        sale.points_earned += refund.points
        if client is not None and refund.points:
            post(
                client=client,
                points=refund.points,
                cause=Cause.EARNED,
                cause_id=refund.pk,
                actor=actor,
                now=now,
                rules_version=sale.rules_version,
            )
        if sale.paid_at and client is not None:
            causes = causes_of_client(client.pk)
            thank_again(actor=actor, causes=causes, refund_id=refund.pk, now=now)
    Refund.objects.bulk_update(refunds, ["removed_at", "removed_by"])
    return list(lines.values())


def state_of(sale: Sale, lines: Iterable[SaleLine]) -> SaleState:
    """Return the state of a sale that was paid, as its lines and what was given back say."""
    if all(line.refunded == line.quantity for line in lines):
        return SaleState.REFUNDED
    given_back = sale.refunded or any(line.refunded for line in lines)
    return SaleState.PARTLY_REFUNDED if given_back else SaleState.PAID
