"""What the client list can be narrowed by, and which columns it shows: beside the list, or pages without a script."""

from typing import Any
from urllib.parse import urlencode

from django.forms import ChoiceField
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from clients.categories import all_categories
from clients.filters import USUAL_DAYS, CardFilters
from clients.web.columns import PAGE, Column, chosen_columns
from clients.web.handed_in import HANDED_IN, Segment, Segments
from clients.web.list_query import asked_for
from salon.catalogue.models import StaffMember
from salon.identity.preferences import choose_columns
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires


@requires(Permission.CLIENTS_READ)
@require_safe
def filters(request: SalonRequest) -> HttpResponse:
    """All filters, as they are set; they lead back to the list."""
    now = timezone.now()
    query = asked_for(request, request.GET, now=now)
    form = CardFilters(request.GET, today=request.salon.date_at(now)).form
    team = [(str(one.pk), one.name) for one in StaffMember.objects.working().in_order()]
    form.fields["staff"].widget.choices = [("", _("any")), *team]
    if HANDED_IN.segments:
        form.fields["segment"] = _segment_field(query.segment, HANDED_IN.segments)
    context = {
        "form": form,
        "segment": form["segment"] if HANDED_IN.segments else None,
        "has_team": bool(team),
        "categories": [(one, one.pk in query.values.get("category", ())) for one in all_categories()],
        "usual_days": query.values.get("days", USUAL_DAYS),
        "kept": [pair for pair in query.pairs if pair not in query.narrowed],
        "list_url": reverse("clients:list", args=[request.salon.slug]),
        "back_url": query.address(reverse("clients:list", args=[request.salon.slug])),
        "clear_url": query.address(
            reverse("clients:list", args=[request.salon.slug]), without=tuple(name for name, _value in query.narrowed)
        ),
    }
    response = render(request, "clients/_filter.html" if request.htmx else "clients/filter.html", context)
    response["Vary"] = "HX-Request"
    return response


def _segment_field(chosen: Segment | None, segments: Segments) -> ChoiceField:
    choices: list[Any] = [("", _("any"))]
    if chosen and chosen.unseen:
        # It narrows the list until another one is chosen.
        choices.append((chosen.key, _("not available")))
    return ChoiceField(label=_("Segment"), required=False, choices=[*choices, *segments.offered()])


@requires(Permission.CLIENTS_READ)
@require_http_methods(["GET", "HEAD", "POST"])
def columns(request: SalonRequest) -> HttpResponse:
    """Which columns somebody wants to see, here and wherever she signs in."""
    data = QueryDict(request.POST.get("list", "")) if request.method == "POST" else request.GET
    query = asked_for(request, data, now=timezone.now())
    back = query.address(reverse("clients:list", args=[request.salon.slug]))
    if request.method == "POST":
        wanted = [one for one in request.POST.getlist("column") if one in Column]
        choose_columns(user_id=request.user.pk, page=PAGE, columns=wanted)
        return redirect(back)
    chosen = chosen_columns(request.user)
    context = {
        "columns": [(column, column in chosen) for column in Column],
        "list_pairs": urlencode(query.pairs),
        "columns_url": reverse("clients:columns", args=[request.salon.slug]),
        "back_url": back,
    }
    response = render(request, "clients/_columns.html" if request.htmx else "clients/columns.html", context)
    response["Vary"] = "HX-Request"
    return response
