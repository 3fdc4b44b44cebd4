"""What a booking would come to, before it is made: read, never written (ui.md §2.2).

The rules are those that booking itself asks: what is planned, who is chosen, what is refused, what is odd about it.
Only that nobody is booked twice, which the database sees to where something is written, is looked up here.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bookings import cautions
from bookings.booking import Booked, new_item
from bookings.bounds import Bounds
from bookings.busy import collides
from bookings.choosing import circumstances_of
from bookings.conflicts import SlotTaken
from bookings.models import Appointment, AppointmentItem
from bookings.outlook import Outlook
from bookings.placing import ItemWish, Planned, Shop, plan
from bookings.prompting import places_for
from bookings.rewarding import NoRoom, booking_of, refuse_unfitting, reward_item
from bookings.sequence import Part, taken
from bookings.settling import arranged, explain_plan
from bookings.writing import lay, span
from clients.models import Client
from loyalty.eligibility import Had
from loyalty.models import Reward
from loyalty.redemption import refuse_redeeming
from salon.errors import FieldError
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon


def foresee(
    *,
    actor: Actor,
    salon: Salon,
    starts_at: datetime,
    items: Sequence[ItemWish],
    client: Client | None,
    now: datetime,
    shop: Shop,
    outlook: Outlook,
    rewards: Sequence[Reward] = (),
    had: Had | None = None,
) -> Booked:
    """Return what `book_with_rewards` would return at the desk, of what has been read, in one statement at most; of a
    time that is taken, in two.

    Neither the appointment nor its items are there. `had` is what the client has had, where there are rewards.
    Raises: what `book_with_rewards` raises of a card that is in use and of rewards that there are.
    """
    actor.require(Permission.BOOKINGS_WRITE)
    planned = plan(actor=actor, wishes=items, starts_at=starts_at, bounds=Bounds.DESK, shop=shop)
    try:
        parts = _free_parts(planned, salon, outlook)
    except SlotTaken as refusal:
        explain_plan(refusal, planned, salon=salon, bounds=Bounds.DESK, now=now, outlook=outlook)
        raise
    appointment = Appointment(client=client)
    made = [
        new_item(appointment, position, one, shop.team[part.staff_id])
        for position, (one, part) in enumerate(zip(planned, parts, strict=True))
    ]
    lay(made)
    span(appointment, made)
    booked_until = appointment.ends_at
    spent = 0
    for reward in rewards:
        made.append(
            _reward_item(
                appointment, made, reward, salon, outlook, had=had is not None and reward.service_id in had, spent=spent
            )
        )
        lay(made)
        spent += reward.points
    warnings = _warnings(appointment, booked_until, planned, parts, outlook, now)
    return Booked(appointment, made, [*warnings])


def _free_parts(planned: Sequence[Planned], salon: Salon, outlook: Outlook) -> list[Part]:
    """Return who would do what when.

    Raises: SlotTaken, InvalidInput.
    """
    staff = {staff_id for one in planned for staff_id in one.candidates}
    begin = min(one.starts_at for one in planned)
    known = circumstances_of(staff, salon=salon, starts_at=begin, diary=outlook.diary)
    parts = arranged(planned, known, Bounds.DESK)
    booked = {**outlook.diary.booked}
    for staff_id, periods in taken(parts):
        if collides(periods, booked[staff_id]):
            raise SlotTaken
        booked[staff_id] = [*booked[staff_id], *periods]
    return parts


def _reward_item(
    appointment: Appointment,
    items: Sequence[AppointmentItem],
    reward: Reward,
    salon: Salon,
    outlook: Outlook,
    *,
    had: bool,
    spent: int,
) -> AppointmentItem:
    """Return the item that a reward would come to.

    Raises: NoTreatcard, NeedsPaidService, AlreadyHad, RewardArchived, NotEnoughPoints, NoRoom.
    """
    client, service = appointment.client, reward.service
    refuse_unfitting(client, items, reward)
    if client is None or service is None:
        raise TypeError(reward)
    place = places_for(
        [reward], booking=booking_of(appointment, items), salon=salon, team=outlook.team, diary=outlook.diary
    ).get(reward.pk)
    # As in booking: what keeps her from it at all is told before that there is no room.
    refuse_redeeming(client, reward, had=had, spent=spent)
    if place is None:
        raise NoRoom
    staff = next(one for one in outlook.team.staff if one.pk == place.staff_id)
    return reward_item(appointment, items, service, place, staff)


def _warnings(
    appointment: Appointment,
    booked_until: datetime,
    planned: Sequence[Planned],
    parts: Sequence[Part],
    outlook: Outlook,
    now: datetime,
) -> Iterator[FieldError]:
    yield from cautions.in_the_past(appointment.starts_at, now)
    yield from cautions.unusual(planned, [part.staff_id for part in parts])
    yield from cautions.absences_in(outlook.diary.there, parts, outlook.diary.zone)
    yield from cautions.of_the_client(appointment.client, appointment.starts_at, booked_until)
