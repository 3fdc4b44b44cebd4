"""*Dienstleistungs-Prämien* and *Artikel-Prämien*: what clients get for points (ui.md §2.6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from loyalty.eligibility import Matrix
from loyalty.models import Reward
from loyalty.rewards import (
    ItemArchived,
    RewardArchived,
    RewardExists,
    add_reward,
    archive_rewards,
    change_reward,
    is_given,
    item_of,
    items_without_reward,
    price_has_moved,
    restore_rewards,
    reward_with_id,
    rewards_of,
    standard_points,
)
from loyalty.web.numbers import points_text, times_text
from loyalty.web.reward_forms import Choice, RewardForm
from loyalty.web.tabs import treatcard_tabs
from salon.catalogue.models import ItemKind, Product, Service
from salon.errors import InvalidInput, VersionConflict
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires
from salon.web.amounts import amount_text
from salon.web.forms import show_errors


@dataclass(frozen=True, slots=True)
class Kind:
    """What differs between the two lists."""

    kind: ItemKind
    route: str
    title: Promise
    lead: Promise
    new_word: Promise
    item_word: Promise
    empty: Promise
    none_left: Promise
    icon: str

    def url(self, request: SalonRequest, action: str = "") -> str:
        """Return the address of the list, or of an action on it."""
        return reverse(f"{self.route}_{action}" if action else self.route, args=[request.salon.slug])


SERVICES = Kind(
    kind=ItemKind.SERVICE,
    route="treatcard_services",
    title=gettext_lazy("Service rewards"),
    lead=gettext_lazy("What a client is offered while she books: she tries something new, and does not pay for it."),
    new_word=gettext_lazy("Add service reward"),
    item_word=gettext_lazy("Service"),
    empty=gettext_lazy(
        "There are no service rewards yet. Good ones are short, fit behind an appointment, and make her want more."
    ),
    none_left=gettext_lazy("Every service is a reward already, or there is none yet."),
    icon="scissors",
)
PRODUCTS = Kind(
    kind=ItemKind.PRODUCT,
    route="treatcard_products",
    title=gettext_lazy("Product rewards"),
    lead=gettext_lazy("What a client can take home for her points: she redeems it at checkout."),
    new_word=gettext_lazy("Add product reward"),
    item_word=gettext_lazy("Product"),
    empty=gettext_lazy("There are no product rewards yet. A product that she uses up makes her come back for more."),
    none_left=gettext_lazy("Every product is a reward already, or there is none yet."),
    icon="package",
)
_KINDS = {one.kind: one for one in (SERVICES, PRODUCTS)}


@dataclass(frozen=True, slots=True)
class Row:
    """One reward as the list shows it; `moved` says what its price was where it has moved since."""

    reward: Reward
    name: str
    price: str
    points: str
    times: str
    is_standard: bool
    standard: str
    moved: str
    given: bool
    first_time: bool
    here: bool
    edit_url: str
    price_url: str


@dataclass(frozen=True, slots=True)
class Group:
    """What can become a reward, under its heading in the catalogue."""

    name: str
    choices: list[Choice]


def _row(request: SalonRequest, reward: Reward) -> Row:
    item, currency = item_of(reward), request.salon.currency
    standard = standard_points(item.price)
    place = [request.salon.slug, reward.pk]
    return Row(
        reward=reward,
        name=item.name,
        price=amount_text(item.price, currency),
        points=points_text(reward.points),
        times=times_text(reward.points, item),
        is_standard=reward.points == standard,
        standard=points_text(standard),
        moved=amount_text(reward.list_price, currency) if price_has_moved(reward) else "",
        given=is_given(reward),
        first_time=reward.matrix == Matrix.FIRST_TIME,
        here=str(reward.pk) == request.GET.get("at", ""),
        edit_url=reverse("treatcard_reward", args=place),
        price_url=reverse("treatcard_reward_price", args=place),
    )


@requires(Permission.LOYALTY_WRITE)
@require_safe
def rewards(request: SalonRequest, kind: Kind) -> HttpResponse:
    """What clients get for points, and what was archived of it."""
    context = {
        "kind": kind,
        "rewards": [_row(request, one) for one in rewards_of(kind.kind)],
        "archived": [(one, item_of(one).name, points_text(one.points)) for one in rewards_of(kind.kind, archived=True)],
        "lead": kind.lead,
        "new_url": kind.url(request, "new"),
        "new_word": kind.new_word,
        "archive_url": kind.url(request, "archive"),
        "restore_url": kind.url(request, "restore"),
        "tabs": treatcard_tabs(request, kind.route),
    }
    return render(request, "loyalty/rewards.html", context)


def _grouped(items: Sequence[Service | Product], currency: str) -> list[Group]:
    named = groupby(items, key=lambda one: one.group.name if one.group else "")
    return [Group(name, [Choice.of(one, currency) for one in found]) for name, found in named]


def _form_page(
    request: SalonRequest, kind: Kind, form: RewardForm, *, reward: Reward | None = None, status: int | None = None
) -> HttpResponse:
    currency = request.salon.currency
    items = [] if reward else items_without_reward(kind.kind)
    item = item_of(reward) if reward else None
    groups = _grouped(items, currency)
    chosen = str(form["item"].value() or "") if not reward else ""
    words = [one.words for group in groups for one in group.choices if one.value == chosen]
    here = reverse("treatcard_reward", args=[request.salon.slug, reward.pk]) if reward else kind.url(request, "new")
    context = {
        "kind": kind,
        "form": form,
        "reward": reward,
        "title": item.name if item else kind.new_word,
        "choice": Choice.of(item, currency) if item else None,
        "moved": amount_text(reward.list_price, currency) if reward and price_has_moved(reward) else "",
        "groups": groups,
        "chosen": chosen,
        "points_hint": words[0] if words else _("Standard: 14 times the price. Empty: the standard."),
        "here": here,
        "cancel_url": kind.url(request),
        "tabs": treatcard_tabs(request, kind.route),
    }
    template = "loyalty/reward_page.html"
    if request.htmx:
        template = "loyalty/_reward_form.html" if request.method == "POST" else "loyalty/_reward_dialog.html"
    response = render(request, template, context, status=status or (422 if form.is_bound else 200))
    response["Vary"] = "HX-Request"
    return response


def _with_standard(request: SalonRequest, item: Service | Product | None) -> QueryDict:
    """Return what was entered with the standard of an item for its points: the button's work without a script."""
    data = request.POST.copy()
    data["points"] = str(standard_points(item.price)) if item else ""
    return data


@requires(Permission.LOYALTY_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def new_reward(request: SalonRequest, kind: Kind) -> HttpResponse:
    """Something more to be given for points."""
    items = items_without_reward(kind.kind)
    if request.method != "POST":
        return _form_page(request, kind, RewardForm(items=items))
    if "standard" in request.POST:
        chosen = next((one for one in items if str(one.pk) == request.POST.get("item")), None)
        form = RewardForm(_with_standard(request, chosen), items=items)
        return _form_page(request, kind, form, status=200 if chosen else None)
    form = RewardForm(request.POST, items=items)
    if form.is_valid():
        entered = form.cleaned_data
        try:
            reward = add_reward(
                actor=request.actor,
                kind=kind.kind,
                item_id=entered["item"],
                points=entered["points"],
                matrix=Matrix(entered["matrix"]),
                now=timezone.now(),
            )
        except InvalidInput as refusal:
            show_errors(form, refusal.errors)
        else:
            text = _("“%(name)s” is a reward now.") % {"name": item_of(reward).name}
            messages.success(request, text)
            return redirect(f"{kind.url(request)}?at={reward.pk}")
    return _form_page(request, kind, form)


@requires(Permission.LOYALTY_WRITE)
@require_POST
def archive(request: SalonRequest, kind: Kind) -> HttpResponse:
    """Lets nobody redeem the marked ones any more, and offers them back."""
    wanted = _chosen(request)
    if not wanted:
        messages.error(request, _("Mark the rewards that you want to archive first."))
        return redirect(kind.url(request))
    try:
        archived = archive_rewards(actor=request.actor, reward_ids=wanted, now=timezone.now())
    except InvalidInput as refusal:
        messages.error(request, str(refusal.errors[0].message))
        return redirect(kind.url(request))
    if archived:
        text = ngettext(
            "“%(name)s” is archived: nobody can redeem it any more. What is booked stays.",
            "%(count)d rewards are archived: nobody can redeem them any more. What is booked stays.",
            len(archived),
        ) % {"name": item_of(archived[0]).name, "count": len(archived)}
        undo = "&".join(f"reward={one.pk}" for one in archived)
        messages.success(request, text, extra_tags=f"{kind.url(request, 'restore')}?{undo}")
    return redirect(kind.url(request))


@requires(Permission.LOYALTY_WRITE)
@require_POST
def restore(request: SalonRequest, kind: Kind) -> HttpResponse:
    """Gives archived ones again."""
    try:
        restored = restore_rewards(actor=request.actor, reward_ids=_chosen(request), now=timezone.now())
    except InvalidInput as refusal:
        messages.error(request, str(refusal.errors[0].message))
    except (ItemArchived, RewardExists) as refusal:
        messages.error(request, str(refusal.message))
    else:
        if restored:
            text = ngettext(
                "“%(name)s” can be redeemed again.", "%(count)d rewards can be redeemed again.", len(restored)
            ) % {"name": item_of(restored[0]).name, "count": len(restored)}
            messages.success(request, text)
    return redirect(kind.url(request))


def _chosen(request: SalonRequest) -> list[UUID]:
    """Return the rewards that were marked, or that the address of a toast names; what is no id is none."""
    found = []
    for text in [*request.POST.getlist("reward"), *request.GET.getlist("reward")]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


@requires(Permission.LOYALTY_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def reward(request: SalonRequest, reward_id: UUID) -> HttpResponse:
    """A reward's form; whoever saves behind somebody else is told, and keeps what was entered."""
    found = reward_with_id(reward_id)
    kind = _KINDS[ItemKind(found.kind)]
    if request.method != "POST":
        return _form_page(request, kind, RewardForm(reward=found), reward=found)
    if "standard" in request.POST:
        form = RewardForm(_with_standard(request, item_of(found)), reward=found)
        return _form_page(request, kind, form, reward=found, status=200)
    form = RewardForm(request.POST, reward=found)
    if not form.is_valid():
        return _form_page(request, kind, form, reward=found)
    entered: dict[str, Any] = form.cleaned_data
    try:
        change_reward(
            actor=request.actor,
            reward_id=reward_id,
            changes=form.changes,
            version=entered["version"],
            now=timezone.now(),
        )
    except InvalidInput as refusal:
        show_errors(form, refusal.errors)
    except RewardArchived as refusal:
        form.add_error(None, str(refusal.message))
    except VersionConflict as refusal:
        # Saved once more, it is saved over what is there now.
        form = RewardForm({**request.POST.dict(), "version": str(found.version)}, reward=found)
        form.add_error(None, str(refusal.message))
    else:
        messages.success(request, _("“%(name)s” is saved.") % {"name": item_of(found).name})
        return redirect(f"{kind.url(request)}?at={reward_id}")
    return _form_page(request, kind, form, reward=found)


@requires(Permission.LOYALTY_WRITE)
@require_POST
def reward_price(request: SalonRequest, reward_id: UUID) -> HttpResponse:
    """Takes the standard of the price as it is now, or keeps the points in spite of it."""
    found = reward_with_id(reward_id)
    keeps = request.POST.get("points") == "keep"
    try:
        changed = change_reward(
            actor=request.actor,
            reward_id=reward_id,
            changes={"points": found.points if keeps else None},
            version=found.version,
            now=timezone.now(),
        )
    except (InvalidInput, RewardArchived, VersionConflict) as refusal:
        message = refusal.errors[0].message if isinstance(refusal, InvalidInput) else refusal.message
        messages.error(request, str(message))
    else:
        said = {"name": item_of(changed).name, "points": points_text(changed.points)}
        messages.success(request, _("“%(name)s” costs %(points)s.") % said)
    return redirect(f"{_KINDS[ItemKind(found.kind)].url(request)}?at={reward_id}")
