"""Putting back what was taken off an open sale, as it was (domain.md §6; undo instead of "are you sure?")."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from bookings.checkout.pricing import LineKind
from bookings.checkout.writing import Held, hold, refuse_closed, tell, write
from bookings.had import had_by
from bookings.models import Sale, SaleLine
from bookings.restoring import restore_items
from bookings.undoing import undo
from bookings.writing import NothingToUndo, changed
from clients.points import NoTreatcard
from loyalty.models import Redemption
from loyalty.redemption import redeem
from loyalty.rewards import reward_with_id
from salon.errors import NotFound
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon

_AMOUNTS = ("list_price", "offer_price", "own_price", "vat_rate")
_IDS = ("service_id", "product_id", "staff_id")


def keep_line(line: SaleLine, lines: Sequence[SaleLine]) -> dict[str, Any]:
    """Return all that `put_back` needs of a line that charges no appointment's item."""
    others = [one.pk for one in lines if one.item_id is None]
    return {
        "line": {
            "id": str(line.pk),
            "place": others.index(line.pk),
            "kind": line.kind,
            "name": line.name,
            "quantity": line.quantity,
            "points_override": line.points_override,
            "reward": str(line.redemption.reward_id) if line.redemption else None,
            **{name: _text(getattr(line, name)) for name in (*_AMOUNTS, *_IDS)},
        }
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def put_back(
    *,
    actor: Actor,
    salon: Salon,
    sale_id: UUID,
    kept: Mapping[str, Any],
    now: datetime,
    version: int | None = None,
) -> Sale:
    """Put what `remove_line` took off an open sale back: in its place, for its prices, with what categories take off.

    What was taken off the appointment comes back there, too, or the appointment that was cancelled with it. `kept` is
    what `remove_line` has returned, from nobody else. What rewards cost is taken again.
    Raises: NotAllowed, NotFound, VersionConflict, SaleAlreadyPaid, SaleVoid, NothingToUndo, what redeeming refuses, and
    of an appointment what `restore_items` and `undo` do.
    """
    actor.require(Permission.SALES_WRITE)
    if kept["sale"] != str(sale_id):
        raise NotFound
    with transaction.atomic():
        held = hold(sale_id, version)
        sale = held.sale
        if "cancelled" in kept:
            # The sale comes back with the appointment.
            gone = UUID(kept["appointment"])
            undo(actor=actor, salon=salon, appointment_id=gone, version=kept["cancelled"], now=now)
            sale.refresh_from_db()
            return sale
        refuse_closed(sale)
        if "items" in kept:
            back = _put_items_back(held, kept, actor=actor, salon=salon, now=now)
        else:
            back = [_put_line_back(held, kept, actor=actor, now=now)]
        for line in back:
            told = [changed("line", None, line.name or line.kind), changed("quantity", None, line.quantity)]
            tell(actor, "sale.line_restored", sale, told, now=now)
    return sale


def _put_items_back(
    held: Held, kept: Mapping[str, Any], *, actor: Actor, salon: Salon, now: datetime
) -> list[SaleLine]:
    if held.sale.appointment_id is None:
        raise NothingToUndo
    if any(one["reward"] for one in kept["items"]):
        _refuse_other_client(held, kept)
    restore_items(actor=actor, salon=salon, appointment_id=held.sale.appointment_id, kept=kept, now=now)
    # The sale has followed.
    held.sale.refresh_from_db()
    ids = [UUID(one["id"]) for one in kept["items"]]
    return list(SaleLine.objects.filter(sale=held.sale, item_id__in=ids).order_by("position"))


def _put_line_back(held: Held, kept: Mapping[str, Any], *, actor: Actor, now: datetime) -> SaleLine:
    one = kept["line"]
    line_id = UUID(one["id"])
    if SaleLine.objects.filter(pk=line_id).exists():
        raise NothingToUndo
    line = SaleLine(id=line_id, sale=held.sale, kind=one["kind"], name=one["name"], quantity=one["quantity"])
    line.points_override = one["points_override"]
    for name in _AMOUNTS:
        setattr(line, name, None if one[name] is None else Decimal(one[name]))
    for name in _IDS:
        setattr(line, name, None if one[name] is None else UUID(one[name]))
    if line.kind == LineKind.REWARD:
        _refuse_other_client(held, kept)
        line.redemption = _again(UUID(one["reward"]), line, held, actor=actor, now=now)
    charged = [other for other in held.lines if other.item_id]
    others = [other for other in held.lines if other.item_id is None]
    others.insert(one["place"], line)
    for position, other in enumerate(others, len(charged)):
        other.position = position
    write(held.sale, [*charged, *others], held.before)
    return line


def _refuse_other_client(held: Held, kept: Mapping[str, Any]) -> None:
    """Refuse to take points from anybody but who gave them.

    Raises: NothingToUndo.
    """
    if _text(held.sale.client_id) != kept["client"]:
        raise NothingToUndo


def _again(reward_id: UUID, line: SaleLine, held: Held, *, actor: Actor, now: datetime) -> Redemption:
    if held.client is None:
        raise NoTreatcard
    return redeem(
        actor=actor,
        client=held.client,
        reward=reward_with_id(reward_id),
        had=line.product_id in had_by(held.client.pk).products,
        now=now,
        list_price=line.list_price,
    )
