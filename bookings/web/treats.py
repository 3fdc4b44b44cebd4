"""The orange box: the client's points, and the rewards that go with what she is booking (domain.md §7.2)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookings.booking import Booked
from bookings.had import had_by
from bookings.models import AppointmentItem
from bookings.opened import Opened
from bookings.outlook import Outlook
from bookings.prompting import Booking, Offer, offers_for
from bookings.redeemed import is_paid_for
from bookings.rewarding import booking_of
from bookings.team import Team
from bookings.web.draft import Draft
from bookings.web.offer import Part, parts_of
from bookings.web.wording import clock, minutes_text, price_text, span_text
from clients.models import Client
from loyalty.eligibility import Had, Matrix
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
    """The box: what its client has left, and what that is good for; until it is `timed`, whether there is room for it
    that day is not known."""

    points: str
    available: int
    treats: list[Treat]
    notes_uses: bool
    timed: bool

    @property
    def summary(self) -> str:
        """What it says closed."""
        if self.available:
            words = ngettext("%(count)d reward available", "%(count)d rewards available", self.available)
            said = words % {"count": self.available}
            return said if self.timed else _("%(rewards)s, depending on the time") % {"rewards": said}
        return _("no room left for a reward that day") if self.treats else _("no reward available")


@dataclass(frozen=True, slots=True)
class DraftRewards:
    """What a new appointment has to do with rewards: all that can be redeemed, those that have been chosen for it, what
    its client has had, and whether the box is shown, which chooses."""

    live: Sequence[Reward]
    chosen: Sequence[Reward]
    had: Had
    boxed: bool


def rewards_of_draft(request: SalonRequest, client: Client | None, draft: Draft) -> DraftRewards:
    """Read what a draft needs of rewards, in two statements; where they have no part in it, in none."""
    boxed = client is not None and bool(draft.lines) and _may_choose(request, client)
    live = live_rewards() if boxed or (draft.lines and draft.rewards) else []
    given = {one.pk: one for one in live if one.service}
    picked = [given[one] for one in draft.rewards if one in given]
    asked = [one.service for one in live if one.service]
    had = had_by(client.pk, asked=asked) if client and live else Had()
    return DraftRewards(live, picked, had, boxed)


def treats_of_draft(
    request: SalonRequest,
    client: Client | None,
    draft: Draft,
    rewards: DraftRewards,
    foreseen: Booked | None,
    outlook: Outlook,
) -> TreatBox | None:
    """Return the box of a new appointment, as soon as there are a client with a Treatcard and a service."""
    if client is None or not rewards.boxed or not draft.lines:
        return None
    services = {line.service_id for line in draft.lines} | {one.service_id for one in rewards.chosen if one.service_id}
    last = max(foreseen.items, key=lambda item: item.ends_at) if foreseen else None
    booking = Booking(frozenset(services), last.ends_at if last else None, last.staff_id if last else None)
    spent = sum(one.points for one in rewards.chosen)
    offers = offers_for(
        client=client,
        booking=booking,
        salon=request.salon,
        spent=spent,
        rewards=rewards.live,
        team=outlook.team,
        had=rewards.had,
        diary=outlook.diary,
    )
    return _box(request, client, offers, outlook.team, spent=spent, timed=last is not None)


def rewards_beside(request: SalonRequest, opened: Opened) -> list[Reward] | None:
    """Return what the box of an appointment that can still be changed chooses from; None where there is no box: it is
    for whoever has a Treatcard, beside something that is paid for."""
    client = opened.appointment.client
    if client is None or not _may_choose(request, client) or not any(is_paid_for(item) for item in opened.items):
        return None
    return live_rewards()


def treats_of(request: SalonRequest, opened: Opened, rewards: Sequence[Reward], team: Team) -> TreatBox | None:
    """Return the box of an appointment, of these rewards and of who does them."""
    client = opened.appointment.client
    if client is None:
        return None
    booking = booking_of(opened.appointment, opened.items)
    offers = offers_for(client=client, booking=booking, salon=request.salon, rewards=rewards, team=team)
    return _box(request, client, offers, team, timed=booking.ends_at is not None)


def _may_choose(request: SalonRequest, client: Client) -> bool:
    return bool(client.treatcard_number) and Permission.LOYALTY_READ in request.actor.permissions


def _box(
    request: SalonRequest,
    client: Client,
    offers: Iterable[Offer],
    team: Team,
    *,
    timed: bool,
    spent: int = 0,
) -> TreatBox:
    treats = [_treat(one, client, request.salon, team.names, timed=timed) for one in offers]
    return TreatBox(
        # What has become too dear takes nothing.
        points=points_text(client.points - (spent if spent <= client.points else 0)),
        available=sum(one.possible for one in treats),
        treats=treats,
        notes_uses=Permission.CLIENTS_WRITE in request.actor.permissions,
        timed=timed,
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
        return new_for(client)
    if one.reward.matrix == Matrix.ANYTIME:
        return _("Can be had any time")
    return _("Had before; the matrix does not apply to this client")


def new_for(client: Client) -> str:
    """Return `Neu für Katharina`."""
    return _("New for %(name)s") % {"name": client.first_name or client.full_name}


def _when(one: Offer, salon: Salon, names: Mapping[UUID, str]) -> str:
    place = one.place
    if place is None:
        return _("Nobody who does this is free that day afterwards")
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


def chosen(rewards: Iterable[Reward], done: Sequence[AppointmentItem], salon: Salon) -> list[ChosenReward]:
    """Return chosen rewards in words; `done` are their items, as far as they have been foreseen."""
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
