"""Automations in words: whom each is for and when its mail goes out; and where its pages are."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, ngettext_lazy

from marketing.automations import automation_for, occasion_named
from marketing.models import Automation, Occasion
from salon.web.access import SalonRequest

ICONS = {
    Occasion.BIRTHDAY: "cake",
    Occasion.ABOUT_TO_LAPSE: "hourglass",
    Occasion.AFTER_FIRST_VISIT: "sparkles",
    Occasion.LAPSED: "door-open",
}
FOR_WHOM = {
    Occasion.BIRTHDAY: gettext_lazy(
        "Whoever has a birthday on the card. Born on 29 February: in other years on the 28th."
    ),
    Occasion.ABOUT_TO_LAPSE: gettext_lazy(
        "Whoever has not come for almost 365 days, would soon count as new, and has no appointment."
    ),
    Occasion.AFTER_FIRST_VISIT: gettext_lazy("Whoever has come for the very first time."),
    Occasion.LAPSED: gettext_lazy(
        "Whoever has not come for more than 365 days, counts as new again, and has no appointment."
    ),
}
_WHEN = {
    Occasion.BIRTHDAY: ngettext_lazy("%(days)s day before the birthday", "%(days)s days before the birthday", "number"),
    Occasion.ABOUT_TO_LAPSE: ngettext_lazy(
        "%(days)s day before the 365 days are over", "%(days)s days before the 365 days are over", "number"
    ),
    Occasion.AFTER_FIRST_VISIT: ngettext_lazy(
        "%(days)s day after the first visit", "%(days)s days after the first visit", "number"
    ),
    Occasion.LAPSED: ngettext_lazy(
        "%(days)s day after the 365 days were over", "%(days)s days after the 365 days were over", "number"
    ),
}
_ON_THE_DAY = {
    Occasion.BIRTHDAY: gettext_lazy("On the birthday itself"),
    Occasion.LAPSED: gettext_lazy("On the day on which the 365 days are over"),
}
_WITHOUT_DAYS = {
    Occasion.BIRTHDAY: gettext_lazy(
        "With 0 it goes out on the birthday itself. The ready-made text says “soon”: then write “today” instead."
    ),
    Occasion.LAPSED: gettext_lazy("With 0 it goes out on the day on which the 365 days are over."),
}
# Stands where the number does.
_HERE = "\x00"


@dataclass(frozen=True, slots=True)
class DaysInWords:
    """The sentence around a number of days: what stands before it, behind 1 and behind others, and what 0 means."""

    before: str
    one: str
    many: str
    zero: Promise | str


def automation_at(name: str) -> Automation:
    """Return the automation that an address names.

    Raises: NoSuchAutomation.
    """
    return automation_for(occasion_named(name.upper().replace("-", "_")))


def place_of(request: SalonRequest, found: Automation) -> list[str]:
    """Return what the addresses of its pages are made of."""
    return [request.salon.slug, found.occasion.lower().replace("_", "-")]


def when(occasion: Occasion, days: int) -> Promise | str:
    """Return when its mail goes out."""
    if days == 0 and occasion in _ON_THE_DAY:
        return _ON_THE_DAY[occasion]
    return _WHEN[occasion] % {"number": days, "days": days}


def around_days(occasion: Occasion) -> DaysInWords:
    """Return the sentence in which the number of days is entered."""
    before, one = _around(occasion, 1)
    _before, many = _around(occasion, 2)
    return DaysInWords(before, one, many, _WITHOUT_DAYS.get(occasion, ""))


def _around(occasion: Occasion, number: int) -> list[str]:
    return [part.strip() for part in str(_WHEN[occasion] % {"number": number, "days": _HERE}).split(_HERE)]
