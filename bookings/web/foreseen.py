"""What a draft of an appointment comes to: what there is of it, whether its time can be had, what else could be
(ui.md §2.2). Everything is read once, whatever is shown of it."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bookings.booking import Booked
from bookings.callers import Caller
from bookings.conflicts import SlotTaken
from bookings.foreseeing import foresee
from bookings.hours import local_moment
from bookings.models import BookingRules
from bookings.outlook import Outlook, outlook_on
from bookings.placing import ItemWish, Shop, shop_on
from bookings.slots import ALTERNATIVE_DAYS
from bookings.team import Team, team_for
from bookings.web.draft import Draft
from bookings.web.offer import DAYS_AHEAD, Conflict, conflict_of
from bookings.web.treats import DraftRewards, rewards_of_draft
from clients.models import Client
from salon.errors import DomainError
from salon.web.access import SalonRequest

# So far everybody's diary is read: as far as other times are looked for, and as one appointment reaches beyond.
_BEYOND = 2
_DAYS_AROUND, _DAYS_PROPOSED = ALTERNATIVE_DAYS + _BEYOND, DAYS_AHEAD + 1 + _BEYOND


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether the time entered can be had: what it comes to and what to mind, or what stands in its way."""

    foreseen: Booked | None = None
    conflict: Conflict | None = None
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """What has been read for a draft: its services and who does them, rewards, and everybody's next days."""

    shop: Shop
    rewards: DraftRewards
    outlook: Outlook | None


def read_for(
    request: SalonRequest, draft: Draft, called: Caller | None, *, day: date, starts_at: datetime | None, today: date
) -> Read:
    """Read what there is of a draft's services and rewards, and the diaries of those who do them."""
    wanted = {line.service_id for line in draft.lines}
    ids = [*wanted.union(called.favourites if called else ())]
    rewards = rewards_of_draft(request, called.client if called else None, draft)
    treats = [one.service for one in rewards.live if one.service]
    team = team_for([*wanted, *(one.pk for one in treats)]) if wanted else Team([], {})
    shop = shop_on(day, ids, team.staff) if ids else Shop({}, {}, BookingRules())
    if not wanted:
        return Read(shop, rewards, None)
    begin = starts_at or local_moment(max(day, today), 0, ZoneInfo(request.salon.timezone))
    days = _DAYS_AROUND if starts_at else _DAYS_PROPOSED
    services = [*(one.service for one in shop.services.values()), *treats]
    return Read(shop, rewards, outlook_on(begin, days, team=team, services=services, salon=request.salon))


def fit_of(
    request: SalonRequest, draft: Draft, client: Client | None, starts_at: datetime | None, read: Read, *, now: datetime
) -> Fit:
    """Return whether a draft can be had at a time, by what has been read for it."""
    outlook = read.outlook
    if starts_at is None or outlook is None or not draft.lines:
        return Fit()
    try:
        return Fit(
            foresee(
                actor=request.actor,
                salon=request.salon,
                starts_at=starts_at,
                items=items_of(draft),
                client=client,
                now=now,
                shop=read.shop,
                outlook=outlook,
                rewards=read.rewards.chosen,
                had=read.rewards.had,
            )
        )
    except SlotTaken as refusal:
        today = request.salon.date_at(now)
        return Fit(conflict=conflict_of(refusal, salon=request.salon, today=today, names=outlook.team.names))
    except DomainError as refusal:
        return Fit(refusal=str(refusal.message))


def items_of(draft: Draft) -> list[ItemWish]:
    """Return the wishes that the lines of a draft are."""
    return [ItemWish(line.service_id, line.staff_id) for line in draft.lines]
