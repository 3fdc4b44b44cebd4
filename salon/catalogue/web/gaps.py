"""What an absence, new hours or closed days leave to be done: the calendar has a page of it."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from salon.web.access import SalonRequest


def to_what_it_leaves(request: SalonRequest, gap_id: UUID) -> HttpResponse:
    """Lead to the appointments that stand in the way; where there is none, that page leads back to the catalogue's."""
    return redirect(f"{reverse('absence_worklist', args=[request.salon.slug, gap_id])}?saved=team")
