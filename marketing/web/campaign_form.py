"""What is typed of a campaign, and whom it can go to: parsed here, accepted by the operations."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from marketing.campaigns import LONGEST_NAME, ChangedCampaign, tidied
from marketing.letters import PLACEHOLDERS
from marketing.marked_group import MARKED, marked_group, name_of
from marketing.models import Basis, Campaign, MarketingRules, Segment
from marketing.rule import EVERYBODY, Group, as_json, lists_clients, parse
from marketing.segments import EVERYONE, READY_MADE, group_name, list_segments, rule_of

# Stands for the group as it was chosen, where the segment itself has changed since or is gone.
KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Choice:
    """One group that can be written to; `counted` unless its name says how many they are."""

    value: str
    name: str
    words: str
    chosen: bool
    counted: bool = True


@dataclass(frozen=True, slots=True)
class ChoiceGroup:
    """Groups of one origin."""

    label: Promise | str
    choices: list[Choice]


@dataclass(frozen=True, slots=True)
class BasisChoice:
    """One reason why clients may be written to; `words` say more of it, or why it cannot be chosen or does not hold any
    more, which who `decides` can change."""

    value: str
    label: Promise | str
    words: Promise | str
    chosen: bool
    disabled: bool = False
    decides: bool = False


class StartForm(forms.Form):
    """What a new campaign begins with."""

    name = forms.CharField(label=_("Name"), max_length=LONGEST_NAME)
    segment = forms.CharField(label=_("To whom"), error_messages={"required": _("Choose whom you write to.")})
    begin = forms.CharField(required=False, widget=forms.HiddenInput)

    @property
    def details(self) -> ChangedCampaign:
        """What was entered; to be called on a valid form."""
        return ChangedCampaign(name=self.cleaned_data["name"], segment=self.cleaned_data["segment"])


class CampaignForm(forms.Form):
    """A draft as it is typed; what it lacks is only told when it is to go out.

    `chosen` is the segment that the page came with, `over` the version that somebody has decided to write over.
    """

    segment = forms.CharField(label=_("Segment"), required=False)
    basis = forms.ChoiceField(label=_("Who of them"), choices=Basis.choices, required=False)
    name = forms.CharField(label=_("Name"), required=False, strip=False)
    subject = forms.CharField(label=_("Subject"), required=False, strip=False)
    body = forms.CharField(label=_("Text"), required=False, strip=False, widget=forms.Textarea)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    over = forms.IntegerField(required=False, widget=forms.HiddenInput)
    chosen = forms.CharField(required=False, widget=forms.HiddenInput)

    @classmethod
    def of(cls, campaign: Campaign, segment: str) -> "CampaignForm":
        """Return the form that shows a campaign."""
        shown = {name: getattr(campaign, name) for name in ("name", "subject", "body", "basis", "version")}
        return cls(initial={**shown, "segment": segment, "chosen": segment})

    def clean(self) -> dict[str, Any]:
        """Have words as they are stored, so that they can be compared with what is."""
        given: dict[str, Any] = self.cleaned_data
        return given | {name: tidied(name, given[name]) for name in ("name", "subject", "body") if name in given}

    def changes(self, segment_so_far: str) -> ChangedCampaign:
        """Return what was typed; a group that was not chosen anew stays as it was when it was chosen, whatever became
        of its segment since."""
        entered: dict[str, Any] = self.cleaned_data
        changes = ChangedCampaign(name=entered["name"], subject=entered["subject"], body=entered["body"])
        untouched = segment_so_far if entered["over"] else entered["chosen"]
        if entered["segment"] not in {untouched, "", KEPT}:
            changes["segment"] = entered["segment"]
        if entered["basis"]:
            changes["basis"] = Basis(entered["basis"])
        return changes


def segment_of(campaign: Campaign, own: list[Segment]) -> str:
    """Return what of the choices a campaign goes to: "" for nobody yet, MARKED for those marked one by one, KEPT for
    what is none of them any more."""
    if not campaign.rule:
        return ""
    if lists_clients(parse(campaign.rule)):
        return MARKED
    found = group_now(campaign.segment_key, own)
    return campaign.segment_key if found is not None and as_json(found) == campaign.rule else KEPT


def group_now(key: str, own: list[Segment]) -> Group | None:
    """Return whom a choice means as it is now, None where there is none (any more)."""
    if key == EVERYONE:
        return EVERYBODY
    if key in READY_MADE:
        return READY_MADE[key].rule
    return next((rule_of(segment) for segment in own if str(segment.pk) == key), None)


def kept_name(campaign: Campaign) -> str:
    """Return what a segment is called that is none of the choices any more: as it was."""
    return str(_("%(name)s, as it was chosen") % {"name": group_name(campaign)})


def marked_name(campaign: Campaign) -> str:
    """Return what those are called who were marked one by one for a campaign, "" where nobody was."""
    rule = marked_group(campaign)
    return name_of(rule) if rule else ""


def segment_groups(
    chosen: str, own: list[Segment] | None = None, *, kept: str = "", marked: str = ""
) -> list[ChoiceGroup]:
    """Return the groups that can be written to; `kept` is what one is called that is none of them, `marked` what those
    are who were marked one by one."""
    own = list_segments() if own is None else own
    ready = [Choice(key, str(one.name), str(one.description), key == chosen) for key, one in READY_MADE.items()]
    mine = [Choice(str(one.pk), one.name, "", str(one.pk) == chosen) for one in own]
    words = str(_("Everybody on the list; who has not agreed gets nothing."))
    first = [Choice(EVERYONE, str(_("All clients")), words, chosen == EVERYONE)]
    if kept:
        first.insert(0, Choice(KEPT, kept, "", chosen == KEPT))
    if marked:
        first.insert(0, Choice(MARKED, marked, "", chosen == MARKED, counted=False))
    groups = (
        ChoiceGroup("", first),
        ChoiceGroup(_("Your segments"), mine),
        ChoiceGroup(_("Ready-made segments"), ready),
    )
    return [one for one in groups if one.choices]


def basis_choices(chosen: str, rules: MarketingRules, *, decides: bool) -> list[BasisChoice]:
    """Return the reasons why clients may be written to; existing customers only where the owner has decided so, as the
    one who asks does or does not."""
    allowed = rules.existing_customers_at is not None
    agreed = _("Whoever confirmed by mail that the salon may write to her.")
    existing = chosen == Basis.EXISTING_CUSTOMER
    if allowed:
        words = _("Also clients who have bought here and never objected.")
    elif existing:
        words = _("This is not allowed any more.")
    elif decides:
        words = _("You have not allowed this: the law has four conditions for it.")
    else:
        words = _("Only the owner can allow this, in the rules: the law has four conditions for it.")
    return [
        BasisChoice(Basis.CONSENT, Basis.CONSENT.label, agreed, not existing),
        BasisChoice(
            Basis.EXISTING_CUSTOMER,
            Basis.EXISTING_CUSTOMER.label,
            words,
            existing,
            disabled=not allowed and not existing,
            decides=decides and not allowed,
        ),
    ]


@dataclass(frozen=True, slots=True)
class Offered:
    """A placeholder as the toolbar offers it."""

    text: str
    label: str


def offered_placeholders() -> list[Offered]:
    """Return every placeholder for the toolbar of a text."""
    return [Offered(f"{{{{{name}}}}}", str(label)) for name, label in PLACEHOLDERS.items()]
