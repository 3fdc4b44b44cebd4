"""The days on which a salon of the demo is closed."""

from datetime import date
from functools import cache

from holidays import country_holidays

SUNDAY = 7


@cache
def _holidays(region: str, year: int) -> frozenset[date]:
    return frozenset(country_holidays("DE", subdiv=region, years=year))


def is_holiday(region: str, day: date) -> bool:
    """Return whether a federal state keeps a day."""
    return day in _holidays(region, day.year)


def is_closed(region: str, day: date) -> bool:
    """Return whether a day is a Sunday or a public holiday."""
    return day.isoweekday() == SUNDAY or is_holiday(region, day)
