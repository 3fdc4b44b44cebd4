"""What becomes of an appointment's sale when it is cancelled or missed, and when it takes place after all
(domain.md §6).

What nobody has paid for in full lapses with its appointment; the salon's rule says whether what was paid beforehand is
given back. Nobody's right is asked for: the rule does it, not whoever cancels.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from bookings.checkout.following import follow
from bookings.checkout.pricing import NOTHING, LineKind
from bookings.checkout.reading import SaleView
from bookings.checkout.reversing import (
    Part,
    Way,
    first_of,
    kept_points,
    part_of_line,
    state_of,
    take_back,
    take_off,
    ways_back,
    ways_of,
    write_refunds,
)
from bookings.checkout.tills import sales_rules
from bookings.checkout.writing import hold_sale_of, lines_of, save, tell
from bookings.models import Appointment, DepositRule, Method, Refund, RefundKind, Sale, SaleLine, SalesRules, SaleState
from bookings.writing import changed
from salon.identity.roles import Actor
from salon.tenancy.models import Salon, new_id

_STANDING = frozenset({SaleState.PAID, SaleState.PARTLY_REFUNDED})


def gives_back(rules: SalesRules, *, starts_at: datetime, at: datetime) -> bool:
    """Return whether a salon gives back what was paid for an appointment that is called off at an instant.

    Up to the hour counts as in time; what is missed is called off when it begins.
    """
    if rules.deposit_rule == DepositRule.REFUND_UNTIL:
        return at <= starts_at - timedelta(hours=rules.deposit_hours)
    return rules.deposit_rule == DepositRule.REFUND


@dataclass(frozen=True, slots=True)
class GoingBack:
    """What goes back with an appointment: its money, how much of that is a tip, and the points that it takes."""

    ways: list[Way]
    tip: Decimal
    points: int


def going_back(view: SaleView) -> GoingBack:
    """Return what goes back of the sale of an appointment that is called off, where the salon's rule gives it back."""
    sale, ways = view.sale, ways_back(view.payments, view.refunds)
    if sale.state == SaleState.OPEN:
        return GoingBack(ways, NOTHING, sale.points_earned)
    parts = _parts(view.lines)
    tip = sum((part.amount for part in parts if part.line.kind == LineKind.TIP), NOTHING)
    if all(_goes_with_it(line) for line in view.lines):
        return GoingBack(ways, tip, sale.points_earned)
    return GoingBack(first_of(ways, _amount(parts)), tip, sale.points_earned - _kept(sale, view.lines, parts))


def on_cancelled(*, actor: Actor, salon: Salon, appointment: Appointment, now: datetime, missed: bool = False) -> None:
    """Let the sale of an appointment that does not take place lapse, with what the salon's rule says of its money.

    Part of cancelling, and of noting that nobody came: card and appointment are locked, and what becomes of its rewards
    is decided by then. A tip goes with the appointment; what else is on the sale besides it stays for sale. A bill that
    was paid when the visit had begun stays as it is.
    """
    sale = hold_sale_of(appointment.pk)
    if sale is None:
        return
    at = max(now, appointment.starts_at) if missed else now
    returned = gives_back(sales_rules(), starts_at=appointment.starts_at, at=at)
    if sale.state == SaleState.OPEN:
        _keep_for_sale(sale, lines_of(sale), actor, now)
        _lapse(sale, returned=returned, actor=actor, salon=salon, now=now)
    elif sale.state in _STANDING and returned and sale.paid_at and sale.paid_at < appointment.starts_at:
        lines = lines_of(sale)
        if all(_goes_with_it(line) for line in lines):
            _lapse(sale, returned=True, actor=actor, salon=salon, now=now)
        else:
            _give_back_items(sale, lines, actor=actor, salon=salon, now=now)


def on_returned(*, actor: Actor, appointment: Appointment, now: datetime, undone: bool) -> None:
    """Let the sale of an appointment come back with it.

    Where that is `undone`, money that was to go back never did; where the client only books again, it did, and what she
    has to pay begins anew.
    """
    given = list(
        Refund.objects.select_for_update(no_key=True)
        .filter(sale__appointment=appointment, kind=RefundKind.DEPOSIT, removed_at=None)
        .order_by("pk")
    )
    lapsed = Sale.objects.select_for_update(no_key=True).filter(appointment=appointment, lapsed=True).first()
    sale = lapsed or hold_sale_of(appointment.pk)
    if sale is None:
        return
    of_sale = [refund for refund in given if refund.sale_id == sale.pk]
    if of_sale and not undone:
        _let_go(sale)
        return
    _revive(sale, of_sale, actor=actor, now=now)
    if sale.state == SaleState.OPEN:
        follow(appointment.pk, now)


def _let_go(sale: Sale) -> None:
    """Let a sale whose money went back stay as it is, whatever becomes of its appointment: that is charged anew."""
    if sale.lapsed:
        sale.lapsed = False
    else:
        SaleLine.objects.filter(sale=sale).update(item=None)
        sale.was_for, sale.appointment = sale.appointment, None
    save(sale, fields=("lapsed", "appointment", "was_for"))


def _keep_for_sale(sale: Sale, lines: Sequence[SaleLine], actor: Actor, now: datetime) -> None:
    """Put what is on an open sale besides the appointment's items and tips on a sale of its own."""
    others = [line for line in lines if not _goes_with_it(line)]
    if not others:
        return
    other = Sale.objects.create(
        id=new_id(),
        client_id=sale.client_id,
        total=sum((line.final_price for line in others), NOTHING),
        opened_by_name=actor.name,
        created_at=now,
    )
    for position, line in enumerate(others):
        line.sale, line.position = other, position
    SaleLine.objects.bulk_update(others, ["sale", "position"])
    sale.total -= other.total
    tell(actor, "sale.opened", other, [], now=now)


def _lapse(sale: Sale, *, returned: bool, actor: Actor, salon: Salon, now: datetime) -> None:
    """Let a sale be void as long as its appointment is off."""
    ways = ways_of(sale) if returned else []
    kept = sale.points_earned
    if returned:
        kept = 0
        # Nothing was paid, and yet it may have brought points.
        ways = ways or ([Way(Method.CARD, NOTHING)] if sale.points_earned else [])
    refunds = write_refunds(
        sale,
        RefundKind.DEPOSIT,
        ways,
        client=sale.client,
        kept=kept,
        actor=actor,
        salon=salon,
        now=now,
    )
    sale.state, sale.voided_at, sale.lapsed = SaleState.VOID, now, True
    save(sale, fields=("state", "voided_at", "lapsed", "total", "refunded", "points_earned"))
    _tell_lapsed(actor, sale, refunds, now)


def _give_back_items(sale: Sale, lines: Sequence[SaleLine], *, actor: Actor, salon: Salon, now: datetime) -> None:
    """Give back what was paid for an appointment; what else was bought with it is the client's."""
    parts = [part for part in _parts(lines) if _is_off(part.line)]
    if not parts:
        return
    kept = _kept(sale, lines, parts)
    take_off(parts)
    refunds = write_refunds(
        sale,
        RefundKind.DEPOSIT,
        first_of(ways_of(sale), _amount(parts)) or [Way(Method.CARD, NOTHING)],
        client=sale.client,
        kept=kept,
        parts=parts,
        actor=actor,
        salon=salon,
        now=now,
    )
    sale.state = state_of(sale, lines)
    save(sale, fields=("state", "refunded", "points_earned"))
    _tell_lapsed(actor, sale, refunds, now)


def _goes_with_it(line: SaleLine) -> bool:
    """Return whether a line is for the appointment; a tip is for what takes place."""
    return line.item_id is not None or line.kind == LineKind.TIP


def _parts(lines: Iterable[SaleLine]) -> list[Part]:
    """Return all that is left of what goes with the appointment."""
    return [
        part_of_line(line, line.quantity - line.refunded)
        for line in lines
        if _goes_with_it(line) and line.refunded < line.quantity
    ]


def _amount(parts: Iterable[Part]) -> Decimal:
    return sum((part.amount for part in parts), NOTHING)


def _kept(sale: Sale, lines: Iterable[SaleLine], parts: Iterable[Part]) -> int:
    """Return the points that the client keeps where these lines go back whole."""
    gone = {part.line.pk for part in parts}
    return kept_points(sale, [line for line in lines if line.pk not in gone])


def _is_off(line: SaleLine) -> bool:
    """Return whether a line goes back with its appointment: a reward only if its points have gone back."""
    return line.redemption is None or line.redemption.returned_at is not None


def _revive(sale: Sale, refunds: Sequence[Refund], *, actor: Actor, now: datetime) -> None:
    if not (sale.lapsed or refunds):
        return
    lines = take_back(sale, refunds, client=sale.client, actor=actor, now=now)
    sale.state = state_of(sale, lines) if sale.paid_at else SaleState.OPEN
    sale.voided_at, sale.lapsed = None, False
    save(sale, fields=("state", "voided_at", "lapsed", "refunded", "points_earned"))
    tell(actor, "sale.revived", sale, [changed("amount", _sum(refunds), None)], now=now)


def _tell_lapsed(actor: Actor, sale: Sale, refunds: Sequence[Refund], now: datetime) -> None:
    told = [
        changed("amount", None, _sum(refunds)),
        changed("points", None, -sum(one.points for one in refunds) or None),
    ]
    tell(actor, "sale.lapsed", sale, told, now=now)


def _sum(refunds: Sequence[Refund]) -> object:
    return sum((one.amount for one in refunds), NOTHING) or None
