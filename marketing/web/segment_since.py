"""What became of a segment since a campaign chose it: a draft keeps it as it was, and says so where it differs."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marketing.models import Campaign, Segment
from marketing.rule import lists_clients, parse
from marketing.segments import EVERYONE, group_name
from marketing.web.campaign_form import KEPT, group_now, segment_of
from marketing.web.rule_words import ids_in, marked_sentence, names_of


@dataclass(frozen=True, slots=True)
class Since:
    """A segment that is not what a campaign keeps of it: what it said `then`, and says `now`.

    `value` chooses what it is now; "" where somebody has deleted it.
    """

    name: str
    value: str
    then: SafeString
    now: SafeString | str = ""


def rule_in_words(campaign: Campaign, currency: str) -> SafeString | str:
    """Return whom a campaign means, as one sentence; "" where its group says as much: nobody yet, all clients, those
    marked one by one."""
    if campaign.segment_key == EVERYONE or not campaign.rule or lists_clients(rule := parse(campaign.rule)):
        return ""
    return marked_sentence(rule, names_of(ids_in([rule])), currency)


def segment_since(campaign: Campaign, own: list[Segment], currency: str) -> Since | None:
    """Return how the segment of a draft differs from what the draft keeps of it, None where it does not."""
    if not campaign.rule or segment_of(campaign, own) != KEPT:
        return None
    kept = parse(campaign.rule)
    key = campaign.segment_key
    rule = group_now(key, own)
    names = names_of(ids_in([kept] if rule is None else [kept, rule]))
    then = marked_sentence(kept, names, currency)
    if rule is None:
        return Since(group_name(campaign), "", then)
    return Since(group_name(campaign), key, then, marked_sentence(rule, names, currency))


def kept_by(campaigns: Iterable[Campaign]) -> list[str]:
    """Tell which scheduled campaigns still go to whom a segment meant before, where there are any."""
    names = [_("“%(name)s”") % {"name": one.name} for one in campaigns]
    if not names:
        return []
    text = ngettext(
        "The scheduled campaign %(names)s still goes to whom it meant before.",
        "The scheduled campaigns %(names)s still go to whom it meant before.",
        len(names),
    )
    return [text % {"names": ", ".join(names)}]
