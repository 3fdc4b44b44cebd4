"""What the form of a new appointment shows beside what was entered: names, prices, free times, what to mind."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from bookings.booking import Booked
from bookings.bounds import Bounds
from bookings.busy import STEP, busy_periods
from bookings.checkout.pricing import NOTHING, Bill, Discount, bill_of, sold_item
from bookings.checkout.receipts import discount_text
from bookings.conflicts import Blocking, SlotTaken
from bookings.models import AppointmentItem
from bookings.outlook import Outlook
from bookings.placing import Shop
from bookings.slots import Slot, Wish, find_slots
from bookings.web.draft import Draft, Line
from bookings.web.wording import clock, day_word, local, minutes_text, price_text, span_text
from salon.catalogue.models import Service, StaffMember
from salon.catalogue.reading import working_staff
from salon.tenancy.models import Salon

# So many days are looked through for free times, and so many of them are shown.
DAYS_AHEAD = 14
DAYS_SHOWN = 4
TIMES_FIRST, TIMES_LATER = 10, 5
# Four days of a quarter of an hour each, from morning to night.
MOST_TIMES = 4 * 64


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the people who could do it."""

    id: UUID
    name: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of work as the grid draws it while it is being booked, in rows of five minutes from midnight."""

    staff_id: UUID
    day: str
    row: int
    rows: int


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One service of the draft; `when`: its time and who does it, where that is known; `instead`: why it is not done by
    whose column was chosen."""

    place: int
    service_id: UUID
    name: str
    minutes: str
    price: str
    list_price: str
    able: list[Choice]
    others: list[Choice]
    free: bool
    instead: str
    when: str
    parts: list[Part]
    first: bool
    last: bool


@dataclass(frozen=True, slots=True)
class Time:
    """A start that is free: `value` is what its button sends."""

    text: str
    value: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class ProposedDay:
    """A day with free starts; `more` of them are shown on demand."""

    label: str
    times: list[Time]
    more: list[Time]


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another time that books, or moves, at once."""

    label: str
    detail: str
    value: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why a time cannot be had, and what can."""

    message: Promise | str
    blocking: list[str]
    warnings: list[str]
    alternatives: list[Alternative]


@dataclass(frozen=True, slots=True)
class ShownCut:
    """What one discount takes off."""

    reason: str
    amount: str


@dataclass(frozen=True, slots=True)
class ShownBill:
    """What the till will ask for; where something comes off, what it would be without, and each discount with its
    amount. `besides` is what was put on the sale at the till, without the tip."""

    total: str
    full: str
    cuts: list[ShownCut]
    besides: str = ""
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """The lines of a draft in words, and what they come to; of services that are no longer offered nothing is left."""

    lines: list[ShownLine]
    bill: ShownBill
    minutes: str


def offer(
    draft: Draft,
    shop: Shop,
    *,
    salon: Salon,
    foreseen: Booked | None,
    treats: Iterable[Service] = (),
    discounts: Sequence[Discount] = (),
) -> Offer:
    """Return the lines as they would be booked, for a client whose categories take this off; what is given besides
    counts among the minutes."""
    done = foreseen.items if foreseen else []
    lines = []
    for place, line in enumerate(draft.lines):
        offered = shop.services[line.service_id]
        service = offered.service
        item = done[place] if place < len(done) else None
        when = f"{span_text(item.starts_at, item.ends_at, salon)} · {item.staff.name}" if item else ""
        lines.append(
            ShownLine(
                place=place,
                service_id=line.service_id,
                name=service.name,
                minutes=minutes_text(service.duration_minutes),
                price=price_text(offered.price, salon),
                list_price=price_text(service.price, salon) if service.price != offered.price else "",
                able=_choices(shop, line, wanted=True),
                others=_choices(shop, line, wanted=False),
                free=line.staff_id is None,
                instead=_not_of_the_column(draft, line, shop),
                when=when,
                parts=parts_of(item, salon) if item else [],
                first=place == 0,
                last=place == len(draft.lines) - 1,
            )
        )
    sold = [shop.services[one.service_id] for one in draft.lines]
    work = [*(one.service for one in sold), *treats]
    minutes = sum(one.duration_minutes for one in work)
    priced = [sold_item(one.price, one.service.price, offer=one.offer, redeemed=False) for one in sold]
    return Offer(lines, shown_bill(bill_of(priced, discounts), salon), minutes_text(minutes))


def _not_of_the_column(draft: Draft, line: Line, shop: Shop) -> str:
    """Return that the person whose column was chosen does not do this, where that is why nobody is named for it."""
    column = shop.team.get(draft.column) if draft.column else None
    if column is None or line.staff_id or column.pk in shop.services[line.service_id].performers:
        return ""
    return _("%(name)s does not do this according to the team settings: whoever is free does it.") % {
        "name": column.name
    }


def shown_bill(bill: Bill, salon: Salon, *, besides: Decimal = NOTHING) -> ShownBill:
    """Return in words what the till will ask for."""
    return ShownBill(
        total=price_text(bill.total, salon),
        full=price_text(bill.full, salon) if bill.cuts else "",
        cuts=[ShownCut(discount_text(one.percent, one.reason), price_text(-one.amount, salon)) for one in bill.cuts],
        besides=price_text(besides, salon) if besides else "",
        tip=price_text(bill.tip, salon) if bill.tip else "",
    )


def parts_of(item: AppointmentItem, salon: Salon) -> list[Part]:
    """Return the work of an item: during its processing somebody else has the place."""
    work = busy_periods(item.starts_at, replace(item.minutes, buffer=0))
    parts = []
    for one in work:
        start = local(one.starts_at, salon)
        rows = (one.ends_at - one.starts_at) // timedelta(minutes=STEP)
        parts.append(Part(item.staff_id, start.date().isoformat(), (start.hour * 60 + start.minute) // STEP, rows))
    return parts


def _choices(shop: Shop, line: Line, *, wanted: bool) -> list[Choice]:
    able = shop.services[line.service_id].performers
    return [
        Choice(one.pk, one.name, one.pk == line.staff_id) for one in shop.team.values() if (one.pk in able) is wanted
    ]


def warnings_of(booked: Booked, staff: Iterable[StaffMember]) -> list[str]:
    """Return what to mind about a booking, each thing once, with the name of whom, or of what, it is about."""
    names = {one.pk: one.name for one in staff}
    told = []
    for warning in booked.warnings:
        what, _point, index = warning.field.partition(".")
        place = int(index.partition(".")[0]) if what == "items" else -1
        item = booked.items[place] if 0 <= place < len(booked.items) else None
        about = [names.get(item.staff_id, "")] if item and warning.code != "reward_apart" else []
        if item and warning.code in {"not_performed", "reward_apart"}:
            about.append(item.service.name)
        whom = ", ".join(filter(None, about))
        told.append(f"{whom}: {warning.message}" if whom else str(warning.message))
    return list(dict.fromkeys(told))


def wishes_of(draft: Draft) -> list[Wish]:
    """Return what availability is asked for."""
    return [Wish(line.service_id, line.staff_id) for line in draft.lines]


def proposals(
    wishes: Sequence[Wish],
    *,
    salon: Salon,
    first: date,
    now: datetime,
    chosen: datetime | None,
    besides: UUID | None = None,
    outlook: Outlook | None = None,
) -> list[ProposedDay]:
    """Return free starts of the day shown and of the next days that have any (ui.md §2.2).

    `besides` is an appointment that is to be moved itself, `outlook` what has been read already.
    """
    last = first + timedelta(days=DAYS_AHEAD)
    slots = find_slots(
        salon=salon,
        wishes=wishes,
        first=first,
        last=last,
        now=now,
        bounds=Bounds.DESK,
        limit=MOST_TIMES,
        besides=besides,
        outlook=outlook,
    )
    today = salon.date_at(now)
    days = []
    for day, found in groupby(slots, key=lambda slot: local(slot.starts_at, salon).date()):
        times = [
            Time(
                clock(slot.starts_at, salon), f"{local(slot.starts_at, salon):%Y-%m-%dT%H:%M}", slot.starts_at == chosen
            )
            for slot in found
        ]
        shown = TIMES_FIRST if day == first else TIMES_LATER
        days.append(ProposedDay(day_word(day, today), times[:shown], times[shown:]))
        if len(days) == DAYS_SHOWN:
            break
    return days


def conflict_of(refusal: SlotTaken, *, salon: Salon, today: date, names: Mapping[UUID, str] | None = None) -> Conflict:
    """Return a refused time with what blocks it, for staff alone, and three that are free (domain.md §5); `names` are
    those of the team, where they have been read."""
    called = names_of_team() if names is None else names
    return Conflict(
        message=refusal.message,
        blocking=[_blocking(one, salon) for one in refusal.blocking],
        warnings=[str(one.message) for one in refusal.warnings],
        alternatives=[alternative(slot, salon=salon, today=today, names=called) for slot in refusal.alternatives],
    )


def names_of_team() -> dict[UUID, str]:
    """Return what everybody is called."""
    return {one.pk: one.name for one in working_staff()}


def alternative(slot: Slot, *, salon: Salon, today: date, names: Mapping[UUID, str]) -> Alternative:
    """Return a free time as a button that takes it: its value names the start and everybody's part in it."""
    staff = dict.fromkeys(item.staff_id for item in slot.items)
    ids = ",".join(str(item.staff_id) for item in slot.items)
    return Alternative(
        label=f"{day_word(local(slot.starts_at, salon).date(), today)}, {clock(slot.starts_at, salon)}",
        detail=", ".join(names[one] for one in staff if one in names),
        value=f"{slot.starts_at.isoformat()}|{ids}",
    )


def _blocking(one: Blocking, salon: Salon) -> str:
    return _("%(staff)s: %(when)s, %(client)s, %(service)s") % {
        "staff": one.staff_name,
        "when": span_text(one.starts_at, one.ends_at, salon),
        "client": one.client_name or _("Walk-in"),
        "service": one.service_name,
    }
