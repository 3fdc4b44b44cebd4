"""Giving money back: whole sales, or some units of some lines (domain.md §6)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from bookings.checkout.pricing import NOTHING
from bookings.checkout.reversing import (
    Part,
    Way,
    kept_points,
    part_of_line,
    return_rewards,
    state_of,
    take_off,
    write_refunds,
)
from bookings.checkout.tills import accepted_reference, refuse_method
from bookings.checkout.writing import SaleVoid, hold, save, tell
from bookings.models import Method, Payment, RefundKind, Sale, SaleLine, SaleState
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
    method: Method,
    now: datetime,
    lines: Mapping[UUID, int] | None = None,
    reason: str = "",
    reference: str = "",
    version: int | None = None,
) -> Sale:
    """Give back so many units of these lines of a paid sale, or (None) all that is left of it.

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
        way = Way(method, amount)
        if amount:
            refuse_method(method, salon)
            way = Way(method, amount, _reference(sale, method, reference))
        take_off(parts)
        (given,) = write_refunds(
            sale,
            RefundKind.LINES,
            [way],
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
            changed("amount", None, given.amount),
            changed("method", None, method if amount else None),
            changed("points", None, -given.points or None),
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


def _reference(sale: Sale, method: Method, reference: str) -> str:
    """Return the reference of a refund: without one of its own, that of what was paid in the same way."""
    if not reference.strip():
        paid = Payment.objects.filter(sale=sale, method=method, removed_at=None).order_by("-taken_at", "-id")
        reference = paid.values_list("reference", flat=True).first() or ""
    return accepted_reference(method, reference)


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
