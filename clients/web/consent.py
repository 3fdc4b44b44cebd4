"""The consent panel of the client card (domain.md §9.3)."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from clients.cards import get_client
from clients.consent import ledger_of, record_consent
from clients.models import Client, ConsentEntry, ConsentPurpose, ConsentSource, Decision
from clients.web.inline import CHANGED
from clients.web.notes import HealthPanel, health_panel
from salon.errors import FieldError, InvalidInput
from salon.identity.roles import Permission
from salon.web.access import SalonRequest, requires

# What a salon usually lets its clients agree to; the words that were really said go into the ledger.
WORDINGS = {
    ConsentPurpose.EMAIL_MARKETING: _(
        "I would like to get news and offers from %(salon)s by e-mail. I can withdraw this at any time."
    ),
    ConsentPurpose.HEALTH_DATA: _(
        "%(salon)s may store what I tell about allergies and my health, to treat me safely. I can withdraw this at any "
        "time; it is then deleted."
    ),
}


@dataclass(frozen=True, slots=True)
class Consent:
    """One purpose: what holds now, and every decision so far, newest first."""

    purpose: ConsentPurpose
    label: str | Promise
    granted: bool
    entries: list[ConsentEntry]
    wording: str
    error: str | Promise = ""

    @property
    def newest(self) -> ConsentEntry | None:
        """What holds now, None when nobody was ever asked."""
        return self.entries[0] if self.entries else None


@dataclass(frozen=True, slots=True)
class ConsentPanel:
    """What a client has agreed to."""

    consents: list[Consent]
    record_url: str | None

    def granted(self, purpose: ConsentPurpose) -> bool:
        """Whether the client agrees to a purpose by now."""
        return any(one.granted for one in self.consents if one.purpose == purpose)


def consent_panel(
    request: SalonRequest, client: Client, refused: tuple[str, str, str | Promise] = ("", "", "")
) -> ConsentPanel:
    """Return the ledger of a card for `clients/_consent.html`; `refused`: a purpose, what was entered, and why not."""
    entries = ledger_of(client.pk)
    writes = Permission.CLIENTS_WRITE in request.actor.permissions
    return ConsentPanel(
        [_consent(request, purpose, entries, refused) for purpose in ConsentPurpose],
        reverse("clients:consent", args=[request.salon.slug, client.pk]) if writes else None,
    )


def _consent(
    request: SalonRequest, purpose: ConsentPurpose, entries: list[ConsentEntry], refused: tuple[str, str, str | Promise]
) -> Consent:
    own = [entry for entry in entries if entry.purpose == purpose]
    entered, error = refused[1:] if refused[0] == purpose else ("", "")
    return Consent(
        purpose=purpose,
        label=purpose.label,
        granted=bool(own) and own[0].decision == Decision.GRANTED,
        entries=own,
        wording=entered or str(WORDINGS[purpose]) % {"salon": request.salon.name},
        error=error,
    )


@requires(Permission.CLIENTS_WRITE)
@require_POST
def record(request: SalonRequest, client_id: UUID) -> HttpResponse:
    """Write down what the client said in the salon."""
    client = get_client(client_id)
    purpose, decision = request.POST.get("purpose", ""), request.POST.get("decision", "")
    if purpose not in ConsentPurpose or decision not in Decision:
        raise InvalidInput([FieldError("purpose", "invalid_choice", _("Choose one of the values offered."))])
    wording = request.POST.get("wording", "")
    refused: tuple[str, str, str | Promise] = ("", "", "")
    try:
        record_consent(
            actor=request.actor,
            client_id=client.pk,
            purpose=ConsentPurpose(purpose),
            decision=Decision(decision),
            source=ConsentSource.SALON,
            wording=wording,
            now=timezone.now(),
        )
    except InvalidInput as refusal:
        refused = (purpose, wording, refusal.errors[0].message)
    card_url = reverse("client_card", args=[request.salon.slug, client.pk])
    if not request.htmx and not refused[0]:
        return redirect(f"{card_url}#consent")
    health: HealthPanel | None = health_panel(request, client)
    context = {
        "panel": consent_panel(request, client, refused),
        "health": health,
        "card_url": card_url,
        "client_name": client.full_name,
    }
    template = "clients/_consent_answer.html" if request.htmx else "clients/consent.html"
    response = render(request, template, context, status=422 if refused[0] else 200)
    if not refused[0]:
        response["HX-Trigger"] = CHANGED
    return response
