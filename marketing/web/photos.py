"""The pictures that clients send, as the team sees them (ui.md §2.4, §2.7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from marketing.models import MessagePicture
from marketing.photos import photo
from marketing.web.public_pictures import KINDS
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires


@dataclass(frozen=True, slots=True)
class ShownPhoto:
    """One picture of a message: where it is, what her file is called, and its size."""

    url: str
    name: str
    width: int
    height: int

    @classmethod
    def of(cls, kept: MessagePicture, slug: str) -> Self:
        """Return a picture as a page shows it."""
        return cls(_url(slug, kept.pk), kept.name, kept.width, kept.height)

    @classmethod
    def told(cls, told: Mapping[str, Any], slug: str) -> Self:
        """Return a picture of `photos_within` as a page shows it."""
        return cls(_url(slug, told["id"]), told["name"], told["width"], told["height"])


@never_cache
@csp_override({"default-src": ["'none'"]})
@require_safe
@requires(Permission.CLIENTS_READ)
def message_photo(request: SalonRequest, photo_id: UUID) -> HttpResponse:
    """Return a picture; a browser keeps none that others sit down at."""
    found = photo(photo_id)
    response = HttpResponse(bytes(found.content), content_type=KINDS[found.kind])
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _url(slug: str, photo_id: UUID | str) -> str:
    return reverse("message_photo", args=[slug, photo_id])
