"""The settings page about new and returning clients: the rule in plain words, and whose card a booking is."""

from dataclasses import dataclass
from datetime import date

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods

from clients.identity import IdentityPolicy
from clients.models import Client
from clients.rehearsal import Touched, rehearse_policies
from clients.rules import choose_identity_policy, identity_policy
from salon.errors import InvalidInput
from salon.identity.roles import Permission
from salon.phone import display_phone
from salon.web.access import SalonRequest, requires
from salon.web.forms import show_errors

SHOWN = 50
_NAMES = {IdentityPolicy.STRICT: gettext_lazy("Strict"), IdentityPolicy.LENIENT: gettext_lazy("Lenient")}
_WORDS = {
    IdentityPolicy.STRICT: gettext_lazy(
        "The e-mail address decides: another address is another client. With the same address, first name and phone "
        "must not both differ. Without an address, first name and phone must both be the same."
    ),
    IdentityPolicy.LENIENT: gettext_lazy(
        "The same e-mail address is enough, and so are the same phone and first name together, whatever the address. "
        "Fewer cards twice, but families that share an address may land on one card."
    ),
}


class PolicyForm(forms.Form):
    """The choice itself; what can be chosen, the operation says."""

    policy = forms.CharField(required=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """One policy to choose."""

    value: str
    label: Promise | str
    words: Promise | str
    chosen: bool
    current: bool
    url: str


@dataclass(frozen=True, slots=True)
class ShownCard:
    """The card an online booking would have gone to, None of it where it makes a new one."""

    name: str
    number: int
    email: str
    phone: str
    url: str


@dataclass(frozen=True, slots=True)
class Row:
    """One online booking with another outcome."""

    booked: ShownCard
    booked_on: date
    before: ShownCard | None
    after: ShownCard | None


@dataclass(frozen=True, slots=True)
class Preview:
    """Whom a change to `after` would touch, newest first; `differing` counts them all."""

    before: Promise | str
    after: Promise | str
    judged: int
    differing: int
    rows: list[Row]


@requires(Permission.SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def new_or_returning(request: SalonRequest) -> HttpResponse:
    """The rule explained, the choice of how a booking finds its card, and whom another choice would touch."""
    form = PolicyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            choose_identity_policy(actor=request.actor, policy=form.cleaned_data["policy"], now=timezone.now())
        except InvalidInput as refusal:
            show_errors(form, refusal.errors)
        else:
            messages.success(request, gettext("Saved. It holds for every online booking from now on."))
            return redirect("new_or_returning", request.salon.slug)
    current = identity_policy()
    asked = request.GET.get("policy", "")
    chosen = IdentityPolicy(asked) if asked in IdentityPolicy and not form.is_bound else current
    here = reverse("new_or_returning", args=[request.salon.slug])
    context = {
        "form": form,
        "choices": [
            Choice(one, _NAMES[one], _WORDS[one], one == chosen, one == current, f"{here}?policy={one}")
            for one in IdentityPolicy
        ],
        "preview": _preview(request, current, chosen) if chosen != current else None,
        "settings_url": reverse("settings", args=[request.salon.slug]),
        "here": here,
    }
    part = request.htmx and request.htmx.target == "policy-preview"
    template = "clients/_policy_preview.html" if part else "clients/new_or_returning.html"
    response = render(request, template, context, status=422 if form.is_bound else 200)
    response["Vary"] = "HX-Request, HX-Target"
    return response


def _preview(request: SalonRequest, current: IdentityPolicy, chosen: IdentityPolicy) -> Preview:
    rehearsal = rehearse_policies(today=request.salon.date_at(timezone.now()), show=SHOWN)
    rows = [_row(request, one, strict_before=current == IdentityPolicy.STRICT) for one in rehearsal.shown]
    return Preview(_NAMES[current], _NAMES[chosen], rehearsal.judged, rehearsal.differing, rows)


def _row(request: SalonRequest, touched: Touched, *, strict_before: bool) -> Row:
    strict, lenient = _card(request, touched.strict), _card(request, touched.lenient)
    before, after = (strict, lenient) if strict_before else (lenient, strict)
    return Row(_shown(request, touched.client), touched.client.listed_on, before, after)


def _card(request: SalonRequest, client: Client | None) -> ShownCard | None:
    return _shown(request, client) if client else None


def _shown(request: SalonRequest, client: Client) -> ShownCard:
    return ShownCard(
        name=client.full_name,
        number=client.number,
        email=client.email,
        phone=display_phone(client.mobile or client.landline, request.salon.country),
        url=reverse("client_card", args=[request.salon.slug, client.pk]),
    )


urlpatterns = [path("new-or-returning/", new_or_returning, name="new_or_returning")]
