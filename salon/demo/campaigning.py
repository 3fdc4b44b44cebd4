"""What the demo's salons have told their clients: a campaign that went out, one that is being drafted, a segment."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from clients.models import Category, ConsentEntry, ConsentPurpose, ConsentSource, Decision
from clients.objections import object_at
from marketing.choosing import clients_in
from marketing.models import Basis, Campaign, CampaignState, MarketingRules, Recipient, RecipientState, Segment
from marketing.recipients import settle
from marketing.rule import Condition, Group, Match, as_json
from salon.audit.recording import Change, record_many
from salon.demo.shops import Shop
from salon.folding import fold
from salon.identity.roles import ActorKind, system_actor
from salon.mail.telling import SENT, SUBJECT
from salon.tenancy.models import Salon, new_id

# Long enough for what was booked because of it to have been paid.
_SENT_AGO = timedelta(days=48)
_UNSUBSCRIBED = 3
_NEWS = """{{greeting}},

wenn es draußen kühler wird, tut Pflege doppelt gut. Im Herbst gehört zu jeder Farbe eine **Pflegekur**, die \
wir gemeinsam aussuchen.

- Pflegekur zu jeder Ansatzfarbe
- Termine auch am Mittwochabend
- {{points}} Punkte stehen auf Ihrer Treatcard bereit

Wir freuen uns auf Sie!
"""
_BACK = """{{greeting}},

wir haben Sie länger nicht gesehen. Ihre Farbe dankt es Ihnen, wenn der Ansatz nicht zu lange wartet: Wir halten Ihnen \
gern einen Termin frei.

Herzliche Grüße
{{salon}}
"""


def write_campaigns(salon: Salon, shop: Shop, names: Mapping[str, UUID], now: datetime) -> None:
    """Write the marketing of the open salon; `names` are its users by name, the first of whom has done it."""
    MarketingRules.objects.create(
        salon=salon,
        sender_name=shop.name,
        reply_to=f"post@{shop.slug}.example",
        imprint=f"{shop.name}\nBeispielstraße 1, {shop.city}\nTelefon 030 5550100",
    )
    if not shop.has_stories:
        return
    author, author_id = next(iter(names.items()))
    _write_segment(
        "Treue mit Punkten, lange nicht da",
        Group(Match.ALL, (Condition("points", "at_least", (200,)), Condition("last_visit", "longer_ago", (60,)))),
        now - timedelta(days=40),
    )
    everybody = Group(Match.ALL, (Condition("last_visit", "within_last", (365,)),))
    sent_at = now - _SENT_AGO
    news = _campaign("Herbstpflege", "{{first_name|Guten Tag}}, Zeit für etwas Pflege", _NEWS, author, author_id)
    news.rule, news.segment_name = as_json(everybody), "Besuch im letzten Jahr"
    news.state, news.started_at, news.finished_at = CampaignState.SENT, sent_at, sent_at + timedelta(minutes=2)
    news.created_at = news.updated_at = sent_at - timedelta(days=1)
    news.save(force_insert=True)
    _send(salon, news, everybody, sent_at)
    # The owner, who writes the demo, sees the categories of all salons.
    colour = Category.objects.get(salon=salon, name="Farbkundin")
    back = _campaign(
        "Farbe auffrischen", "{{first_name|Guten Tag}}, wie geht es Ihrer Farbe?", _BACK, author, author_id
    )
    back.rule = as_json(Group(Match.ALL, (Condition("category", "in", (colour.pk,)),)))
    back.segment_name = "Farbkundinnen"
    back.created_at = back.updated_at = now - timedelta(hours=3)
    back.save(force_insert=True)


def _write_segment(name: str, rule: Group, at: datetime) -> None:
    Segment.objects.create(name=name, name_key=fold(name), rule=as_json(rule), created_at=at, updated_at=at)


def _campaign(name: str, subject: str, body: str, author: str, author_id: UUID) -> Campaign:
    return Campaign(
        name=name,
        subject=subject,
        body=body,
        actor_kind=ActorKind.USER,
        actor_id=author_id,
        actor_name=author,
    )


def _send(salon: Salon, campaign: Campaign, rule: Group, at: datetime) -> None:
    """Let a campaign have gone out to whoever could get it then, and let some have unsubscribed by it."""
    cards = clients_in(rule, salon=salon, now=at).filter(salon=salon, listed_on__lt=salon.date_at(at))
    settle(cards, basis=Basis.CONSENT, now=at, campaign_id=campaign.pk)
    rows = Recipient.objects.filter(campaign=campaign)
    rows.filter(state=RecipientState.WAITING).update(state=RecipientState.SENT, sent_at=at + timedelta(minutes=1))
    sent = list(rows.filter(state=RecipientState.SENT).select_related("client").order_by("client__number"))
    record_many(
        actor=system_actor(""),
        action=SENT,
        subject_kind=SUBJECT,
        changes={
            one.pk: [Change("subject", None, campaign.name), Change("recipient", None, one.address)] for one in sent
        },
        clients={one.pk: one.client_id for one in sent},
        now=at,
    )
    for one in sent[-_UNSUBSCRIBED:]:
        _unsubscribe(one, at + timedelta(hours=5))


def _unsubscribe(recipient: Recipient, at: datetime) -> None:
    client = recipient.client
    ConsentEntry.objects.create(
        id=new_id(),
        client_id=client.pk,
        purpose=ConsentPurpose.EMAIL_MARKETING,
        decision=Decision.WITHDRAWN,
        source=ConsentSource.UNSUBSCRIBE,
        at=at,
        actor_kind=ActorKind.SYSTEM,
        actor_name="",
    )
    object_at({client.email}, now=at)
    client.email_consent_for, client.email_consent_at = None, at
    client.save(update_fields=["email_consent_for", "email_consent_at"])
    recipient.unsubscribed_at = at
    recipient.save(update_fields=["unsubscribed_at"])
