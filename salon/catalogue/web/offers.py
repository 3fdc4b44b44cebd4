"""The page of special offers: what costs less, and until when."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from salon.catalogue import listing
from salon.catalogue import offers as operations
from salon.catalogue.models import SpecialOffer
from salon.catalogue.reading import all_services
from salon.catalogue.web.goods_forms import OfferForm
from salon.catalogue.web.goods_list import tabs
from salon.errors import InvalidInput
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires
from salon.web.amounts import amount_text
from salon.web.forms import show_errors


@dataclass(frozen=True, slots=True)
class Shown:
    """One offer as the page lists it."""

    offer: SpecialOffer
    name: str
    price: str
    list_price: str
    holds: bool
    edit_url: str
    remove_url: str


def _shown(request: SalonRequest, offer: SpecialOffer) -> Shown:
    sold: Any = offer.service or offer.product
    today = request.salon.date_at(timezone.now())
    place = [request.salon.slug, offer.pk]
    return Shown(
        offer=offer,
        name=sold.name,
        price=amount_text(offer.price, request.salon.currency),
        list_price=amount_text(sold.price, request.salon.currency),
        holds=offer.starts_on <= today <= offer.ends_on,
        edit_url=reverse("offers_edit", args=place),
        remove_url=reverse("offers_remove", args=place),
    )


def _page(request: SalonRequest, form: OfferForm, edited: SpecialOffer | None = None) -> HttpResponse:
    today = request.salon.date_at(timezone.now())
    slug = request.salon.slug
    context = {
        "form": form,
        "edited": edited,
        "offers": [_shown(request, one) for one in listing.offers_since(today)],
        "past": [_shown(request, one) for one in listing.offers_before(today)],
        "here": reverse("offers_edit", args=[slug, edited.pk]) if edited else reverse("offers", args=[slug]),
        "offers_url": reverse("offers", args=[slug]),
        "tabs": tabs(request, "offers"),
        "settings_url": reverse("settings", args=[slug]),
    }
    return render(request, "catalogue/offers.html", context, status=422 if form.is_bound else 200)


def _form(request: SalonRequest, data: Any = None, *, offer: SpecialOffer | None = None) -> OfferForm:
    today = request.salon.date_at(timezone.now())
    first = {"starts_on": today, "item": request.GET.get("item", "")}
    return OfferForm(all_services(), listing.all_products(), data, offer=offer, initial=first)


@requires(Permission.SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def offers(request: SalonRequest) -> HttpResponse:
    """What costs less today or soon, and a form for one more."""
    form = _form(request, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            operations.create_offer(actor=request.actor, details=form.details, now=timezone.now())
        except InvalidInput as refusal:
            show_errors(form, refusal.errors)
        else:
            messages.success(request, _("The special offer is saved."))
            return redirect("offers", request.salon.slug)
    return _page(request, form)


@requires(Permission.SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SalonRequest, offer_id: UUID) -> HttpResponse:
    """The same page with one offer in the form."""
    offer = operations.offer_with_id(offer_id)
    form = _form(request, request.POST if request.method == "POST" else None, offer=offer)
    if form.is_valid():
        try:
            operations.update_offer(actor=request.actor, offer_id=offer_id, details=form.details, now=timezone.now())
        except InvalidInput as refusal:
            show_errors(form, refusal.errors)
        else:
            messages.success(request, _("The special offer is saved."))
            return redirect("offers", request.salon.slug)
    return _page(request, form, offer)


@requires(Permission.SETTINGS)
@require_POST
def remove(request: SalonRequest, offer_id: UUID) -> HttpResponse:
    """Takes an offer away, and offers it back."""
    operations.remove_offer(actor=request.actor, offer_id=offer_id, now=timezone.now())
    undo_url = reverse("offers_restore", args=[request.salon.slug, offer_id])
    messages.success(request, _("The special offer is removed."), extra_tags=undo_url)
    return redirect("offers", request.salon.slug)


@requires(Permission.SETTINGS)
@require_POST
def restore(request: SalonRequest, offer_id: UUID) -> HttpResponse:
    """Brings a removed offer back."""
    try:
        operations.restore_offer(actor=request.actor, offer_id=offer_id, now=timezone.now())
    except InvalidInput as refusal:
        messages.error(request, str(refusal.errors[0].message))
    else:
        messages.success(request, _("The special offer is back."))
    return redirect("offers", request.salon.slug)


urlpatterns = [
    path("offers/", offers, name="offers"),
    path("offers/<uuid:offer_id>/", edit, name="offers_edit"),
    path("offers/<uuid:offer_id>/remove/", remove, name="offers_remove"),
    path("offers/<uuid:offer_id>/restore/", restore, name="offers_restore"),
]
