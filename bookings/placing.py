"""What is wished for, priced, timed and given to somebody: the plan of an appointment's items (domain.md §5)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bookings.bounds import Bounds
from bookings.busy import STEP, Minutes
from bookings.models import BookingRules
from bookings.sequence import starts_of
from salon.catalogue.models import Service, StaffMember
from salon.errors import FieldError, InvalidInput, Text
from salon.identity.roles import Actor, Permission
from salon.money import LARGEST, NotMoney, cents, from_cents
from salon.rows import read_with
from salon.tenancy.context import current_salon_id

MOST_ITEMS = 20
LONGEST_MINUTES = 12 * 60
# What of the rules concerns an appointment that is made.
_RULES = ("lead_minutes", "horizon_days", "confirm", "remind", "reply_to")
# What else of a service is asked for: the price of an offer, who can do it, and beside it the rules.
_SOLD = """
    (SELECT offer.price FROM catalogue_specialoffer offer
    WHERE offer.salon_id = catalogue_service.salon_id AND offer.service_id = catalogue_service.id
    AND offer.starts_on <= %(day)s AND offer.ends_on >= %(day)s),
    ARRAY(SELECT skill.staff_id FROM catalogue_staffservice skill JOIN catalogue_staffmember staff
    ON staff.salon_id = skill.salon_id AND staff.id = skill.staff_id
    WHERE skill.salon_id = catalogue_service.salon_id AND skill.service_id = catalogue_service.id
    AND staff.archived_at IS NULL),
    rules.lead_minutes, rules.horizon_days, rules.confirm, rules.remind, rules.reply_to
"""
_OFFERED = """
LEFT JOIN catalogue_staffmember ON catalogue_staffmember.salon_id = catalogue_service.salon_id
AND catalogue_staffmember.archived_at IS NULL AND (%(everybody)s OR catalogue_staffmember.id = ANY(%(staff)s))
LEFT JOIN bookings_bookingrules rules ON rules.salon_id = catalogue_service.salon_id
WHERE catalogue_service.salon_id = %(salon)s AND catalogue_service.id = ANY(%(services)s)
AND catalogue_service.archived_at IS NULL
ORDER BY catalogue_staffmember.position, catalogue_staffmember.name_key, catalogue_staffmember.id
"""


@dataclass(frozen=True, slots=True)
class ItemWish:
    """One service somebody wants: by whom (None: anybody who can), from when (None: behind the one before it).

    `minutes` and `price` replace what the service says.
    """

    service_id: UUID
    staff_id: UUID | None = None
    starts_at: datetime | None = None
    minutes: int | None = None
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Offered:
    """A service as it is sold on a day: its price then, who can do it, and the special offer's price, if one holds."""

    service: Service
    price: Decimal
    performers: frozenset[UUID]
    offer: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A wish that can be met: what, when, how long, for how much, and who may do it: the wished for, or all who can."""

    offered: Offered
    starts_at: datetime
    minutes: Minutes
    price: Decimal
    candidates: tuple[UUID, ...]
    wished: bool

    @property
    def service(self) -> Service:
        """What is done."""
        return self.offered.service


@dataclass(frozen=True, slots=True)
class Shop:
    """What there is of what was asked for: services as they are sold on a day, the team in order, and the salon's rules
    of bookings from outside."""

    services: Mapping[UUID, Offered]
    team: Mapping[UUID, StaffMember]
    rules: BookingRules


def shop_on(
    day: date,
    service_ids: Sequence[UUID],
    staff: Sequence[StaffMember] | None = None,
    *,
    wished: Sequence[UUID] | None = None,
) -> Shop:
    """Return what there is of these services, with the offers that hold on the day, in one statement.

    The team is all who work in the salon (`staff`, where they have been read), or those who are `wished` for. It and
    the rules, of which _RULES are there, are known if any service is.
    """
    people = wished if staff is None else []
    values = {
        "salon": current_salon_id(),
        "services": list(service_ids),
        "day": day,
        "everybody": people is None,
        "staff": list(people or []),
    }
    found = read_with(Service, _SOLD, _OFFERED, values, beside=StaffMember)
    team = [one for _service, one, *_ in found if one] if staff is None else staff
    return Shop(
        {service.pk: _offered(service, special, able) for service, _one, special, able, *_ in found},
        {staff.pk: staff for staff in team},
        _rules(found),
    )


def _offered(service: Service, offer_cents: int | None, able: Collection[UUID]) -> Offered:
    offer = None if offer_cents is None else from_cents(offer_cents)
    return Offered(service, service.price if offer is None else offer, frozenset(able), offer)


def _rules(found: Sequence[tuple[Any, ...]]) -> BookingRules:
    given = zip(_RULES, found[0][-len(_RULES) :], strict=True) if found else ()
    return BookingRules(**{name: value for name, value in given if value is not None})


def plan(*, actor: Actor, wishes: Sequence[ItemWish], starts_at: datetime, bounds: Bounds, shop: Shop) -> list[Planned]:
    """Return what the wishes come to, from `starts_at` on, at the prices of the day.

    Raises: InvalidInput naming `starts_at` and `items.N.…`, NotAllowed for a price of one's own.
    """
    errors = list(_errors(wishes, starts_at, bounds, shop))
    if errors:
        raise InvalidInput(errors)
    durations = [_lasting(wish, shop.services[wish.service_id].service).duration for wish in wishes]
    given = [wish.starts_at and wish.starts_at.astimezone(UTC) for wish in wishes]
    starts = starts_of(starts_at.astimezone(UTC), durations, given)
    return [_planned(actor, wish, start, shop) for wish, start in zip(wishes, starts, strict=True)]


def price_of(actor: Actor, wanted: Decimal | None, price: Decimal) -> Decimal:
    """Return the price to take; another one than the salon's only from whoever may set prices.

    Raises: NotAllowed.
    """
    if wanted is None or wanted == price:
        return price
    actor.require(Permission.PRICE_OVERRIDE)
    return wanted


def price_error(field: str, price: Decimal) -> FieldError | None:
    """Return what is wrong with a price, if anything."""
    try:
        cents(price)
    except NotMoney:
        return FieldError(field, "not_money", _("Enter an amount with at most two places."))
    if not 0 <= price <= LARGEST:
        return FieldError(field, "out_of_range", _("This price is not possible."))
    return None


def minutes_error(field: str, minutes: int, lasting: Minutes) -> FieldError | None:
    """Return what is wrong with a duration put in place of these minutes, if anything."""
    if minutes % STEP or not STEP <= minutes <= LONGEST_MINUTES:
        return FieldError(field, "minutes", _("Durations are multiples of 5 minutes, 12 hours at most."))
    try:
        lasting.lasting(minutes)
    except ValueError:
        return FieldError(field, "too_short", _("This is too short: nothing would be left of the work."))
    return None


def start_of(starts_at: datetime) -> datetime:
    """Return a start in UTC, where minutes are minutes: in another zone an hour more is one more on its clock.

    Raises: InvalidInput.
    """
    if error := start_error("starts_at", starts_at):
        raise InvalidInput([error])
    return starts_at.astimezone(UTC)


def start_error(field: str, starts_at: datetime) -> FieldError | None:
    """Return what is wrong with a start, if anything."""
    if starts_at.tzinfo is None or starts_at.second or starts_at.microsecond:
        return FieldError(field, "not_a_minute", _("An appointment starts at a full minute."))
    return None


def minutes_of(service: Service) -> Minutes:
    """Return the parts of a service."""
    return Minutes(service.apply_minutes, service.processing_minutes, service.finish_minutes, service.buffer_minutes)


def _lasting(wish: ItemWish, service: Service) -> Minutes:
    lasting = minutes_of(service)
    return lasting if wish.minutes is None else lasting.lasting(wish.minutes)


def _planned(actor: Actor, wish: ItemWish, starts_at: datetime, shop: Shop) -> Planned:
    offered = shop.services[wish.service_id]
    able = tuple(staff_id for staff_id in shop.team if staff_id in offered.performers)
    return Planned(
        offered=offered,
        starts_at=starts_at,
        minutes=_lasting(wish, offered.service),
        price=price_of(actor, wish.price, offered.price),
        candidates=able if wish.staff_id is None else (wish.staff_id,),
        wished=wish.staff_id is not None,
    )


def _errors(wishes: Sequence[ItemWish], starts_at: datetime, bounds: Bounds, shop: Shop) -> Iterator[FieldError]:
    if error := start_error("starts_at", starts_at):
        yield error
    if not wishes:
        yield FieldError("items", "required", _("Choose at least one service."))
    if len(wishes) > MOST_ITEMS:
        yield FieldError("items", "too_many", _("These are too many services for one appointment."))
    for index, wish in enumerate(wishes):
        yield from _errors_of(f"items.{index}", wish, bounds, shop)


def _errors_of(name: str, wish: ItemWish, bounds: Bounds, shop: Shop) -> Iterator[FieldError]:
    offered = shop.services.get(wish.service_id)
    if offered is None:
        yield FieldError(f"{name}.service", "not_found", _("There is no such service."))
        return
    if bounds is Bounds.ONLINE and not offered.service.online:
        yield FieldError(f"{name}.service", "not_online", _("This service cannot be booked online."))
    if wish.staff_id is not None and wish.staff_id not in shop.team:
        yield FieldError(f"{name}.staff", "not_found", _("There is no such staff member."))
    elif unable := _unable(wish, bounds, offered):
        yield FieldError(f"{name}.staff", "not_performed", unable)
    if wish.starts_at is not None and (error := start_error(f"{name}.starts_at", wish.starts_at)):
        yield error
    lasting = minutes_of(offered.service)
    if wish.minutes is not None and (error := minutes_error(f"{name}.minutes", wish.minutes, lasting)):
        yield error
    if wish.price is not None and (error := price_error(f"{name}.price", wish.price)):
        yield error


def _unable(wish: ItemWish, bounds: Bounds, offered: Offered) -> Text | None:
    """Return why nobody is there for a wish; at the desk, somebody may be asked to do what she usually does not."""
    if not offered.performers and wish.staff_id is None:
        return _("Nobody does this service.")
    if bounds is Bounds.ONLINE and wish.staff_id is not None and wish.staff_id not in offered.performers:
        return _("This person does not do this service.")
    return None
