"""Whose occasion is on which day, and writing down who gets a mail on it (domain.md §9).

The day of an occasion is the birthday, the day on which 365 days have made a client new again, or that of the first
visit. Somebody born on 29 February has her birthday on the 28th in years that have no 29th. A mail is due so many days
before or after it, at nine in the morning on the salon's clock; a night that was missed is made up for three days long.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Case, DateField, Exists, F, Func, OuterRef, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Greatest

from clients.classification import MEMORY, Reason, Status
from clients.models import Client
from marketing.eligibility import INCLUDED, reason_case
from marketing.facts import Moment, with_next_visit
from marketing.models import Automation, Basis, Occasion, Recipient, RecipientReason, RecipientState
from marketing.recipients import settle
from salon.tenancy.models import Salon
from salon.work import queue
from salon.work.models import DueWork

SEND = "marketing.tasks.send_automation"
# When mails leave, and until when one that was held up still may; by the salon's clock.
OPENS, CLOSES = time(9), time(20)
# So many days late an occasion is still written to.
LATEST = 3
# How many days the page looks back.
LOOKS_BACK = 30
# The same occasion of a client that moves by some days, as a date on her card is corrected, is still the same.
_APART = 180
BEFORE = frozenset({Occasion.BIRTHDAY, Occasion.ABOUT_TO_LAPSE})
_MISSED = frozenset({Occasion.ABOUT_TO_LAPSE, Occasion.LAPSED})
_DAY = timedelta(days=1)
_WRITTEN = Q(_why__in=INCLUDED)
_GONE_OUT = (RecipientState.WAITING, RecipientState.SENDING, RecipientState.SENT)


def day_of(occasion: Occasion | str, *, written_on: date, days: int) -> date:
    """Return on which day an occasion is whose mail is due on a day."""
    return written_on + timedelta(days=days) if occasion in BEFORE else written_on - timedelta(days=days)


def opens_at(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which the mails of a local day leave."""
    return datetime.combine(day, OPENS, zone).astimezone(UTC)


def next_opening(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant from now on at which mails leave."""
    today = now.astimezone(zone).date()
    return next(at for at in (opens_at(today, zone), opens_at(today + _DAY, zone)) if at >= now)


def is_open(now: datetime, zone: ZoneInfo) -> bool:
    """Return whether mails may leave at this instant."""
    return OPENS <= now.astimezone(zone).time() < CLOSES


def clients_of(occasion: Occasion | str, first: date, last: date) -> QuerySet[Client]:
    """Return whose occasion is within these days, as their cards say it today."""
    listed = Client.objects.listed()
    if occasion == Occasion.BIRTHDAY:
        days = {pair for day in _days(first, last) for pair in _birthdays_on(day)}
        born = Q()
        for month, day in sorted(days):
            born |= Q(birth_month=month, birth_day=day)
        return listed.filter(born)
    if occasion == Occasion.AFTER_FIRST_VISIT:
        return listed.filter(first_success_on__range=(first, last))
    # What is remembered for 365 days: the last visit, or that she was put on the list.
    since, until = (day - MEMORY - _DAY for day in (first, last))
    visited = Q(last_success_on__range=(since, until), listed_on__lte=F("last_success_on"))
    put_down = Q(listed_on__range=(since, until), last_success_on__lt=F("listed_on"))
    return listed.filter(visited | put_down)


def clients_ever(occasion: Occasion | str, at: Moment) -> QuerySet[Client]:
    """Return whose card tells of such an occasion, on whichever day, and who would not be left out of its mail now; a
    first visit is one as long as no other has followed."""
    listed = Client.objects.listed()
    if occasion == Occasion.BIRTHDAY:
        return listed.exclude(birth_month=None)
    if occasion == Occasion.AFTER_FIRST_VISIT:
        return listed.filter(visits_in_all=1).exclude(first_success_on=None)
    visited = listed.exclude(last_success_on=None)
    return visited.exclude(pk__in=with_next_visit(at))


def write_due(automation: Automation, *, salon: Salon, today: date, now: datetime) -> int:
    """Write down who gets a mail of an automation, whose row is locked, by the occasions that are due today, or were up
    to LATEST days ago and have not been written to; return how many will get one.

    The mails leave at the next opening. Done again, it writes to nobody twice.
    """
    zone = ZoneInfo(salon.timezone)
    waiting = Recipient.objects.filter(automation=automation, state=RecipientState.WAITING)
    before = waiting.count()
    for late in range(LATEST, -1, -1):
        written_on = today - late * _DAY
        on = day_of(automation.occasion, written_on=written_on, days=automation.days)
        if _is_from_when_it_was_on(automation, written_on, on, salon):
            write_down(automation, on, Moment.of(salon, now))
    written = waiting.count() - before
    # Work that is there ends behind the lock of the automation: it finds what was written now. Who waits for work that
    # has ended (without an imprint nothing leaves) gets it again.
    if before + written and not DueWork.objects.filter(task=SEND, subject_id=automation.pk).exists():
        at = next_opening(now, zone)
        queue.schedule(task=SEND, subject_id=automation.pk, due_at=at, salon_id=salon.pk)
    return written


def write_down(automation: Automation, on: date, at: Moment) -> None:
    """Write down who gets a mail of an automation, whose row is locked, for an occasion on a day."""
    settle(
        still_to_be_written(automation, on, on, at),
        basis=Basis.CONSENT,
        now=at.now,
        automation_id=automation.pk,
        occasion=on,
    )


@dataclass(frozen=True, slots=True)
class Meant:
    """A client whose occasion it is or was, and why her mail would go out or not."""

    client: Client
    reason: RecipientReason


def would_have_reached(automation: Automation, *, today: date, now: datetime) -> int:
    """Return how many clients an automation would have written to in the last LOOKS_BACK days, as cards are today."""
    return _would_have_meant(automation, today).annotate(_why=reason_case(Basis.CONSENT, now)).filter(_WRITTEN).count()


def would_have_meant(automation: Automation, *, today: date, now: datetime) -> list[Meant]:
    """Return whom an automation would have meant in the last LOOKS_BACK days, as cards are today, by name."""
    return meant_of(_would_have_meant(automation, today), now)


def _would_have_meant(automation: Automation, today: date) -> QuerySet[Client]:
    first, last = (
        day_of(automation.occasion, written_on=day, days=automation.days)
        for day in (today - LOOKS_BACK * _DAY, today - _DAY)
    )
    return _with_day(automation.occasion, first, last)


def due_tomorrow(automation: Automation, *, salon: Salon, now: datetime) -> int:
    """Return how many clients an automation that is on will write to tomorrow, as cards are today."""
    return count_written(_due_tomorrow(automation, salon, now), now)


def meant_tomorrow(automation: Automation, *, salon: Salon, now: datetime) -> list[Meant]:
    """Return whom an automation that is on means tomorrow, as cards are today, by name."""
    return meant_of(_due_tomorrow(automation, salon, now), now)


def due_today(automation: Automation, *, salon: Salon, now: datetime) -> int | None:
    """Return how many clients an automation that is on writes to today: who waits since the night, and whom a night
    that is still to come adds; None from when the mails of the day leave."""
    asked = _due_today(automation, salon, now)
    if asked is None:
        return None
    return _waiting(automation).count() + count_written(asked, now)


def meant_today(automation: Automation, *, salon: Salon, now: datetime) -> list[Meant] | None:
    """Return whom an automation that is on means today, by name; None from when the mails of the day leave."""
    asked = _due_today(automation, salon, now)
    if asked is None:
        return None
    waiting = _waiting(automation).select_related("client").order_by("client__sort_key", "client__number")
    return [*(Meant(one.client, RecipientReason(one.reason)) for one in waiting), *meant_of(asked, now)]


def _waiting(automation: Automation) -> QuerySet[Recipient]:
    return Recipient.objects.filter(automation=automation, state=RecipientState.WAITING)


def _due_today(automation: Automation, salon: Salon, now: datetime) -> QuerySet[Client] | None:
    today = salon.date_at(now)
    if now >= opens_at(today, ZoneInfo(salon.timezone)):
        return None
    return _due_in(automation, written_by_night(automation, today, salon), salon, now)


def _due_tomorrow(automation: Automation, salon: Salon, now: datetime) -> QuerySet[Client]:
    today = salon.date_at(now)
    days = written_by_night(automation, today + _DAY, salon)
    if now < opens_at(today, ZoneInfo(salon.timezone)):
        # Whom an earlier day is made up for is told of as today's.
        days = [day for day in days if day > today]
    return _due_in(automation, days, salon, now)


def written_by_night(automation: Automation, day: date, salon: Salon) -> list[date]:
    """Return of which days, the earliest first, the night of a day writes the mails: of that day, and up to LATEST
    before it, from when the automation was turned on."""
    days = (day - late * _DAY for late in range(LATEST, -1, -1))
    occasions = [(one, day_of(automation.occasion, written_on=one, days=automation.days)) for one in days]
    if automation.occasion == Occasion.ABOUT_TO_LAPSE:
        # Whoever has lapsed by then is not about to.
        occasions = [(one, on) for one, on in occasions if on > day]
    return [one for one, on in occasions if _is_from_when_it_was_on(automation, one, on, salon)]


def _due_in(automation: Automation, days: Sequence[date], salon: Salon, now: datetime) -> QuerySet[Client]:
    if not days:
        return nobody()
    first, last = (day_of(automation.occasion, written_on=day, days=automation.days) for day in (days[0], days[-1]))
    return still_to_be_written(automation, first, last, Moment.of(salon, now))


def nobody() -> QuerySet[Client]:
    """Return no card, in the way in which `still_to_be_written` returns some."""
    return Client.objects.none().annotate(_on=Value(None, DateField()))


def count_written(clients: QuerySet[Client], now: datetime) -> int:
    """Return how many of these cards may be written to."""
    return clients.annotate(_why=reason_case(Basis.CONSENT, now)).filter(_WRITTEN).count()


def meant_of(clients: QuerySet[Client], now: datetime) -> list[Meant]:
    """Return these cards, which have the day of their occasion as `_on`, with their reasons, whoever would be written
    to first; of cards with one address and day that may be written to it is the oldest."""
    asked = clients.annotate(_why=reason_case(Basis.CONSENT, now)).order_by("number")
    told = {pk: (on, RecipientReason(why)) for pk, on, why in asked.values_list("pk", "_on", "_why")}
    found, taken = [], set()
    for client in clients.filter(pk__in=told).order_by("number"):
        on, reason = told[client.pk]
        if reason in INCLUDED:
            mail = (on, client.email.lower())
            reason = RecipientReason.SAME_ADDRESS if mail in taken else reason
            taken.add(mail)
        found.append(Meant(client, reason))
    return sorted(found, key=lambda one: (one.reason not in INCLUDED, one.client.sort_key, one.client.number))


def _is_from_when_it_was_on(automation: Automation, written_on: date, on: date, salon: Salon) -> bool:
    enabled_at = automation.enabled_at
    return (
        enabled_at is not None
        and opens_at(written_on, ZoneInfo(salon.timezone)) >= enabled_at
        and on >= salon.date_at(enabled_at)
    )


def still_to_be_written(automation: Automation, first: date, last: date, at: Moment) -> QuerySet[Client]:
    """Return whose occasion is within these days, with its day as `_on`, except who has had this one already, by
    whichever card; nobody who has an appointment is missed."""
    clients = _with_day(automation.occasion, first, last)
    lapses = Q(status=Status.RETURNING, status_changes_on=F("_on"))
    if automation.occasion == Occasion.ABOUT_TO_LAPSE:
        clients = clients.filter(lapses)
    elif automation.occasion == Occasion.LAPSED:
        has_lapsed = Q(status=Status.NEW, status_reason=Reason.LAPSED)
        clients = clients.filter(lapses & Q(_on__gt=at.today) | has_lapsed & Q(_on__lte=at.today))
    if automation.occasion in _MISSED:
        clients = clients.exclude(pk__in=with_next_visit(at))
    had = Recipient.objects.filter(automation=automation)
    since, until = (_Later(OuterRef("_on"), Value(days)) for days in (-_APART, _APART))
    hers = had.filter(client_id=OuterRef("pk"), occasion__gt=since, occasion__lt=until)
    shared = had.filter(occasion=OuterRef("_on"), state__in=_GONE_OUT, address__iexact=OuterRef("email"))
    return clients.exclude(Exists(hers)).exclude(Exists(shared), ~Q(email=""))


def _with_day(occasion: Occasion | str, first: date, last: date) -> QuerySet[Client]:
    return clients_of(occasion, first, last).annotate(_on=_day_of_card(occasion, first, last))


class _Later(Func):
    """So many days after a date, or before it."""

    template = "(%(expressions)s)"
    arg_joiner = " + "
    output_field = DateField()


def _day_of_card(occasion: Occasion | str, first: date, last: date) -> Combinable:
    """Return the day of a card's occasion, of cards that have it within these days."""
    if first == last:
        return Value(first, DateField())
    if occasion == Occasion.BIRTHDAY:
        kept = [(pair, day) for day in _days(first, last) for pair in _birthdays_on(day)]
        whens = [When(birth_month=month, birth_day=day, then=Value(on)) for (month, day), on in kept]
        return Case(*whens, output_field=DateField())
    if occasion == Occasion.AFTER_FIRST_VISIT:
        return F("first_success_on")
    return _Later(Greatest("last_success_on", "listed_on"), Value((MEMORY + _DAY).days))


def _birthdays_on(day: date) -> list[tuple[int, int]]:
    """Return the birthdays, as month and day, that are kept on a day."""
    kept = [(day.month, day.day)]
    if (day.month, day.day) == (2, 28) and (day + _DAY).month == 3:
        kept.append((2, 29))
    return kept


def _days(first: date, last: date) -> Iterator[date]:
    return (first + place * _DAY for place in range((last - first).days + 1))
