"""The Treatcard on the client card: its number, given or replaced (domain.md §7)."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clients.cards import ConflictingChange, get_client
from clients.models import Client
from clients.treatcard import set_treatcard
from clients.web.facts import CHANGED, Fact, facts_of
from salon.errors import InvalidInput
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires


@dataclass(frozen=True, slots=True)
class Refused:
    """What was entered and could not be kept as it is; `theirs`: the number somebody else has given meanwhile."""

    entered: str
    error: str | Promise
    theirs: str = ""


@dataclass(frozen=True, slots=True)
class TreatcardPanel:
    """The number of a card, its points and where they are told of, and the form that gives a number."""

    number: str
    points: int
    balance: str
    points_url: str | None
    rewards_url: str | None
    matrix: Fact
    set_url: str | None
    seen: str
    refused: Refused | None = None


def treatcard_panel(
    request: SalonRequest, client: Client, matrix: Fact, refused: Refused | None = None
) -> TreatcardPanel:
    """Return the panel for `clients/_treatcard.html`."""
    writes = Permission.CLIENTS_WRITE in request.actor.permissions
    tells = Permission.LOYALTY_READ in request.actor.permissions
    return TreatcardPanel(
        number=client.treatcard_number,
        points=client.points,
        balance=number_format(client.points, force_grouping=True).replace("-", "−"),
        points_url=reverse("client_points", args=[request.salon.slug, client.pk]) if tells else None,
        rewards_url=reverse("client_rewards", args=[request.salon.slug, client.pk]) if tells else None,
        matrix=matrix,
        set_url=reverse("clients:treatcard", args=[request.salon.slug, client.pk]) if writes else None,
        seen=client.treatcard_number,
        refused=refused,
    )


@requires(Permission.CLIENTS_WRITE)
@require_http_methods(["GET", "POST"])
def treatcard(request: SalonRequest, client_id: UUID) -> HttpResponse:
    """Give the client a number that was typed or scanned, or a generated one."""
    client = get_client(client_id)
    refused = None
    if request.method == "POST":
        entered = request.POST.get("number", "")
        number = None if "generate" in request.POST else entered
        try:
            client = set_treatcard(
                actor=request.actor,
                client_id=client.pk,
                number=number,
                seen=request.POST.get("seen", ""),
                now=timezone.now(),
            )
        except InvalidInput as refusal:
            refused = Refused(entered, refusal.errors[0].message)
        except ConflictingChange as refusal:
            client = refusal.client
            refused = Refused(entered, refusal.message, client.treatcard_number)
        else:
            if not request.htmx:
                messages.success(
                    request, _("The Treatcard has the number %(number)s.") % {"number": client.treatcard_number}
                )
    card_url = reverse("client_card", args=[request.salon.slug, client.pk])
    if not request.htmx and refused is None:
        return redirect(f"{card_url}#treatcard")
    panel = treatcard_panel(request, client, facts_of(request, client)["matrix"], refused)
    context = {"panel": panel, "card_url": card_url, "client_name": client.full_name, "focus": True}
    template = "clients/_treatcard.html" if request.htmx else "clients/treatcard.html"
    response = render(request, template, context, status=422 if refused else 200)
    if request.method == "POST" and refused is None:
        response["HX-Trigger"] = CHANGED
    return response
