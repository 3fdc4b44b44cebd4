"""The page that manages a salon's client categories (domain.md §3)."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clients.categories import (
    Counted,
    add_templates,
    category_with_id,
    counted_categories,
    create_category,
    delete_category,
    restore_category,
    update_category,
)
from clients.labels import CategoryDetails
from clients.models import Category
from clients.web.category_form import CategoryForm
from clients.web.discounts import discount_text
from salon.errors import InvalidInput, VersionConflict
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires
from salon.web.forms import show_errors


@dataclass(frozen=True, slots=True)
class Managed:
    """One category as the page lists it; the addresses are None for whoever may not change it."""

    category: Category
    discount: str
    clients: int
    clients_url: str
    edit_url: str | None
    delete_url: str | None
    restore_url: str | None


def _managed(request: SalonRequest, counted: Counted) -> Managed:
    category = counted.category
    may = category.discount_percent is None or Permission.DISCOUNTS in request.actor.permissions
    place = [request.salon.slug, category.pk]
    return Managed(
        category=category,
        discount=discount_text(category),
        clients=counted.clients,
        clients_url=f"{reverse('clients:list', args=[request.salon.slug])}?category={category.pk}",
        edit_url=reverse("categories_edit", args=place) if may else None,
        delete_url=reverse("categories_delete", args=place) if may else None,
        restore_url=reverse("categories_restore", args=place) if may else None,
    )


@requires(Permission.CLIENTS_WRITE)
@require_safe
def categories(request: SalonRequest) -> HttpResponse:
    """What there is, what it grants and how many clients have it; what was deleted, to be restored."""
    found = [_managed(request, counted) for counted in counted_categories()]
    place = [request.salon.slug]
    context = {
        "categories": [one for one in found if one.category.deleted_at is None],
        "deleted": [one for one in found if one.category.deleted_at is not None],
        "new_url": reverse("categories_new", args=place),
        "templates_url": (
            reverse("categories_templates", args=place) if Permission.DISCOUNTS in request.actor.permissions else None
        ),
        "settings_url": (reverse("settings", args=place) if Permission.SETTINGS in request.actor.permissions else None),
    }
    return render(request, "clients/categories.html", context)


@requires(Permission.CLIENTS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SalonRequest) -> HttpResponse:
    """An empty category to fill in."""
    form = CategoryForm(request.actor, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = create_category(actor=request.actor, details=CategoryDetails(**form.changes), now=timezone.now())
        except InvalidInput as refusal:
            show_errors(form, refusal.errors)
        else:
            messages.success(request, _("The category “%(name)s” is saved.") % {"name": made.name})
            return redirect("categories", request.salon.slug)
    return _form_page(request, form)


@requires(Permission.CLIENTS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SalonRequest, category_id: UUID) -> HttpResponse:
    """A category's form; who saves behind somebody else is told, and keeps what was entered."""
    category = category_with_id(category_id)
    if request.method != "POST":
        return _form_page(request, CategoryForm(request.actor, category=category), category)
    form = CategoryForm(request.actor, request.POST)
    if not form.is_valid():
        return _form_page(request, form, category)
    try:
        saved = update_category(
            actor=request.actor,
            category_id=category.pk,
            changes=form.changes,
            version=form.cleaned_data["version"],
            now=timezone.now(),
        )
    except InvalidInput as refusal:
        show_errors(form, refusal.errors)
        return _form_page(request, form, category)
    except VersionConflict as refusal:
        # Saved once more, it is saved over what is told now.
        again = CategoryForm(request.actor, {**request.POST.dict(), "version": str(category.version)})
        again.add_error(None, str(refusal.message))
        return _form_page(request, again, category, theirs=category)
    messages.success(request, _("The category “%(name)s” is saved.") % {"name": saved.name})
    return redirect("categories", request.salon.slug)


def _form_page(
    request: SalonRequest, form: CategoryForm, category: Category | None = None, *, theirs: Category | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "category": category,
        "theirs": theirs,
        "theirs_discount": discount_text(theirs) if theirs else "",
        "cancel_url": reverse("categories", args=[request.salon.slug]),
    }
    return render(request, "clients/category_form.html", context, status=422 if form.is_bound else 200)


@requires(Permission.CLIENTS_WRITE)
@require_POST
def delete(request: SalonRequest, category_id: UUID) -> HttpResponse:
    """Takes a category out of use, and offers it back."""
    deleted = delete_category(actor=request.actor, category_id=category_id, now=timezone.now())
    undo_url = reverse("categories_restore", args=[request.salon.slug, deleted.pk])
    text = _("The category “%(name)s” is deleted.") % {"name": deleted.name}
    messages.success(request, text, extra_tags=undo_url)
    return redirect("categories", request.salon.slug)


@requires(Permission.CLIENTS_WRITE)
@require_POST
def restore(request: SalonRequest, category_id: UUID) -> HttpResponse:
    """Brings a deleted category back to the clients who had it."""
    try:
        restored = restore_category(actor=request.actor, category_id=category_id, now=timezone.now())
    except InvalidInput as refusal:
        messages.error(request, str(refusal.errors[0].message))
    else:
        messages.success(request, _("The category “%(name)s” is restored.") % {"name": restored.name})
    return redirect("categories", request.salon.slug)


@requires(Permission.DISCOUNTS)
@require_POST
def templates(request: SalonRequest) -> HttpResponse:
    """Gives a salon without categories those that every new one starts with."""
    add_templates(actor=request.actor, now=timezone.now())
    messages.success(request, _("The template categories are there."))
    return redirect("categories", request.salon.slug)


urlpatterns = [
    path("categories/", categories, name="categories"),
    path("categories/new/", new, name="categories_new"),
    path("categories/templates/", templates, name="categories_templates"),
    path("categories/<uuid:category_id>/", edit, name="categories_edit"),
    path("categories/<uuid:category_id>/delete/", delete, name="categories_delete"),
    path("categories/<uuid:category_id>/restore/", restore, name="categories_restore"),
]
