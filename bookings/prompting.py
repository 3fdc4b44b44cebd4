"""Which rewards a client can have with what she is booking: the right treat, while she is on the phone
(domain.md §7.2)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from bookings.asking import Asked, Known, Wish, asked_of, known_services
from bookings.availability import MINUTE
from bookings.bounds import Bounds
from bookings.diary import Diary, diary_of
from bookings.free_time import FreeTime, Slot
from bookings.had import had_by
from bookings.hours import ONE_DAY, local_moment
from bookings.team import Team
from clients.models import Client
from loyalty.eligibility import Had, Holder, Matrix, Refusal, Terms, refusals
from loyalty.models import Reward
from loyalty.rewards import is_given, item_of, live_rewards
from salon.errors import InvalidInput
from salon.tenancy.models import Salon


@dataclass(frozen=True, slots=True)
class Booking:
    """What a reward would go with: the services booked, when the last of them ends (None: no time is known yet),
    who does that one, and the appointment they stand in, if it is made already."""

    services: frozenset[UUID]
    ends_at: datetime | None = None
    last_staff_id: UUID | None = None
    appointment_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reward would go: from when to when, by whom, and how many minutes after what is booked."""

    starts_at: datetime
    ends_at: datetime
    staff_id: UUID
    wait: int

    @property
    def fits(self) -> bool:
        """Whether it follows at once."""
        return not self.wait


@dataclass(frozen=True, slots=True)
class Offer:
    """One reward for one client: why she cannot have it, if she cannot; whether it is new to her; where it would go."""

    reward: Reward
    refusals: tuple[Refusal, ...]
    is_new: bool
    place: Place | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return item_of(self.reward).name

    @property
    def price(self) -> Decimal:
        """What it would cost otherwise."""
        return item_of(self.reward).price


def offers_for(
    *,
    client: Client,
    booking: Booking,
    salon: Salon,
    spent: int = 0,
    rewards: Sequence[Reward] | None = None,
    team: Team | None = None,
    had: Had | None = None,
    diary: Diary | None = None,
) -> list[Offer]:
    """Return the rewards that a client can redeem with what she is booking, the best first, each with its place.

    Services that she can afford with the points that are left when `spent` are gone, that the matrix allows, and that
    are not just being booked. Where a time is known and nobody has any for it, its place is None. `rewards` are those
    that can be redeemed, `team` who does them, `had` what she has had and `diary` everybody's day, where they have been
    read already.
    """
    if not client.treatcard_number:
        return []
    offers = rewards_for(
        client=client, booking=booking, salon=salon, spent=spent, rewards=rewards, team=team, had=had, diary=diary
    )
    return [one for one in offers if one.reward.service_id and not one.refusals]


def rewards_for(
    *,
    client: Client,
    booking: Booking | None,
    salon: Salon,
    spent: int = 0,
    rewards: Sequence[Reward] | None = None,
    team: Team | None = None,
    had: Had | None = None,
    diary: Diary | None = None,
) -> list[Offer]:
    """Return every reward that is given as it is for a client, those that she can redeem first, the best of them first.

    Ranked (domain.md §7.2): what is new to her, then what follows at once, then the most valuable; what has no room
    left that day comes last. A fixed number of statements, however many rewards.
    """
    rewards = live_rewards() if rewards is None else rewards
    if not rewards:
        return []
    booking = booking or Booking(frozenset())
    asked = [one.service for one in rewards if one.service]
    had = had_by(client.pk, besides=booking.appointment_id, asked=asked) if had is None else had
    every = judged(client, rewards, had=had, booked=booking.services, spent=spent)
    given = [one.reward for one in every if not one.refusals]
    places = places_for(given, booking=booking, salon=salon, team=team, diary=diary)
    placed = [replace(one, place=places.get(one.reward.pk)) for one in every]
    return sorted(placed, key=lambda one: rank(one, timed=booking.ends_at is not None))


def rank(offer: Offer, *, timed: bool) -> tuple[bool, bool, bool, bool, Decimal, str]:
    """Return what orders offers; `timed`: it is known when what is booked ends."""
    nowhere = timed and offer.reward.service_id is not None and offer.place is None
    later = offer.place is not None and not offer.place.fits
    return (bool(offer.refusals), nowhere, not offer.is_new, later, -offer.price, offer.name)


def judged(
    client: Client, rewards: Iterable[Reward], *, had: Had, booked: Collection[UUID] = (), spent: int = 0
) -> list[Offer]:
    """Return for each reward why a client cannot redeem it now, if she cannot.

    What is being booked counts as had: that she pays for.
    """
    holder = Holder(bool(client.treatcard_number), client.points - spent, exempt=client.matrix_exempt)
    offers = []
    for reward in rewards:
        item = item_of(reward)
        terms = Terms(reward.points, Matrix(reward.matrix), given=is_given(reward))
        before = item.pk in had
        found = refusals(terms=terms, holder=holder, had=before)
        if item.pk in booked and Refusal.ALREADY_HAD not in found:
            found = (*found, Refusal.ALREADY_HAD)
        offers.append(Offer(reward, found, is_new=not before))
    return offers


def places_for(
    rewards: Sequence[Reward], *, booking: Booking, salon: Salon, team: Team | None = None, diary: Diary | None = None
) -> dict[UUID, Place]:
    """Return where rewards would go: right behind what is booked, else at the next start of that day, with somebody
    who can do it, in her hours; whoever has done the last service goes on, if she can. Three statements, two where the
    team is known, none where its diary is, in which the appointment itself does not stand."""
    wishes = {one.pk: Wish(one.service_id) for one in rewards if one.service_id}
    if booking.ends_at is None or not wishes:
        return {}
    rows = [team.known(one.service) for one in rewards if one.service] if team else known_services([*wishes.values()])
    asked = {pk: found for pk, wish in wishes.items() if (found := _asked_or_none(rows, wish))}
    if not asked:
        return {}
    zone, day = ZoneInfo(salon.timezone), salon.date_at(booking.ends_at)
    begin = local_moment(day, 0, zone)
    end = local_moment(day + ONE_DAY, 0, zone) + max(one.lasting for one in asked.values())
    staff = list({somebody for one in asked.values() for somebody in one.staff})
    if diary and diary.covers(begin, end):
        diary = diary.between(begin, end)
    else:
        diary = diary_of(staff, begin, end, salon, besides=booking.appointment_id)
    places = {
        pk: _place_for(wishes[pk], one, diary, booking.ends_at, day, booking.last_staff_id) for pk, one in asked.items()
    }
    return {pk: place for pk, place in places.items() if place}


def _place_for(
    wish: Wish, asked: Asked, diary: Diary, ends_at: datetime, day: date, last_staff_id: UUID | None
) -> Place | None:
    """Return where one reward would go, by what is known of everybody's day."""
    minute = diary.line.first_from(ends_at)
    going_on = [one for one in asked.able[0] if one == last_staff_id]
    for able in (going_on, asked.able[0]):
        slot = FreeTime([wish], replace(asked, able=[able], staff=able), diary).slot(minute, day) if able else None
        if slot:
            return _place(slot, ends_at)
    return next((_place(slot, ends_at) for slot in FreeTime([wish], asked, diary).slots(day, ends_at)), None)


def _place(slot: Slot, ends_at: datetime) -> Place:
    (item,) = slot.items
    return Place(item.starts_at, item.ends_at, item.staff_id, wait=(item.starts_at - ends_at) // MINUTE)


def _asked_or_none(rows: list[Known], wish: Wish) -> Asked | None:
    """Return what a wish comes to, None where nobody does it any more."""
    try:
        asked = asked_of(rows, [wish], Bounds.DESK)
    except InvalidInput:
        return None
    return asked if asked.possible else None
