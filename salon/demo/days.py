"""The days on which a salon of the demo is closed."""

from datetime import date

from salon.catalogue.public_holidays import public_holidays

SUNDAY = 7


def is_holiday(region: str, day: date) -> bool:
    """Return whether a federal state keeps a day."""
    return day in public_holidays("DE", region, day.year)


def is_closed(region: str, day: date) -> bool:
    """Return whether a day is a Sunday or a public holiday."""
    return day.isoweekday() == SUNDAY or is_holiday(region, day)
