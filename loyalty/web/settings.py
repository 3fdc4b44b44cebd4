"""*Marketing » Treatcard*: what a euro is worth, and the rules around it (ui.md §2.6)."""

from dataclasses import asdict, dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from loyalty.models import LoyaltyRules
from loyalty.rules import Details, details_of, rules_history, rules_now, save_rules
from loyalty.web.example import example_of
from loyalty.web.numbers import RateField, points_text, rate_text
from loyalty.web.tabs import treatcard_tabs
from salon.catalogue.listing import with_own_points
from salon.catalogue.models import Product, Service
from salon.catalogue.web.fields import WholeField
from salon.errors import InvalidInput, VersionConflict
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires
from salon.web.amounts import amount_text
from salon.web.forms import show_errors


class RulesForm(forms.Form):
    """The rules as they are entered."""

    points_per_euro_services = RateField(label=gettext_lazy("Points for services"))
    points_per_euro_products = RateField(label=gettext_lazy("Points for products"))
    no_show_returns = forms.BooleanField(
        label=gettext_lazy("Missed appointments give the points of their rewards back"),
        required=False,
        help_text=gettext_lazy("Without it, whoever does not come loses them. Cancelling always gives them back."),
    )
    numbers_by_itself = forms.BooleanField(
        label=gettext_lazy("Every new client gets a Treatcard"),
        required=False,
        help_text=gettext_lazy("Without it, you give her a number on her card: typed, scanned or generated."),
    )
    clients_see_rewards = forms.BooleanField(
        label=gettext_lazy("Receipts list the rewards"),
        required=False,
        help_text=gettext_lazy("Not advised: whoever has the list wants for points what she would have paid for."),
    )
    expire_after_months = WholeField(
        label=gettext_lazy("Points expire after (months)"),
        required=False,
        help_text=gettext_lazy("Empty: never."),
    )
    referral_points = WholeField(
        label=gettext_lazy("Points for a referral"),
        required=False,
        help_text=gettext_lazy(
            "For whoever referred a client, once that client has paid for the first time. Empty: none."
        ),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    @property
    def details(self) -> Details:
        """What was entered; to be called on a valid form."""
        return Details(**{name: value for name, value in self.cleaned_data.items() if name != "version"})

    def rate(self, name: str) -> Decimal | None:
        """Return a rate as far as what was entered is one."""
        if not self.is_bound:
            return Decimal(self.initial[name])
        found: Decimal | None = None if self.errors.get(name) else self.cleaned_data[name]
        return found


@dataclass(frozen=True, slots=True)
class Changed:
    """One thing that a version says otherwise than the one before."""

    label: Promise | str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the rules, and what it changed."""

    rules: LoyaltyRules
    changes: list[Changed]


@dataclass(frozen=True, slots=True)
class OwnPoints:
    """A service or product with points of its own."""

    name: str
    points: str
    url: str


@requires(Permission.LOYALTY_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def treatcard(request: SalonRequest) -> HttpResponse:
    """Read and change the rules; whoever saves behind somebody else is told, and keeps what was entered."""
    holding = rules_now()
    if request.method != "POST":
        initial = asdict(details_of(holding)) | {"version": holding.version}
        return _page(request, RulesForm(initial=initial), holding)
    form = RulesForm(request.POST)
    if not form.is_valid():
        return _page(request, form, holding)
    try:
        saved = save_rules(
            actor=request.actor, details=form.details, version=form.cleaned_data["version"], now=timezone.now()
        )
    except InvalidInput as refusal:
        show_errors(form, refusal.errors)
        return _page(request, form, holding)
    except VersionConflict as refusal:
        # Saved once more, it is saved over what is told now.
        again = RulesForm({**request.POST.dict(), "version": str(holding.version)})
        again.add_error(None, str(refusal.message))
        return _page(request, again, holding, conflict=True)
    if saved.version == holding.version:
        messages.info(request, _("Nothing was changed."))
    else:
        told = _("Saved. It holds for whatever is paid from now on, open sales too; points that were given stay.")
        messages.success(request, told)
    return redirect("treatcard", request.salon.slug)


def _page(request: SalonRequest, form: RulesForm, holding: LoyaltyRules, *, conflict: bool = False) -> HttpResponse:
    currency = request.salon.currency
    context = {
        "form": form,
        "holding": holding,
        "conflict": conflict,
        "example": example_of(form.rate("points_per_euro_services"), form.rate("points_per_euro_products"), currency),
        "per": amount_text(Decimal(1), currency),
        "own_points": [_own_points(request, one) for one in with_own_points()],
        "services_url": reverse("services", args=[request.salon.slug]),
        "versions": _versions(),
        "tabs": treatcard_tabs(request, "treatcard"),
    }
    return render(request, "loyalty/settings.html", context, status=422 if form.is_bound else 200)


def _own_points(request: SalonRequest, item: Service | Product) -> OwnPoints:
    route = "service" if isinstance(item, Service) else "product"
    return OwnPoints(
        name=item.name,
        points=points_text(item.points_override or 0),
        url=reverse(route, args=[request.salon.slug, item.pk]),
    )


def _versions() -> list[Version]:
    """Return the versions, the latest first; the first of all is compared with what holds without any."""
    stored = rules_history()
    # Where there are more than are shown, nothing is known of the one before the last.
    told = [*map(details_of, stored), *([Details()] if stored and stored[-1].version == 1 else [])]
    changes = [_changes(older, newer) for newer, older in pairwise(told)]
    return [Version(rules, found) for rules, found in zip(stored, changes, strict=False)]


def _changes(older: Details, newer: Details) -> list[Changed]:
    before, after = asdict(older), asdict(newer)
    return [
        Changed(RulesForm.base_fields[name].label or name, _told(before[name]), _told(after[name]))
        for name in after
        if before[name] != after[name]
    ]


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Decimal):
        return rate_text(value)
    return "–" if value is None else str(value)
