"""When a salon's night is: at its own 03:00, on whatever day and whatever its clocks do (domain.md §10)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

HOUR = time(3)
_DAY = timedelta(days=1)


def night_at(zone: ZoneInfo, day: date) -> datetime:
    """Return the instant (UTC) at which the night of a local day begins.

    Where 03:00 comes twice, the first; where the clocks jump over it, the instant of the jump.
    """
    return datetime.combine(day, HOUR, zone).astimezone(UTC)


def last_night(zone: ZoneInfo, now: datetime) -> date:
    """Return the latest local day whose night has begun."""
    day = now.astimezone(zone).date() + _DAY
    while night_at(zone, day) > now:
        day -= _DAY
    return day


def next_night_at(zone: ZoneInfo, now: datetime) -> datetime:
    """Return when (UTC) the first night after an instant begins."""
    return night_at(zone, last_night(zone, now) + _DAY)
