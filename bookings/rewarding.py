"""Rewards appended to what is booked: at the next place of the day, for points that are taken at once
(domain.md §7.2)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bookings.booking import Booked, book, client_for
from bookings.checkout.following import follow
from bookings.had import had_by
from bookings.mails import Telling, announce_booked
from bookings.models import Appointment, AppointmentItem
from bookings.placing import ItemWish, minutes_of
from bookings.prompting import Booking, Offer, Place, offers_for, places_for, rewards_for
from bookings.redeemed import NeedsPaidService, is_paid_for
from bookings.writing import (
    NotChangeable,
    added,
    changed,
    give_way,
    items_of,
    lock_staff,
    lock_with_client,
    refuse_unchangeable,
    save,
    span,
    tell,
    writing,
)
from clients.models import Client
from clients.points import NoTreatcard
from loyalty.models import Reward
from loyalty.redemption import AlreadyHad, redeem
from salon.catalogue.models import Service, StaffMember
from salon.catalogue.reading import performers
from salon.errors import DomainError, FieldError, InvalidInput
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon

__all__ = [
    "NoRoom",
    "Offer",
    "append_reward",
    "book_with_rewards",
    "booking_of",
    "had_by",
    "offers_for",
    "rewards_for",
]


class NoRoom(DomainError):
    """Nobody who can do it is free that day, from the end of what is booked on."""

    code = "no_room"
    message = _("Nobody who does this is free that day after what is booked.")


def append_reward(
    *, actor: Actor, salon: Salon, appointment_id: UUID, reward_id: UUID, now: datetime, version: int | None = None
) -> Booked:
    """Append a reward to an appointment, right behind its services or at the next start of that day, and take its
    points.

    Raises: NotAllowed, NotFound, VersionConflict, NotChangeable, InvalidInput (`not_found`, `not_a_service` at
    `reward`), NoTreatcard, NeedsPaidService, AlreadyHad, RewardArchived, NotEnoughPoints, NoRoom, SaleAlreadyPaid.
    """
    actor.require(Permission.BOOKINGS_WRITE)
    with writing():
        appointment = lock_with_client(appointment_id, version)
        reward = _service_reward(reward_id)
        refuse_unchangeable(appointment)
        items = items_of(appointment)
        refuse_unfitting(appointment.client, items, reward)
        item = _append(appointment, items, reward, actor=actor, salon=salon, now=now)
        span(appointment, items)
        save(appointment, now=now, fields=("starts_at", "ends_at"))
        follow(appointment.pk, now)
        told = [*added(item, salon), changed("points", None, -reward.points)]
        tell(actor, "appointment.reward_added", appointment, told, now=now)
    return Booked(appointment, items, [])


def book_with_rewards(
    *,
    actor: Actor,
    salon: Salon,
    starts_at: datetime,
    items: Sequence[ItemWish],
    client_id: UUID | None,
    rewards: Sequence[UUID] = (),
    now: datetime,
    telling: Telling = Telling.BY_RULES,
    **given: Any,
) -> Booked:
    """Make an appointment as `book` does, and append these rewards to it, one behind the other: all of it or nothing.

    The client is told of all of it at once.

    Raises: what `book` and `append_reward` do.
    """
    given |= {"actor": actor, "salon": salon, "starts_at": starts_at, "items": items, "now": now}
    if not rewards:
        return book(**given, client_id=client_id, telling=telling)
    with transaction.atomic():
        client = client_for(client_id) if client_id else None
        # Everybody who may be needed, at once: two who book side by side never wait for each other.
        lock_staff(salon, _may_be_needed(items, rewards))
        booked = book(**given, client_id=client_id, locked=client, telling=Telling.OMIT)
        warnings = list(booked.warnings)
        for reward_id in rewards:
            booked = append_reward(
                actor=actor, salon=salon, appointment_id=booked.appointment.pk, reward_id=reward_id, now=now
            )
        announce_booked(appointment=booked.appointment, now=now, salon=salon, items=booked.items, telling=telling)
    return Booked(booked.appointment, booked.items, warnings)


def booking_of(appointment: Appointment, items: Sequence[AppointmentItem]) -> Booking:
    """Return what a reward would go with: an appointment that is made, with its items in order."""
    last = max(items, key=lambda item: (item.ends_at, item.position))
    return Booking(
        services=frozenset(item.service_id for item in items),
        ends_at=last.ends_at,
        last_staff_id=last.staff_id,
        appointment_id=appointment.pk,
    )


def _service_reward(reward_id: UUID) -> Reward:
    reward = Reward.objects.select_related("service", "product").filter(pk=reward_id).first()
    if reward is None:
        raise InvalidInput([FieldError("reward", "not_found", _("There is no such reward."))])
    if reward.service is None:
        raise InvalidInput([FieldError("reward", "not_a_service", _("Products for points are given at the till."))])
    return reward


def refuse_unfitting(client: Client | None, items: Sequence[AppointmentItem], reward: Reward) -> None:
    """Refuse a reward that does not go with what is booked, whatever the client's points.

    Raises: NoTreatcard, NeedsPaidService, AlreadyHad.
    """
    if client is None:
        raise NoTreatcard
    if not any(is_paid_for(item) for item in items):
        raise NeedsPaidService
    if any(item.service_id == reward.service_id for item in items):
        raise AlreadyHad(_("This service is part of the appointment already."))


def _append(
    appointment: Appointment,
    items: list[AppointmentItem],
    reward: Reward,
    *,
    actor: Actor,
    salon: Salon,
    now: datetime,
) -> AppointmentItem:
    """Write a reward behind the items of an appointment, which it joins; nobody else has its staff member by then."""
    service, client = reward.service, appointment.client
    if service is None or client is None:
        raise NotChangeable
    lock_staff(salon, performers([service.pk]).get(service.pk, set()))
    place = places_for([reward], booking=booking_of(appointment, items), salon=salon).get(reward.pk)
    # What keeps her from it at all is told before that there is no room.
    redemption = redeem(
        actor=actor,
        client=client,
        reward=reward,
        had=service.pk in had_by(client.pk, besides=appointment.pk),
        now=now,
    )
    if place is None:
        raise NoRoom
    item = reward_item(appointment, items, service, place, StaffMember.objects.get(pk=place.staff_id))
    item.redemption = redemption
    give_way(items, [*items, item])
    item.save(force_insert=True)
    items.append(item)
    return item


def reward_item(
    appointment: Appointment, items: Sequence[AppointmentItem], service: Service, place: Place, staff: StaffMember
) -> AppointmentItem:
    """Return the item that a reward comes to, behind those of an appointment; it is not written yet."""
    item = AppointmentItem(
        appointment=appointment,
        position=items[-1].position + 1,
        service=service,
        staff=staff,
        starts_at=place.starts_at,
        counts_as_visit=service.counts_as_visit,
        list_price=service.price,
        price=service.price * 0,
    )
    item.minutes = minutes_of(service)
    return item


def _may_be_needed(wishes: Sequence[ItemWish], rewards: Sequence[UUID]) -> set[UUID]:
    given = Reward.objects.filter(pk__in=rewards, service__isnull=False).values_list("service_id", flat=True)
    services = {*(wish.service_id for wish in wishes), *filter(None, given)}
    able = performers(services)
    named = {wish.staff_id for wish in wishes if wish.staff_id}
    return named.union(*able.values())
