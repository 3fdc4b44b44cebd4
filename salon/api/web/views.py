"""*Einstellungen » API-Schlüssel*: which integrations may enter, and letting one in or out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from salon.api.keys import LIFETIME, AlreadyIssued, Issued, issue_key, revoke_key
from salon.api.models import ApiKey
from salon.api.scopes import Scope
from salon.api.web.forms import KeyForm
from salon.errors import InvalidInput
from salon.identity.roles import Permission
from salon.tenancy import directory
from salon.tenancy.models import new_id
from salon.web.access import SalonRequest, requires
from salon.web.forms import show_errors


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A key as the list shows it; `rights` are its scopes, each with its words."""

    key: ApiKey
    state: str
    rights: Sequence[tuple[str, Promise | str]]
    revoke_url: str | None


@requires(Permission.API_KEYS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def api_keys(request: SalonRequest) -> HttpResponse:
    """All keys, and the form that issues one; the answer to it shows the new key, once."""
    now = timezone.now()
    if request.method != "POST":
        return _page(request, _empty_form(), now)
    form = KeyForm(request.POST)
    if form.is_valid():
        try:
            issued = issue_key(
                actor=request.actor,
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                expires_at=now + timedelta(days=form.cleaned_data["lifetime"]),
                now=now,
                key_id=form.cleaned_data["key_id"],
            )
        except AlreadyIssued:
            # A reload of the answer that showed the key: it is there, and shows no second time.
            return redirect("api_keys", request.salon.slug)
        except InvalidInput as refusal:
            show_errors(form, refusal.errors)
        else:
            return _page(request, _empty_form(), now, issued=issued)
    return _page(request, form, now)


@requires(Permission.API_KEYS)
@require_POST
def api_keys_revoke(request: SalonRequest, key_id: UUID) -> HttpResponse:
    """Closes the salon to a key."""
    revoked = revoke_key(actor=request.actor, key_id=key_id, now=timezone.now())
    messages.success(request, _("The key “%(name)s” is revoked.") % {"name": revoked.name})
    return redirect("api_keys", request.salon.slug)


def _empty_form() -> KeyForm:
    return KeyForm(initial={"key_id": new_id(), "lifetime": LIFETIME.days})


def _page(request: SalonRequest, form: KeyForm, now: datetime, *, issued: Issued | None = None) -> HttpResponse:
    shown = [_shown(request, key, now) for key in directory.api_keys(request.salon.pk)]
    context = {
        "form": form,
        "issued": issued,
        "open_keys": [one for one in shown if one.state == "open"],
        "closed_keys": [one for one in shown if one.state != "open"],
    }
    return render(request, "api/keys.html", context, status=422 if form.is_bound else 200)


def _shown(request: SalonRequest, key: ApiKey, now: datetime) -> ShownKey:
    rights = [(one, Scope(one).label) for one in key.scopes]
    if key.open_at(now):
        return ShownKey(key, "open", rights, reverse("api_keys_revoke", args=[request.salon.slug, key.pk]))
    return ShownKey(key, "revoked" if key.revoked_at else "expired", rights, None)
