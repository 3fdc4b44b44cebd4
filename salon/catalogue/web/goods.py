"""The pages of services and products: both are listed in groups, made, changed, put in order and archived alike."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from salon.catalogue import listing, offering
from salon.catalogue.models import CatalogueGroup, Product, Service
from salon.catalogue.reading import performers, working_staff
from salon.catalogue.web.goods_forms import ProductForm, ServiceForm, of_product, of_service
from salon.catalogue.web.goods_list import PRODUCTS, SERVICES, Kind, catalogue_context, direction_asked, moved_answer
from salon.errors import InvalidInput, VersionConflict
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires
from salon.web.forms import show_errors


def _list(request: SalonRequest, kind: Kind) -> HttpResponse:
    context = catalogue_context(request, kind, at=request.GET.get("at", ""))
    return render(request, "catalogue/goods.html", context)


def _form(request: SalonRequest, kind: Kind, item: Service | Product | None, data: Any = None) -> Any:
    salon, groups = request.salon, listing.groups_of(kind.kind)
    if kind is PRODUCTS:
        first = of_product(item) if isinstance(item, Product) else _first_values(request, groups)
        return ProductForm(salon, groups, data, initial=first)
    team = working_staff()
    if isinstance(item, Service):
        first = of_service(item, performers([item.pk])[item.pk])
    else:
        # Whoever does not do it is taken out sooner than somebody forgotten is put in.
        first = _first_values(request, groups) | {
            "online": True,
            "counts_as_visit": True,
            "performers": [str(one.pk) for one in team],
        }
    return ServiceForm(salon, groups, team, data, initial=first)


def _first_values(request: SalonRequest, groups: list[CatalogueGroup]) -> dict[str, Any]:
    asked = request.GET.get("group", "")
    return {"group_id": asked if asked in {str(one.pk) for one in groups} else None}


def _form_page(request: SalonRequest, kind: Kind, form: Any, item: Service | Product | None) -> HttpResponse:
    context = {
        "kind": kind,
        "form": form,
        "item": item,
        "here": request.get_full_path() if item is None else kind.url(request, pk=item.pk),
        "cancel_url": f"{kind.url(request)}{f'?at={item.pk}' if item else ''}",
        "archive_url": kind.url(request, "archive", item.pk) if item else None,
        "has_groups": len(form.fields["group_id"].choices) > 1,
    }
    template = "catalogue/_goods_form.html" if request.htmx else "catalogue/goods_form.html"
    response = render(request, template, context, status=422 if form.is_bound else 200)
    response["Vary"] = "HX-Request"
    return response


def _create(request: SalonRequest, kind: Kind) -> HttpResponse:
    form = _form(request, kind, None, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _form_page(request, kind, form, None)
    entered = form.cleaned_data
    made: Service | Product
    try:
        if kind is SERVICES:
            made = offering.create_service(
                actor=request.actor,
                details=form.details,
                performers=entered["performers"],
                new_group=entered["new_group"],
                now=timezone.now(),
            )
        else:
            made = offering.create_product(
                actor=request.actor, details=form.details, new_group=entered["new_group"], now=timezone.now()
            )
    except InvalidInput as refusal:
        show_errors(form, refusal.errors)
        return _form_page(request, kind, form, None)
    messages.success(request, str(kind.saved) % {"name": made.name})
    return redirect(f"{kind.url(request)}?at={made.pk}")


def _update(request: SalonRequest, kind: Kind, item: Service | Product) -> HttpResponse:
    if request.method != "POST":
        return _form_page(request, kind, _form(request, kind, item), item)
    form = _form(request, kind, item, request.POST)
    if not form.is_valid():
        return _form_page(request, kind, form, item)
    entered = form.cleaned_data
    try:
        if kind is SERVICES:
            offering.update_service(
                actor=request.actor,
                service_id=item.pk,
                changes=form.changes,
                performers=entered["performers"],
                new_group=entered["new_group"],
                version=entered["version"],
                now=timezone.now(),
            )
        else:
            offering.update_product(
                actor=request.actor,
                product_id=item.pk,
                changes=form.changes,
                new_group=entered["new_group"],
                version=entered["version"],
                now=timezone.now(),
            )
    except InvalidInput as refusal:
        show_errors(form, refusal.errors)
        return _form_page(request, kind, form, item)
    except VersionConflict as refusal:
        # Saved once more, it is saved over what is there now.
        data = request.POST.copy()
        data["version"] = str(item.version)
        again = _form(request, kind, item, data)
        again.add_error(None, str(refusal.message))
        return _form_page(request, kind, again, item)
    messages.success(request, str(kind.saved) % {"name": entered["name"]})
    return redirect(f"{kind.url(request)}?at={item.pk}")


def _archived(request: SalonRequest, kind: Kind, item: Service | Product) -> HttpResponse:
    text = str(kind.archived) % {"name": item.name}
    messages.success(request, text, extra_tags=kind.url(request, "restore", item.pk))
    return redirect(kind.url(request))


def _restored(request: SalonRequest, kind: Kind, restore: Callable[[], Service | Product]) -> HttpResponse:
    try:
        item = restore()
    except InvalidInput as refusal:
        messages.error(request, str(refusal.errors[0].message))
        return redirect(kind.url(request))
    messages.success(request, str(kind.restored) % {"name": item.name})
    return redirect(f"{kind.url(request)}?at={item.pk}")


def _moved(request: SalonRequest, kind: Kind, item: Service | Product) -> HttpResponse:
    text = _("“%(name)s” is moved to place %(place)d.") % {"name": item.name, "place": item.position + 1}
    return moved_answer(request, kind, text, str(item.pk))


@requires(Permission.SETTINGS)
@require_safe
def services(request: SalonRequest) -> HttpResponse:
    """What can be booked, by group."""
    return _list(request, SERVICES)


@requires(Permission.SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def new_service(request: SalonRequest) -> HttpResponse:
    """An empty service to fill in."""
    return _create(request, SERVICES)


@requires(Permission.SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def service(request: SalonRequest, service_id: UUID) -> HttpResponse:
    """A service's form."""
    return _update(request, SERVICES, listing.service_with_id(service_id))


@requires(Permission.SETTINGS)
@require_POST
def archive_service(request: SalonRequest, service_id: UUID) -> HttpResponse:
    """Takes a service out of the catalogue, and offers it back."""
    item = offering.archive_service(actor=request.actor, service_id=service_id, now=timezone.now())
    return _archived(request, SERVICES, item)


@requires(Permission.SETTINGS)
@require_POST
def restore_service(request: SalonRequest, service_id: UUID) -> HttpResponse:
    """Offers an archived service again."""
    return _restored(
        request,
        SERVICES,
        lambda: offering.restore_service(actor=request.actor, service_id=service_id, now=timezone.now()),
    )


@requires(Permission.SETTINGS)
@require_POST
def move_service(request: SalonRequest, service_id: UUID) -> HttpResponse:
    """Moves a service up or down in its group."""
    listing.service_with_id(service_id)
    item = offering.shift_service(
        actor=request.actor, service_id=service_id, direction=direction_asked(request), now=timezone.now()
    )
    return _moved(request, SERVICES, item)


@requires(Permission.SETTINGS)
@require_safe
def products(request: SalonRequest) -> HttpResponse:
    """What is sold over the counter, by group."""
    return _list(request, PRODUCTS)


@requires(Permission.SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def new_product(request: SalonRequest) -> HttpResponse:
    """An empty product to fill in."""
    return _create(request, PRODUCTS)


@requires(Permission.SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def product(request: SalonRequest, product_id: UUID) -> HttpResponse:
    """A product's form."""
    return _update(request, PRODUCTS, listing.product_with_id(product_id))


@requires(Permission.SETTINGS)
@require_POST
def archive_product(request: SalonRequest, product_id: UUID) -> HttpResponse:
    """Takes a product out of the catalogue, and offers it back."""
    item = offering.archive_product(actor=request.actor, product_id=product_id, now=timezone.now())
    return _archived(request, PRODUCTS, item)


@requires(Permission.SETTINGS)
@require_POST
def restore_product(request: SalonRequest, product_id: UUID) -> HttpResponse:
    """Sells an archived product again."""
    return _restored(
        request,
        PRODUCTS,
        lambda: offering.restore_product(actor=request.actor, product_id=product_id, now=timezone.now()),
    )


@requires(Permission.SETTINGS)
@require_POST
def move_product(request: SalonRequest, product_id: UUID) -> HttpResponse:
    """Moves a product up or down in its group."""
    listing.product_with_id(product_id)
    item = offering.shift_product(
        actor=request.actor, product_id=product_id, direction=direction_asked(request), now=timezone.now()
    )
    return _moved(request, PRODUCTS, item)


urlpatterns = [
    path("services/", services, name="services"),
    path("services/new/", new_service, name="services_new"),
    path("services/<uuid:service_id>/", service, name="service"),
    path("services/<uuid:service_id>/archive/", archive_service, name="services_archive"),
    path("services/<uuid:service_id>/restore/", restore_service, name="services_restore"),
    path("services/<uuid:service_id>/move/", move_service, name="services_move"),
    path("products/", products, name="products"),
    path("products/new/", new_product, name="products_new"),
    path("products/<uuid:product_id>/", product, name="product"),
    path("products/<uuid:product_id>/archive/", archive_product, name="products_archive"),
    path("products/<uuid:product_id>/restore/", restore_product, name="products_restore"),
    path("products/<uuid:product_id>/move/", move_product, name="products_move"),
]
