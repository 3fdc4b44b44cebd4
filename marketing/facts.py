"""What appointments and sales say of many clients: queries for ids of clients, each one set (domain.md §9.1)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import (
    BigIntegerField,
    Exists,
    ExpressionWrapper,
    F,
    Min,
    OuterRef,
    QuerySet,
    Sum,
)
from django.db.models.expressions import RawSQL

from bookings.checkout.pricing import LineKind
from bookings.models import Appointment, AppointmentItem, SaleLine, SaleState
from bookings.states import CHANGEABLE, State
from clients.models import CardState
from marketing.rule import TimeOfDay, Weekday
from salon.tenancy.context import current_salon_id
from salon.tenancy.models import Salon

type Ids = QuerySet[Any, Any] | RawSQL

RHYTHM_MONTHS = 24
BEST_MONTHS = 12
_BOUGHT = (SaleState.PAID, SaleState.PARTLY_REFUNDED)
_EARNED = (LineKind.SERVICE, LineKind.PRODUCT)


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


def _spent(since: date | None) -> QuerySet[Any, Any]:
    """Return by client what she paid for services and products and kept, in cents."""
    bought = SaleLine.objects.filter(sale__client__isnull=False, sale__state__in=_BOUGHT, kind__in=_EARNED)
    if since is not None:
        bought = bought.filter(sale__paid_on__gte=since)
    kept = ExpressionWrapper(F("final_price") - F("refunded_amount"), output_field=BigIntegerField())
    return bought.values("sale__client").annotate(kept=Sum(kept))


def who_spent(least: int, since: date | None) -> Ids:
    """Return who has paid for services and products and kept so many cents or more (more than none), ever or since."""
    return _spent(since).filter(kept__gte=least).values("sale__client")


# Rounded up: of eleven, ten percent are two.
_TOP = """
SELECT client_id FROM (
    SELECT sale.client_id, rank() OVER (ORDER BY sum(line.final_price - line.refunded_amount) DESC) AS place,
        count(*) OVER () AS many
    FROM bookings_sale sale
    JOIN bookings_saleline line ON line.salon_id = sale.salon_id AND line.sale_id = sale.id
    JOIN clients_client card ON card.salon_id = sale.salon_id AND card.id = sale.client_id
    WHERE sale.salon_id = %s AND sale.state = ANY (%s) AND sale.paid_on >= %s AND line.kind = ANY (%s)
        AND card.state = %s
    GROUP BY sale.client_id HAVING sum(line.final_price - line.refunded_amount) > 0
) AS spent
WHERE (place - 1) * 100 < many * %s
"""


def top_spenders(percent: int, since: date) -> Ids:
    """Return those percent of all who have spent anything since a day that spent most; whoever ties with the last, too.

    Cards that are no longer in use do not count.
    """
    bought, earned = [one.value for one in _BOUGHT], [one.value for one in _EARNED]
    values = [current_salon_id(), bought, since, earned, CardState.LISTED.value, percent]
    return RawSQL(_TOP, values)  # noqa: S611 - SQL of constants


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


# Of each client the slot that most of her appointments lie in, two if there are as many in each.
_USUAL = """
SELECT client_id FROM (
    SELECT client_id, {slot} AS slot, count(*) AS times
    FROM bookings_appointment
    WHERE salon_id = %s AND client_id IS NOT NULL AND state = %s AND starts_at >= %s
    GROUP BY client_id, 2
) AS counted
GROUP BY client_id HAVING max(times) FILTER (WHERE slot = ANY (%s)) = max(times)
"""
# Days since a Monday. Each takes the zone once: the clock of an instant is what takes longest.
_BY_WEEKDAY = _USUAL.format(slot="(timezone(%s, starts_at)::date - date '2001-01-01') %% 7")
_BY_TIME = _USUAL.format(slot="width_bucket(timezone(%s, starts_at)::time, ARRAY[time '12:00', time '17:00'])")


def usual_weekday(at: Moment, wanted: Collection[Weekday]) -> Ids:
    """Return who comes on one of these weekdays most often, or as often as on any other."""
    return _usual(_BY_WEEKDAY, at, [list(Weekday).index(one) for one in wanted])


def usual_time(at: Moment, wanted: Collection[TimeOfDay]) -> Ids:
    """Return who comes at one of these times of day most often, or as often as at any other."""
    return _usual(_BY_TIME, at, [list(TimeOfDay).index(one) for one in wanted])


def _usual(sql: str, at: Moment, slots: list[int]) -> Ids:
    since = at.begin(at.months_ago(RHYTHM_MONTHS))
    values = [at.zone.key, current_salon_id(), State.COMPLETED.value, since, slots]
    return RawSQL(sql, values)  # noqa: S611 - SQL of constants
