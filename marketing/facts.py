"""What appointments, sales, mails and merges say of many clients: queries for ids, each one set (domain.md §9.1)."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import (
    Count,
    Exists,
    F,
    Min,
    OuterRef,
    QuerySet,
)
from django.db.models.expressions import RawSQL

from bookings.checkout.pricing import LineKind
from bookings.models import Appointment, AppointmentItem, SaleLine, SaleState
from bookings.states import CHANGEABLE, State
from clients.models import CardState
from marketing.models import Recipient, RecipientState
from marketing.vocabulary import TimeOfDay, Weekday
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon

type Ids = QuerySet[Any, Any] | RawSQL

RHYTHM_MONTHS = 24
BEST_MONTHS = 12
_BOUGHT = [SaleState.PAID.value, SaleState.PARTLY_REFUNDED.value]
_EARNED = [LineKind.SERVICE.value, LineKind.PRODUCT.value]
_NAMED = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant on the clock of a salon."""

    now: datetime
    zone: ZoneInfo

    @classmethod
    def of(cls, salon: Salon, now: datetime) -> "Moment":
        """Return an instant as a salon reads it."""
        return cls(now, ZoneInfo(salon.timezone))

    @property
    def today(self) -> date:
        """The salon's date."""
        return self.now.astimezone(self.zone).date()

    def day(self, days: int) -> date:
        """Return the date so many days from today."""
        return self.today + timedelta(days=days)

    def months_ago(self, months: int) -> date:
        """Return the date so many months ago; of a month without that day its last one."""
        year, month = divmod(self.today.year * 12 + self.today.month - 1 - months, 12)
        first_of_next = date(year + (month == 11), (month + 1) % 12 + 1, 1)
        last = first_of_next - timedelta(days=1)
        return last.replace(day=min(last.day, self.today.day))

    def begin(self, day: date) -> datetime:
        """Return the first instant of a day."""
        return datetime.combine(day, time(), self.zone)


def with_next_visit(at: Moment, *, since: date | None = None, until: date | None = None) -> Ids:
    """Return whose next appointment is on one of these days; of all days those who have one."""
    open_ones = Appointment.objects.filter(client__isnull=False, state__in=CHANGEABLE, starts_at__gte=at.now)
    if since is None and until is None:
        return open_ones.values("client")
    next_ones = open_ones.values("client").annotate(next_at=Min("starts_at"))
    if since is not None:
        next_ones = next_ones.filter(next_at__gte=at.begin(since))
    if until is not None:
        next_ones = next_ones.filter(next_at__lt=at.begin(until + timedelta(days=1)))
    return next_ones.values("client")


def who_stayed_away(least: int) -> Ids:
    """Return who did not come to so many appointments or more, without having cancelled them."""
    missed = Appointment.objects.filter(client__isnull=False, state=State.NO_SHOW)
    return missed.values("client").annotate(times=Count("pk")).filter(times__gte=least).values("client")


def who_got(campaign_ids: Iterable[UUID]) -> Ids:
    """Return whose mail of one of these campaigns has gone out."""
    return Recipient.objects.filter(campaign__in=list(campaign_ids), state=RecipientState.SENT).values("client")


def who_was_written_to(at: Moment, since: date) -> Ids:
    """Return to whom a mail of a campaign or of an automation has gone out since a day."""
    sent = Recipient.objects.filter(state=RecipientState.SENT, sent_at__gte=at.begin(since), sent_at__lte=at.now)
    return sent.values("client")


# By client what she paid for services and products and kept, in cents. Of a sale of which nothing was given back it is
# the total without tips and vouchers; only of the few others the lines are added up. Not a UNION: of one the planner
# expects so few clients that it would look up their cards one by one.
_SPENT = """
SELECT client_id, sum(kept) AS kept FROM (
    SELECT client_id, CASE WHEN refunded = 0 THEN total - coalesce(amount, 0) ELSE (
        SELECT coalesce(sum(line.final_price - line.refunded_amount), 0)::bigint
        FROM bookings_saleline line
        WHERE line.salon_id = sale.salon_id AND line.sale_id = sale.id AND line.kind = ANY (%(earned)s)
    ) END AS kept
    FROM bookings_sale sale
    LEFT JOIN (
        SELECT sale_id, sum(final_price)::bigint AS amount
        FROM bookings_saleline
        WHERE salon_id = %(salon)s AND service_id IS NULL AND product_id IS NULL
        GROUP BY sale_id
    ) AS besides ON sale_id = sale.id
    WHERE salon_id = %(salon)s AND client_id IS NOT NULL AND state = ANY (%(bought)s) AND paid_on >= %(since)s
) AS amounts
GROUP BY client_id HAVING sum(kept) >= %(least)s
"""
# Rounded up: of eleven, ten percent are two. `IS TRUE` keeps the cards in use a set: of a salon of which nothing was
# counted yet PostgreSQL expects one row, and a join would look through all of them for each who spent.
_TOP = """
SELECT client_id FROM (
    SELECT client_id, rank() OVER (ORDER BY kept DESC) AS place, count(*) OVER () AS many
    FROM (…) AS spent
    WHERE (client_id IN (SELECT id FROM clients_client WHERE salon_id = %(salon)s AND state = %(listed)s)) IS TRUE
) AS placed
WHERE (place - 1) * 100 < many * %(percent)s
""".replace("…", _SPENT)
# A card goes into another one, and that may go into a third.
_BECAME = """
WITH RECURSIVE became AS (
    SELECT id, merged_into_id FROM clients_client WHERE salon_id = %(salon)s AND id = ANY (%(ids)s)
    UNION
    SELECT next.id, next.merged_into_id FROM clients_client AS next JOIN became ON next.id = became.merged_into_id
    WHERE next.salon_id = %(salon)s
)
SELECT id FROM became
"""
_WHO_SPENT = "SELECT client_id FROM (…) AS spent".replace("…", _SPENT)


def _asking(sql: str, **values: Any) -> RawSQL:
    """Return a query for ids of clients; each of its values is named."""
    asked = {"salon": current_salon_id(), "bought": _BOUGHT, "earned": _EARNED, **values}
    names = _NAMED.findall(sql)
    return RawSQL(_NAMED.sub("%s", sql), [asked[name] for name in names])  # noqa: S611 - SQL of constants


def who_spent(least: int, since: date | None) -> Ids:
    """Return who has paid for services and products and kept so many cents or more (more than none), ever or since."""
    return _asking(_WHO_SPENT, least=least, since=since or date.min)


def top_spenders(percent: int, since: date) -> Ids:
    """Return those percent of all who have spent anything since a day that spent most; whoever ties with the last, too.

    Cards that are no longer in use do not count.
    """
    return _asking(_TOP, least=1, since=since, listed=CardState.LISTED.value, percent=percent)


def who_became(ids: Iterable[UUID]) -> Ids:
    """Return these cards, and those into which any of them have gone by merging since."""
    return _asking(_BECAME, ids=list(ids))


def who_bought(field: str, ids: Iterable[UUID], since: date | None) -> QuerySet[Any, Any]:
    """Return who has bought, or got for points, one of these services or products and kept it, ever or since."""
    bought = SaleLine.objects.filter(
        sale__client__isnull=False, sale__state__in=_BOUGHT, refunded__lt=F("quantity"), **{f"{field}__in": list(ids)}
    )
    if since is not None:
        bought = bought.filter(sale__paid_on__gte=since)
    return bought.values("sale__client")


def who_had(ids: Iterable[UUID], since: datetime | None) -> QuerySet[Any, Any]:
    """Return who has had one of these services in an appointment that took place, and was not given all its price."""
    given_back = SaleLine.objects.filter(item=OuterRef("pk"), refunded=F("quantity"))
    had = AppointmentItem.objects.filter(
        ~Exists(given_back),
        service__in=list(ids),
        appointment__state=State.COMPLETED,
        appointment__client__isnull=False,
    )
    if since is not None:
        had = had.filter(starts_at__gte=since)
    return had.values("appointment__client")


# Whose most frequent slot, or one of several as frequent, is among the wanted. OFFSET 0 has the clock read once a row.
# Not `=`, of which the planner expects so few that it would look up their cards one by one.
_USUAL = """
SELECT client_id FROM (
    SELECT client_id, {slot} AS slot
    FROM bookings_appointment
    WHERE salon_id = %(salon)s AND client_id IS NOT NULL AND state = %(completed)s AND starts_at >= %(since)s
    OFFSET 0
) AS visits
GROUP BY client_id HAVING greatest({wanted}) >= greatest({all})
"""
# Days since a Monday; the three parts of a day.
_WEEKDAY = "(timezone(%(zone)s, starts_at)::date - date '2001-01-01') %% 7"
_TIME = "width_bucket(timezone(%(zone)s, starts_at)::time, ARRAY[time '12:00', time '17:00'])"


def usual_weekday(at: Moment, wanted: Collection[Weekday]) -> Ids:
    """Return who comes on one of these weekdays most often, or as often as on any other."""
    return _usual(_WEEKDAY, list(Weekday), wanted, at)


def usual_time(at: Moment, wanted: Collection[TimeOfDay]) -> Ids:
    """Return who comes at one of these times of day most often, or as often as at any other."""
    return _usual(_TIME, list(TimeOfDay), wanted, at)


def _usual[Slot](slot: str, slots: Sequence[Slot], wanted: Collection[Slot], at: Moment) -> Ids:
    counts = [f"count(*) FILTER (WHERE slot = {number})" for number in range(len(slots))]
    chosen = [count for one, count in zip(slots, counts, strict=True) if one in wanted]
    sql = _USUAL.format(slot=slot, wanted=", ".join(chosen), all=", ".join(counts))
    since = at.begin(at.months_ago(RHYTHM_MONTHS))
    return _asking(sql, zone=at.zone.key, completed=State.COMPLETED.value, since=since)
