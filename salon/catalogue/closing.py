"""When the whole salon is closed: closures, public holidays, and holidays on which it is open all the same."""

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from salon.catalogue.changing import as_it_was, told, wait_for_others
from salon.catalogue.details import Faults
from salon.catalogue.models import Closure, HolidayRules, OpenDay
from salon.catalogue.public_holidays import public_holidays
from salon.catalogue.regions import REGIONS
from salon.errors import FieldError, InvalidInput, NotFound
from salon.identity.roles import Actor, Permission
from salon.tenancy.models import Salon, new_id

LONGEST_NAME = 80
LONGEST_CLOSURE = 366
_REMOVED = "closure.removed"


class NoSuchClosure(NotFound):
    """A closure does not exist any more."""

    message = _("This closure does not exist (any more).")


class NoHoliday(NotFound):
    """A day is no public holiday that this salon keeps."""

    message = _("This day is no public holiday.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureDetails:
    """Why the salon is closed, and from which day to which, both included."""

    name: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Holidays:
    """Which public holidays a salon keeps: of a region, or (empty) of the whole country; and whether it is closed."""

    region: str = ""
    closed: bool = True


def add_closure(*, actor: Actor, details: ClosureDetails, now: datetime) -> Closure:
    """Close the salon on some days; what is booked then stays booked.

    Raises: NotAllowed, InvalidInput.
    """
    actor.require(Permission.SETTINGS)
    accepted = _accept(details)
    with transaction.atomic():
        closure = Closure.objects.create(id=new_id(), created_at=now, **asdict(accepted))
        told(actor=actor, action="closure.added", subject_id=closure.pk, old={}, new=asdict(accepted), now=now)
    return closure


def change_closure(*, actor: Actor, closure_id: UUID, details: ClosureDetails, now: datetime) -> Closure:
    """Close on other days, or for another reason.

    Raises: NotAllowed, NoSuchClosure, InvalidInput.
    """
    actor.require(Permission.SETTINGS)
    accepted = _accept(details)
    with transaction.atomic():
        closure = _lock(closure_id)
        before = _details(closure)
        if accepted != before:
            for name, value in asdict(accepted).items():
                setattr(closure, name, value)
            if (accepted.starts_on, accepted.ends_on) != (before.starts_on, before.ends_on):
                closure.changed_at = now
            closure.save(update_fields=["name", "starts_on", "ends_on", "changed_at"])
            old, new = asdict(before), asdict(accepted)
            told(actor=actor, action="closure.changed", subject_id=closure_id, old=old, new=new, now=now)
    return closure


def remove_closure(*, actor: Actor, closure_id: UUID, now: datetime) -> Closure:
    """Open on the days of a closure; `restore_closure` closes again.

    Raises: NotAllowed, NoSuchClosure.
    """
    actor.require(Permission.SETTINGS)
    with transaction.atomic():
        closure = _lock(closure_id)
        Closure.objects.filter(pk=closure_id).delete()
        old = asdict(_details(closure))
        told(actor=actor, action=_REMOVED, subject_id=closure_id, old=old, new={}, now=now)
    return closure


def restore_closure(*, actor: Actor, closure_id: UUID, now: datetime) -> Closure:
    """Bring a removed closure back as it was, from what the audit trail says of it; one that is there stays.

    Raises: NotAllowed, NoSuchClosure.
    """
    actor.require(Permission.SETTINGS)
    with transaction.atomic():
        wait_for_others(closure_id)
        present = Closure.objects.filter(pk=closure_id).first()
        if present is not None:
            return present
        was = as_it_was(action=_REMOVED, subject_id=closure_id)
        if not was:
            raise NoSuchClosure
        days = {name: date.fromisoformat(was[name]) for name in ("starts_on", "ends_on")}
        closure = Closure.objects.create(id=closure_id, created_at=now, name=was["name"], **days)
        new = asdict(_details(closure))
        told(actor=actor, action="closure.restored", subject_id=closure_id, old={}, new=new, now=now)
    return closure


def holidays_of(salon: Salon) -> Holidays:
    """Return which public holidays the open salon keeps; nothing set: the nationwide ones, closed."""
    rules = HolidayRules.objects.filter(salon=salon).first()
    return Holidays(rules.region, rules.closed) if rules else Holidays()


@dataclass(frozen=True, slots=True)
class Holiday:
    """One public holiday, and whether the salon is open on it."""

    day: date
    name: str
    is_open: bool


def next_holidays(*, salon: Salon, since: date, many: int) -> list[Holiday]:
    """Return the public holidays of the open salon's region from a day on."""
    rules = holidays_of(salon)
    opened = set(OpenDay.objects.filter(day__gte=since).values_list("day", flat=True))
    found: list[Holiday] = []
    year = since.year
    # In no country does a year go by without any.
    while len(found) < many:
        known = public_holidays(salon.country, rules.region, year)
        found += [Holiday(day, name, not rules.closed or day in opened) for day, name in known.items() if day >= since]
        year += 1
    return found[:many]


def set_holidays(*, actor: Actor, salon: Salon, holidays: Holidays, now: datetime) -> None:
    """Keep the public holidays of a region, closed or open.

    Raises: NotAllowed, InvalidInput where the country has no such region.
    """
    actor.require(Permission.SETTINGS)
    if holidays.region and holidays.region not in REGIONS[salon.country]:
        raise InvalidInput([FieldError("region", "invalid_choice", _("Choose one of the values offered."))])
    with transaction.atomic():
        before = holidays_of(salon)
        HolidayRules.objects.update_or_create(salon=salon, defaults=asdict(holidays))
        if holidays != before:
            old, new = asdict(before), asdict(holidays)
            told(actor=actor, action="holidays.changed", subject_id=salon.pk, old=old, new=new, now=now)


def open_on(*, actor: Actor, salon: Salon, day: date, now: datetime) -> str:
    """Open all the same on a public holiday; return its name.

    Raises: NotAllowed, NoHoliday.
    """
    actor.require(Permission.SETTINGS)
    with transaction.atomic():
        name = _name_of(salon, day)
        _row, made = OpenDay.objects.get_or_create(salon=salon, day=day)
        if made:
            told(actor=actor, action="holidays.opened", subject_id=salon.pk, old={}, new={"day": day}, now=now)
    return name


def keep_closed_on(*, actor: Actor, salon: Salon, day: date, now: datetime) -> str:
    """Close on a public holiday as on the others; return its name.

    Raises: NotAllowed, NoHoliday.
    """
    actor.require(Permission.SETTINGS)
    with transaction.atomic():
        name = _name_of(salon, day)
        gone, _rows = OpenDay.objects.filter(salon=salon, day=day).delete()
        if gone:
            told(actor=actor, action="holidays.closed", subject_id=salon.pk, old={"day": day}, new={}, now=now)
    return name


def _name_of(salon: Salon, day: date) -> str:
    name = public_holidays(salon.country, holidays_of(salon).region, day.year).get(day)
    if name is None:
        raise NoHoliday
    return name


def _lock(closure_id: UUID) -> Closure:
    closure = Closure.objects.select_for_update().filter(pk=closure_id).first()
    if closure is None:
        raise NoSuchClosure
    return closure


def _details(closure: Closure) -> ClosureDetails:
    return ClosureDetails(name=closure.name, starts_on=closure.starts_on, ends_on=closure.ends_on)


def _accept(given: ClosureDetails) -> ClosureDetails:
    faults = Faults()
    name = faults.text("name", given.name, longest=LONGEST_NAME, required=True)
    if given.ends_on < given.starts_on:
        faults.add("ends_on", "order", _("The last day lies before the first one."))
    elif (given.ends_on - given.starts_on).days > LONGEST_CLOSURE:
        faults.add("ends_on", "range", _("A closure lasts a year at most."))
    faults.refuse()
    return replace(given, name=name)
