"""The years in which anything can happen in a salon: beyond them, calendars and clocks no longer reckon."""

from datetime import date

EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)


def is_known(day: date) -> bool:
    """Return whether a day, or an instant's own date, lies in them."""
    return EARLIEST.year <= day.year <= LATEST.year
