"""The public page that every mail of marketing leads to: no more of them (domain.md §9.3, RFC 8058)."""

from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from clients.confirming import Getting, getting
from clients.web.confirming import damaged_link, page_for_client, unreferred
from marketing.unsubscribing import Way, masked_address, put_back, read_way, take_off
from salon.errors import NotFound
from salon.tenancy import directory
from salon.tenancy.contact import contact_of
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.web.access import public

# What mail programs send that have a button of their own (RFC 8058).
_ONE_CLICK = ("List-Unsubscribe", "One-Click")
# What the page says to whoever opens it, by what she said last.
_STEPS = {
    Getting.NEWS: "ASKED",
    Getting.NONE: "DONE",
    Getting.ASKED_ANEW: "AGAIN",
    Getting.FORGOTTEN: "FORGOTTEN",
}


@public("the signed address is the secret; it leads to one mail, and tells who the salon is and a masked address")
@never_cache
# Mail programs have no token, and nobody but who got the mail has the address.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe_page(request: HttpRequest, secret: str) -> HttpResponse:
    """Ask first: programs that look at links in mails take nobody off. The button does, and that of a mail program."""
    try:
        way = read_way(secret)
    except NotFound:
        return damaged_link(request)
    salon = directory.get_salon(way.salon_id)
    with salon_scope(salon.pk), timezone.override(ZoneInfo(salon.timezone)):
        if way.is_shown_only:
            return _page(request, salon, "SHOWN", "")
        found = getting(way.client_id)
        if request.method != "POST" or (found is Getting.FORGOTTEN and not _is_one_click(request)):
            return _page(request, salon, _STEPS[found], masked_address(way))
        return _posted(request, salon, way)


def _posted(request: HttpRequest, salon: Salon, way: Way) -> HttpResponse:
    now = timezone.now()
    if request.POST.get("wanted") == "again":
        put_back(way, now=now)
        return _page(request, salon, "AGAIN", masked_address(way))
    take_off(way, now=now)
    if _is_one_click(request):
        return unreferred(HttpResponse(content_type="text/plain"))
    return _page(request, salon, "DONE", masked_address(way))


def _is_one_click(request: HttpRequest) -> bool:
    return request.POST.get(_ONE_CLICK[0]) == _ONE_CLICK[1]


def _page(request: HttpRequest, salon: Salon, step: str, address: str) -> HttpResponse:
    context = {"salon_name": salon.name, "contact": contact_of(salon), "step": step, "address": address}
    status = 410 if step == "FORGOTTEN" else 200
    return page_for_client(request, "marketing/public/unsubscribe.html", context, status=status)
