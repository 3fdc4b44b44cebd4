"""Sales locked for a change, and written.

Rows are locked in one order everywhere: the cards of clients, the appointment, the sale, the staff members' locks.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bookings.checkout import lines as saleslines
from bookings.checkout.quoting import discounts_of
from bookings.models import Appointment, Sale, SaleLine, SaleState
from bookings.writing import lock_appointment
from clients.models import Client
from salon.audit.recording import Change, record
from salon.errors import DomainError, NotFound, VersionConflict
from salon.identity.roles import Actor
from salon.rows import read
from salon.tenancy.context import current_salon_id

SUBJECT = "sale"
_AND_REFERRERS = """ WHERE salon_id = %(salon)s AND id = ANY(ARRAY(
  SELECT unnest(%(ids)s::uuid[])
  UNION
  SELECT referred_by_id FROM clients_client WHERE salon_id = %(salon)s AND id = ANY(%(ids)s)
)) ORDER BY id FOR NO KEY UPDATE"""


class SaleAlreadyPaid(DomainError):
    """The sale is paid: it is final."""

    code = "sale_already_paid"
    message = _("This sale is paid already: it is corrected by a refund.")


class SaleVoid(DomainError):
    """The sale was declared void."""

    code = "sale_void"
    message = _("This sale is void.")


@dataclass(frozen=True, slots=True)
class Held:
    """A sale with what belongs to it, locked until the open transaction ends; `before` is what its lines were."""

    sale: Sale
    lines: list[SaleLine]
    cards: dict[UUID, Client]
    appointment: Appointment | None
    before: dict[UUID, tuple[object, ...]]

    @property
    def client(self) -> Client | None:
        """Whose sale it is."""
        return self.cards[self.sale.client_id] if self.sale.client_id else None


def hold(sale_id: UUID, version: int | None = None, *others: UUID | None) -> Held:
    """Return a sale of the open salon, locked behind the cards of its client, of who referred her, and others.

    Raises: NotFound, VersionConflict, also where it goes to another client, or she was referred by somebody else, at
    that moment.
    """
    found = Sale.objects.filter(pk=sale_id).only("client_id", "appointment_id").first()
    if found is None:
        raise NotFound
    client_id, appointment_id = found.client_id, found.appointment_id
    cards = lock_cards({one for one in (client_id, *others) if one})
    appointment = lock_appointment(appointment_id, None) if appointment_id else None
    sale = Sale.objects.select_for_update(no_key=True).get(pk=sale_id)
    referrer_id = cards[client_id].referred_by_id if client_id else None
    referred_by_another = referrer_id is not None and referrer_id not in cards
    if sale.client_id != client_id or referred_by_another or (version is not None and version != sale.version):
        raise VersionConflict
    lines = lines_of(sale)
    return Held(sale, lines, cards, appointment, contents(lines))


def lock_cards(client_ids: Collection[UUID]) -> dict[UUID, Client]:
    """Return the cards of these clients and of who referred them, locked in key order: for what is paid, both may get
    points."""
    if not client_ids:
        return {}
    rows = read(Client, _AND_REFERRERS, {"salon": current_salon_id(), "ids": list(client_ids)})
    return {card.pk: card for card in rows}


def hold_sale_of(appointment_id: UUID) -> Sale | None:
    """Return the sale of an appointment (which is locked), if there is one that is not void, locked."""
    found = Sale.objects.select_for_update(no_key=True).filter(appointment_id=appointment_id)
    return found.exclude(state=SaleState.VOID).first()


def lines_of(sale: Sale) -> list[SaleLine]:
    """Return the lines of a sale in order, with what was redeemed."""
    return list(SaleLine.objects.filter(sale=sale).select_related("redemption").order_by("position"))


def contents(lines: Iterable[SaleLine]) -> dict[UUID, tuple[object, ...]]:
    """Return what lines consist of, for `write` to see what has changed."""
    return {line.pk: saleslines.content(line) for line in lines}


def refuse_closed(sale: Sale) -> None:
    """Refuse to change what is paid, or void.

    Raises: SaleAlreadyPaid, SaleVoid.
    """
    if sale.state == SaleState.VOID:
        raise SaleVoid
    if sale.state != SaleState.OPEN:
        raise SaleAlreadyPaid


def write(sale: Sale, lines: Sequence[SaleLine], before: dict[UUID, tuple[object, ...]]) -> None:
    """Write the lines of an open sale, priced anew with what its client's categories take off today."""
    saleslines.price_all(sale, lines, discounts_of(sale.client_id))
    saleslines.write_lines(lines, before)
    save(sale, fields=("client", "total"))


def save(sale: Sale, *, fields: Iterable[str]) -> None:
    """Write these fields of a sale: another version of it."""
    sale.version += 1
    sale.save(update_fields=[*fields, "version"])


def tell(actor: Actor, action: str, sale: Sale, changes: Iterable[Change | None], *, now: datetime) -> None:
    """Record what was done to a sale; it stands in the history of its client."""
    record(
        actor=actor,
        action=action,
        subject_kind=SUBJECT,
        subject_id=sale.pk,
        changes=[change for change in changes if change],
        now=now,
        client_id=sale.client_id,
    )
