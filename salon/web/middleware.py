"""Everything below `/s/<slug>/` happens inside that salon, for its members only."""

import re
import zoneinfo
from collections.abc import Callable
from typing import cast

import structlog
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from salon.errors import DomainError, NotAllowed, NotFound
from salon.identity import preferences
from salon.identity.models import User
from salon.tenancy import directory
from salon.tenancy.context import salon_scope
from salon.web.access import SalonRequest

_SALON_PATH = re.compile(r"/s/([-a-zA-Z0-9_]+)/")


class SalonMiddleware:
    """Finds the salon by the path and the user's memberships, and wraps the whole response in its scope."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        match = _SALON_PATH.match(request.path_info)
        if match is None:
            return self.get_response(request)
        inside = cast(SalonRequest, request)
        if not isinstance(request.user, User):
            return self._sign_in_first(inside)
        inside.entrances = directory.entrances(request.user.pk)
        entrance = next((one for one in inside.entrances if one.salon.slug == match[1]), None)
        if entrance is None:
            return render(request, "404.html", status=404)
        if request.user.last_salon_id != entrance.salon.pk:
            preferences.remember_salon(user_id=request.user.pk, salon_id=entrance.salon.pk)
        inside.salon, inside.actor = entrance.salon, entrance.actor(request.user)
        structlog.contextvars.bind_contextvars(salon=entrance.salon.slug)
        with timezone.override(zoneinfo.ZoneInfo(entrance.salon.timezone)), salon_scope(entrance.salon.pk):
            response = self.get_response(request)
            # Exceptions have become responses by now, so the scope's transaction does not see them.
            if response.status_code >= 500:
                transaction.set_rollback(True)
        if inside.htmx and response.status_code == 302:
            # Followed by the browser, not by the script: the toast is shown on the page that is really opened.
            return HttpResponseClientRedirect(response["Location"])
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a refusal that no view caught, and undo what came before it."""
        if not isinstance(exception, DomainError):
            return None
        if transaction.get_connection().in_atomic_block:
            transaction.set_rollback(True)
        if isinstance(exception, NotFound):
            raise Http404 from exception
        if isinstance(exception, NotAllowed):
            raise PermissionDenied(str(exception.message)) from exception
        context = {"message": exception.message, "back_url": _back(request)}
        return render(request, "web/refused.html", context, status=422)

    @staticmethod
    def _sign_in_first(request: SalonRequest) -> HttpResponse:
        # What a page asks by itself is asked again and again: said once.
        known = request.htmx or settings.SESSION_COOKIE_NAME in request.COOKIES
        if known and not messages.get_messages(request):
            messages.info(request, _("Your session has ended. Please sign in again."))
        if request.htmx:
            # The page stays, with what was entered in it: it says what has happened.
            return HttpResponse(status=401)
        return redirect_to_login(request.get_full_path())


def _back(request: HttpRequest) -> str:
    """Return the page that the refused request came from, else the start page."""
    page = request.headers.get("Referer", "")
    here = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    return page if here else reverse("home")
