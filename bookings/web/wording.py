"""Times, days, lengths and prices as the calendar writes them (ui.md §3)."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clients.models import CardState, Client
from salon.tenancy.models import Salon
from salon.web.amounts import amount_text
from salon.years import is_known


def local(moment: datetime, salon: Salon) -> datetime:
    """Return an instant on the salon's clock."""
    return moment.astimezone(ZoneInfo(salon.timezone))


def moment_at(salon: Salon, day: date, at: time) -> datetime | None:
    """Return the instant at which the salon's clock says so; None in the hour that a night of spring leaves out, and
    in no year that is known."""
    if not is_known(day):
        return None
    zone = ZoneInfo(salon.timezone)
    moment = datetime.combine(day, at, tzinfo=zone)
    there = moment.astimezone(ZoneInfo("UTC")).astimezone(zone)
    return moment if there.replace(tzinfo=None) == moment.replace(tzinfo=None) else None


def moment_in(text: str) -> datetime | None:
    """Return the instant that a button carries, with its time zone; None: no such thing."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment and moment.tzinfo and is_known(moment) else None


def day_text(day: date) -> str:
    """Return `Sa., 21. Nov.`."""
    return date_format(day, _("D, j M"))


def day_word(day: date, today: date) -> str:
    """Return a day as people say it: `Heute, 21. Nov.`, `Morgen, 22. Nov.`, `Mo., 23. Nov.`."""
    near = {today: _("Today"), today + timedelta(days=1): _("Tomorrow")}.get(day)
    return f"{near}, {date_format(day, _('j M'))}" if near else day_text(day)


def clock(moment: datetime, salon: Salon) -> str:
    """Return `09:00`."""
    return f"{local(moment, salon):%H:%M}"


def span_text(starts_at: datetime, ends_at: datetime, salon: Salon) -> str:
    """Return `09:00–09:45 Uhr`."""
    words = {"start": clock(starts_at, salon), "end": clock(ends_at, salon)}
    return _("%(start)s–%(end)s") % words


def when_text(starts_at: datetime, ends_at: datetime, salon: Salon) -> str:
    """Return `Sa., 21. Nov. · 09:00–09:45 Uhr`, with the year where it is not this moment's; across midnight, both days
    as `Sa., 21. Nov., 23:00 – So., 22. Nov., 00:30 Uhr`."""
    first, last = (local(one, salon).date() for one in (starts_at, ends_at))
    if first != last:
        return _("%(first)s, %(start)s – %(last)s, %(end)s") % {
            "first": day_text(first),
            "start": clock(starts_at, salon),
            "last": day_text(last),
            "end": clock(ends_at, salon),
        }
    return f"{day_text(local(starts_at, salon).date())} · {span_text(starts_at, ends_at, salon)}"


def price_text(amount: Decimal, salon: Salon) -> str:
    """Return `1.234,50 €`."""
    return amount_text(amount, salon.currency)


def name_text(client: Client) -> str:
    """Return what a client is called; of an erased card, that it is one."""
    return erased_text(client.number) if client.state == CardState.ERASED else client.full_name


def erased_text(number: int) -> str:
    """Return `Gelöschte Karte Nr. 404`."""
    return _("Erased card no. %(number)d") % {"number": number}


def minutes_text(minutes: int) -> str:
    """Return `45 min`."""
    return _("%(minutes)d min") % {"minutes": minutes}
