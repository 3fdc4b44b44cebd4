"""The pages of marketing, as tabs above each of them and of the Treatcard's (ui.md §2.6, §2.7)."""

from dataclasses import dataclass
from typing import TypedDict

from django import template
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template import RequestContext
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires

register = template.Library()

# Routes by name: the Treatcard's belongs to an app below.
_TABS = {
    "campaigns": (_("Campaigns"), Permission.MARKETING),
    "segments": (_("Segments"), Permission.MARKETING),
    "automations": (_("Automations"), Permission.MARKETING),
    "messages": (_("Messages"), Permission.CLIENTS_READ),
    "treatcard": (_("Treatcard"), Permission.LOYALTY_WRITE),
    "marketing_rules": (_("Rules"), Permission.MARKETING),
}


@dataclass(frozen=True, slots=True)
class Tab:
    """One page; `current` is the one that is shown."""

    label: Promise
    url: str
    current: bool


class _Tabs(TypedDict):
    section: list[Tab]


def marketing_tabs(request: SalonRequest, current: str) -> list[Tab]:
    """Return what somebody may open of the section; `current` is the name of the route that is shown."""
    return [
        Tab(label, reverse(name, args=[request.salon.slug]), name == current)
        for name, (label, permission) in _TABS.items()
        if permission in request.actor.permissions
    ]


@register.inclusion_tag("marketing/_tabs.html", takes_context=True)
def marketing_section(context: RequestContext, current: str) -> _Tabs:
    """The tabs of the section, in any template of it."""
    return {"section": marketing_tabs(context["request"], current)}


@requires(Permission.MARKETING)
@require_safe
def marketing(request: SalonRequest) -> HttpResponse:
    """What marketing begins with."""
    return redirect(marketing_tabs(request, "")[0].url)
