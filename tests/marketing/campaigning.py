"""A salon that may send, its clients, and a worker of the test's own; most of it to be called in a salon's scope."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Thread
from typing import Any
from uuid import UUID

from django.db import connection

from clients.models import Client
from marketing.campaigns import ChangedCampaign, create_campaign
from marketing.delivery import Attempt
from marketing.launching import SEND, begin
from marketing.models import Campaign, MarketingRules, Recipient
from marketing.segments import create_segment
from marketing.sending import send_campaign
from marketing.tasks import send_campaign as task
from salon.identity.roles import Actor, system_actor
from salon.mail.posting import Post
from salon.rows import insert
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.work import queue
from salon.work.models import DueWork
from tests.bookings.salonday import make_client
from tests.conftest import NOW

BOSS: Actor = system_actor("Anna Krüger")
SUBJECT = "Frühling für {{first_name}}"
BODY = "Hallo {{first_name}} {{last_name}},\n\nes gibt **Neues** für Größen & Längen.\n\n[Termin buchen](https://sonnenschein.example/buchen)"
IMPRINT = "Salon Sonnenschein, Anna Krüger\nLindenstraße 5, 10969 Berlin"


def may_send(**given: object) -> MarketingRules:
    """Let the salon say who writes."""
    wanted = {"sender_name": "Ihr Salon Sonnenschein", "reply_to": "post@sonnenschein.example", "imprint": IMPRINT}
    return MarketingRules.objects.create(**{**wanted, **given})


def everybody() -> str:
    """Return the key of a segment of all clients."""
    rule = {"match": "ALL", "negated": False, "parts": []}
    return str(create_segment(actor=BOSS, name="Alle", rule=rule, now=NOW).pk)


def draft(segment: str | None = None, now: datetime = NOW, **given: str) -> Campaign:
    """Draft a campaign to everybody."""
    details: ChangedCampaign = {
        "name": "Frühling",
        "subject": SUBJECT,
        "body": BODY,
        "segment": everybody() if segment is None else segment,
    }
    return create_campaign(actor=BOSS, details={**details, **given}, now=now)  # type: ignore[typeddict-item]


def being_sent(now: datetime = NOW, segment: str | None = None, **given: str) -> Campaign:
    """Draft a campaign to everybody and begin to send it, whoever is there by then."""
    campaign = draft(segment, now=now, **given)
    begin(campaign, actor=BOSS, now=now)
    queue.schedule(task=SEND, subject_id=campaign.pk, due_at=now, salon_id=campaign.salon_id)
    return campaign


def agreed(first_name: str, **given: Any) -> Client:
    """Put a client on file who has agreed to mails."""
    given.setdefault("email", f"{first_name.lower()}@x.example")
    return make_client(first_name, email_consent_for=given["email"], email_consent_at=NOW, **given)


def many_agreed(many: int, **given: Any) -> None:
    """Put clients on file who have agreed, `k1@x.example` and so on."""
    first = agreed("K0", **given)
    cards = []
    for number in range(1, many):
        card = Client.objects.get(pk=first.pk) if number == 1 else Client()
        for name in (field.attname for field in Client._meta.concrete_fields if not field.generated):
            setattr(card, name, getattr(first, name))
        card.pk, card.number = Client._meta.pk.get_default(), first.number + number
        card.first_name, card.email = f"K{number}", f"k{number}@x.example"
        card.email_consent_for = card.email
        cards.append(card)
    for start in range(0, len(cards), 500):
        insert(cards[start : start + 500])


def states(campaign_id: UUID) -> dict[str, int]:
    """Return how many recipients there are of each state and, where one is not sent to, reason."""
    rows = Recipient.objects.filter(campaign_id=campaign_id).values_list("state", "reason")
    return dict(Counter(state if state in {"SENT", "WAITING", "SENDING"} else f"{state} {why}" for state, why in rows))


def standing(campaign_id: UUID) -> dict[str, tuple[str, str]]:
    """Return state and reason of each recipient, by first name."""
    rows = Recipient.objects.filter(campaign_id=campaign_id)
    return {first: (state, why) for first, state, why in rows.values_list("client__first_name", "state", "reason")}


def run() -> None:
    """Let a worker do all that is due."""
    for work in DueWork.objects.filter(task="marketing.tasks.send_campaign"):
        task(str(work.pk))


def work_on(salon: Salon, campaign_id: UUID, now: datetime = NOW, number: int = 1) -> None:
    """Let a worker that needs no claim send a campaign."""
    way = Post()
    try:
        send_campaign(
            Attempt(salon=salon, post=way, clock=lambda: now, until=now + timedelta(hours=1), number=number),
            campaign_id,
        )
    finally:
        way.close()


def seen(salon: Salon, campaign_id: UUID) -> tuple[str, dict[str, int]]:
    """Return the campaign's state and that of its recipients."""
    with salon_scope(salon.pk):
        return Campaign.objects.get(pk=campaign_id).state, states(campaign_id)


def sent_to(salon: Salon, *names: str) -> Campaign:
    """Send a campaign to these clients, who have agreed."""
    with salon_scope(salon.pk):
        may_send()
        for name in names:
            agreed(name)
        return being_sent()


def apart(action: Callable[[], object]) -> None:
    """Do something on a connection of its own, as somebody else would."""

    def act() -> None:
        try:
            action()
        finally:
            connection.close()

    thread = Thread(target=act)
    thread.start()
    thread.join(20)
