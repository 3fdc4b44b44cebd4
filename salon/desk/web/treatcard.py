"""A client's Treatcard in full: every change of her points, and what she can have for them (ui.md §2.4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from bookings.had import had_by
from bookings.models import Sale
from clients.cards import MergedAway, get_client
from clients.models import Cause, Client, PointsEntry
from clients.points import AlreadyPosted, BelowFloor, NoTreatcard, TooManyPoints, action_of, adjust, entries_of
from clients.web import points
from loyalty.eligibility import Holder, Matrix, Refusal, Terms, refusals
from loyalty.models import Reward
from loyalty.prior_use import note_prior_use, noted_uses_of, withdraw_prior_use
from loyalty.rewards import item_of, live_rewards
from loyalty.web.numbers import points_text
from salon.catalogue.models import ItemKind
from salon.catalogue.web.fields import WholeField
from salon.desk.web import sales
from salon.errors import FieldError, InvalidInput
from salon.identity.roles import Permission
from salon.keyset import InvalidCursor
from salon.tenancy.models import Salon, new_id
from salon.web.access import SalonRequest, requires
from salon.web.forms import show_errors

LATEST = 4


class AdjustForm(forms.Form):
    """Points given or taken by hand; `adjustment` tells one sending from another, `floor` says to which balance below
    zero somebody has agreed."""

    points = WholeField(
        label=gettext_lazy("Points"), help_text=gettext_lazy("With a minus they are taken: −50."), localize=True
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), required=False, help_text=gettext_lazy("Stands in the statement.")
    )
    adjustment = forms.UUIDField(widget=forms.HiddenInput, required=False)
    floor = forms.IntegerField(widget=forms.HiddenInput, required=False)
    # Where the balance would go below zero: what the button that books it all the same agrees to.
    agreed: int | None = None


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """One change of the points, in words."""

    at: datetime
    title: Promise | str
    icon: str
    reason: str
    points: str
    is_gain: bool
    balance: str
    actor_name: str
    url: str


@dataclass(frozen=True, slots=True)
class ShownReward:
    """One reward, and whether this client can have it; `noted` that the team says she had it before."""

    id: UUID
    name: str
    points: str
    status: str
    tone: str
    can_note: bool
    noted: bool


@requires(Permission.LOYALTY_READ)
@require_http_methods(["GET", "POST"])
def client_points(request: SalonRequest, client_id: UUID) -> HttpResponse:
    """Every change of a client's points, newest first; whoever may gives or takes some here."""
    try:
        client = get_client(client_id)
    except MergedAway as merged:
        return redirect("client_points", request.salon.slug, merged.survivor_id)
    if request.htmx:
        entries = entries_of(client.pk, limit=LATEST).rows
        return render(request, "desk/_points_latest.html", {"entries": _shown(entries, request.salon)})
    form = AdjustForm(initial={"adjustment": new_id()})
    if request.method == "POST":
        form = AdjustForm(request.POST)
        if form.is_valid() and _adjusted(request, client, form):
            return redirect("client_points", request.salon.slug, client.pk)
    return _statement(request, client, form)


def _adjusted(request: SalonRequest, client: Client, form: AdjustForm) -> bool:
    entered = form.cleaned_data
    try:
        entry = adjust(
            actor=request.actor,
            client_id=client.pk,
            points=entered["points"],
            reason=entered["reason"],
            adjustment_id=entered["adjustment"],
            floor=min(entered["floor"] or 0, 0),
            now=timezone.now(),
        )
    except InvalidInput as refusal:
        show_errors(form, refusal.errors)
        return False
    except BelowFloor as refusal:
        form.agreed = refusal.balance
        warning = _("The balance would fall to %(balance)s.") % {"balance": points.standing(refusal.balance)}
        form.add_error("points", warning)
        return False
    except (NoTreatcard, TooManyPoints) as refusal:
        show_errors(form, [FieldError("points", refusal.code, refusal.message)])
        return False
    except AlreadyPosted:
        # The same form came twice.
        return True
    messages.success(
        request,
        _("%(points)s points. The balance is %(balance)s now.")
        % {"points": points.signed(entry.points), "balance": points.standing(entry.balance_after)},
    )
    return True


def _statement(request: SalonRequest, client: Client, form: AdjustForm) -> HttpResponse:
    here = reverse("client_points", args=[request.salon.slug, client.pk])
    try:
        page = entries_of(client.pk, cursor=request.GET.get("before") or None)
    except InvalidCursor:
        return redirect(here)
    adjusts = Permission.LOYALTY_WRITE in request.actor.permissions
    context = {
        **_head(request, client),
        "entries": _shown(page.rows, request.salon),
        "older_url": f"{here}?before={page.next}" if page.next else None,
        "newer_url": f"{here}?before={page.previous}" if page.previous else None,
        "form": form if adjusts and client.treatcard_number else None,
    }
    return render(request, "desk/points.html", context, status=422 if form.errors else 200)


def _head(request: SalonRequest, client: Client) -> dict[str, Any]:
    return {
        "client": client,
        "balance": points.standing(client.points),
        "card_url": f"{reverse('client_card', args=[request.salon.slug, client.pk])}#treatcard",
        "points_url": reverse("client_points", args=[request.salon.slug, client.pk]),
        "rewards_url": reverse("client_rewards", args=[request.salon.slug, client.pk]),
    }


def _shown(entries: Sequence[PointsEntry], salon: Salon) -> list[ShownEntry]:
    """Return entries in words; those of sales lead there."""
    of_sales = [entry.cause_id for entry in entries if entry.cause == Cause.EARNED]
    known = set(Sale.objects.filter(pk__in=of_sales).values_list("pk", flat=True)) if of_sales else set()
    return [_entry(entry, salon, known) for entry in entries]


def _entry(entry: PointsEntry, salon: Salon, known: set[UUID]) -> ShownEntry:
    title, icon = points.TOLD[action_of(Cause(entry.cause))]
    if entry.cause == Cause.REFERRAL and entry.points < 0:
        title, icon = gettext_lazy("Points for a referral taken back"), "undo-2"
    return ShownEntry(
        at=entry.created_at,
        title=title,
        icon=icon,
        reason=entry.reason,
        points=points.signed(entry.points),
        is_gain=entry.points > 0,
        balance=points.standing(entry.balance_after),
        actor_name=entry.actor_name,
        url=sales.sale_url(salon, entry.cause_id) if entry.cause_id in known else "",
    )


@requires(Permission.LOYALTY_READ)
@require_http_methods(["GET", "POST"])
def client_rewards(request: SalonRequest, client_id: UUID) -> HttpResponse:
    """What a client can have for her points, and what the team knows that she had before (*Hatte sie schon*)."""
    try:
        client = get_client(client_id)
    except MergedAway as merged:
        return redirect("client_rewards", request.salon.slug, merged.survivor_id)
    rewards = live_rewards()
    if request.method == "POST":
        _note(request, client, rewards)
        return redirect("client_rewards", request.salon.slug, client.pk)
    had = had_by(client.pk)
    noted = {one.service_id or one.product_id for one in noted_uses_of(client.pk)}
    writes = Permission.CLIENTS_WRITE in request.actor.permissions
    holder = Holder(bool(client.treatcard_number), client.points, exempt=client.matrix_exempt)
    shown = [
        _reward(
            one,
            holder,
            had=item_of(one).pk in had,
            noted=item_of(one).pk in noted,
            writes=writes,
        )
        for one in rewards
    ]
    return render(request, "desk/rewards.html", {**_head(request, client), "rewards": shown, "writes": writes})


def _note(request: SalonRequest, client: Client, rewards: Iterable[Reward]) -> None:
    """Note that she had what a reward consists of, or that she had it not; of no such reward nothing."""
    reward = next((one for one in rewards if str(one.pk) == request.POST.get("reward", "")), None)
    if reward is None:
        return
    change = withdraw_prior_use if "withdraw" in request.POST else note_prior_use
    item = item_of(reward)
    change(
        actor=request.actor,
        client_id=client.pk,
        kind=ItemKind(reward.kind),
        item_id=item.pk,
        now=timezone.now(),
    )
    messages.success(request, _("Noted: %(name)s.") % {"name": item.name})


def _reward(reward: Reward, holder: Holder, *, had: bool, noted: bool, writes: bool) -> ShownReward:
    refused = refusals(terms=Terms(reward.points, Matrix(reward.matrix)), holder=holder, had=had)
    status, tone = _status(refused, reward.points - holder.points)
    return ShownReward(
        id=reward.pk,
        name=item_of(reward).name,
        points=points_text(reward.points),
        status=status,
        tone=tone,
        can_note=writes and not had and reward.matrix == Matrix.FIRST_TIME,
        noted=noted,
    )


def _status(refused: Sequence[Refusal], missing: int) -> tuple[str, str]:
    """Return in words whether a client can have a reward, and the tone of that; had before says more than too dear."""
    if not refused:
        return _("can be redeemed"), "treat"
    if Refusal.ALREADY_HAD in refused:
        return str(Refusal.ALREADY_HAD.label), ""
    if Refusal.NOT_ENOUGH_POINTS in refused and Refusal.NO_TREATCARD not in refused:
        shown = number_format(missing, force_grouping=True)
        return ngettext("%(points)s point missing", "%(points)s points missing", missing) % {"points": shown}, ""
    return str(refused[0].label), ""
