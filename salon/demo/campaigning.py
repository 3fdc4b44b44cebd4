"""What the demo's salons have told their clients: a campaign that went out, one that is being drafted, a segment."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from clients.models import Category, ConsentEntry, ConsentPurpose, ConsentSource, Decision
from clients.objections import object_at
from marketing.choosing import clients_in
from marketing.letters import fallbacks, sayings
from marketing.models import Basis, Campaign, CampaignState, MarketingRules, Recipient, RecipientState, Segment
from marketing.people import people
from marketing.placeholders import fill
from marketing.recipients import settle
from marketing.reply_addresses import reply_addresses
from marketing.rule import Condition, Group, Match, as_json, parse
from marketing.rules import frame_for
from salon.audit.recording import Change, record_many
from salon.demo.shops import Shop
from salon.folding import fold
from salon.identity.roles import ActorKind, system_actor
from salon.mail.telling import SENT, SUBJECT
from salon.tenancy.contact import contact_of
from salon.tenancy.models import Salon, new_id

# Long enough for what was booked because of it to have been paid; on a Tuesday, when the salon has opened.
_SENT_AGO, _TUESDAY, _OPENED = timedelta(days=48), 1, time(10, 5)
# How long after the mail people took themselves off.
_UNSUBSCRIBED_AFTER = (
    timedelta(minutes=14),
    timedelta(hours=8, minutes=21),
    timedelta(days=1, hours=9, minutes=37),
)
_NEWS = """{{greeting}},

wenn es draußen kühler wird, tut Pflege doppelt gut. Im Herbst gehört zu jeder Farbe eine **Pflegekur**, die \
wir gemeinsam aussuchen.

- Pflegekur zu jeder Ansatzfarbe
- Termine auch am Mittwochabend
- Eine Kopfmassage gehört immer dazu

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
        imprint=f"{shop.name}\n{shop.street}, {shop.postal_code} {shop.city}\nTelefon {contact_of(salon).phone}",
    )
    if not shop.has_stories:
        return
    author, author_id = next(iter(names.items()))
    _write_segment(
        "Treue mit Punkten, lange nicht da",
        Group(Match.ALL, (Condition("points", "at_least", (200,)), Condition("last_visit", "longer_ago", (60,)))),
        now - timedelta(days=40),
    )
    sent_at = _sent_at(salon, now)
    lately = _write_segment(
        "Besuch im letzten Jahr",
        Group(Match.ALL, (Condition("last_visit", "within_last", (365,)),)),
        sent_at - timedelta(days=8),
    )
    news = _campaign("Herbstpflege", "{{first_name|Guten Tag}}, Zeit für etwas Pflege", _NEWS, author, author_id)
    news.rule, news.segment_key, news.segment_name = lately.rule, str(lately.pk), lately.name
    news.state, news.started_at, news.finished_at = CampaignState.SENT, sent_at, sent_at + timedelta(minutes=2)
    news.created_at = news.updated_at = sent_at - timedelta(hours=18)
    news.save(force_insert=True)
    _send(salon, news, sent_at, now)
    # The owner, who writes the demo, sees the categories of all salons.
    colour = Category.objects.get(salon=salon, name="Farbkundin")
    back = _campaign(
        "Farbe auffrischen", "{{first_name|Guten Tag}}, wie geht es Ihrer Farbe?", _BACK, author, author_id
    )
    coloured = _write_segment(
        "Farbkundinnen", Group(Match.ALL, (Condition("category", "in", (colour.pk,)),)), now - timedelta(days=3)
    )
    back.rule, back.segment_key, back.segment_name = coloured.rule, str(coloured.pk), coloured.name
    back.created_at = back.updated_at = now - timedelta(hours=3)
    back.save(force_insert=True)


def _sent_at(salon: Salon, now: datetime) -> datetime:
    day = salon.date_at(now - _SENT_AGO)
    day -= timedelta(days=(day.weekday() - _TUESDAY) % 7)
    return datetime.combine(day, _OPENED, ZoneInfo(salon.timezone))


def _write_segment(name: str, rule: Group, at: datetime) -> Segment:
    return Segment.objects.create(name=name, name_key=fold(name), rule=as_json(rule), created_at=at, updated_at=at)


def _campaign(name: str, subject: str, body: str, author: str, author_id: UUID) -> Campaign:
    return Campaign(
        name=name,
        subject=subject,
        body=body,
        actor_kind=ActorKind.USER,
        actor_id=author_id,
        actor_name=author,
    )


def _send(salon: Salon, campaign: Campaign, at: datetime, now: datetime) -> None:
    """Let a campaign have gone out to whoever could get it then, and let some have unsubscribed by it.

    Cards say when somebody was there last as of now: who came again since the mail is not to be missing for it.
    """
    day = salon.date_at(at)
    cards = clients_in(parse(campaign.rule), salon=salon, now=now)
    cards = cards.filter(salon=salon, listed_on__lt=day, first_visit_on__lt=day)
    settle(cards, basis=Basis.CONSENT, now=at, campaign_id=campaign.pk)
    rows = Recipient.objects.filter(campaign=campaign)
    rows.filter(state=RecipientState.WAITING).update(state=RecipientState.SENT, sent_at=at + timedelta(minutes=1))
    sent = list(rows.filter(state=RecipientState.SENT).select_related("client").order_by("client__number"))
    _keep_words(salon, campaign, sent, now)
    record_many(
        actor=system_actor(""),
        action=SENT,
        subject_kind=SUBJECT,
        changes={
            one.pk: [
                Change("subject", None, fill(campaign.subject, one.said["values"])),
                Change("recipient", None, one.address),
            ]
            for one in sent
            if one.said
        },
        clients={one.pk: one.client_id for one in sent},
        now=at,
    )
    for one, later in zip(sent[-len(_UNSUBSCRIBED_AFTER) :], _UNSUBSCRIBED_AFTER, strict=True):
        _unsubscribe(one, at + later)


def _keep_words(salon: Salon, campaign: Campaign, sent: list[Recipient], now: datetime) -> None:
    """Keep what the mails said; names and genders are what they were."""
    rules = MarketingRules.objects.get(salon=salon)
    told = people([one.client_id for one in sent], salon=salon, now=now)
    frame = frame_for(salon, rules, unsubscribe_url=None)
    placeholders = fallbacks(campaign.subject, campaign.body)
    answering = reply_addresses([one.client_id for one in sent], now=now)
    for one in sent:
        reply_to = answering.get(one.client_id, rules.reply_to)
        one.said = sayings(told[one.client_id], frame, placeholders) | {"reply_to": reply_to}
    Recipient.objects.bulk_update(sent, ["said"])


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
