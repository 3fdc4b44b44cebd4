"""A campaign as its pages show it: whom it would reach, and the mail as one client gets it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from uuid import UUID

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.models import Client
from marketing.choosing import clients_in
from marketing.eligibility import INCLUDED
from marketing.facts import Moment
from marketing.models import Basis, Campaign, CampaignState, MarketingRules, Recipient, RecipientReason, RecipientState
from marketing.people import lacking
from marketing.placeholders import in_words
from marketing.recipients import Foreseen, foresee
from marketing.rule import Group, parse
from marketing.segments import group_name
from marketing.web.mail_shown import Seen, seen_by, where_mails_go
from salon.identity.roles import Permission
from salon.tenancy.models import Salon
from salon.web.access import SalonRequest

# So many seconds until a page asks again how far a campaign is that goes out, and at most where its time is to come: a
# computer that slept is not late by all of it.
ASKS, _ASKS_AT_LATEST = 2, 3600

# What the law asks for, rather than whom it is met by.
_BASES = {
    Basis.CONSENT: gettext_lazy("The client’s consent"),
    Basis.EXISTING_CUSTOMER: gettext_lazy("The client’s consent; existing customers: § 7 (3) UWG"),
}


@dataclass(frozen=True, slots=True)
class Counted:
    """How many there are for one reason; `asked` names them in an address."""

    asked: str
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
        Counted(str(one), RecipientReason(one).label, number_format(count, force_grouping=True), one in INCLUDED)
        for one, count in ordered
    ]
    return Audience(sum(counts.values()), included, reasons)


def first_of(campaign: Campaign, found: Foreseen | None = None) -> UUID | None:
    """Return who a mail is shown to first: who gets it, else anybody."""
    first = None
    if campaign.started_at is not None:
        rows = Recipient.objects.filter(campaign=campaign).exclude(state=RecipientState.EXCLUDED).order_by("id")
        first = rows.values_list("client_id", flat=True).first()
    if first is None and found is not None:
        first = found.first
    return first or Client.objects.listed().order_by("number").values_list("pk", flat=True).first()


def asks_every(campaign: Campaign, now: datetime) -> int | None:
    """Return after how many seconds a page that shows how far a campaign is asks again; None where it stays so."""
    if campaign.state == CampaignState.SENDING:
        return ASKS
    if campaign.state != CampaignState.SCHEDULED or campaign.scheduled_at is None:
        return None
    return max(ASKS, min(ceil((campaign.scheduled_at - now).total_seconds()), _ASKS_AT_LATEST))


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
        # Of one that has not begun, whom it would reach now.
        "foreseen_url": "" if campaign.started_at else reverse("campaign_recipients", args=place),
        "recipients_url": reverse("campaign_recipients", args=place) if campaign.started_at else "",
    }


def campaign_seen_by(
    client_id: UUID | None, campaign: Campaign, *, salon: Salon, rules: MarketingRules, now: datetime
) -> Seen:
    """Return a campaign as this client would get it, and whether she is meant at all."""
    seen = seen_by(client_id, campaign.subject, campaign.body, basis=campaign.basis, salon=salon, rules=rules, now=now)
    rule = rule_of_campaign(campaign)
    if rule and seen.client_id and not clients_in(rule, salon=salon, now=now).filter(pk=seen.client_id).exists():
        seen.remark, seen.warns = _("%(name)s is not in this segment.") % {"name": seen.name}, True
    return seen


def page_of(request: SalonRequest, campaign: Campaign) -> dict[str, object]:
    """Return what the head of every page of a campaign shows."""
    return {
        "campaign": campaign,
        "state_label": CampaignState(campaign.state).label,
        "group_name": group_name(campaign),
        "basis_label": _BASES[Basis(campaign.basis)],
        "subject": in_words(campaign.subject),
        **where_mails_go(request),
        "draft": campaign.state == CampaignState.DRAFT,
        "writes": Permission.MARKETING_WRITE in request.actor.permissions,
        **urls_of(request, campaign),
    }
