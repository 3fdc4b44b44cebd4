"""What became of a segment since a campaign chose it: a draft keeps it as it was, and says so where it differs."""

from dataclasses import dataclass

from django.utils.safestring import SafeString

from marketing.models import Campaign, Segment
from marketing.rule import Group, parse
from marketing.segments import READY_MADE, rule_of
from marketing.web.campaign_form import KEPT, segment_of
from marketing.web.rule_words import ids_in, marked_sentence, names_of


@dataclass(frozen=True, slots=True)
class Since:
    """A segment that is not what a campaign keeps of it: what it said `then`, and says `now`.

    `value` chooses what it is now; "" where no segment is called so any more.
    """

    name: str
    value: str
    then: SafeString
    now: SafeString | str = ""


def segment_since(campaign: Campaign, own: list[Segment], currency: str) -> Since | None:
    """Return how the segment of a draft differs from what the draft keeps of it, None where it does not."""
    if not campaign.rule or segment_of(campaign, own) != KEPT:
        return None
    kept = parse(campaign.rule)
    if any(condition.field == "client" for condition in kept.conditions()):
        # Clients marked one by one were never a segment.
        return None
    value, rule = _called(campaign.segment_name, own)
    names = names_of(ids_in([kept] if rule is None else [kept, rule]))
    then = marked_sentence(kept, names, currency)
    return Since(campaign.segment_name, value, then, "" if rule is None else marked_sentence(rule, names, currency))


def _called(name: str, own: list[Segment]) -> tuple[str, Group | None]:
    for segment in own:
        if segment.name == name:
            return str(segment.pk), rule_of(segment)
    return next(((key, one.rule) for key, one in READY_MADE.items() if str(one.name) == name), ("", None))
