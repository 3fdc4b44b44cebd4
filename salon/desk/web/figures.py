"""Figures as people read them: in tiles with a sentence each, by month, in percent."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure, what it means in a sentence, and, where two are compared, what it was."""

    label: str
    shown: str
    words: str
    before: str = ""


def whole(number: int) -> str:
    """Return `1.234` in the language that is active."""
    return number_format(number, 0, use_l10n=True, force_grouping=True)


def percent_text(part: Decimal | int, of: Decimal | int) -> str:
    """Return `12,3 %`, half of the last place rounded up; of nothing, a dash."""
    if not of:
        return "–"
    share = (Decimal(100) * part / of).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{number_format(share, 1, use_l10n=True)}\N{NO-BREAK SPACE}%"


def month_label(month: date) -> str:
    """Return a month in three letters or so, for an axis."""
    return date_format(month, "M").rstrip(".")[:4]


def month_name(month: date, *, since: date, until: date) -> str:
    """Return a month and its year; of a month that does not lie within two days whole, also which part of it does."""
    name = date_format(month, "F Y")
    if month < since:
        return _("%(month)s, from %(day)s") % {"month": name, "day": date_format(since, "SHORT_DATE_FORMAT")}
    next_month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    if (next_month - until).days > 1:
        return _("%(month)s, up to %(day)s") % {"month": name, "day": date_format(until, "SHORT_DATE_FORMAT")}
    return name
