"""Giving money back: whole sales, or some units of some lines (domain.md §6)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from bookings.checkout.pricing import NOTHING
from bookings.checkout.reversing import (
    Part,
    Way,
    first_of,
    kept_points,
    part_of_line,
    return_rewards,
    state_of,
    take_off,
    ways_of,
    write_refunds,
)
from bookings.checkout.tills import accepted_reference, refuse_method
from bookings.checkout.writing import SaleVoid, hold, save, tell
from bookings.models import Method, RefundKind, Sale, SaleLine, SaleState
from bookings.thanking import thanked_for
from bookings.writing import changed
from loyalty.models import Returned
from salon.errors import DomainError, FieldError, InvalidInput
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon

LONGEST_REASON = 200


class SaleNotPaid(DomainError):
    """Nothing was sold yet that could be given back."""

    code = "sale_not_paid"
    message = _("This sale is not paid yet: change it, or take its payments back.")


class AlreadyRefunded(DomainError):
    """All of the sale was given back."""

    code = "already_refunded"
    message = _("All of this sale was given back already.")


class RefundTooMuch(DomainError):
    """More units of a line would be given back than are left of it."""

    code = "refund_too_much"

    def __init__(self, line: SaleLine) -> None:
        left = line.quantity - line.refunded
        message = ngettext_lazy(
            "Of “%(name)s”, only %(left)d can still be given back.",
            "Of “%(name)s”, only %(left)d can still be given back.",
            left,
        )
        super().__init__(message % {"name": line.label, "left": left})
        self.members = {"line": str(line.pk), "left": left}


def refund(
    *,
    actor: Actor,
    salon: Salon,
    sale_id: UUID,
    now: datetime,
    method: Method | None = None,
    lines: Mapping[UUID, int] | None = None,
    reason: str = "",
    reference: str = "",
    version: int | None = None,
) -> Sale:
    """Give back so many units of these lines of a paid sale, or (None) all that is left of it.

    It goes back as it came, what came first does first; or all of it by one `method`. `reference` is that of what is
    given back: of the receipt in the salon's own till where some of it goes back so. Without one, that of each payment
    holds as far as it goes back by its method.
    The client keeps the points that what she keeps would have earned; rewards that go back give her their points.
    Raises: NotAllowed, NotFound, VersionConflict, InvalidInput, SaleNotPaid, SaleVoid, AlreadyRefunded, RefundTooMuch,
    MethodNotAllowed.
    """
    actor.require(Permission.REFUNDS)
    reason = accepted_reason(reason)
    with transaction.atomic():
        held = hold(sale_id, version, *thanked_for(Sale.objects.filter(pk=sale_id)))
        sale = held.sale
        if lines is not None:
            _refuse_senseless(held.lines, lines)
        _refuse_not_final(sale)
        parts = _all_left(held.lines) if lines is None else _asked(held.lines, lines)
        amount = sum((part.amount for part in parts), NOTHING)
        ways = _ways(sale, amount, method, reference, salon)
        take_off(parts)
        given = write_refunds(
            sale,
            RefundKind.LINES,
            ways,
            client=held.client,
            kept=kept_points(sale, held.lines),
            parts=parts,
            reason=reason,
            actor=actor,
            salon=salon,
            now=now,
        )
        return_rewards([part.line for part in parts], Returned.REFUNDED, actor=actor, now=now)
        sale.state = state_of(sale, held.lines)
        save(sale, fields=("state", "refunded", "points_earned"))
        told = [
            changed("lines", None, ", ".join(f"{part.quantity} × {part.line.label}" for part in parts)),
            changed("amount", None, amount),
            *(changed("method", None, by) for by in dict.fromkeys(way.method for way in ways) if amount),
            changed("points", None, -given[0].points or None),
            changed("reason", None, reason),
        ]
        tell(actor, "sale.refunded", sale, told, now=now)
    return sale


def _refuse_not_final(sale: Sale) -> None:
    """Refuse to give back of what is not paid, void, or given back whole.

    Raises: SaleNotPaid, SaleVoid, AlreadyRefunded.
    """
    if sale.state == SaleState.OPEN:
        raise SaleNotPaid
    if sale.state == SaleState.VOID:
        raise SaleVoid
    if sale.state == SaleState.REFUNDED:
        raise AlreadyRefunded


def accepted_reason(reason: str) -> str:
    """Return a reason as it is kept.

    Raises: InvalidInput.
    """
    text = " ".join(reason.split())
    if len(text) > LONGEST_REASON:
        message = _("At most %(longest)d characters fit here.") % {"longest": LONGEST_REASON}
        raise InvalidInput([FieldError("reason", "max_length", message)])
    if not text.isprintable():
        raise InvalidInput([FieldError("reason", "invalid", _("This contains a character that cannot be stored."))])
    return text


def referring(way: Way, reference: str) -> Way:
    """Return how money goes back with the number of the receipt that the salon's own till has for it, if any.

    Raises: InvalidInput.
    """
    if way.method != Method.EXTERNAL_TILL or not reference.strip():
        return way
    return replace(way, reference=accepted_reference(way.method, reference))


def _ways(sale: Sale, amount: Decimal, method: Method | None, reference: str, salon: Salon) -> list[Way]:
    """Return how so much goes back: by this method, or (None) as it came.

    Raises: InvalidInput, MethodNotAllowed.
    """
    if not amount:
        return [Way(method or Method.CARD, NOTHING)]
    if method is None:
        ways = first_of(ways_of(sale), amount)
        if any(way.method == Method.EXTERNAL_TILL for way in ways) or not reference.strip():
            return [referring(way, reference) for way in ways]
        return [replace(way, reference=accepted_reference(way.method, reference)) for way in ways]
    refuse_method(method, salon)
    if reference.strip():
        return [Way(method, amount, accepted_reference(method, reference))]
    return [Way(method, part, known) for known, part in _references(sale, amount, method).items()]


def _references(sale: Sale, amount: Decimal, method: Method) -> dict[str, Decimal]:
    """Return how much of what goes back by a method has which payment's reference: no more than came with it.

    Raises: InvalidInput where the salon's own till needs a receipt of its own for the rest.
    """
    found: dict[str, Decimal] = defaultdict(lambda: NOTHING)
    for way in first_of((way for way in ways_of(sale) if way.method == method), amount):
        found[way.reference] += way.amount
    rest = amount - sum(found.values(), NOTHING)
    if rest and found and method == Method.EXTERNAL_TILL:
        message = _("More goes back than was paid with it: enter the number of your till’s receipt for that.")
        raise InvalidInput([FieldError("reference", "required", message)])
    if rest:
        found[accepted_reference(method, "")] += rest
    return found


def _all_left(lines: Sequence[SaleLine]) -> list[Part]:
    return [part_of_line(line, line.quantity - line.refunded) for line in lines if line.refunded < line.quantity]


def _refuse_senseless(lines: Sequence[SaleLine], quantities: Mapping[UUID, int]) -> None:
    """Refuse lines of another sale, quantities that are none, and nothing at all.

    Raises: InvalidInput.
    """
    known = {line.pk for line in lines}
    errors = []
    for index, (line_id, quantity) in enumerate(quantities.items()):
        if line_id not in known:
            message = _("This sale has no such line.")
            errors.append(FieldError(f"lines.{index}.line", "not_found", message))
        elif quantity < 1:
            message = _("Enter a whole number, 1 or more.")
            errors.append(FieldError(f"lines.{index}.quantity", "range", message))
    if not quantities:
        errors.append(FieldError("lines", "required", _("Choose what goes back.")))
    if errors:
        raise InvalidInput(errors)


def _asked(lines: Sequence[SaleLine], quantities: Mapping[UUID, int]) -> list[Part]:
    """Return the parts that are asked for.

    Raises: RefundTooMuch.
    """
    by_id = {line.pk: line for line in lines}
    for line_id, quantity in quantities.items():
        if by_id[line_id].refunded + quantity > by_id[line_id].quantity:
            raise RefundTooMuch(by_id[line_id])
    return [part_of_line(by_id[line_id], quantity) for line_id, quantity in quantities.items()]
