"""Several appointments that a gap stands over, arranged at once (domain.md §5)."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bookings import visits
from bookings.booking import Booked
from bookings.models import Appointment, Sale
from bookings.stand_ins import AlreadyArranged, Task, call_off, hand_over, work_list
from bookings.thanking import thanked_for
from bookings.writing import lock_staff
from salon.errors import DomainError, FieldError, InvalidInput, NotAllowed, NotFound
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon


class CannotStandIn(DomainError):
    """Whoever should do it does not do it, is not there, or is taken then."""

    code = "cannot_stand_in"
    message = _("Whoever is to do it does not do this, or is not free then.")


@dataclass(frozen=True, slots=True)
class Arranged:
    """What was done, and what was not, and why; both in order of time."""

    done: list[Booked]
    refused: list[tuple[Appointment, DomainError]]


def hand_over_all(
    *, actor: Actor, salon: Salon, gap_id: UUID, appointment_ids: Collection[UUID], staff_id: UUID | None, now: datetime
) -> Arranged:
    """Let a colleague do all of these at their times, as far as she can; their clients are told.

    Raises: NotAllowed, NotFound, InvalidInput where nothing is chosen, or nobody.
    """

    def give(task: Task) -> Booked:
        if staff_id is None:
            raise InvalidInput([FieldError("staff", "required", _("Choose who is to do it."))])
        if all(one.pk != staff_id for one in task.able):
            raise CannotStandIn
        return hand_over(
            actor=actor, salon=salon, gap_id=gap_id, appointment_id=task.appointment.pk, staff_id=staff_id, now=now
        )

    return _each(
        give,
        actor=actor,
        salon=salon,
        gap_id=gap_id,
        ids=appointment_ids,
        now=now,
        besides=[staff_id] if staff_id else [],
    )


def call_off_all(
    *, actor: Actor, salon: Salon, gap_id: UUID, appointment_ids: Collection[UUID], message: str, now: datetime
) -> Arranged:
    """Cancel all of these, with the same message to each client.

    Raises: NotAllowed, NotFound, InvalidInput.
    """

    def cancel(task: Task) -> Booked:
        return call_off(
            actor=actor, salon=salon, gap_id=gap_id, appointment_id=task.appointment.pk, message=message, now=now
        )

    return _each(cancel, actor=actor, salon=salon, gap_id=gap_id, ids=appointment_ids, now=now)


def _each(
    act: Callable[[Task], Booked],
    *,
    actor: Actor,
    salon: Salon,
    gap_id: UUID,
    ids: Collection[UUID],
    now: datetime,
    besides: Collection[UUID] = (),
) -> Arranged:
    """Do it to one after the other; what is refused for one keeps none of the others from it."""
    actor.require(Permission.BOOKINGS_WRITE)
    arranged = Arranged([], [])
    with transaction.atomic():
        tasks = [one for one in work_list(gap_id=gap_id, now=now).tasks if one.appointment.pk in ids]
        if not tasks:
            raise InvalidInput([FieldError("chosen", "required", _("Choose at least one appointment."))])
        _lock(tasks, salon, besides)
        for task in tasks:
            try:
                if task.done:
                    raise AlreadyArranged
                with transaction.atomic():
                    arranged.done.append(act(task))
            except (NotAllowed, NotFound, InvalidInput):
                raise
            except DomainError as refusal:
                arranged.refused.append((task.appointment, refusal))
    return arranged


def _lock(tasks: Collection[Task], salon: Salon, besides: Collection[UUID]) -> None:
    """Hold all that one after the other would be held, in the order of everybody else: cards, appointments, staff."""
    ids = [one.appointment.pk for one in tasks]
    clients = {one.appointment.client_id for one in tasks if one.appointment.client_id}
    visits.lock_cards(clients | thanked_for(Sale.objects.filter(appointment_id__in=ids)))
    list(Appointment.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))
    lock_staff(salon, {*besides, *(item.staff_id for one in tasks for item in one.items)})
