"""The last twelve months, and the calendar months they touch."""

from datetime import date, timedelta


def year_until(today: date) -> date:
    """Return the first day of the twelve months that end with a day: the day after its anniversary."""
    day = min(today.day, 28) if today.month == 2 else today.day
    return date(today.year - 1, today.month, day) + timedelta(days=1)


def months_between(since: date, until: date) -> list[date]:
    """Return the first days of the calendar months that two days and what lies between them are in."""
    numbers = range(since.year * 12 + since.month - 1, until.year * 12 + until.month)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]
