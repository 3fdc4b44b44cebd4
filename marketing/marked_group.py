"""Exactly these clients, marked one by one in their list, as whom a campaign goes to (domain.md §9.2)."""

from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, override

from clients.models import Client
from marketing.choosing import marked
from marketing.models import Campaign
from marketing.rule import MOST_CLIENTS, Condition, Group, Match, lists_clients, parse
from marketing.segments import SegmentGone
from salon.errors import FieldError, InvalidInput

# Stands for them among the segments that a campaign can go to.
MARKED = "marked"


def group_of(client_ids: Sequence[UUID]) -> Group:
    """Return the rule that means exactly these clients, as far as they are in use.

    Raises: InvalidInput (`required` or `max_length` at `whom`).
    """
    if len(client_ids) > MOST_CLIENTS:
        message = _("A campaign can go to at most %(most)d marked clients. Describe who is meant as a segment.")
        raise InvalidInput([FieldError("whom", "max_length", message % {"most": MOST_CLIENTS})])
    found = Client.objects.listed().filter(marked(client_ids)).order_by("number")
    ids = tuple(found.values_list("pk", flat=True))
    if not ids:
        raise InvalidInput([FieldError("whom", "required", _("Mark the clients in the list first."))])
    return Group(Match.ALL, (Condition("client", "in", ids),))


def marked_group(campaign: Campaign) -> Group | None:
    """Return the group of those who were marked for a campaign, also where it goes to another one by now; None where
    nobody was."""
    for kept in (campaign.rule, campaign.marked_rule):
        if kept and lists_clients(rule := parse(kept)):
            return rule
    return None


def marked_group_of(campaign: Campaign) -> Group:
    """Return `marked_group`.

    Raises: SegmentGone, where nobody was marked.
    """
    rule = marked_group(campaign)
    if rule is None:
        raise SegmentGone
    return rule


def name_of(rule: Group) -> str:
    """Return what everybody of the salon calls a group of marked clients: in its language, whoever calls."""
    many = sum(len(condition.values) for condition in rule.conditions())
    with override(settings.LANGUAGE_CODE):
        return ngettext("%(count)d chosen client", "%(count)d chosen clients", many) % {"count": many}
