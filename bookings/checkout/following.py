"""An open sale follows the items of its appointment until it is paid (domain.md §6)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bookings.checkout.lines import take_item
from bookings.checkout.pricing import LineKind
from bookings.checkout.quoting import offers_on
from bookings.checkout.writing import contents, hold_sale_of, lines_of, refuse_closed, write
from bookings.models import Appointment, AppointmentItem, Sale, SaleLine, SaleState
from bookings.writing import items_of
from salon.errors import DomainError
from salon.tenancy.models import Salon


class RewardsInSale(DomainError):
    """Somebody's points are in a sale: it cannot become somebody else's."""

    code = "rewards_in_sale"
    message = _("The client has redeemed points in this sale. Take the reward off first.")


def follow(appointment_id: UUID, now: datetime) -> None:  # noqa: ARG001 - what is done to appointments is told when
    """Let the open sale of an appointment, if there is one, charge what the appointment consists of by now.

    Called by whatever changes its items, their prices or its client, with the appointment locked. Of one that is paid
    nothing of that can change any more.
    Raises: SaleAlreadyPaid, RewardsInSale.
    """
    sale = hold_sale_of(appointment_id)
    if sale is None:
        return
    refuse_closed(sale)
    appointment = Appointment.objects.get(pk=appointment_id)
    lines = lines_of(sale)
    before = contents(lines)
    if sale.client_id != appointment.client_id:
        refuse_other_client(lines)
        sale.client_id = appointment.client_id
    write(sale, following(sale, lines, items_of(appointment), sale.salon), before)


def release(item_id: UUID) -> None:
    """Let no sale name an item any more that is about to be taken off its appointment (which is locked).

    What was declared void keeps the line without it; `follow` refuses where it was paid.
    """
    charging = SaleLine.objects.filter(item_id=item_id)
    charging.filter(sale__state=SaleState.OPEN).delete()
    charging.update(item=None)


def following(sale: Sale, lines: Sequence[SaleLine], items: Sequence[AppointmentItem], salon: Salon) -> list[SaleLine]:
    """Return the lines of an appointment's sale as they should be: its items in order, then what else is sold."""
    offers = offers_on((salon.date_at(item.starts_at), item.service_id) for item in items if item.redemption_id is None)
    by_item = {line.item_id: line for line in lines if line.item_id}
    charged = []
    for position, item in enumerate(items):
        line = by_item.get(item.pk) or SaleLine(sale=sale)
        take_item(line, item, offers.get(item.service_id), position)
        charged.append(line)
    others = [line for line in lines if line.item_id is None]
    for position, line in enumerate(others, len(charged)):
        line.position = position
    return [*charged, *others]


def refuse_other_client(lines: Sequence[SaleLine]) -> None:
    """Refuse to give a sale to another client in which somebody has redeemed points for products.

    Raises: RewardsInSale.
    """
    if any(line.kind == LineKind.REWARD and line.item_id is None for line in lines):
        raise RewardsInSale
