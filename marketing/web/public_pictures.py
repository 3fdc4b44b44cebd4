"""The pictures of mails, as mail programs fetch them."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from marketing.pictures import picture_named
from salon.tenancy.context import salon_scope
from salon.web.access import public

KINDS = {"jpg": "image/jpeg", "png": "image/png"}
_YEAR = 365 * 24 * 60 * 60


@public("the name is the secret; it stands in mails, and whoever has one of those may see the picture")
@csp_override({"default-src": ["'none'"]})
@cache_control(public=True, max_age=_YEAR, immutable=True)
@require_safe
def picture(request: HttpRequest, salon_id: UUID, name: str) -> HttpResponse:
    """Return a picture; under one name it is always the same."""
    with salon_scope(salon_id):
        found = picture_named(name)
    if found is None:
        raise Http404
    response = HttpResponse(bytes(found.content), content_type=KINDS[name.rpartition(".")[2]])
    response["X-Content-Type-Options"] = "nosniff"
    # Mail programs on the web show it in pages of their own.
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
