"""Groups of services and products: made, renamed, put in order and deleted from the lists they head."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from salon.catalogue import groups as operations
from salon.catalogue.listing import group_with_id
from salon.catalogue.models import CatalogueGroup, ItemKind
from salon.catalogue.web.goods_forms import GroupForm
from salon.catalogue.web.goods_list import PRODUCTS, SERVICES, Kind, direction_asked, moved_answer
from salon.errors import InvalidInput
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires
from salon.web.forms import show_errors


def _kind(kind: str) -> Kind:
    return PRODUCTS if kind == ItemKind.PRODUCT else SERVICES


def _form_page(request: SalonRequest, form: GroupForm, kind: Kind, group: CatalogueGroup | None) -> HttpResponse:
    context = {
        "form": form,
        "group": group,
        "here": request.get_full_path(),
        "cancel_url": kind.url(request),
        "delete_url": reverse("groups_delete", args=[request.salon.slug, group.pk]) if group else None,
    }
    template = "catalogue/_group_form.html" if request.htmx else "catalogue/group_form.html"
    response = render(request, template, context, status=422 if form.is_bound else 200)
    response["Vary"] = "HX-Request"
    return response


@requires(Permission.SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SalonRequest) -> HttpResponse:
    """A new heading."""
    kind = _kind(request.GET.get("kind", ""))
    form = GroupForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            operations.create_group(
                actor=request.actor, kind=kind.kind, name=form.cleaned_data["name"], now=timezone.now()
            )
        except InvalidInput as refusal:
            show_errors(form, refusal.errors)
        else:
            messages.success(request, _("The group “%(name)s” is there.") % {"name": form.cleaned_data["name"]})
            return redirect(kind.url(request))
    return _form_page(request, form, kind, None)


@requires(Permission.SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SalonRequest, group_id: UUID) -> HttpResponse:
    """Another name for a heading."""
    group = group_with_id(group_id)
    kind = _kind(group.kind)
    form = GroupForm(request.POST if request.method == "POST" else None, initial={"name": group.name})
    if form.is_valid():
        try:
            operations.rename_group(
                actor=request.actor, group_id=group_id, name=form.cleaned_data["name"], now=timezone.now()
            )
        except InvalidInput as refusal:
            show_errors(form, refusal.errors)
        else:
            return redirect(kind.url(request))
    return _form_page(request, form, kind, group)


@requires(Permission.SETTINGS)
@require_POST
def move(request: SalonRequest, group_id: UUID) -> HttpResponse:
    """Moves a heading with all below it."""
    group = group_with_id(group_id)
    operations.shift_group(
        actor=request.actor, group_id=group_id, direction=direction_asked(request), now=timezone.now()
    )
    text = _("The group “%(name)s” is moved.") % {"name": group.name}
    return moved_answer(request, _kind(group.kind), text)


@requires(Permission.SETTINGS)
@require_POST
def delete(request: SalonRequest, group_id: UUID) -> HttpResponse:
    """Takes an empty heading away."""
    group = group_with_id(group_id)
    try:
        operations.delete_group(actor=request.actor, group_id=group_id, now=timezone.now())
    except operations.GroupNotEmpty as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, _("The group “%(name)s” is deleted.") % {"name": group.name})
    return redirect(_kind(group.kind).url(request))


urlpatterns = [
    path("catalogue-groups/new/", new, name="groups_new"),
    path("catalogue-groups/<uuid:group_id>/", edit, name="groups_edit"),
    path("catalogue-groups/<uuid:group_id>/move/", move, name="groups_move"),
    path("catalogue-groups/<uuid:group_id>/delete/", delete, name="groups_delete"),
]
