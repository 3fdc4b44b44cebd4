"""A campaign to those marked in the client list (ui.md §2.3)."""

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from bookings.web.draft import uuid_in
from clients.selection import selected_ids
from clients.web.selection import leading_to, list_of, refused, selection_of
from marketing.campaigns import create_campaign_to
from marketing.rule import MOST_CLIENTS
from marketing.segments import EVERYONE
from salon.errors import InvalidInput
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires


@requires(Permission.MARKETING_WRITE)
@require_POST
def campaign_to_marked(request: SalonRequest) -> HttpResponse:
    """Begin a campaign to those whom the list's form marks, and ask for what it begins with."""
    try:
        made = create_campaign_to(
            actor=request.actor,
            whom=_whom(request),
            form_id=uuid_in(request.POST.get("form_id")),
            now=timezone.now(),
        )
    except InvalidInput as refusal:
        [error] = refusal.errors
        more = ""
        if error.code == "max_length":
            more = format_html(
                ' <a href="{}">{}</a>', reverse("segment_new", args=[request.salon.slug]), _("New segment")
            )
        return refused(request, str(error.message), more)
    return leading_to(request, f"{reverse('campaign_new', args=[request.salon.slug])}?draft={made.pk}")


def _whom(request: SalonRequest) -> str | list[UUID]:
    """Return whom a campaign goes to: all of the list by what it was narrowed to, where a campaign can say that."""
    query, selection = list_of(request), selection_of(request)
    narrowed = [name for name, _value in query.narrowed]
    if selection.ids is None and not query.typed:
        if not narrowed:
            return EVERYONE
        if query.segment and narrowed == ["segment"]:
            return query.segment.key
    return selected_ids(selection, limit=MOST_CLIENTS + 1)
