"""Changing an open sale: its lines, and whose it is (domain.md §6)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypedDict
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bookings.booking import client_for
from bookings.checkout.filling import fill, price_item
from bookings.checkout.following import follow, refuse_other_client
from bookings.checkout.lines import (
    LineWish,
    goods_for,
    line_in,
    quantity_error,
    refuse_unknown,
    set_own_price,
)
from bookings.checkout.pricing import LineKind
from bookings.checkout.quoting import offers_on
from bookings.checkout.restoring import keep_line
from bookings.checkout.writing import Held, hold, refuse_closed, tell, write
from bookings.models import Sale, SaleLine
from bookings.particulars import change_client
from bookings.placing import price_error
from bookings.removing import remove_item
from bookings.restoring import keep
from bookings.states import TAKING_TIME
from bookings.writing import changed, item_in, items_of
from clients.models import Client
from loyalty.models import Redemption, Returned
from loyalty.redemption import give_back
from salon.audit.recording import Change
from salon.catalogue.models import StaffMember
from salon.errors import DomainError, FieldError, InvalidInput
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon


class ChangedLine(TypedDict, total=False):
    """What of a line is to be changed; what is missing stays as it is. `price` None: what list and offer say."""

    quantity: int
    price: Decimal | None
    staff_id: UUID | None


class LineFixed(DomainError):
    """Of this line nothing like that can be changed."""

    code = "line_fixed"
    message = _("A reward costs nothing and is given once; a service of the appointment is done once.")


def add_line(
    *, actor: Actor, salon: Salon, sale_id: UUID, wish: LineWish, now: datetime, version: int | None = None
) -> Sale:
    """Put something more on an open sale.

    Raises: NotAllowed, NotFound, VersionConflict, SaleAlreadyPaid, SaleVoid, InvalidInput, what redeeming refuses.
    """
    actor.require(Permission.SALES_WRITE)
    goods = goods_for([wish], salon.date_at(now))
    refuse_unknown([wish], goods, name="")
    with transaction.atomic():
        held = hold(sale_id, version)
        refuse_closed(held.sale)
        added = fill(held.sale, held.lines, [wish], goods, client=held.client, actor=actor, now=now)
        write(held.sale, [*held.lines, *added], held.before)
        (line,) = added
        told = [changed("line", None, _told(line)), changed("quantity", None, line.quantity)]
        tell(actor, "sale.line_added", held.sale, told, now=now)
    return held.sale


def redeem_at_checkout(
    *, actor: Actor, salon: Salon, sale_id: UUID, reward_id: UUID, now: datetime, version: int | None = None
) -> Sale:
    """Put a product on an open sale that the client gets for points; they are taken at once (domain.md §7.2).

    It may be all there is on the sale, which is then closed at 0.00: a product is handed over and takes nobody's time,
    so unlike a service for points it needs nothing that is paid for beside it. The points were earned by paying.
    Raises: as `add_line`.
    """
    wish = LineWish(LineKind.REWARD, reward_id=reward_id)
    return add_line(actor=actor, salon=salon, sale_id=sale_id, wish=wish, now=now, version=version)


def change_line(
    *,
    actor: Actor,
    salon: Salon,
    sale_id: UUID,
    line_id: UUID,
    changes: ChangedLine,
    now: datetime,
    version: int | None = None,
) -> Sale:
    """Change how many units of a line are sold, for how much each, and by whom.

    The price of what an appointment consists of is changed there too.
    Raises: NotAllowed, NotFound, VersionConflict, SaleAlreadyPaid, SaleVoid, InvalidInput, LineFixed.
    """
    actor.require(Permission.SALES_WRITE)
    _refuse_invalid(changes)
    with transaction.atomic():
        held = hold(sale_id, version)
        line = line_in(held.lines, line_id)
        refuse_closed(held.sale)
        old = _words(line)
        if line.item_id:
            _change_item(held, line, changes, actor=actor, salon=salon, now=now)
            line = SaleLine.objects.get(pk=line_id)
        else:
            _change(line, changes, actor)
            write(held.sale, held.lines, held.before)
        if told := _changes(old, _words(line)):
            tell(actor, "sale.line_changed", held.sale, [Change("line", _told(line), _told(line)), *told], now=now)
    return held.sale


@dataclass(frozen=True, slots=True)
class TakenOff:
    """A sale that something was taken off, what that was called, and all that `put_back` needs to bring it back."""

    sale: Sale
    names: list[str]
    kept: dict[str, Any]

    @property
    def cancelled(self) -> bool:
        """Whether nothing was left of the appointment, so that it is cancelled."""
        return "cancelled" in self.kept


def remove_line(
    *, actor: Actor, salon: Salon, sale_id: UUID, line_id: UUID, now: datetime, version: int | None = None
) -> TakenOff:
    """Take a line off an open sale; a reward's points go back. A service is taken off its appointment, too.

    Raises: NotAllowed, NotFound, VersionConflict, SaleAlreadyPaid, SaleVoid, and of an appointment's item what
    `remove_item` does.
    """
    actor.require(Permission.SALES_WRITE)
    with transaction.atomic():
        held = hold(sale_id, version)
        line = line_in(held.lines, line_id)
        refuse_closed(held.sale)
        if line.item_id:
            names, kept = _remove_item(held, line.item_id, actor=actor, salon=salon, now=now)
        else:
            names, kept = [line.label], keep_line(line, held.lines)
            if line.redemption_id:
                redemption = Redemption.objects.get(pk=line.redemption_id)
                give_back(actor=actor, redemption=redemption, why=Returned.REMOVED, now=now)
            write(held.sale, [one for one in held.lines if one is not line], held.before)
        told = [changed("line", _told(line), None), changed("quantity", line.quantity, None)]
        tell(actor, "sale.line_removed", held.sale, told, now=now)
    kept |= {"sale": str(sale_id), "client": str(held.sale.client_id) if held.sale.client_id else None}
    return TakenOff(held.sale, names, kept)


def _remove_item(
    held: Held, item_id: UUID, *, actor: Actor, salon: Salon, now: datetime
) -> tuple[list[str], dict[str, Any]]:
    """Take a service off the sale's appointment; return what has gone with it, too, and what brings it back."""
    before = items_of(held.appointment) if held.appointment else []
    removed = [item for item in before if item.pk == item_id]
    after = remove_item(actor=actor, salon=salon, item_id=item_id, now=now)
    # The sale has followed.
    held.sale.refresh_from_db()
    kept: dict[str, Any] = {"appointment": str(after.appointment.pk)}
    if after.appointment.state not in TAKING_TIME:
        return [item.service.name for item in removed], kept | {"cancelled": after.appointment.version}
    left = {item.pk for item in after.items}
    removed = [item for item in before if item.pk not in left]
    return [item.service.name for item in removed], kept | keep(removed, after.items)


def set_client(
    *, actor: Actor, salon: Salon, sale_id: UUID, client_id: UUID | None, now: datetime, version: int | None = None
) -> Sale:
    """Let an open sale be a client's, or (None) nobody's; the discounts are hers from now on.

    That of an appointment is whose the appointment is: both go to her.
    Raises: NotAllowed, NotFound, VersionConflict, SaleAlreadyPaid, SaleVoid, InvalidInput, RewardsInSale.
    """
    actor.require(Permission.SALES_WRITE)
    with transaction.atomic():
        held = hold(sale_id, version, client_id)
        sale = held.sale
        client = None if client_id is None else client_for(client_id)
        refuse_closed(sale)
        if client_id == sale.client_id:
            return sale
        old = held.client
        if sale.appointment_id:
            # The sale follows.
            change_client(actor=actor, salon=salon, appointment_id=sale.appointment_id, client_id=client_id, now=now)
            sale.refresh_from_db()
        else:
            refuse_other_client(held.lines)
            sale.client = client
            write(sale, held.lines, held.before)
        tell(actor, "sale.client_changed", sale, [changed("client_number", _number(old), _number(client))], now=now)
    return sale


def _refuse_invalid(changes: ChangedLine) -> None:
    errors = []
    if "quantity" in changes and (error := quantity_error(changes["quantity"])):
        errors.append(error)
    price = changes.get("price")
    if price is not None and (error := price_error("price", price)):
        errors.append(error)
    staff_id = changes.get("staff_id")
    if staff_id and not StaffMember.objects.working().filter(pk=staff_id).exists():
        errors.append(FieldError("staff", "not_found", _("There is no such staff member.")))
    if errors:
        raise InvalidInput(errors)


def _change(line: SaleLine, changes: ChangedLine, actor: Actor) -> None:
    if line.kind == LineKind.REWARD and changes.keys() & {"quantity", "price"}:
        raise LineFixed
    if line.kind in {LineKind.TIP, LineKind.VOUCHER} and "price" in changes:
        amount = changes["price"]
        if not amount:
            raise InvalidInput([FieldError("price", "required", _("Enter an amount."))])
        line.list_price = amount
    elif "price" in changes:
        set_own_price(line, changes["price"], actor)
    line.quantity = changes.get("quantity", line.quantity)
    line.staff_id = changes.get("staff_id", line.staff_id)


def _change_item(
    held: Held, line: SaleLine, changes: ChangedLine, *, actor: Actor, salon: Salon, now: datetime
) -> None:
    """Change the price of what an appointment consists of.

    Raises: LineFixed, NotAllowed.
    """
    if not (held.appointment and line.item_id) or line.kind == LineKind.REWARD or changes.get("quantity", 1) != 1:
        raise LineFixed
    if changes.get("staff_id", line.staff_id) != line.staff_id:
        raise LineFixed(_("Who does it is changed in the calendar."))
    if "price" not in changes:
        return
    items = items_of(held.appointment)
    item = item_in(items, line.item_id)
    price = changes["price"]
    if price is None:
        offers = offers_on([(salon.date_at(item.starts_at), item.service_id)])
        price = offers.get(item.service_id, item.list_price)
    price_item(held.appointment, items, item, price, actor=actor, now=now)
    follow(held.appointment.pk, now)
    held.sale.refresh_from_db()


def _words(line: SaleLine) -> dict[str, object]:
    return {"quantity": line.quantity, "price": line.unit_price, "staff": line.staff_id}


def _changes(old: dict[str, object], new: dict[str, object]) -> list[Change]:
    return [change for name in old if (change := changed(name, old[name], new[name]))]


def _told(line: SaleLine) -> str:
    """Return what the audit calls a line: not in the language of whoever was at the till."""
    return line.name or line.kind


def _number(client: Client | None) -> int | None:
    return client.number if client else None
