"""The consent panel of the client card (domain.md §9.3)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from clients.asking import (
    ARRIVED_AFTER,
    BETWEEN_MAILS,
    AskedLately,
    NoAddress,
    asked_until,
    follows_at,
    is_outdated,
    planned_at,
    was_asked_elsewhere,
    was_asked_here,
)
from clients.cards import get_client
from clients.confirming import Standing, link_standing
from clients.consent import ask_again, ledger_of, newest_of, record_consent
from clients.models import Client, ConsentEntry, ConsentPurpose, ConsentSource, Decision
from clients.notes import health_of
from clients.web.facts import CHANGED
from clients.web.notes import HealthPanel, health_panel
from clients.wordings import wording_now, wordings_now
from salon.errors import FieldError, InvalidInput, Text
from salon.identity.roles import Permission
from salon.tenancy.models import Salon
from salon.web.access import SalonRequest, requires

# A purpose, what was entered for it, and why it was refused.
type Refused = tuple[str, str, Text]


@dataclass(frozen=True, slots=True)
class Consent:
    """One purpose: what holds now, and every decision so far, newest first.

    `granted`: the client agrees by now, also where she was asked at another address since and is back at the old one.
    `lapsed`: what she agreed to was at another address than the card has. `dead_link`: why the link in her mail
    confirms nothing. `unasked`: no mail has gone to the card's address yet; `elsewhere`: one has to another. `can_ask`:
    whether the mail of one asked for or lapsed can be sent (once more) now; `ask_at`: from when on it can, where the
    address was asked lately. `follows_at`: when the mail follows by itself, or would if she were asked now.
    """

    purpose: ConsentPurpose
    label: str | Promise
    entries: list[ConsentEntry]
    wording: str
    error: Text = ""
    address: str = ""
    agreed_at: str = ""
    granted: bool = False
    lapsed: bool = False
    unasked: bool = False
    elsewhere: bool = False
    dead_link: str | Promise = ""
    can_ask: bool = False
    ask_at: datetime | None = None
    follows_at: datetime | None = None

    @property
    def requested(self) -> bool:
        """Whether she was asked and has not answered."""
        return not self.granted and bool(self.entries) and self.entries[0].decision == Decision.REQUESTED

    @property
    def newest(self) -> ConsentEntry | None:
        """What holds now, None when nobody was ever asked."""
        agreed = (entry for entry in self.entries if self.granted and entry.decision == Decision.GRANTED)
        return next(agreed, self.entries[0] if self.entries else None)


@dataclass(frozen=True, slots=True)
class ConsentPanel:
    """What a client has agreed to; `deletes`: the health data that withdrawing would delete, where that is asked."""

    consents: list[Consent]
    record_url: str | None
    mails_stay: bool
    deletes: str = ""

    def of(self, purpose: ConsentPurpose) -> Consent:
        """Return what a client has agreed to for one purpose."""
        return next(one for one in self.consents if one.purpose == purpose)


def consent_panel(
    request: SalonRequest, client: Client, refused: Refused = ("", "", ""), deletes: str = ""
) -> ConsentPanel:
    """Return the ledger of a card for `clients/_consent.html`; `refused`: a purpose, what was entered, and why not."""
    entries = ledger_of(client.pk)
    writes = Permission.CLIENTS_WRITE in request.actor.permissions
    words = wordings_now(request.salon)
    return ConsentPanel(
        [_consent(request, client, purpose, entries, words[purpose].text, refused) for purpose in ConsentPurpose],
        reverse("clients:consent", args=[request.salon.slug, client.pk]) if writes else None,
        settings.MAILS_STAY,
        deletes,
    )


def news_hint(client: Client) -> str:
    """Return what changing the address of a card does to news that were agreed to or asked for, else nothing."""
    newest = newest_of(client.pk, ConsentPurpose.EMAIL_MARKETING)
    if not client.email or newest is None or newest.decision not in {Decision.REQUESTED, Decision.GRANTED}:
        return ""
    return gettext(
        "News by e-mail are agreed to or asked for at this address. At a new one they wait for a confirmation."
    )


def wish_hint(salon: Salon) -> str:
    """Return what a client says yes to who would like news, and what follows."""
    words = gettext("“%(wording)s” A mail asks for confirmation; it holds only then.")
    return words % {"wording": wording_now(ConsentPurpose.EMAIL_MARKETING, salon).text}


def told_of_news(request: SalonRequest, client: Client, now: datetime) -> str:
    """Return what has just become of a client's wish for news."""
    return _done(consent_panel(request, client).of(ConsentPurpose.EMAIL_MARKETING), now)


def _consent(
    request: SalonRequest,
    client: Client,
    purpose: ConsentPurpose,
    entries: list[ConsentEntry],
    words: str,
    refused: Refused,
) -> Consent:
    own = [entry for entry in entries if entry.purpose == purpose]
    entered, error = refused[1:] if refused[0] == purpose else ("", "")
    agreed = bool(own) and own[0].decision == Decision.GRANTED
    # News are agreed to at an address: the card knows at which, and whether it is the one she has.
    news, now = purpose == ConsentPurpose.EMAIL_MARKETING, timezone.now()
    granted = client.email_consent if news else agreed
    lapsed = agreed and not granted
    requested = bool(own) and own[0].decision == Decision.REQUESTED and not granted
    mailed = news and bool(client.email) and not granted
    ask_at = asked_until(client, now, by_hand=True) if mailed and (requested or lapsed) else None
    unasked = requested and mailed and not was_asked_here(client)
    waits = mailed and not lapsed
    return Consent(
        purpose=purpose,
        label=purpose.label,
        entries=own,
        wording=entered or words,
        error=error,
        address=client.email,
        agreed_at=client.email_consent_for or "",
        granted=granted,
        lapsed=lapsed,
        unasked=unasked,
        elsewhere=lapsed or (unasked and was_asked_elsewhere(client, own[0])),
        dead_link=_dead_link(request.salon, client, own[0], now) if requested else "",
        can_ask=(lapsed or requested) and bool(client.email) and ask_at is None,
        ask_at=ask_at,
        follows_at=(planned_at(own[0]) if requested else follows_at(client, now)) if waits else None,
    )


def _dead_link(salon: Salon, client: Client, request: ConsentEntry, now: datetime) -> str | Promise:
    """Return why the link that a client was sent confirms nothing, "" where it does or none was sent."""
    standing = link_standing(salon=salon, client=client, now=now)
    if standing is Standing.EXPIRED:
        return _("The link in the mail held for 30 days.")
    if standing is not Standing.VOID:
        return ""
    if is_outdated(request, salon):
        return _("The link in the mail does not hold any more: your salon’s wording has changed since.")
    return _("The link in the mail does not hold any more.")


@requires(Permission.CLIENTS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def record(request: SalonRequest, client_id: UUID) -> HttpResponse:
    """Write down what the client said in the salon; what a withdrawal deletes has to have been shown."""
    client = get_client(client_id)
    card_url = reverse("client_card", args=[request.salon.slug, client.pk])
    if request.method != "POST":
        shown = consent_panel(request, client)
        return _answer(request, client, shown) if request.htmx else redirect(f"{card_url}#consent")
    purpose, decision = request.POST.get("purpose", ""), request.POST.get("decision", "")
    if purpose not in ConsentPurpose or decision not in Decision:
        raise InvalidInput([FieldError("purpose", "invalid_choice", _("Choose one of the values offered."))])
    # News are asked for in the salon's own words, by whoever records it.
    wording = "" if purpose == ConsentPurpose.EMAIL_MARKETING else request.POST.get("wording", "")
    unseen = _deleted_unseen(client, request.POST)
    if unseen:
        return _answer(request, client, consent_panel(request, client, deletes=unseen))
    refused: Refused = ("", "", "")
    now = timezone.now()
    try:
        _decide(request, client.pk, ConsentPurpose(purpose), Decision(decision), wording, now)
    except InvalidInput as refusal:
        refused = (purpose, wording, refusal.errors[0].message)
    except (AskedLately, NoAddress) as refusal:
        refused = (purpose, "", refusal.message)
    # What holds now, the card itself says, too: it is read once more when that is decided.
    client = get_client(client.pk)
    panel = consent_panel(request, client, refused)
    toast = "" if refused[0] else _done(panel.of(ConsentPurpose(purpose)), now)
    # What was agreed to is written down next.
    begins = (purpose, decision) == (ConsentPurpose.HEALTH_DATA, Decision.GRANTED) and not refused[0]
    if not request.htmx and not refused[0]:
        messages.success(request, toast)
        return redirect(f"{card_url}#{'health' if begins else 'consent'}")
    response = _answer(request, client, panel, toast=toast, begins=begins, status=422 if refused[0] else 200)
    if not refused[0]:
        response["HX-Trigger"] = CHANGED
    return response


def _deleted_unseen(client: Client, given: QueryDict) -> str:
    """Return the health data that a withdrawal would delete, where they are not what was shown to whoever withdraws."""
    if (given.get("purpose"), given.get("decision")) != (ConsentPurpose.HEALTH_DATA, Decision.WITHDRAWN):
        return ""
    stored = health_of(client.pk)
    # A browser sends a line break its own way.
    seen = given.get("seen", "").replace("\r\n", "\n")
    return stored.text if stored and stored.text != seen else ""


def _answer(
    request: SalonRequest,
    client: Client,
    panel: ConsentPanel,
    *,
    toast: str = "",
    begins: bool = False,
    status: int = 200,
) -> HttpResponse:
    health: HealthPanel | None = health_panel(request, client)
    context = {
        "panel": panel,
        "toast": toast,
        "health": health,
        "health_begins": begins,
        "card_url": reverse("client_card", args=[request.salon.slug, client.pk]),
        "client_name": client.full_name,
    }
    template = "clients/_consent_answer.html" if request.htmx else "clients/consent.html"
    return render(request, template, context, status=status)


def _done(consent: Consent, now: datetime) -> str:
    """Return what has just become of a consent, for the toast."""
    if consent.granted:
        return gettext("The consent is recorded.")
    if not consent.requested:
        return gettext("The consent is withdrawn.")
    if not consent.address:
        return str(NoAddress.message)
    if consent.follows_at:
        at = date_format(timezone.localtime(consent.follows_at), "SHORT_DATETIME_FORMAT")
        words = gettext(
            "This address was asked less than a day ago; the mail with the link follows by itself from %(time)s."
        )
        return words % {"time": at}
    if consent.ask_at not in {now + ARRIVED_AFTER, now + BETWEEN_MAILS}:
        return str(AskedLately.message)
    words = gettext("The mail to confirm is on its way to %(address)s.")
    if settings.MAILS_STAY:
        words = gettext(
            "The mail to confirm, to %(address)s, is written. "
            "No mail server is set up: the mails stay on this computer."
        )
    return words % {"address": consent.address}


def _decide(
    request: SalonRequest, client_id: UUID, purpose: ConsentPurpose, decision: Decision, wording: str, now: datetime
) -> None:
    if purpose == ConsentPurpose.EMAIL_MARKETING:
        if decision == Decision.REQUESTED:
            ask_again(actor=request.actor, client_id=client_id, now=now)
            return
        if decision == Decision.GRANTED:
            # Said in the salon, it holds once she has confirmed it.
            decision = Decision.REQUESTED
    record_consent(
        actor=request.actor,
        client_id=client_id,
        purpose=purpose,
        decision=decision,
        source=ConsentSource.SALON,
        wording=wording,
        now=now,
    )
