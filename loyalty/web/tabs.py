"""The pages of *Marketing » Treatcard*, as tabs above each of them (ui.md §2.6)."""

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from salon.web.access import SalonRequest

# Routes by name; simulator and evaluation span the apps and stand with what does.
_TABS = {
    "treatcard": _("Settings"),
    "treatcard_services": _("Service rewards"),
    "treatcard_products": _("Product rewards"),
    "treatcard_simulator": _("Simulator"),
    "treatcard_evaluation": _("Evaluation"),
}


@dataclass(frozen=True, slots=True)
class Tab:
    """One page; `current` is the one that is shown."""

    label: Promise
    url: str
    current: bool


def treatcard_tabs(request: SalonRequest, current: str) -> list[Tab]:
    """Return the tabs for `templates/loyalty/_head.html`; `current` is the name of the route that shows them."""
    tabs = []
    for name, label in _TABS.items():
        try:
            tabs.append(Tab(label, reverse(name, args=[request.salon.slug]), name == current))
        except NoReverseMatch:
            continue
    return tabs
