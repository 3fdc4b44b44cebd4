"""Services and rewards taken off an appointment (domain.md §5, §7.2)."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bookings.booking import Booked
from bookings.checkout.following import follow, release
from bookings.models import AppointmentItem
from bookings.progress import cancel
from bookings.redeemed import give_rewards_back, is_paid_for, rewards_in
from bookings.writing import (
    appointment_of,
    changed,
    give_buffers_back,
    item_in,
    items_of,
    local_time,
    lock_with_client,
    refuse_unchangeable,
    save,
    span,
    tell,
    writing,
)
from loyalty.models import Returned
from salon.errors import DomainError
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon


class LastItem(DomainError):
    """An appointment has at least one item."""

    code = "last_item"
    message = _("This is the only service of the appointment: cancel the appointment instead.")


def remove_item(*, actor: Actor, salon: Salon, item_id: UUID, now: datetime, version: int | None = None) -> Booked:
    """Take a service off an appointment; the others stay where they are.

    A buffer that had given way to it comes back, unless somebody else has been booked into it since. A reward's points
    go back. A reward goes with a service that is paid for: with the last of those it goes, too, and where nothing else
    is left, the appointment is cancelled, which can be undone.
    Raises: NotAllowed, NotFound, VersionConflict, NotChangeable, LastItem, SaleAlreadyPaid.
    """
    actor.require(Permission.BOOKINGS_WRITE)
    with writing():
        appointment = lock_with_client(appointment_of(item_id), version)
        refuse_unchangeable(appointment)
        items = items_of(appointment)
        removed = [item_in(items, item_id)]
        items.remove(removed[0])
        if not any(is_paid_for(one) for one in items):
            removed += rewards_in(items)
            items = [one for one in items if one not in removed]
        if not items and len(removed) > 1:
            return cancel(actor=actor, salon=salon, appointment_id=appointment.pk, now=now)
        if not items:
            raise LastItem
        give_rewards_back(removed, Returned.REMOVED, actor=actor, now=now)
        for one in removed:
            release(one.pk)
        AppointmentItem.objects.filter(pk__in=[one.pk for one in removed]).delete()
        give_buffers_back(salon, items)
        span(appointment, items)
        save(appointment, now=now, fields=("starts_at", "ends_at"))
        follow(appointment.pk, now)
        for one in removed:
            told = [
                changed("services", one.service.name, None),
                changed("staff", one.staff.name, None),
                changed("starts_at", local_time(one.starts_at, salon), None),
            ]
            tell(actor, "appointment.item_removed", appointment, told, now=now)
    return Booked(appointment, items, [])
