"""A campaign as its pages show it: whom it would reach, and the mail as one client gets it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from clients.models import Client
from marketing.choosing import clients_in
from marketing.eligibility import INCLUDED, standings
from marketing.facts import Moment
from marketing.letters import PLACEHOLDERS, Frame, Person, written
from marketing.models import Basis, Campaign, CampaignState, MarketingRules, Recipient, RecipientReason, RecipientState
from marketing.people import lacking, people
from marketing.placeholders import in_words
from marketing.recipients import Foreseen, foresee
from marketing.rule import Group, parse
from marketing.segments import group_name
from marketing.unsubscribing import NOBODY, unsubscribe_url
from salon.identity.roles import Permission
from salon.mail.letters import Letter
from salon.mail.sending import sender_address
from salon.tenancy.models import Salon
from salon.web.access import SalonRequest


@dataclass(frozen=True, slots=True)
class Counted:
    """How many there are for one reason."""

    label: Promise | str
    count: str
    good: bool


@dataclass(frozen=True, slots=True)
class Audience:
    """How many are meant, how many of them would get the mail, and why not the others."""

    total: int
    included: int
    reasons: list[Counted]

    @property
    def total_text(self) -> str:
        """The total as people read it."""
        return number_format(self.total, force_grouping=True)

    @property
    def included_text(self) -> str:
        """Those who get it as people read them."""
        return number_format(self.included, force_grouping=True)

    @property
    def share(self) -> str:
        """The share of those who get it, as a length in SVG."""
        return f"{100 * self.included / self.total:.2f}%" if self.total else "0%"


@dataclass(frozen=True, slots=True)
class Gap:
    """A placeholder that has nothing to say of some who would get the mail, and what stands there instead, in words."""

    label: Promise | str
    many: str
    all: str
    instead: str


@dataclass(frozen=True, slots=True)
class Gaps:
    """What the placeholders of a text leave open; `example` is the first for which nothing stands there, with words of
    its own, "" where each has some."""

    rows: list[Gap]
    example: str


@dataclass(slots=True)
class Seen:
    """A mail as one client gets it: `letter` in words, and what is to be said of it, which `warns` where she does not
    get it."""

    client_id: UUID | None
    name: str
    address: str
    sender: str
    letter: Letter
    remark: str = ""
    warns: bool = False

    @property
    def subject(self) -> str:
        """Its subject, everything filled in."""
        return self.letter.subject


def foreseen(
    rule: Group | None, basis: str, *, salon: Salon, now: datetime, placeholders: Collection[str] = ()
) -> Foreseen:
    """Return who would get a mail if it went out now, and of how many of them these placeholders have nothing to say;
    nobody where no group is chosen yet."""
    if rule is None:
        return Foreseen({}, None)
    lacks = lacking(placeholders, Moment.of(salon, now))
    return foresee(clients_in(rule, salon=salon, now=now), basis=Basis(basis), now=now, lacking=lacks)


def rule_of_campaign(campaign: Campaign) -> Group | None:
    """Return whom a campaign means, None for nobody yet."""
    return parse(campaign.rule) if campaign.rule else None


def audience_of(counts: Mapping[RecipientReason, int]) -> Audience:
    """Return counts as they are shown: whoever gets it first, then the others, the most first."""
    included = sum(count for reason, count in counts.items() if reason in INCLUDED)
    ordered = sorted(counts.items(), key=lambda one: (one[0] not in INCLUDED, -one[1], one[0]))
    reasons = [
        Counted(RecipientReason(reason).label, number_format(count, force_grouping=True), reason in INCLUDED)
        for reason, count in ordered
    ]
    return Audience(sum(counts.values()), included, reasons)


def gaps_of(found: Foreseen, said: Mapping[str, list[str]]) -> Gaps:
    """Return where placeholders would stay empty; `said` is what then stands in their places, by name."""
    included = sum(count for reason, count in found.counts.items() if reason in INCLUDED)
    lacking = {name: many for name, many in found.lacking.items() if many}
    rows = [
        Gap(
            label=PLACEHOLDERS[name],
            many=number_format(many, force_grouping=True),
            all=number_format(included, force_grouping=True),
            instead=_(" or ").join(_quoted(words) if words else _("nothing") for words in said[name]),
        )
        for name, many in lacking.items()
    ]
    wordless = next((name for name in lacking if "" in said[name]), None)
    return Gaps(rows, f"{{{{{wordless}|{_('other words')}}}}}" if wordless else "")


def _quoted(words: str) -> str:
    return _("“%(words)s”") % {"words": words}


def first_of(campaign: Campaign, found: Foreseen | None = None) -> UUID | None:
    """Return who a mail is shown to first: who gets it, else anybody."""
    first = None
    if campaign.started_at is not None:
        rows = Recipient.objects.filter(campaign=campaign).exclude(state=RecipientState.EXCLUDED).order_by("id")
        first = rows.values_list("client_id", flat=True).first()
    if first is None and found is not None:
        first = found.first
    return first or Client.objects.listed().order_by("number").values_list("pk", flat=True).first()


def seen_by(client_id: UUID | None, campaign: Campaign, *, salon: Salon, rules: MarketingRules, now: datetime) -> Seen:
    """Return a campaign as this client would get it; without one as somebody of whom nothing is known."""
    client = Client.objects.listed().filter(pk=client_id).first() if client_id else None
    person = people([client.pk], salon=salon, now=now).get(client.pk, Person()) if client else Person()
    why, remark = "", ""
    if client is not None:
        why = standings([client.pk], basis=campaign.basis, now=now).get(client.pk, "")
    if client is not None and why and why not in INCLUDED:
        told = {"name": client.full_name, "why": RecipientReason(why).label}
        remark = _("%(name)s would not get it: %(why)s.") % told
    frame = Frame(
        salon=salon.name,
        sender=rules.sender_name,
        imprint=rules.imprint,
        unsubscribe_url=unsubscribe_url(NOBODY, NOBODY, salon.pk),
        language=settings.LANGUAGE_CODE,
        agreed=why != RecipientReason.EXISTING_CUSTOMER,
    )
    return Seen(
        client_id=client.pk if client else None,
        name=client.full_name if client else "",
        address=client.email if client else "",
        sender=sender_line(rules.sender_name or salon.name),
        letter=written(campaign.subject, campaign.body, person, frame),
        remark=remark,
        warns=bool(remark),
    )


def sender_line(name: str) -> str:
    """Return whom a mail comes from, as mail programs show it."""
    return f"{name} <{sender_address()}>"


def told_of_test(address: str) -> str:
    """Return what became of a test mail, in words; without a mail server it goes nowhere."""
    if settings.MAILS_STAY:
        return _(
            "The test mail to %(address)s is written. No mail server is set up: the mails stay on this computer."
        ) % {"address": address}
    return _("The test mail is on its way to %(address)s.") % {"address": address}


def urls_of(request: SalonRequest, campaign: Campaign) -> dict[str, str]:
    """Return the addresses that the pages of a campaign need, by name."""
    place = [request.salon.slug, campaign.pk]
    deletes = campaign.state == CampaignState.DRAFT and Permission.MARKETING_WRITE in request.actor.permissions
    named = {
        f"{name}_url": reverse(f"campaign_{name}", args=place)
        for name in (
            "edit", "preview", "send", "test", "tested", "unschedule", "pause", "resume", "end", "progress", "results",
            "copy",
        )
    }  # fmt: skip
    return {
        **named,
        "campaigns_url": reverse("campaigns", args=place[:1]),
        "rules_url": reverse("marketing_rules", args=place[:1]),
        "clients_url": reverse("campaign_clients", args=place[:1]),
        "delete_url": reverse("campaign_delete", args=place) if deletes else "",
        "recipients_url": reverse("campaign_recipients", args=place) if campaign.started_at else "",
    }


def where_mails_go(request: SalonRequest) -> dict[str, object]:
    """Return whether mails stay on this computer, and then where they are read by whoever may."""
    reads_them = settings.MAILS_STAY and Permission.SETTINGS in request.actor.permissions
    return {
        "mails_stay": settings.MAILS_STAY,
        "outbox_url": reverse("mails", args=[request.salon.slug]) if reads_them else "",
    }


def page_of(request: SalonRequest, campaign: Campaign) -> dict[str, object]:
    """Return what the head of every page of a campaign shows."""
    return {
        "campaign": campaign,
        "state_label": CampaignState(campaign.state).label,
        "group_name": group_name(campaign),
        "basis_label": Basis(campaign.basis).label,
        "subject": in_words(campaign.subject),
        **where_mails_go(request),
        "draft": campaign.state == CampaignState.DRAFT,
        "writes": Permission.MARKETING_WRITE in request.actor.permissions,
        **urls_of(request, campaign),
    }
