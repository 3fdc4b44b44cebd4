"""Pages of the rail whose content is still to come: each says what will be there."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from salon.identity.roles import Permission
from salon.web.access import View, requires


def _section(key: str, title: Promise, icon: str, promise: Promise, permission: Permission) -> View:
    def section(request: HttpRequest) -> HttpResponse:
        return render(request, "web/section.html", {"key": key, "title": title, "icon": icon, "promise": promise})

    return requires(permission)(section)


reports = _section(
    "reports",
    _("Reports"),
    "chart-column",
    _("Here you will see revenue, visits, and how many clients are new or return."),
    Permission.REPORTS_READ,
)
