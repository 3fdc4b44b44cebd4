"""Opening a sale: of an appointment, or of whatever is bought (domain.md §6)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bookings.booking import client_for
from bookings.checkout.filling import fill, price_item
from bookings.checkout.following import following
from bookings.checkout.lines import LineWish, goods_for, refuse_unknown
from bookings.checkout.retaking import retake_rewards
from bookings.checkout.writing import contents, hold_sale_of, lines_of, lock_cards, refuse_closed, tell, write
from bookings.models import Appointment, AppointmentItem, Sale
from bookings.particulars import change_client
from bookings.states import TAKING_TIME
from bookings.writing import items_of, lock_appointment
from clients.models import Client
from salon.errors import DomainError, FieldError, InvalidInput, VersionConflict, refusing
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon, new_id


class NotChargeable(DomainError):
    """What is cancelled or was missed is not charged."""

    code = "not_chargeable"
    message = _("This appointment is cancelled or was missed: there is nothing to charge.")


class AlreadyOpened(DomainError):
    """The sale with this id was opened before: the same form came twice."""

    code = "already_opened"
    message = _("This sale is open already.")


def open_sale(
    *,
    actor: Actor,
    salon: Salon,
    now: datetime,
    client_id: UUID | None = None,
    appointment_id: UUID | None = None,
    lines: Sequence[LineWish] = (),
    sale_id: UUID | None = None,
) -> Sale:
    """Open a sale, of an appointment with its items as lines, and what else is wished for.

    A wish for a service that the appointment has as an item is that item, for the wish's price. The sale of an
    appointment that is open already is gone on with. A walk-in's appointment goes to the client.
    `sale_id` is what a form was given for it, so that sending it twice makes one. Of nothing at all no sale is opened.
    Raises: NotAllowed, InvalidInput, NotChargeable, SaleAlreadyPaid, AlreadyOpened, what redeeming refuses.
    """
    actor.require(Permission.SALES_WRITE)
    goods = goods_for(lines, salon.date_at(now))
    refuse_unknown(lines, goods)
    with transaction.atomic():
        client, appointment = _whose(client_id, appointment_id, actor=actor, salon=salon, now=now)
        if appointment is None and not lines:
            raise InvalidInput([FieldError("lines", "required", _("There is nothing on this sale yet."))])
        if appointment is not None and appointment.state not in TAKING_TIME:
            raise NotChargeable
        sale = hold_sale_of(appointment.pk) if appointment else None
        if sale is None:
            sale = _new(actor, client, appointment, now, sale_id)
            tell(actor, "sale.opened", sale, [], now=now)
        refuse_closed(sale)
        current = lines_of(sale) if sale.version else []
        before, rest = contents(current), list(lines)
        if appointment is not None:
            items = items_of(appointment)
            retake_rewards(appointment, items, client, actor=actor, now=now)
            rest = _not_charged(appointment, items, lines, actor, now)
            current = following(sale, current, items, salon)
        added = fill(sale, current, rest, goods, client=client, actor=actor, now=now)
        write(sale, [*current, *added], before)
    return sale


def _whose(
    client_id: UUID | None, appointment_id: UUID | None, *, actor: Actor, salon: Salon, now: datetime
) -> tuple[Client | None, Appointment | None]:
    """Return the client and the appointment, both locked; a walk-in's appointment is hers from now on.

    Raises: InvalidInput, VersionConflict where the appointment goes to another client at that moment.
    """
    if appointment_id is None:
        lock_cards([client_id] if client_id else [])
        return (client_for(client_id) if client_id else None), None
    own = _refuse_strangers(client_id, appointment_id)
    lock_cards({one for one in (own, client_id) if one})
    if client_id and own is None:
        change_client(actor=actor, salon=salon, appointment_id=appointment_id, client_id=client_id, now=now)
    appointment = lock_appointment(appointment_id, None)
    whose = client_id or own
    if appointment.client_id != whose:
        raise VersionConflict
    return (client_for(whose) if whose else None), appointment


def _refuse_strangers(client_id: UUID | None, appointment_id: UUID) -> UUID | None:
    """Return whose an appointment is; refuse what is not there, and another client's.

    Raises: InvalidInput.
    """
    found = Appointment.objects.filter(pk=appointment_id).values_list("client_id").first()
    errors = []
    if found is None:
        errors.append(FieldError("appointment", "not_found", _("There is no such appointment.")))
    if client_id and not Client.objects.listed().filter(pk=client_id).exists():
        errors.append(FieldError("client", "not_found", _("There is no such client.")))
    elif client_id and found and found[0] not in {None, client_id}:
        errors.append(FieldError("client", "another_client", _("This appointment is for another client.")))
    if errors:
        raise InvalidInput(errors)
    return found[0] if found else None


def _new(
    actor: Actor, client: Client | None, appointment: Appointment | None, now: datetime, sale_id: UUID | None
) -> Sale:
    sale = Sale(
        id=sale_id or new_id(),
        client=client,
        appointment=appointment,
        opened_by_name=actor.name,
        created_at=now,
        # Writing its lines makes the first version of it.
        version=0,
    )
    with refusing({"bookings_sale_pkey": AlreadyOpened()}):
        sale.save(force_insert=True)
    return sale


def _not_charged(
    appointment: Appointment, items: Sequence[AppointmentItem], wishes: Sequence[LineWish], actor: Actor, now: datetime
) -> list[LineWish]:
    """Return the wishes that are not for what an appointment consists of; what is, costs what they say."""
    free = [item for item in items if item.redemption_id is None]
    rest = []
    for wish in wishes:
        meant = [item for item in free if item.service_id == wish.service_id][: wish.quantity]
        for item in meant:
            free.remove(item)
            if wish.price is not None:
                price_item(appointment, items, item, wish.price, actor=actor, now=now)
        if len(meant) < wish.quantity:
            rest.append(replace(wish, quantity=wish.quantity - len(meant)))
    return rest
