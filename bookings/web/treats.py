"""The orange box: the client's points, and the rewards that go with what she is booking (domain.md §7.2)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookings.booking import Booked
from bookings.models import AppointmentItem
from bookings.opened import Opened
from bookings.prompting import Booking, Offer, offers_for
from bookings.redeemed import is_paid_for
from bookings.rewarding import booking_of
from bookings.team import Team
from bookings.web.draft import Draft
from bookings.web.offer import Part, parts_of
from bookings.web.wording import clock, minutes_text, price_text, span_text
from clients.models import Client
from loyalty.eligibility import Matrix
from loyalty.models import Reward
from loyalty.prior_use import note_prior_use
from loyalty.rewards import live_rewards
from loyalty.web.numbers import points_text
from salon.catalogue.models import ItemKind
from salon.identity.roles import Permission
from salon.tenancy.models import Salon
from salon.web.access import SalonRequest


@dataclass(frozen=True, slots=True)
class Treat:
    """One reward that can be chosen: why it is offered, and when it would start; without room it cannot."""

    id: UUID
    name: str
    points: str
    price: str
    why: str
    is_new: bool
    when: str
    possible: bool


@dataclass(frozen=True, slots=True)
class TreatBox:
    """The box: what its client has left, and what that is good for."""

    points: str
    available: int
    treats: list[Treat]
    notes_uses: bool

    @property
    def summary(self) -> str:
        """What it says closed."""
        if self.available:
            words = ngettext("%(count)d reward available", "%(count)d rewards available", self.available)
            return words % {"count": self.available}
        return _("no room left for a reward that day") if self.treats else _("no reward available")


def treats_of_draft(
    request: SalonRequest,
    client: Client | None,
    draft: Draft,
    rewards: Sequence[Reward],
    rehearsed: Booked | None,
    names: Mapping[UUID, str],
) -> TreatBox | None:
    """Return the box of a new appointment, as soon as there are a client with a Treatcard and a service.

    `rewards` are those that have been chosen already, `names` those of the team.
    """
    if client is None or not draft.lines or not _may_choose(request, client):
        return None
    services = {line.service_id for line in draft.lines} | {one.service_id for one in rewards if one.service_id}
    last = max(rehearsed.items, key=lambda item: item.ends_at) if rehearsed else None
    booking = Booking(frozenset(services), last.ends_at if last else None, last.staff_id if last else None)
    return _box(request, client, booking, names, spent=sum(one.points for one in rewards))


def rewards_beside(request: SalonRequest, opened: Opened) -> list[Reward] | None:
    """Return what the box of an appointment that can still be changed chooses from; None where there is no box: it is
    for whoever has a Treatcard, beside something that is paid for."""
    client = opened.appointment.client
    if client is None or not _may_choose(request, client) or not any(is_paid_for(item) for item in opened.items):
        return None
    return live_rewards()


def treats_of(request: SalonRequest, opened: Opened, rewards: Sequence[Reward], team: Team) -> TreatBox | None:
    """Return the box of an appointment, of these rewards and of who does them."""
    booking = booking_of(opened.appointment, opened.items)
    client = opened.appointment.client
    return _box(request, client, booking, team.names, rewards=rewards, team=team) if client else None


def _may_choose(request: SalonRequest, client: Client) -> bool:
    return bool(client.treatcard_number) and Permission.LOYALTY_READ in request.actor.permissions


def _box(
    request: SalonRequest,
    client: Client,
    booking: Booking,
    names: Mapping[UUID, str],
    *,
    spent: int = 0,
    rewards: Sequence[Reward] | None = None,
    team: Team | None = None,
) -> TreatBox:
    offers = offers_for(client=client, booking=booking, salon=request.salon, spent=spent, rewards=rewards, team=team)
    timed = booking.ends_at is not None
    treats = [_treat(one, client, request.salon, names, timed=timed) for one in offers]
    return TreatBox(
        # What has become too dear takes nothing.
        points=points_text(client.points - (spent if spent <= client.points else 0)),
        available=sum(one.possible for one in treats),
        treats=treats,
        notes_uses=Permission.CLIENTS_WRITE in request.actor.permissions,
    )


def _treat(one: Offer, client: Client, salon: Salon, names: Mapping[UUID, str], *, timed: bool) -> Treat:
    return Treat(
        id=one.reward.pk,
        name=one.name,
        points=points_text(one.reward.points),
        price=price_text(one.price, salon),
        why=_why(one, client),
        is_new=one.is_new,
        when=_when(one, salon, names) if timed else "",
        possible=not timed or one.place is not None,
    )


def _why(one: Offer, client: Client) -> str:
    if one.is_new:
        return _("New for %(name)s") % {"name": client.first_name or client.full_name}
    if one.reward.matrix == Matrix.ANYTIME:
        return _("Can be had any time")
    return _("Had before; the matrix does not apply to this client")


def _when(one: Offer, salon: Salon, names: Mapping[UUID, str]) -> str:
    place = one.place
    if place is None:
        return _("Nobody is free that day any more")
    words = {"start": clock(place.starts_at, salon), "staff": names.get(place.staff_id, "")}
    if place.fits:
        return _("right afterwards, %(start)s with %(staff)s") % words
    return _("%(start)s with %(staff)s, after a wait of %(wait)s") % {**words, "wait": minutes_text(place.wait)}


@dataclass(frozen=True, slots=True)
class ChosenReward:
    """A reward that a new appointment will have; `when`: its time and who does it, where that is known."""

    id: UUID
    name: str
    points: str
    price: str
    list_price: str
    minutes: str
    when: str
    parts: list[Part]


def note_had(request: SalonRequest, client_id: UUID | None, reward_id: UUID | None, now: datetime) -> str:
    """Note that a client has had what a reward consists of, and return its name; of no such reward nothing.

    Raises: NotAllowed, MergedAway, NotFound, InvalidInput.
    """
    reward = Reward.objects.live().select_related("service").filter(pk=reward_id).first() if reward_id else None
    if client_id is None or reward is None or reward.service is None:
        return ""
    service = reward.service
    note_prior_use(actor=request.actor, client_id=client_id, kind=ItemKind.SERVICE, item_id=service.pk, now=now)
    return service.name


def rewards_in(draft: Draft) -> list[Reward]:
    """Return the rewards that a draft has and that can be redeemed, in the order in which they were chosen."""
    if not draft.rewards:
        return []
    live = Reward.objects.live().filter(kind=ItemKind.SERVICE, service__archived_at=None).select_related("service")
    found = live.in_bulk(draft.rewards)
    return [found[one] for one in draft.rewards if one in found]


def chosen(rewards: Iterable[Reward], done: Sequence[AppointmentItem], salon: Salon) -> list[ChosenReward]:
    """Return chosen rewards in words; `done` are their items, as far as they have been rehearsed."""
    shown = []
    for place, reward in enumerate(rewards):
        service = reward.service
        if service is None:
            continue
        item = done[place] if place < len(done) else None
        shown.append(
            ChosenReward(
                id=reward.pk,
                name=service.name,
                points=points_text(reward.points),
                price=price_text(service.price * 0, salon),
                list_price=price_text(service.price, salon),
                minutes=minutes_text(service.duration_minutes),
                when=f"{span_text(item.starts_at, item.ends_at, salon)} · {item.staff.name}" if item else "",
                parts=parts_of(item, salon) if item else [],
            )
        )
    return shown
