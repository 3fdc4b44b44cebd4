"""The panel of client categories on the card, and the dialogs it opens (domain.md §3, ui.md §2.4)."""

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from clients.cards import get_client
from clients.categories import CategoryGone, all_categories, categories_of, change_assignments, create_category
from clients.labels import CategoryDetails, InvalidPercent, parse_percent
from clients.models import Category, Client
from clients.web.category_form import CategoryForm
from clients.web.discounts import discount_text, percent_text
from clients.web.facts import CHANGED
from salon.errors import InvalidInput
from salon.folding import fold
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires
from salon.web.forms import show_errors


@dataclass(frozen=True, slots=True)
class ShownCategory:
    """One category as lists show it; `words` is what a search while typing looks in."""

    id: UUID
    name: str
    description: str
    discount: str
    words: str
    assigned: bool = False
    marked: bool = False


def shown_category(category: Category, *, assigned: bool = False, marked: bool = False) -> ShownCategory:
    """Return a category in words."""
    return ShownCategory(
        id=category.pk,
        name=category.name,
        description=category.description,
        discount=discount_text(category),
        words=fold(f"{category.name} {category.description}"),
        assigned=assigned,
        marked=marked,
    )


@dataclass(frozen=True, slots=True)
class CategoriesPanel:
    """The categories of one client; the addresses are None for whoever may only look."""

    categories: list[ShownCategory]
    add_url: str | None
    remove_url: str | None


def categories_panel(request: SalonRequest, client: Client) -> CategoriesPanel:
    """Return what `clients/_categories.html` shows of a card, as `panel`."""
    writes = Permission.CLIENTS_WRITE in request.actor.permissions
    place = [request.salon.slug, client.pk]
    return CategoriesPanel(
        categories=[shown_category(category) for category in categories_of([client.pk])[client.pk]],
        add_url=reverse("clients:categories", args=place) if writes else None,
        remove_url=reverse("clients:categories_remove", args=place) if writes else None,
    )


@requires(Permission.CLIENTS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def categories(request: SalonRequest, client_id: UUID) -> HttpResponse:
    """All categories to choose from: in a dialog, or without a script on a page of its own."""
    client = get_client(client_id)
    if request.method == "POST":
        return _save_page(request, client)
    template = "clients/_categories_dialog.html" if request.htmx else "clients/client_categories.html"
    response = render(request, template, _choice(request, client, marked=_ids(request.GET.getlist("marked"))))
    response["Vary"] = "HX-Request"
    return response


def _choice(request: SalonRequest, client: Client, *, marked: Collection[UUID] = ()) -> dict[str, object]:
    has = {category.pk for category in categories_of([client.pk])[client.pk]}
    place = [request.salon.slug, client.pk]
    return {
        "client_name": client.full_name,
        "options": [
            shown_category(category, assigned=category.pk in has, marked=category.pk in marked)
            for category in all_categories()
        ],
        "form": CategoryForm(request.actor),
        "page_url": reverse("clients:categories", args=place),
        "assign_url": reverse("clients:categories_assign", args=place),
        "new_url": reverse("clients:categories_new", args=place),
        "percent_url": reverse("clients:categories_percent", args=[request.salon.slug]),
        "card_url": reverse("client_card", args=place),
        "manage_url": reverse("categories", args=[request.salon.slug]),
    }


def _save_page(request: SalonRequest, client: Client) -> HttpResponse:
    # What stood there when the page was shown: only what was changed on it is changed.
    shown, chosen = set(_ids(request.POST.getlist("shown"))), set(_ids(request.POST.getlist("category")))
    try:
        changed = change_assignments(
            actor=request.actor,
            client_id=client.pk,
            added=chosen - shown,
            removed=shown - chosen,
            now=timezone.now(),
        )
    except CategoryGone as refusal:
        messages.error(request, str(refusal.message))
        return redirect("clients:categories", request.salon.slug, client.pk)
    messages.success(request, _("The changes are saved.") if changed else _("Nothing was changed."))
    return redirect("client_card", request.salon.slug, client.pk)


@requires(Permission.CLIENTS_WRITE)
@require_POST
def assign(request: SalonRequest, client_id: UUID) -> HttpResponse:
    """Give a client the categories chosen; also takes a removal back."""
    # The toast that takes a removal back can send nothing but its address.
    chosen = _ids(request.POST.getlist("category") or request.GET.getlist("category"))
    return _changed(request, client_id, added=chosen)


@requires(Permission.CLIENTS_WRITE)
@require_POST
def remove(request: SalonRequest, client_id: UUID) -> HttpResponse:
    """Take the categories that were struck through from a client, and offer them back."""
    return _changed(request, client_id, removed=_ids(request.POST.getlist("category")))


def _changed(
    request: SalonRequest, client_id: UUID, *, added: Collection[UUID] = (), removed: Collection[UUID] = ()
) -> HttpResponse:
    client = get_client(client_id)
    toast, undo_url, refused = "", "", False
    try:
        changed = change_assignments(
            actor=request.actor, client_id=client.pk, added=added, removed=removed, now=timezone.now()
        )
    except CategoryGone as refusal:
        changed, toast, refused = False, str(refusal.message), True
    if changed and removed:
        toast = ngettext("%(count)d category removed.", "%(count)d categories removed.", len(removed))
        toast %= {"count": len(removed)}
        here = reverse("clients:categories_assign", args=[request.salon.slug, client.pk])
        undo_url = f"{here}?{urlencode({'category': [str(one) for one in removed]}, doseq=True)}"
    if not request.htmx:
        if toast:
            messages.add_message(request, messages.ERROR if refused else messages.SUCCESS, toast, extra_tags=undo_url)
        return redirect("client_card", request.salon.slug, client.pk)
    context = {
        "panel": categories_panel(request, client),
        "toast": toast,
        "tone": "error" if refused else "success",
        "undo_url": undo_url,
    }
    response = render(request, "clients/_categories_answer.html", context, status=422 if refused else 200)
    if changed:
        trigger_client_event(response, CHANGED)
    return response


@requires(Permission.CLIENTS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SalonRequest, client_id: UUID) -> HttpResponse:
    """A category that is not in the list yet: it is made, and stands there marked."""
    client = get_client(client_id)
    form = CategoryForm(request.actor, request.POST if request.method == "POST" else None)
    made: Category | None = None
    if form.is_valid():
        try:
            made = create_category(actor=request.actor, details=CategoryDetails(**form.changes), now=timezone.now())
        except InvalidInput as refusal:
            show_errors(form, refusal.errors)
    if made is None:
        template = "clients/_category_new.html" if request.htmx else "clients/category_form.html"
        context = {**_choice(request, client), "form": form}
        context["cancel_url"] = context["page_url"]
        return render(request, template, context, status=422 if form.is_bound else 200)
    marked = [made.pk, *_ids(request.POST.getlist("marked"))]
    if not request.htmx:
        messages.success(request, _("The category “%(name)s” is saved.") % {"name": made.name})
        return redirect(f"{reverse('clients:categories', args=[request.salon.slug, client.pk])}?marked={made.pk}")
    response = render(request, "clients/_category_made.html", _choice(request, client, marked=marked))
    return trigger_client_event(response, "category-made", {"id": str(made.pk)}, after="swap")


@requires(Permission.DISCOUNTS)
@require_POST
def percent(request: SalonRequest) -> HttpResponse:
    """The percentage entered in the dialog Discount: taken as it is written on the form, or refused where it stands."""
    given = request.POST.get("percent", "")
    context: dict[str, object] = {"percent": given, "percent_url": request.path}
    try:
        granted = percent_text(parse_percent(given) if given.strip() else None)
    except InvalidPercent as refusal:
        context["error"] = refusal.error.message
        return render(request, "clients/_category_percent.html", context, status=422)
    response = render(request, "clients/_category_percent.html", context)
    return trigger_client_event(response, "discount-granted", {"percent": granted})


def _ids(texts: list[str]) -> list[UUID]:
    """Read the ids that a form has sent.

    Raises: CategoryGone for what is none.
    """
    try:
        return [UUID(text) for text in texts]
    except ValueError as error:
        raise CategoryGone from error


urlpatterns = [
    path("<uuid:client_id>/categories/", categories, name="categories"),
    path("<uuid:client_id>/categories/assign/", assign, name="categories_assign"),
    path("<uuid:client_id>/categories/remove/", remove, name="categories_remove"),
    path("<uuid:client_id>/categories/new/", new, name="categories_new"),
    path("categories/percent/", percent, name="categories_percent"),
]
