"""Days as lists of clients write them: months in words, and those that are known only about (domain.md §10)."""

import re
from calendar import monthrange
from datetime import date

from salon.folding import fold

_NAMES = (
    "januar jänner jan january",
    "februar feb february",
    "märz mrz mär mar march",
    "april apr",
    "mai may",
    "juni jun june",
    "juli jul july",
    "august aug",
    "september sept sep",
    "oktober okt october oct",
    "november nov",
    "dezember dez december dec",
)
_MONTHS = {fold(name): month for month, names in enumerate(_NAMES, 1) for name in names.split()}
_ABOUT = re.compile(
    r"(?:(?:ca|circa|zirka|etwa|um|ungef|ungefähr|anfang|mitte|ende|about|around|approx|early|mid|late)\b\.?|~)\s*",
    re.IGNORECASE,
)
_SINCE = re.compile(r"(?:seit|since)\s+", re.IGNORECASE)
_WORD = r"([^\W\d_]+)"
_DAY_FIRST = re.compile(rf"(\d{{1,2}})(?:\.|st|nd|rd|th)?[\s-]*{_WORD}\.?,?(?:[\s-]*(\d{{4}}|\d{{2}}))?")
_MONTH_FIRST = re.compile(rf"{_WORD}\.?\s*(\d{{1,2}})(?:\.|st|nd|rd|th)?(?:,?\s+(\d{{4}}))?")
_YEAR = re.compile(r"\d{4}", re.ASCII)
_MONTH = re.compile(r"(\d{1,2})\s*[./-]\s*(\d{4})", re.ASCII)
_MONTH_LAST = re.compile(r"(\d{4})\s*[./-]\s*(\d{1,2})", re.ASCII)
_MONTH_IN_WORDS = re.compile(rf"{_WORD}\.?\s*(\d{{4}})")
_EARLIEST_YEAR = 1900


def in_figures(text: str, *, month_first: bool = False) -> str:
    """Return `8. Oktober 1986` or `October 8, 1986` as `1986-10-08`; without a year as `--10-08`; else the text.

    With two digits of a year it stays a day in figures, of which `month_first` says the order.
    """
    if match := _DAY_FIRST.fullmatch(text.strip()):
        day, word, year = match.groups()
    elif match := _MONTH_FIRST.fullmatch(text.strip()):
        word, day, year = match.groups()
    else:
        return text
    month = _MONTHS.get(fold(word))
    if month is None:
        return text
    if year and len(year) == 2:
        return f"{month}/{day}/{year}" if month_first else f"{day}.{month}.{year}"
    return f"{year or '-'}-{month:02}-{int(day):02}"


def without_about(text: str) -> tuple[str, bool]:
    """Return a day without the words that make it about, and whether there were any: `ca. 2012`."""
    bare = _SINCE.sub("", text.strip(), count=1) if _SINCE.match(text.strip()) else text.strip()
    match = _ABOUT.match(bare)
    plain = (bare[match.end() :] if match else bare).rstrip("? ")
    return plain, plain != bare


def span_of(text: str) -> tuple[date, date] | None:
    """Return the first and last day of a year or a month: `2019`, `05/2026`, `2026-05`, `Mai 2026`."""
    text = text.strip()
    if _YEAR.fullmatch(text):
        return _span(int(text), 1, 12)
    if match := _MONTH.fullmatch(text):
        return _span(int(match[2]), int(match[1]), int(match[1]))
    if match := _MONTH_LAST.fullmatch(text):
        return _span(int(match[1]), int(match[2]), int(match[2]))
    if (match := _MONTH_IN_WORDS.fullmatch(text)) and (month := _MONTHS.get(fold(match[1]))):
        return _span(int(match[2]), month, month)
    return None


def _span(year: int, first: int, last: int) -> tuple[date, date] | None:
    if year < _EARLIEST_YEAR or not 1 <= first <= last <= 12:
        return None
    return date(year, first, 1), date(year, last, monthrange(year, last)[1])
