"""The filters of the client list in words, each with the address of the list without it (ui.md §2.3)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils import dateformat
from django.utils.dates import MONTHS
from django.utils.formats import get_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from clients.categories import all_categories
from clients.classification import CreatedVia, Reason, Status
from clients.filters import Contact, Visited, YesNo
from clients.web.list_query import ListQuery
from salon.catalogue.models import StaffMember


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter that is on."""

    text: str
    remove_url: str


def chips_of(query: ListQuery, here: str) -> list[Chip]:
    """Return what narrows the list, in the order of the filters; categories one by one."""
    found: list[Chip] = []
    if query.segment:
        text = _("Segment: %(name)s") % {"name": query.segment.name or _("not available")}
        found.append(Chip(text, query.address(here, without=("segment",))))
    for name, value in query.values.items():
        if name == "category":
            found += _category_chips(query, here)
        elif text := _text(name, value, query.values):
            gone = ("last_visit", "days") if name == "last_visit" else (name,)
            found.append(Chip(text, query.address(here, without=gone)))
    return found


def _category_chips(query: ListQuery, here: str) -> list[Chip]:
    names = {str(category.pk): category.name for category in all_categories()}
    given = [value for name, value in query.pairs if name == "category"]
    return [
        Chip(
            _("Category: %(name)s") % {"name": names.get(one, _("unknown"))},
            query.address(here, *(("category", other) for other in given if other != one), without=("category",)),
        )
        for one in given
    ]


def _text(name: str, value: Any, values: dict[str, Any]) -> str:
    if name == "last_visit":
        return _last_visit(value, values.get("days", 0))
    if name == "staff":
        found = StaffMember.objects.filter(pk=value).first()
        return _("Prefers %(name)s") % {"name": found.name if found else _("unknown")}
    if name in _DAYS:
        return _(_DAYS[name]) % {"day": dateformat.format(value, get_format("SHORT_DATE_FORMAT"))}
    if name in _YES_NO:
        yes, no = _YES_NO[name]
        return _(yes if value == YesNo.YES else no)
    if name in _CHOICES:
        text, label = _CHOICES[name]
        return _(text) % {"choice": label(value)}
    return ""


def _last_visit(value: str, days: int) -> str:
    if value == Visited.NEVER:
        return _("Never visited")
    if value == Visited.WITHIN:
        return ngettext("Visited within the last day", "Visited within the last %(days)d days", days) % {"days": days}
    return ngettext("Last visit longer ago than a day", "Last visit longer ago than %(days)d days", days) % {
        "days": days
    }


_DAYS = {
    "first_from": gettext_noop("First visit from %(day)s"),
    "first_to": gettext_noop("First visit until %(day)s"),
    "listed_from": gettext_noop("Client since %(day)s or later"),
    "listed_to": gettext_noop("Client since %(day)s or earlier"),
}
_YES_NO = {
    "consent": (gettext_noop("Gets news by e-mail"), gettext_noop("Without consent to news")),
    "blocked": (gettext_noop("Blocked"), gettext_noop("Not blocked")),
    "treatcard": (gettext_noop("With Treatcard"), gettext_noop("Without Treatcard")),
}
_CHOICES: dict[str, tuple[str, Callable[[Any], Promise | str]]] = {
    "contact": (gettext_noop("Contact data: %(choice)s"), lambda value: Contact(value).label),
    "points_from": (gettext_noop("%(choice)s points or more"), lambda value: number_format(value, force_grouping=True)),
    "points_to": (gettext_noop("%(choice)s points or fewer"), lambda value: number_format(value, force_grouping=True)),
    "status": (gettext_noop("Status: %(choice)s"), lambda value: Status(value).label),
    "reason": (gettext_noop("Reason: %(choice)s"), lambda value: Reason(value).label),
    "birthday": (gettext_noop("Birthday in %(choice)s"), lambda value: MONTHS[int(value)]),
    "via": (gettext_noop("Card made by: %(choice)s"), lambda value: CreatedVia(value).label),
}
